"""Several files and folders as one input."""

from pathlib import Path

import pytest

from onward.errors import SourceError, UsageError
from onward.sources import SelectionSource


def made(*names: str) -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def keys(*paths: str | Path) -> list[str]:
    return [path.as_posix() for path in SelectionSource(paths).read()]


def test_a_file_comes_once_however_often_it_is_named() -> None:
    made("in/a.txt", "in/b.txt", "c.txt")
    named = ["c.txt", "in", "in/a.txt", "./in/../in/b.txt", Path.cwd() / "c.txt"]
    assert keys(*named) == ["c.txt", "in/a.txt", "in/b.txt"]


def test_the_order_is_not_that_of_the_command_line() -> None:
    made("b/x", "a/y", "c")
    assert keys("c", "b", "a") == keys("a", "b", "c") == ["a/y", "b/x", "c"]


def test_what_is_not_below_the_current_folder_has_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made("in/a.txt", "here/b.txt")
    monkeypatch.chdir("here")
    assert keys("../in", "b.txt") == [(tmp_path / "in" / "a.txt").as_posix(), "b.txt"]


def test_nothing_and_what_is_not_there_are_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        SelectionSource([])
    with pytest.raises(SourceError, match="'nowhere': no such file or folder"):
        SelectionSource(["nowhere"])
