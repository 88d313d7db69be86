"""How many saves of a store were on the disk, in a file beside it: what tells that some are gone again.

A log that lost its end, by a flipped bit, cut off or removed, looks like one whose last write a crash broke off: the
run would silently go on from an earlier checkpoint. So a store counts its saves, and after each that is on the disk
its number is written here too, without a sync, which costs no more than the call. The kernel keeps it, whatever becomes
of the process; a power cut may leave an older number, but never one that is ahead of the disk. A store with fewer
saves has therefore lost some, and one with more is as it should be. Where the file is missing, garbled or another
store's, nothing is known, and nothing is said.

    saved 5f3a9c0e7b21d846 000000000060 8b1a22e09ff31c07

Which store, how many saves, and the 64-bit XXH3 of what is before. Two such lines, written by turns, so that a write
that is broken off leaves the other.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import xxhash
from msgspec import Struct

from onward.errors import StoreCorrupt

SUFFIX = ".watermark"


class Saves(Struct, frozen=True):
    """How many saves a store holds, and a random number that tells it from others."""

    store: int
    count: int

    @classmethod
    def none(cls) -> Saves:
        """Those of a new store."""
        return cls(secrets.randbits(64), 0)

    def next(self) -> Saves:
        return Saves(self.store, self.count + 1)


class Watermark:
    """The file of one store, to write; made at the first save, never an obstacle to one."""

    def __init__(self, path: Path) -> None:
        self._path = _beside(path)
        self._descriptor: int | None = None

    def rise(self, saves: Saves) -> None:
        """So many saves are on the disk."""
        with contextlib.suppress(OSError):  # an older number is as true, and tells less
            if self._descriptor is None:
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._descriptor = os.open(self._path, flags, 0o600)
            os.lseek(self._descriptor, saves.count % 2 * _SIZE, os.SEEK_SET)
            os.write(self._descriptor, _line(saves))

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def read(path: Path) -> list[Saves]:
    """What stands beside a store. To be read before the store itself, which may go on growing."""
    try:
        with _beside(path).open("rb") as file:
            lines = file.read(_SIZE), file.read(_SIZE)
    except OSError:
        return []
    return [saves for saves in map(_saves, lines) if saves is not None]


def lost(found: Saves | None, marks: Sequence[Saves]) -> str | None:
    """What a store has lost, in words, by what it holds and what stands beside it; None if nothing."""
    if found is None:
        return "its number of saves is missing" if marks else None
    most = max((mark.count for mark in marks if mark.store == found.store), default=0)
    if found.count >= most:
        return None
    return f"its newest saves are missing ({most - found.count} of {most}), though they were on the disk once"


def check(path: Path, found: Saves | None, marks: Sequence[Saves]) -> None:
    """Refuse a store that has lost saves.

    Raises:
        StoreCorrupt
    """
    if told := lost(found, marks):
        raise StoreCorrupt(
            f"{path} is damaged: {told}. It, or a file that goes with it, was changed, cut off, removed or replaced by "
            "an older one. Restore a copy with all its files; or go on from what is left: put it into a new store with "
            f"`onward repair JOB --to PLACE`, or, for it to stay where it is, remove {_beside(path)}"
        )


def _beside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _line(saves: Saves) -> bytes:
    body = b"saved %016x %012d " % (saves.store, saves.count)
    return b"%s%016x\n" % (body, xxhash.xxh3_64_intdigest(body))


def _saves(line: bytes) -> Saves | None:
    with contextlib.suppress(ValueError):
        _, store, count, _ = line.split(b" ")
        saves = Saves(int(store, 16), int(count))
        return saves if line == _line(saves) else None
    return None


_SIZE = len(_line(Saves(0, 0)))
