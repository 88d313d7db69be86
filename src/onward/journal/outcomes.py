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
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from onward.errors import StoreCorrupt
from onward.journal.blocks import Index, read_outcomes, read_payload, read_placed
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head, read_head
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
Whole = Callable[[Block], Any]


def stored(reader: Reader, head: Head, *, marked: bool = False) -> Iterator[Entry]:
    """The outcomes that count, ordered by position, read lazily.

    Args:
        marked: only those in marked blocks, among which are all that failed.

    Raises:
        StoreCorrupt: a block is not what was written.
    """
    retired = head.retired_set()
    blocks = reader.blocks(by_place=True, marked=True) if marked else _all(reader, head)
    entries = (e for e in _newest(_by_ordinal(blocks, _entries)) if e.ordinal not in retired)
    places = _places(reader, head.epoch)
    return _by_position(entries, _moved, places) if places else entries


def failed(reader: Reader, head: Head) -> Iterator[Entry]:
    """The failures that count, ordered by position, read lazily."""
    return (e for e in stored(reader, head, marked=True) if e.outcome.status == "failed")


def results(reader: Reader, head: Head) -> Iterator[bytes]:
    """The results of what succeeded as JSON, in input order, read lazily."""
    if _disturbed(reader, head):
        yield from (e.raw for e in stored(reader, head) if e.outcome.status == "succeeded")
        return
    for piece in _newest(_by_ordinal(_all(reader, head), _entries, _whole_results)):
        if not isinstance(piece, Entry):
            yield from map(bytes, piece)
        elif piece.outcome.status == "succeeded":
            yield piece.raw


def surveyed(reader: Reader, head: Head) -> Iterator[Index | Identity]:
    """As :func:`identities`, with whole indexes where all in them counts and stands in input order."""
    if _disturbed(reader, head):
        return identities(reader, head)
    return _newest(_by_ordinal(_all(reader, head, payload=False), _identities, _whole_index))


def _all(reader: Reader, head: Head, *, payload: bool = True) -> Iterator[Block]:
    """The blocks by their first ordinal; refuses to end before all have come that the checkpoint counts."""
    count = numbers = 0
    for block in reader.blocks(payload=payload, by_place=True):
        if block.seq < head.blocks:  # the run may go on meanwhile
            count += 1
            numbers += block.seq
        yield block
    all_there = count == head.blocks and numbers == sum(range(head.blocks))
    if not all_there and read_head(reader.head()).blocks >= head.blocks:  # else it removed them meanwhile
        raise StoreCorrupt(f"the checkpoint counts {head.blocks} blocks, and they are not all there")


def _disturbed(reader: Reader, head: Head) -> bool:
    """Whether outcomes are to be left out, or to be brought into another order."""
    return bool(head.retired) or _places(reader, head.epoch) is not None


def _whole_index(block: Block) -> Index | None:
    index = read_placed(block)
    return index if len(index.header.runs) < 2 else None


def _whole_results(block: Block) -> list[msgspec.Raw] | None:
    index = read_placed(block)
    header = index.header
    plain = len(header.runs) < 2 and not header.failed and not header.skipped
    return read_payload(block, header)[1] if plain else None


def _by_ordinal(
    blocks: Iterable[Block],
    read: Callable[[Block], Iterable[E]],
    whole: Whole = lambda block: None,
) -> Iterator[Any]:
    """A merge of blocks that come by their first ordinal; only those that overlap are in memory together.

    Args:
        whole: what to yield in place of the entries of a block that no other overlaps; None: the entries.
    """
    waiting: list[E] = []
    alone: Block | None = None  # not read as long as nothing overlaps it
    for block in blocks:
        if alone is not None and alone.last >= block.first:
            waiting, alone = list(read(alone)), None
        elif alone is not None:
            yield from _alone(alone, read, whole)
        if waiting and waiting[-1].ordinal >= block.first:
            ready = bisect_left(waiting, block.first, key=attrgetter("ordinal"))
            yield from waiting[:ready]
            waiting = waiting[ready:]
            waiting.extend(read(block))
            waiting.sort()  # two sorted runs: a merge
        else:
            yield from waiting
            waiting, alone = [], block
    yield from waiting if alone is None else _alone(alone, read, whole)


def _alone(block: Block, read: Callable[[Block], Iterable[E]], whole: Whole) -> Iterator[Any]:
    piece = whole(block)
    if piece is not None:
        yield piece
    else:
        yield from read(block)


def _sorted(index: Index, entries: Iterator[E]) -> Iterable[E]:
    """A block's entries by ordinal; not all in memory together if they settled in that order."""
    return entries if len(index.header.runs) < 2 else sorted(entries)


def _entries(block: Block) -> Iterable[Entry]:
    index = read_placed(block)
    found = (
        Entry(ordinal, -block.seq, -number, digest, outcome, raw)
        for number, (ordinal, digest, outcome, raw) in enumerate(read_outcomes(block, index))
    )
    return _sorted(index, found)


def identities(reader: Reader, head: Head) -> Iterator[Identity]:
    """As :func:`stored`, but without the results: reads only indexes."""
    leave_out = head.retired_set()
    blocks = _all(reader, head, payload=False)
    found = (i for i in _newest(_by_ordinal(blocks, _identities)) if i.ordinal not in leave_out)
    places = _places(reader, head.epoch)
    return _by_position(found, _unmoved, places) if places else found


def _identities(block: Block) -> Iterable[Identity]:
    index = read_placed(block)
    header = index.header
    status: dict[int, Status] = dict.fromkeys(header.failed, "failed")
    status.update(dict.fromkeys(header.skipped, "skipped"))
    keys = index.keys
    found = (
        Identity(
            ordinal,
            -block.seq,
            -number,
            index.digests[number],
            status.get(ordinal, "succeeded"),
            keys[16 * number : 16 * number + 16],
        )
        for number, ordinal in enumerate(header.ordinals())
    )
    return _sorted(index, found)


def _newest(entries: Iterator[Any]) -> Iterator[Any]:
    last = -1
    for entry in entries:
        if not isinstance(entry, Identity | Entry):
            yield entry
        elif entry.ordinal != last:
            last = entry.ordinal
            yield entry


def _places(reader: Reader, epoch: int) -> array[int] | None:
    """Position by ordinal, up to the last item that stands elsewhere; None if none does."""
    places: array[int] | None = None
    for block in reader.blocks(payload=False, marked=True):
        index = read_placed(block)
        if index.header.epoch != epoch or not index.moves:
            continue
        places = array("Q") if places is None else places
        for ordinal, position in zip(index.moves[::2], index.moves[1::2], strict=True):
            places.extend(range(len(places), ordinal + 1))
            places[ordinal] = position
    return places


def _moved(entry: Entry, position: int) -> Entry:
    return msgspec.structs.replace(entry, outcome=msgspec.structs.replace(entry.outcome, position=position))


def _unmoved(identity: Identity, position: int) -> Identity:
    return identity


def _by_position(entries: Iterator[E], moved: Callable[[E, int], E], places: array[int]) -> Iterator[E]:
    """Sorted by a temporary database on disk, since any order is possible and memory is not to grow."""
    with contextlib.closing(sqlite3.connect("", isolation_level=None)) as database:
        # An item that the newest reading of the input has not reached may share its last position with another.
        database.execute(
            "CREATE TABLE entry (position INTEGER, ordinal INTEGER, body BLOB, PRIMARY KEY (position, ordinal)) "
            "WITHOUT ROWID"
        )
        database.execute("BEGIN")
        kind: type[E] | None = None
        for entry in entries:
            kind = type(entry)
            position = places[entry.ordinal] if entry.ordinal < len(places) else entry.ordinal
            body = msgspec.msgpack.encode(moved(entry, position))
            database.execute("INSERT INTO entry VALUES (?, ?, ?)", (position, entry.ordinal, body))
        if kind is not None:
            decode = msgspec.msgpack.Decoder(kind).decode
            for (body,) in database.execute("SELECT body FROM entry ORDER BY position, ordinal"):
                yield decode(body)


def indexes(reader: Reader, *, marked: bool = False) -> Iterator[Index]:
    """The indexes of the blocks, oldest first."""
    for block in reader.blocks(payload=False, marked=marked):
        yield read_placed(block)


def digests(reader: Reader, end: int) -> array[int]:
    """The newest digest of each ordinal below ``end``; 0 where there is none."""
    found = array("Q", bytes(8 * end))
    for index in indexes(reader):
        at = 0
        for start, length in index.header.runs:
            found[start : start + length] = index.digests[at : at + length]
            at += length
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
