"""What the sources over one file share: opening, seeking, places, and errors that name the file.

A format derives from :class:`FileSource` and says how lines become values. Lines are read in binary through
one large buffer and their bytes counted, which is what a place is.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from onward.errors import SourceError
from onward.model import Key
from onward.sources import fingerprint
from onward.sources.base import Place

BUFFER = 256 * 1024
BOM = b"\xef\xbb\xbf"
_BROKEN = (OSError, EOFError, zlib.error)


def unreadable(name: str, error: BaseException) -> SourceError:
    """The error for a file that the system does not let us read."""
    reason = getattr(error, "strerror", None) or str(error)
    return SourceError(f"{name}: cannot be read: {reason}")


def open_binary(path: Path) -> BinaryIO:
    """Open a file for reading, unpacking it if its name ends in ``.gz``. Raises OSError."""
    if path.suffix.lower() != ".gz":
        return path.open("rb", buffering=BUFFER)
    unpacked = cast(io.RawIOBase, gzip.open(path, "rb"))  # noqa: SIM115 - closed with its reader
    return io.BufferedReader(unpacked, BUFFER)  # lines in C instead of in Python


class FileReading:
    """One pass over the lines of a file.

    As a context it is for reading to the end: it closes the file, translates the errors of the system, and
    complains itself if the end came too early.

    Attributes:
        name: the file, for messages.
        line: number of the last line read, from 1.
    """

    def __init__(self, source: FileSource, handle: BinaryIO, line: int) -> None:
        self.name = source.name
        self.line = line
        self._offset = handle.tell() if source.seekable else 0
        self._size = os.fstat(handle.fileno()).st_size if source.seekable and not _is_packed(handle) else 0
        self._source = source
        self._handle = handle
        self._open = True

    def __iter__(self) -> Iterator[Any]:
        return self._source.values(self)

    def lines(self) -> Iterator[bytes]:
        """The lines from here on, with their line ends, each read when it is asked for."""
        if not self._open:
            raise SourceError(f"{self.name}: this pass is over; read() starts another")
        for line in self._handle:
            self._offset += len(line)  # counted, since a place is asked for per item and tell() costs 0.3 us
            self.line += 1
            if self.line == 1 and not (line := line.removeprefix(BOM)):
                return
            yield line

    @property
    def place(self) -> Place | None:
        return {"offset": self._offset, "line": self.line} if self._source.seekable else None

    def close(self) -> None:
        if self._open:
            self._open = False
            self._source.release(self._handle)

    def __enter__(self) -> FileReading:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if isinstance(error, _BROKEN):
            raise unreadable(self.name, error) from error
        if error is None and self._offset < self._size:
            raise SourceError(
                f"{self.name}: the file became shorter while it was read "
                f"({self._size} bytes, but it ends after {self._offset}); start again when it is complete"
            )

    def __del__(self) -> None:
        with suppress(Exception):  # a reading that failed to start has nothing to close
            self.close()


class FileSource:
    """A file of lines; ``None`` is standard input.

    Promises the contract of :class:`~onward.sources.base.Source`; formats give ``values`` and ``count``.
    Standard input, pipes and devices can be read once, have no places and no fingerprint.
    """

    keyed = False
    countable = 256 * 1024 * 1024
    """Bytes up to which counting the values is cheap enough to do it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path.absolute() if path else None  # the job's function may change the current folder
        self.name = str(path) if path else "stdin"
        self.seekable = self.repeatable = path is not None and path.is_file()
        self._used = False

    def values(self, reading: FileReading) -> Iterator[Any]:
        """The values in a reading's lines, each as late as possible."""
        raise NotImplementedError

    def count(self, reading: FileReading) -> int:
        """How many values a reading that has just begun will yield."""
        raise NotImplementedError

    def read(self, place: Place | None = None) -> FileReading:
        if self._used and not self.repeatable:
            raise SourceError(f"{self.name} can be read only once; write it to a file first")
        self._used = True
        try:
            handle = _stdin() if self.path is None else open_binary(self.path)
        except OSError as error:
            raise unreadable(self.name, error) from error
        try:
            return FileReading(self, handle, self._go_to(handle, place) if place is not None else 0)
        except BaseException as error:
            self.release(handle)
            if isinstance(error, _BROKEN):
                raise unreadable(self.name, error) from error
            raise

    def release(self, handle: BinaryIO) -> None:
        """Close a handle that ``read`` opened; standard input is not ours to close."""
        if self.path is not None:
            handle.close()

    def fingerprint(self) -> dict[str, Any] | None:
        if self.path is None or not self.seekable:
            return None
        try:
            return fingerprint.of_file(self.path)
        except OSError as error:
            raise unreadable(self.name, error) from error

    def total(self) -> int | None:
        if self.path is None or not self.seekable or self.path.suffix.lower() == ".gz":
            return None
        with suppress(OSError, SourceError):  # the reading itself says what is wrong, and where
            if self.path.stat().st_size <= self.countable:
                with self.read() as reading:
                    return self.count(reading)
        return None

    def key(self, value: Any) -> Key | None:
        return None

    def digest(self, value: Any) -> int | None:
        return None

    def _go_to(self, handle: BinaryIO, place: Place) -> int:
        """Seek to a place; returns the number of the line before it."""
        offset, line = place.get("offset"), place.get("line")
        if not self.seekable or not isinstance(offset, int) or not isinstance(line, int):
            raise SourceError(f"{self.name}: the saved place {place!r} is not one in this input")
        if not offset:
            return 0
        handle.seek(offset - 1)
        last = handle.read(1)
        if not last:
            raise SourceError(
                f"{self.name}: ends before byte {offset}, where the run stopped: it was shortened or replaced"
            )
        # A last line without line end may have got one since it was read, but nothing else.
        if last != b"\n" and handle.readline().strip(b"\r\n"):
            raise SourceError(
                f"{self.name}: byte {offset}, where the run stopped, is inside a line now: it was changed"
            )
        return line


def _stdin() -> BinaryIO:
    handle = getattr(sys.stdin, "buffer", None)  # a notebook has none
    if handle is None:
        raise SourceError("stdin: this process has no standard input to read from")
    return cast(BinaryIO, handle)


def _is_packed(handle: BinaryIO) -> bool:
    return isinstance(handle, io.BufferedReader) and isinstance(cast(Any, handle.raw), gzip.GzipFile)
