"""A folder of files: one path per file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onward.errors import SourceError
from onward.model import Key
from onward.sources import fingerprint
from onward.sources._files import unreadable
from onward.sources.base import Place


class FolderReading:
    """One pass over a folder; its place is the last file's relative path."""

    def __init__(self, folder: FolderSource, after: str) -> None:
        self._folder = folder
        self._after = after

    def __iter__(self) -> Iterator[Path]:
        root = self._folder.path
        for path, _ in self._folder.files(self._after):
            self._after = path
            yield root / path

    @property
    def place(self) -> Place:
        return {"after": self._after}

    def close(self) -> None:
        """Nothing is open between two files."""


class FolderSource:
    """The files below a folder as :class:`pathlib.Path`, in the order of their relative POSIX paths.

    Hidden files and folders (names with a leading dot) are left out. Links to folders are not followed, links
    to files only if the file is in the folder too. The key is the relative path, the digest the content's.
    """

    repeatable = True
    keyed = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def read(self, place: Place | None = None) -> FolderReading:
        after = place.get("after") if place is not None else ""
        if not isinstance(after, str):
            raise SourceError(f"{self.name}: the saved place {place!r} is not one in a folder")
        return FolderReading(self, after)

    def fingerprint(self) -> dict[str, Any]:
        return fingerprint.of_files(self.files())

    def total(self) -> int:
        return sum(1 for _ in self.files())

    def key(self, value: Any) -> Key:
        return Path(value).relative_to(self.path).as_posix()

    def digest(self, value: Any) -> int:
        try:
            return fingerprint.of_content(Path(value))
        except OSError as error:
            raise unreadable(str(value), error) from error

    def files(self, after: str = "") -> Iterator[tuple[str, os.stat_result]]:
        """Relative path and status of the files behind ``after``; folders before it are not opened."""
        try:
            root = os.path.realpath(self.path, strict=True)
            yield from _walk(root, root, "", after)
        except UnicodeEncodeError as error:
            raise SourceError(f"{self.name}: a file name is not valid Unicode: {error.object!r}") from error
        except OSError as error:
            raise unreadable(error.filename or self.name, error) from error


def _walk(root: str, folder: str, prefix: str, after: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        # A folder sorts with its slash, so that one folder at a time gives the order of whole paths.
        named = sorted(
            (entry.name + "/" * entry.is_dir(follow_symlinks=False), entry)
            for entry in entries
            if not entry.name.startswith(".")
        )
    for name, entry in named:
        path, is_folder = prefix + name, name.endswith("/")
        if path <= after and not (is_folder and after.startswith(path)):
            continue
        if is_folder:
            yield from _walk(root, entry.path, path, after)
        elif status := _status(root, entry):
            path.encode()
            yield path, status


def _status(root: str, entry: os.DirEntry[str]) -> os.stat_result | None:
    """The status of a regular file that lies in the folder, links resolved; else None."""
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(root + os.sep):
        return None
    try:
        status = entry.stat()
    except FileNotFoundError:  # a dangling link, or deleted a moment ago
        return None
    return status if stat.S_ISREG(status.st_mode) else None
