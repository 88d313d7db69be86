"""Reading what is settled: the outcomes that count, in input order, with memory that does not grow.

Blocks hold outcomes in settlement order, a later one may supersede an earlier one of the same item, retired
items are left out, and keyed items may stand elsewhere than when they settled.
"""

from __future__ import annotations

import contextlib
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import TypeVar

import msgspec
from msgspec import Struct

from onward.journal.blocks import Index, read_index, read_outcomes
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.model import Block, Outcome, Status
from onward.stores.base import Reader


class Identity(Struct, frozen=True, order=True):
    """What an index says of one outcome: sorts by ordinal, newest first. ``key`` is its key's digest."""

    ordinal: int
    age: int
    number: int
    digest: int
    status: Status
    key: bytes


class Entry(Struct, frozen=True, order=True):
    """One stored outcome: sorts by ordinal, newest first. ``raw`` is the result as JSON."""

    ordinal: int
    age: int
    number: int
    digest: int
    outcome: Outcome
    raw: bytes


E = TypeVar("E", Identity, Entry)


def stored(reader: Reader, head: Head, *, marked: bool = False) -> Iterator[Entry]:
    """The outcomes that count, ordered by position, read lazily.

    Args:
        marked: only those in marked blocks, among which are all that failed.

    Raises:
        StoreCorrupt: a block is not what was written.
    """
    retired = head.retired_set()
    blocks = reader.blocks(by_place=True, marked=marked)
    entries = (e for e in _newest(_by_ordinal(blocks, _entries)) if e.ordinal not in retired)
    moves = _moves(reader, head.epoch)
    return _by_position(entries, moves) if moves else entries


def failed(reader: Reader, head: Head) -> Iterator[Entry]:
    """The failures that count, ordered by position, read lazily."""
    return (e for e in stored(reader, head, marked=True) if e.outcome.status == "failed")


def _by_ordinal(blocks: Iterable[Block], read: Callable[[Block], list[E]]) -> Iterator[E]:
    """A merge of blocks that come by their first ordinal; only those that overlap are in memory together."""
    waiting: list[E] = []
    for block in blocks:
        entries = read(block)
        entries.sort()
        if waiting and waiting[-1].ordinal >= block.first:
            ready = bisect_left(waiting, block.first, key=attrgetter("ordinal"))
            yield from waiting[:ready]
            waiting = waiting[ready:] + entries
            waiting.sort()  # two sorted runs: a merge
        else:
            yield from waiting
            waiting = entries
    yield from waiting


def _entries(block: Block) -> list[Entry]:
    return [
        Entry(ordinal, -block.seq, -number, digest, outcome, raw)
        for number, (ordinal, digest, outcome, raw) in enumerate(read_outcomes(block))
    ]


def identities(reader: Reader, head: Head) -> Iterator[Identity]:
    """As :func:`stored`, but without the results: reads only indexes."""
    leave_out = head.retired_set()
    blocks = reader.blocks(payload=False, by_place=True)
    found = (i for i in _newest(_by_ordinal(blocks, _identities)) if i.ordinal not in leave_out)
    moves = _moves(reader, head.epoch)
    return found if not moves else iter(sorted(found, key=lambda i: moves.get(i.ordinal, i.ordinal)))


def _identities(block: Block) -> list[Identity]:
    index = read_index(block)
    header = index.header
    status: dict[int, Status] = dict.fromkeys(header.failed, "failed")
    status.update(dict.fromkeys(header.skipped, "skipped"))
    keys = index.keys
    return [
        Identity(
            ordinal,
            -block.seq,
            -number,
            index.digests[number],
            status.get(ordinal, "succeeded"),
            keys[16 * number : 16 * number + 16],
        )
        for number, ordinal in enumerate(header.ordinals())
    ]


def _newest(entries: Iterator[E]) -> Iterator[E]:
    last = -1
    for entry in entries:
        if entry.ordinal != last:
            last = entry.ordinal
            yield entry


def _moves(reader: Reader, epoch: int) -> dict[int, int]:
    """Position by ordinal, of the items that stand elsewhere."""
    moves: dict[int, int] = {}
    for block in reader.blocks(payload=False, marked=True):
        index = read_index(block)
        if index.header.epoch == epoch and index.moves:
            moves.update(zip(index.moves[::2], index.moves[1::2], strict=True))
    return moves


def _by_position(entries: Iterator[Entry], moves: dict[int, int]) -> Iterator[Entry]:
    """Sorted by a temporary database on disk, since any order is possible and memory is not to grow."""
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as database:
        # An item that the newest reading of the input has not reached may share its last position with another.
        database.execute(
            "CREATE TABLE entry (position INTEGER, ordinal INTEGER, body BLOB, PRIMARY KEY (position, ordinal)) "
            "WITHOUT ROWID"
        )
        database.execute("BEGIN")
        for entry in entries:
            position = moves.get(entry.ordinal, entry.ordinal)
            moved = msgspec.structs.replace(entry.outcome, position=position)
            body = msgspec.msgpack.encode(msgspec.structs.replace(entry, outcome=moved))
            database.execute("INSERT INTO entry VALUES (?, ?, ?)", (position, entry.ordinal, body))
        for (body,) in database.execute("SELECT body FROM entry ORDER BY position, ordinal"):
            yield msgspec.msgpack.decode(body, type=Entry)


def indexes(reader: Reader, *, marked: bool = False) -> Iterator[Index]:
    """The indexes of the blocks, oldest first."""
    for block in reader.blocks(payload=False, marked=marked):
        yield read_index(block)


def digests(reader: Reader, end: int) -> array[int]:
    """The newest digest of each ordinal below ``end``; 0 where there is none."""
    found = array("Q", bytes(8 * end))
    for index in indexes(reader):
        at = 0
        for start, length in index.header.runs:
            found[start : start + length] = index.digests[at : at + length]
            at += length
    return found


def keys(reader: Reader) -> dict[bytes, int]:
    """Ordinal by key digest."""
    found: dict[bytes, int] = {}
    for index in indexes(reader):
        packed = index.keys
        names = (packed[at : at + 16] for at in range(0, len(packed), 16))
        found.update(zip(names, index.header.ordinals(), strict=True))
    return found


def failed_attempts(reader: Reader, head: Head) -> dict[int, int]:
    """Attempts made at each failed item, by ordinal."""
    return {entry.ordinal: entry.outcome.attempts for entry in failed(reader, head)}


def unsuccessful(reader: Reader) -> tuple[IntervalSet, IntervalSet]:
    """The ordinals whose newest outcome is failed, and those whose newest is skipped."""
    failed, skipped = IntervalSet(), IntervalSet()
    for index in indexes(reader, marked=True):
        for ordinal in index.header.ordinals() if failed or skipped else ():
            failed.discard(ordinal)
            skipped.discard(ordinal)
        for ordinal in index.header.failed:
            failed.add(ordinal)
        for ordinal in index.header.skipped:
            skipped.add(ordinal)
    return failed, skipped
