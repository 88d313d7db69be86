"""Which item has which key: an exact index of key digests, in about 16 bytes of memory a key.

A dict from digest to ordinal takes ten times that, and an item costs more the larger it grows. Here the newest keys
are in a dict of bounded size. The others are in an open-addressing table of 32 bits of each digest's hash, in order of
these bits, with linear probing (W. W. Peterson, *Addressing for random-access storage*, 1957): most new keys are told
new by one look at it. The digests themselves lie in a temporary file, and whatever the table finds is compared with
them, all 128 bits, so that no key is ever taken for another.
"""

from __future__ import annotations

import errno
import operator
import os
import tempfile
import weakref
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from onward.errors import StoreUnwritable
from onward.journal import outcomes
from onward.model import Key
from onward.stores.base import Reader

NAME = 16
"""Bytes of a key digest."""

RECENT = 4096
"""Keys that are kept in a dict."""

MARK_BITS = 32
ROOMY = 18
"""Bits of the first table that is grown to: 2 MiB, room for 157,000 keys."""

FULL = 0.6
"""Share of the table that may be taken."""


class KeyIndex:
    """Ordinals by key digest. Keys can be added and found, never removed.

    The temporary file is made with the 4,097th key, where ``tempfile`` makes such files. The table is filled when it is
    first needed, which is never where keys come in their old order, or are known to be new.
    """

    def __init__(self) -> None:
        self._recent: dict[bytes, int] = {}
        self._names = _Column(NAME)
        self._ordinals = _Column(8)
        self._table = _Table(bits=13)
        self._expected = b""
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._recent) or bool(len(self._names))

    def find(self, name: bytes) -> int | None:
        """The ordinal of the key with this digest, None if it has none.

        Raises:
            StoreUnwritable: the temporary file cannot be read.
        """
        ordinal = self._recent.get(name)
        if ordinal is not None:
            return ordinal
        if name == self._expected:  # input that is passed over again comes in the old order
            return self._found(self._next)
        if self._table.taken < len(self._names):
            self._fill_table()
        table = self._table
        slots, mark = table.slots, hash(name) & 0xFFFFFFFF
        at = mark >> table.shift
        while slot := slots[at]:
            if slot >> 32 == mark and self._names.get(number := (slot & 0xFFFFFFFF) - 1) == name:
                return self._found(number)
            at += 1
        return None

    def _found(self, number: int) -> int:
        self._next = number + 1
        self._expected = self._names.get(number + 1)
        return int.from_bytes(self._ordinals.get(number), "little")

    def add(self, name: bytes, ordinal: int) -> None:
        """Put in a key that was not found.

        Raises:
            StoreUnwritable: the temporary file cannot be written.
        """
        self._recent[name] = ordinal
        if len(self._recent) >= RECENT:
            self._file_away()

    def extend(self, names: Iterable[bytes], ordinals: Iterable[int]) -> None:
        """Put in many, each with its ordinal. A key that is there already must have the same one.

        Raises:
            StoreUnwritable: the temporary file cannot be written.
        """
        self._recent.update(zip(names, ordinals, strict=True))
        if len(self._recent) >= RECENT:
            self._file_away()

    def _file_away(self) -> None:
        recent, self._recent = self._recent, {}
        self._names.extend(b"".join(recent))
        self._ordinals.extend(array("Q", recent.values()).tobytes())
        if not self._next:
            self._expected = self._names.get(0)

    def _fill_table(self) -> None:
        table, count = self._table, len(self._names)
        while table.taken < count:
            names = self._names.many(table.taken, min(table.taken + RECENT, count))
            table.add(map(hash, names), len(names))


class Rising:
    """The highest key of each kind: what is above it has never come, and need not be looked for.

    Args:
        every: every key there is will be noted here.
    """

    def __init__(self, *, every: bool) -> None:
        self._every = every
        self._highest: dict[type, Any] = {}

    def note(self, key: Key) -> None:
        """This key is there now."""
        kind = str if isinstance(key, str) else int  # a subclass's keys are the same keys
        if key > self._highest.setdefault(kind, key):
            self._highest[kind] = key

    def all_new(self, keys: Sequence[Key]) -> bool:
        """Whether these, all of one kind, rise from the highest on; then they are noted."""
        highest = self._highest.get(type(keys[0]))
        above: Sequence[Any] = keys if highest is None else (highest, *keys)
        if not self._every or not all(map(operator.lt, above, above[1:])):
            return False
        self._highest[type(keys[0])] = keys[-1]
        return True


def stored_keys(reader: Reader) -> KeyIndex:
    """The keys of all outcomes in a store."""
    found = KeyIndex()
    for index in outcomes.indexes(reader):
        found.extend(_apart(index.keys, NAME), index.header.ordinals())
    return found


class _Table:
    """Numbers, from 0 to before ``taken``, by 32 bits of a hash.

    A slot holds the hash's low 32 bits and the number, counted from 1; an empty one 0. The high bits of these 32
    (behind ``shift``) say where it would best be, so that growing needs nothing else, and goes through memory in order.
    """

    def __init__(self, bits: int) -> None:
        self._make(bits)
        self.taken = 0

    def _make(self, bits: int) -> None:
        self._bits = bits
        self.shift = MARK_BITS - bits
        # What would run over the end has room behind it: a run of so many taken slots is out of the question.
        self.slots = array("Q", [0]) * ((1 << bits) + 1024)

    def add(self, hashes: Iterable[int], count: int) -> None:
        """Put in ``count`` hashes, of the numbers that follow."""
        first = self.taken
        self.taken += count
        while self.taken > FULL * (1 << self._bits):
            self._grow()
        slots, shift = self.slots, self.shift
        for number, found in enumerate(hashes, first + 1):
            mark = found & 0xFFFFFFFF
            at = mark >> shift
            while slots[at]:
                at += 1
            slots[at] = mark << 32 | number

    def _grow(self) -> None:
        old = self.slots
        self._make(max(self._bits + 1, ROOMY))
        slots, shift = self.slots, self.shift + 32
        for slot in old:
            if slot:
                at = slot >> shift
                while slots[at]:
                    at += 1
                slots[at] = slot


class _Column:
    """Values of one width, one after the other, in a temporary file that nobody else can see."""

    WINDOW = 64
    """Values that are read at a time."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._end = 0
        self._window = b""
        self._at = 0

    def __len__(self) -> int:
        return self._end // self._width

    def extend(self, values: bytes) -> None:
        """Put these behind the others."""
        try:
            if not self._end:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with the column
                weakref.finalize(self, self._file.close)
            self._file.seek(self._end)
            written = self._file.write(values)
            if written != len(values):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise _unwritable(error) from error
        self._end += len(values)

    def get(self, number: int) -> bytes:
        """A value by its number; empty behind the last."""
        start = number * self._width
        if not self._at <= start < self._at + len(self._window):
            self._read(start)
        start -= self._at
        return self._window[start : start + self._width]

    def many(self, first: int, end: int) -> list[bytes]:
        """Values by their numbers, which there must be."""
        return _apart(self._bytes(first * self._width, end * self._width), self._width)

    def _read(self, start: int) -> None:
        self._window = self._bytes(start, start + self.WINDOW * self._width) if start < self._end else b""
        self._at = start

    def _bytes(self, start: int, end: int) -> bytes:
        try:
            self._file.seek(start)
            return self._file.read(end - start)
        except OSError as error:
            raise _unwritable(error) from error


def _apart(packed: bytes, width: int) -> list[bytes]:
    return [packed[at : at + width] for at in range(0, len(packed), width)]


def _unwritable(error: OSError) -> StoreUnwritable:
    return StoreUnwritable(
        f"the temporary file for the keys of a run: {error.strerror or error}; make room in {tempfile.gettempdir()}, "
        "or let the environment variable TMPDIR name another folder"
    )
