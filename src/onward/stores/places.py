"""Where the files of a durable store lie: a folder with a file for each run, or one file for one run."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote, unquote

from onward import flight
from onward.disk import sync_folder
from onward.errors import RunNotFound
from onward.stores import watermark
from onward.stores.base import Salvaged, Store
from onward.stores.files import make_folder
from onward.stores.locks import RunLock

_LONGEST_NAME = 80  # SQLite takes paths of up to 512 bytes
_SHORTENED = "%~"  # not in any quoted name
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)\d)", re.IGNORECASE | re.ASCII)


class OpenStore(Protocol):
    """Makes the store of one run."""

    def __call__(self, path: Path, job: str, run: str, *, write: bool) -> Store: ...


class Kind(NamedTuple):
    """A kind of file that holds one run.

    Attributes:
        suffix: of its name.
        open: makes the store.
        names_inside: job and run name as the file itself has them; None if it cannot be read.
        salvage: what can be read of a file, and what cannot.
        companions: suffixes of the files that lie beside it and go with it.
    """

    suffix: str
    open: OpenStore
    names_inside: Callable[[Path], tuple[str, str] | None]
    salvage: Callable[[Path], Iterator[Salvaged]]
    companions: tuple[str, ...] = ()


class FolderRuns:
    """A folder with a file for each run: ``FOLDER/JOB/RUN.suffix``."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        self._folder = folder
        self._kind = kind

    def _path(self, job: str, run: str) -> Path:
        return self._folder / file_name(job) / f"{file_name(run)}{self._kind.suffix}"

    def writer(self, job: str, run: str) -> Store:
        _hide_from_version_control(self._folder)
        return self._kind.open(self._path(job, run), job, run, write=True)

    def reader(self, job: str, run: str) -> Store:
        return self._kind.open(self._found(job, run), job, run, write=False)

    def salvage(self, job: str, run: str) -> Iterator[Salvaged]:
        return self._kind.salvage(self._found(job, run))

    def _found(self, job: str, run: str) -> Path:
        path = self._path(job, run)
        if not path.exists():
            raise RunNotFound(
                f"no run {run!r} of job {job!r} in {self._folder}; `onward status` lists what is there"
            )
        return path

    def names(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(map(self._names_of, self._folder.glob(f"*/*{self._kind.suffix}"))))

    def _names_of(self, path: Path) -> tuple[str, str]:
        """Job and run name: from the path, or from inside where the path is not long enough for them."""
        inside = self._kind.names_inside(path) if _SHORTENED in f"{path.parent.name}/{path.name}" else None
        return inside or (unquote(path.parent.name), unquote(path.stem))

    def remove(self, job: str, run: str) -> None:
        _remove(self._found(job, run), f"{job} ({run})", self._kind)


class SingleRun:
    """A single file that holds a single run."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self._path = path
        self._kind = kind

    def writer(self, job: str, run: str) -> Store:
        return self._kind.open(self._path, job, run, write=True)

    def reader(self, job: str, run: str) -> Store:
        return self._kind.open(self._found(), job, run, write=False)

    def salvage(self, job: str, run: str) -> Iterator[Salvaged]:
        return self._kind.salvage(self._found())

    def _found(self) -> Path:
        if not self._path.exists():
            raise RunNotFound(f"{self._path}: no such store")
        return self._path

    def names(self) -> Iterator[tuple[str, str]]:
        return iter([self._kind.names_inside(self._path) or ("", "")] if self._path.exists() else [])

    def remove(self, job: str, run: str) -> None:
        _remove(self._found(), f"{job} ({run})", self._kind)


def file_name(name: str) -> str:
    """A name of any characters and length as one part of a path that stays where it is put."""
    quoted = quote(name, safe=" @+,=()").replace(".", "%2E") or "%00"
    if _RESERVED.fullmatch(quoted) or quoted.endswith(" "):  # Windows opens a device, or drops the space
        quoted = quoted[:-1] + f"%{ord(quoted[-1]):02X}"
    if len(quoted) <= _LONGEST_NAME:
        return quoted
    digest = hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
    return quoted[: _LONGEST_NAME - len(digest) - len(_SHORTENED)] + _SHORTENED + digest


def lock_beside(path: Path) -> RunLock:
    """The lock of the run whose file this is."""
    return RunLock(path.with_name(path.name + ".lock"))


def _remove(path: Path, what: str, kind: Kind) -> None:
    lock = lock_beside(path)
    lock.acquire(what)
    try:
        for suffix in ("", *kind.companions, flight.SUFFIX, watermark.SUFFIX):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        sync_folder(path.parent)
    finally:
        with contextlib.suppress(PermissionError):  # Windows keeps what is open; an empty lock harms nobody
            path.with_name(path.name + ".lock").unlink(missing_ok=True)
        lock.release()


def _hide_from_version_control(folder: Path) -> None:
    if folder.exists():
        return
    make_folder(folder)
    with contextlib.suppress(OSError):
        (folder / ".gitignore").write_text("*\n")
