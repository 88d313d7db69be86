"""A folder: which files, in which order, and what tells that they changed."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import SourceError
from onward.sources.folder import FolderSource
from onward.testing.source_suite import passed

NAME = st.text(st.sampled_from("ab-/0.é"), min_size=1, max_size=6)
WINDOWS = sys.platform == "win32"


def relative(folder: Path) -> list[str]:
    source = FolderSource(folder)
    return [str(source.key(path)) for path in source.read()]


def put(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@given(st.lists(NAME, max_size=12))
def test_the_order_is_that_of_the_relative_paths(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("folder")
    for name in names:
        parts = [part for part in name.split("/") if part.strip(".")]
        try:
            put(folder.joinpath("f", *parts))
        except OSError:  # a file and a folder of one name
            continue
    found = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    source = FolderSource(folder)
    values, places = passed(source)
    assert [source.key(path) for path in values] == sorted(found)
    assert source.total() == len(found)
    for number, place in enumerate(places):
        assert list(source.read(place)) == values[number:]


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ["a", ".b", ".c/d", "e/.f", "e/g"]:
        put(tmp_path / name)
    assert relative(tmp_path) == ["a", "e/g"]


def test_a_hidden_folder_may_be_given_itself(tmp_path: Path) -> None:
    put(tmp_path / ".hidden" / "a")
    assert relative(tmp_path / ".hidden") == ["a"]


@pytest.mark.skipif(WINDOWS, reason="links need a privilege there")
def test_links(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    put(tmp_path / "outside" / "a")
    put(tmp_path / "folder-b" / "a")
    put(folder / "inside" / "a")
    (folder / "to-inside").symlink_to(folder / "inside" / "a")
    (folder / "to-outside").symlink_to(tmp_path / "outside" / "a")
    (folder / "to-a-like-name").symlink_to(tmp_path / "folder-b" / "a")
    (folder / "to-folder").symlink_to(folder / "inside")
    (folder / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to(folder / "nothing")
    assert relative(folder) == ["inside/a", "to-inside"]
    (tmp_path / "link").symlink_to(folder)
    assert relative(tmp_path / "link") == ["inside/a", "to-inside"]


@pytest.mark.skipif(WINDOWS, reason="no named pipes in folders there")
def test_only_regular_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path / "a")
    assert relative(tmp_path) == ["a"]


def test_the_values_are_paths_one_can_open(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b", "text")
    [path] = FolderSource(tmp_path).read()
    assert path.read_text() == "text"
    [path] = FolderSource(Path("a")).read()
    assert path == Path("a/b")


def test_a_file_that_comes_before_the_place_does_not_move_it(tmp_path: Path) -> None:
    for name in ["b", "c", "d"]:
        put(tmp_path / name)
    place = passed(FolderSource(tmp_path))[1][1]
    put(tmp_path / "a")
    (tmp_path / "b").unlink()
    assert [path.name for path in FolderSource(tmp_path).read(place)] == ["c", "d"]


def test_fingerprints(tmp_path: Path) -> None:
    put(tmp_path / "a" / "b")
    source = FolderSource(tmp_path)
    seen = [source.fingerprint()]
    put(tmp_path / "a" / "b", "longer")
    seen.append(source.fingerprint())
    os.utime(tmp_path / "a" / "b", ns=(1, 1))
    seen.append(source.fingerprint())
    (tmp_path / "a" / "b").rename(tmp_path / "a" / "c")
    seen.append(source.fingerprint())
    put(tmp_path / "d")
    seen.append(source.fingerprint())
    assert all(seen.count(one) == 1 for one in seen)
    put(tmp_path / ".hidden")
    assert source.fingerprint() == seen[-1]


@pytest.mark.parametrize("size", [0, 10, 100_000, 1_000_000, 3_000_000])
def test_digests_see_size_and_both_ends(tmp_path: Path, size: int) -> None:
    source = FolderSource(tmp_path)
    path = tmp_path / "a"
    contents = [b"x" * size, b"x" * (size + 1)]
    if size:
        contents += [b"y" + b"x" * (size - 1), b"x" * (size - 1) + b"y"]
    if 10 < size <= 1024 * 1024:
        contents += [b"x" * (size // 2) + b"y" + b"x" * (size - size // 2 - 1)]
    digests = []
    for content in contents:
        path.write_bytes(content)
        digests.append(source.digest(path))
    assert len(set(digests)) == len(contents)
    path.write_bytes(contents[0])
    assert source.digest(path) == digests[0]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="gone: cannot be read"):
        FolderSource(tmp_path).digest(tmp_path / "gone")
    with pytest.raises(SourceError, match="gone: cannot be read"):
        list(FolderSource(tmp_path / "gone").read())
    with pytest.raises(SourceError, match="not one in a folder"):
        FolderSource(tmp_path).read({"offset": 1, "line": 1})


@pytest.mark.skipif(WINDOWS or sys.platform == "darwin", reason="file names are Unicode there")
def test_a_file_name_that_is_not_unicode_is_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff")).write_text("x")
    with pytest.raises(SourceError, match="not valid Unicode"):
        list(FolderSource(tmp_path).read())
