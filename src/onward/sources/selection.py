"""Files and folders as a command line names them: one path per file, each file once."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from onward.errors import SourceError, UsageError
from onward.model import Key
from onward.sources import fingerprint
from onward.sources._files import unreadable
from onward.sources.base import Place
from onward.sources.folder import FolderSource


class SelectionReading:
    """One pass over the files; its place is the last file's key."""

    def __init__(self, keys: list[str], after: str) -> None:
        self._keys = keys
        self._after = after

    def __iter__(self) -> Iterator[Path]:
        for key in self._keys[bisect_right(self._keys, self._after) :]:
            self._after = key
            yield Path(key)

    @property
    def place(self) -> Place:
        return {"after": self._after}

    def close(self) -> None:
        """Nothing is open between two files."""


class SelectionSource:
    """Some files and the files below some folders as :class:`pathlib.Path`, in the order of their keys.

    The key is the path as seen from the current folder, or the whole path for what is not below it; the digest is
    the content's. Folders are read as by :class:`~onward.sources.folder.FolderSource`: without hidden files. A
    file named twice, or named and below a folder that is named, comes once.

    Raises:
        UsageError: nothing is named.
        SourceError: there is no such file or folder.
    """

    repeatable = True
    keyed = True

    def __init__(self, paths: Sequence[str | os.PathLike[str]]) -> None:
        if not paths:
            raise UsageError("name at least one file or folder")
        self.paths = [Path(path) for path in paths]
        self.name = ", ".join(map(str, self.paths))
        for path in self.paths:
            if not path.exists():
                raise SourceError(f"{str(path)!r}: no such file or folder")

    def read(self, place: Place | None = None) -> SelectionReading:
        after = place.get("after") if place is not None else ""
        if not isinstance(after, str):
            raise SourceError(f"{self.name}: the saved place {place!r} is not one among files")
        return SelectionReading([key for key, _ in self._files()], after)

    def fingerprint(self) -> dict[str, Any]:
        return fingerprint.of_files(self._files())

    def total(self) -> int:
        return len(self._files())

    def key(self, value: Any) -> Key:
        return Path(value).as_posix()

    def digest(self, value: Any) -> int:
        try:
            return fingerprint.of_content(Path(value))
        except OSError as error:
            raise unreadable(str(value), error) from error

    def _files(self) -> list[tuple[str, os.stat_result]]:
        found: dict[str, os.stat_result] = {}
        for path in self.paths:
            if path.is_dir():
                found |= {_key(path / name): status for name, status in FolderSource(path).files()}
            else:
                found[_key(path)] = self._status(path)
        return sorted(found.items())

    def _status(self, path: Path) -> os.stat_result:
        try:
            return path.stat()
        except OSError as error:
            raise unreadable(str(path), error) from error


def _key(path: Path) -> str:
    here, whole = Path.cwd(), Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
    return (whole.relative_to(here) if whole.is_relative_to(here) else whole).as_posix()
