"""A run as a file that can be read: an append-only journal of checksummed text, and a snapshot beside it.

Every commit appends one group of lines (see :mod:`onward.stores.text`) and syncs the file. The snapshot says what
the journal's documents and steps are up to some place in it, so that opening reads only what is behind; it is
replaced by temporary file, sync, rename and folder sync, and the journal alone is enough without it. Clearing,
and removing what is outdated where it outweighs the rest, write a new journal and put it in the old one's place.

Slower and larger than SQLite, but it needs no shared memory and works wherever POSIX locks do, on NFS too.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from onward import faults, forks
from onward.disk import sync, sync_folder
from onward.errors import StoreCorrupt, StoreError, StoreForeign, StoreNewer, StoreUnwritable
from onward.model import Block, Change, Owner, StepRecord
from onward.stores import replay, text, watermark
from onward.stores.base import Salvaged
from onward.stores.files import make_folder
from onward.stores.places import FolderRuns, Kind, SingleRun, lock_beside
from onward.stores.replay import Content
from onward.stores.salvage import salvage
from onward.stores.watermark import Watermark

SNAPSHOT_EVERY = 4 << 20
"""Bytes of journal behind the snapshot from which a new one is taken."""

COMPACT_FROM = 64 << 20
"""Size of a journal from which it is written anew if over two thirds of it are outdated."""


class FileStore:
    """One run in one journal. Usable from any thread, by one at a time."""

    def __init__(self, path: Path, job: str, run: str, *, write: bool) -> None:
        self._path = path
        self._names = job, run
        self._lock = lock_beside(path)
        self._busy = threading.RLock()
        self._write = write
        self._pid = os.getpid()
        self._file: BinaryIO | None = None
        self._content: Content
        self._watermark = Watermark(path)
        if not write:
            _read(path)  # refuses what cannot be

    @property
    def path(self) -> Path:
        """Where it lies on this machine."""
        return self._path

    # Writing

    def acquire(self) -> None:
        self._pid = os.getpid()
        make_folder(self._path.parent)
        self._lock.acquire("{} ({})".format(*self._names))
        try:
            with _translated(self._path):
                self._open_to_write()
        except BaseException:
            self._lock.release()
            raise

    def _open_to_write(self) -> None:
        if not self._path.exists():
            self._put_anew([])
            return
        if not os.access(self._path, os.W_OK):
            raise StoreUnwritable(f"{self._path}: no permission to write")
        self._content = _read(self._path)
        file = self._path.open("r+b", buffering=0)
        try:
            file.truncate(self._content.end)  # less what a cut-off write left
            sync(file.fileno())  # what a killed process wrote and did not come to sync
        except BaseException:
            file.close()
            raise
        self._file = file
        if self._content.version < text.newest():
            self._put_anew(self._live_changes())

    def commit(self, change: Change) -> None:
        forks.refuse(self._pid)
        with self._busy, _translated(self._path):
            file = self._opened()
            if change.clear:
                self._put_anew([_on_its_own(change, self._content)])
            else:
                self._append(file, change)
                self._tidy()
            self._watermark.rise(self._content.saves)

    def _append(self, file: BinaryIO, change: Change) -> None:
        content = self._content
        group, checksum = text.write_group(content.number, content.checksum, text.lines_of(change))
        try:
            file.seek(content.end)
            _write_all(file, group)
            sync(file.fileno())
        except BaseException:
            self._give_up(content.end)
            raise
        content.add(change, checksum, content.end + len(group))

    def _give_up(self, end: int) -> None:
        """After a failed write nobody knows what is on the disk: nothing more is written by this store."""
        self._close_file()
        with contextlib.suppress(OSError):
            os.truncate(self._path, end)

    def _put_anew(self, changes: Iterable[Change]) -> None:
        """Put a journal of these changes in the old one's place, in one step."""
        temporary = self._path.with_name(f".{self._path.name}.new")
        temporary.unlink(missing_ok=True)
        file = _made(temporary)
        try:
            content = _filled(file, self._names, changes)
            sync(file.fileno())
            faults.point("journal.written")
            if os.name == "nt":
                self._close_file()  # what is open cannot be replaced there
            temporary.replace(self._path)
            faults.point("journal.replaced")
            sync_folder(self._path.parent)
        except BaseException:
            file.close()
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        self._close_file()
        self._file, self._content = file, content

    def _tidy(self) -> None:
        """Only a courtesy: what was to be saved is saved already."""
        content = self._content
        with contextlib.suppress(OSError):
            if content.end > COMPACT_FROM and content.end > 3 * content.live:
                self._put_anew(self._live_changes())
            elif content.end - content.snapshot_end > SNAPSHOT_EVERY:
                replay.write_snapshot(_snapshot(self._path), content)
                content.snapshot_end = content.end

    def _live_changes(self) -> Iterator[Change]:
        for block in self.blocks():
            yield Change(block=block)
        yield self._content.documents()

    # Reading

    def info(self) -> bytes | None:
        return self._now().info

    def head(self) -> bytes | None:
        return self._now().head

    def steps(self) -> Iterator[StepRecord]:
        return iter([step for _, step in sorted(self._now().steps.items())])

    def _now(self) -> Content:
        with self._busy:
            if not self._write:
                return _read(self._path)
            self._opened()
            return self._content

    def blocks(
        self, *, payload: bool = True, marked: bool = False, by_place: bool = False
    ) -> Iterator[Block]:
        with _translated(self._path), contextlib.ExitStack() as opened:
            with (
                self._busy
            ):  # the end is that of this very file, which another thread may be about to replace
                file = opened.enter_context(self._path.open("rb"))
                header = _header(file, self._path)
                end = self._content.end if self._write else _replayed(file, header, self._path).end
            for block in _in_order(file, header, end) if by_place else _as_committed(file, header, end):
                if block.marked or not marked:
                    yield block if payload else msgspec.structs.replace(block, payload=b"")

    def owner(self) -> Owner | None:
        return self._lock.owner()

    def close(self) -> None:
        if os.getpid() != self._pid:
            return  # what is open is the parent's, and a lock may be held by a thread that is not here
        with self._busy:
            self._close_file()
            self._watermark.close()
        if self._write:
            self._lock.release()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise StoreError(f"{self._path}: the store is not open, or a write to it has failed")
        return self._file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def file_runs(folder: Path) -> FolderRuns:
    """A folder with a journal for each run: ``FOLDER/JOB/RUN.journal``."""
    return FolderRuns(folder, _KIND)


def file_run(path: Path) -> SingleRun:
    """A single journal that holds a single run."""
    return SingleRun(path, _KIND)


def _names_inside(path: Path) -> tuple[str, str] | None:
    with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
        header = text.read_header(file.readline())
        return header.names if header is not None else None
    return None


def _salvage(path: Path) -> Iterator[Salvaged]:
    marks = watermark.read(path)
    with _translated(path), path.open("rb") as file:
        yield from salvage(file, _header(file, path), marks)


_KIND = Kind(".journal", FileStore, _names_inside, _salvage, companions=(replay.SNAPSHOT_SUFFIX,))


def _snapshot(path: Path) -> Path:
    return path.with_name(path.name + replay.SNAPSHOT_SUFFIX)


def _read(path: Path) -> Content:
    marks = watermark.read(path)
    with _translated(path), path.open("rb") as file:
        content = _replayed(file, _header(file, path), path)
    watermark.check(path, content.saves, marks)
    return content


def _replayed(file: BinaryIO, header: bytes, path: Path) -> Content:
    return replay.replay(file, header, _snapshot(path))


def _header(file: BinaryIO, path: Path) -> bytes:
    """A journal's first line. Refuses what is another program's, newer, or has lost its content."""
    line = file.readline()
    if not line:
        raise StoreCorrupt(f"{path} is empty, all its content is lost; restore a copy, or remove it")
    header = text.read_header(line)
    if header is None:
        raise StoreForeign(
            f"{path} is not an onward journal, or its first line is damaged; move it away or give store= another place"
        )
    if header.version > text.newest():
        raise StoreNewer.told(path, f"format {header.version}", text.newest(), header.onward)
    return line


def _as_committed(file: BinaryIO, header: bytes, end: int) -> Iterator[Block]:
    return (found.block for found in replay.blocks(file, header, end))


def _in_order(file: BinaryIO, header: bytes, end: int) -> Iterator[Block]:
    """The blocks by their first ordinal; only where they are is kept in memory."""
    places = [
        (found.block.first, found.block.seq, found._replace(block=_NO_BLOCK))
        for found in replay.blocks(file, header, end)
    ]
    places.sort(key=lambda place: place[:2])
    return (replay.block_again(file, found) for _, _, found in places)


_NO_BLOCK = Block(0, 0, 0, False, b"", b"")


def _on_its_own(change: Change, content: Content) -> Change:
    """A change that clears what was before, as the only one of a journal."""
    info = change.info if change.info is not None else content.info
    return msgspec.structs.replace(change, info=info, forget=(), clear=False)


def _made(path: Path) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)


def _filled(file: BinaryIO, names: tuple[str, str], changes: Iterable[Change]) -> Content:
    """Write a journal of these changes into a new file."""
    header = text.Header(text.newest(), secrets.randbits(64), names).line()
    _write_all(file, header)
    content = Content.of(header)
    for change in changes:
        group, checksum = text.write_group(content.number, content.checksum, text.lines_of(change))
        _write_all(file, group)
        content.add(change, checksum, content.end + len(group))
    return content


def _write_all(file: BinaryIO, body: bytes) -> None:
    left = memoryview(body)
    while left:
        left = left[file.write(left) :]


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """What is wrong with the text, and the system's errors, as ours, with the file and the way out."""
    try:
        yield
    except text.Damaged as error:
        raise StoreCorrupt(
            f"{path} is damaged: {error}; restore it from a copy, or remove it and run again"
        ) from error
    except OSError as error:
        raise StoreUnwritable(
            f"{path}: {error.strerror or error}. The last checkpoint is untouched; make room or mend the "
            "permissions, and run the same command again"
        ) from error
