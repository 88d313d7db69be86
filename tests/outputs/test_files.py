"""The durable actions of publishing, and what they say when the system refuses."""

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onward import disk
from onward.errors import OutputMissing, StoreUnwritable, UsageError
from onward.outputs import files

posix = pytest.mark.skipif(sys.platform == "win32", reason="what only POSIX has")
not_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do anything")


def test_publishing(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    written = files.write_temporary(path, [b"1\n", b"", b"2\n"])
    assert not path.exists()
    assert written.path == files.temporary_path(path)
    assert written.path.parent == tmp_path
    assert written.path.name.startswith(".")
    assert written.bytes == 4
    assert written.digest == hashlib.blake2b(b"1\n2\n", digest_size=32).hexdigest()
    files.replace(written.path, path)
    files.sync_folder(tmp_path)
    assert path.read_bytes() == b"1\n2\n"
    assert files.digest(path) == written.digest
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_output_is_untouched_until_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    written = files.write_temporary(path, [b"new"])
    assert path.read_text() == "old"
    files.replace(written.path, path)
    assert path.read_text() == "new"


def test_an_empty_output(tmp_path: Path) -> None:
    written = files.write_temporary(tmp_path / "a", [])
    assert written.bytes == 0
    assert files.digest(written.path) == written.digest


def test_a_leftover_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.temporary_path(path).write_text("a longer leftover of a crash")
    written = files.write_temporary(path, [b"new"])
    assert written.path.read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_tokens_keep_two_writers_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    one = files.write_temporary(path, [b"one"], "1")
    two = files.write_temporary(path, [b"two"], "2")
    assert one.path.read_bytes() == b"one"
    assert two.path.read_bytes() == b"two"


@posix
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    files.temporary_path(tmp_path / "a").write_text("x")
    files.temporary_path(tmp_path / "a").chmod(0o666)
    written = files.write_temporary(tmp_path / "a", [b"x"])
    assert stat.S_IMODE(written.path.stat().st_mode) == 0o600


@posix
def test_a_link_in_the_temporary_files_place_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    files.temporary_path(tmp_path / "a").symlink_to(tmp_path / "precious")
    files.write_temporary(tmp_path / "a", [b"new"])
    assert (tmp_path / "precious").read_text() == "kept"


def test_results_that_fail_leave_nothing_behind(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        files.write_temporary(tmp_path / "a", chunks())
    assert list(tmp_path.iterdir()) == []


def test_it_is_flushed_to_the_medium_before_it_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    real = disk.sync

    def sync(descriptor: int) -> None:
        sizes.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(disk, "sync", sync)
    files.write_temporary(tmp_path / "a", [b"12", b"345"])
    assert sizes == [5]


def test_targets_that_cannot_be_meant(tmp_path: Path) -> None:
    for act in (files.check_target, lambda path: files.write_temporary(path, [b"x"])):
        with pytest.raises(UsageError, match="the output is a folder"):
            act(tmp_path)
        with pytest.raises(UsageError, match=r"there is no folder .*missing; create it first"):
            act(tmp_path / "missing" / "a")
    files.check_target(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@posix
@not_root
def test_a_folder_one_may_not_write_in(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreUnwritable, match="give write permission"):
            files.check_target(tmp_path / "a")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("number", "way_out"),
    [(errno.ENOSPC, "free some space"), (errno.EROFS, "choose another folder"), (errno.EIO, "run again")],
)
@pytest.mark.parametrize("call", ["write", "fsync", "open"])
def test_what_the_system_refuses_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, way_out: str
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(StoreUnwritable, match=way_out) as caught:
        files.write_temporary(tmp_path / "scores.csv", [b"x"])
    monkeypatch.undo()
    assert "scores.csv: cannot be written" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    written = files.write_temporary(tmp_path / "a", [b"0123456789"])
    assert written.path.read_bytes() == b"0123456789"


def test_replacing_and_syncing_name_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable, match="a: cannot be written"):
        files.replace(tmp_path / "missing", tmp_path / "a")
    if sys.platform != "win32":
        with pytest.raises(StoreUnwritable, match="missing: cannot be written"):
            files.sync_folder(tmp_path / "missing")
    files.remove(tmp_path / "missing")


def test_the_digest_of_what_is_gone(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(OutputMissing, match="cannot be read"):
            files.digest(path)


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "latest").symlink_to("real/november")
    target = files.target_of(tmp_path / "latest")
    assert target == tmp_path.resolve() / "real" / "november"
    files.replace(files.write_temporary(target, [b"x"]).path, target)
    assert (tmp_path / "latest").is_symlink()
    assert (tmp_path / "latest").read_bytes() == b"x"
    assert files.target_of(tmp_path / "plain") == tmp_path / "plain"
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(UsageError, match="leads nowhere"):
        files.target_of(tmp_path / "round")


def test_a_name_that_cannot_be_stored_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not valid Unicode"):
        files.check_target(tmp_path / "o\udcff.jsonl")
