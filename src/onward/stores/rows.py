"""What a damaged database still gives."""

from __future__ import annotations

import operator
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from onward.errors import StoreCorrupt
from onward.model import Block, StepRecord
from onward.stores import schema
from onward.stores.base import Damage, Document, Salvaged
from onward.stores.watermark import Saves, lost

S = TypeVar("S", Damage, Document, Block, StepRecord, int)

_DOCUMENT = "SELECT name, body FROM document WHERE name = ?"
_STEPS = "SELECT item, name, body FROM step ORDER BY item, name"
_UNREADABLE = (sqlite3.DatabaseError, TypeError, UnicodeDecodeError)
"""TypeError: a NULL where none can be; the last, because SQLite quotes what is damaged."""

_GAP = 10_000
"""Blocks, besides as many as were found, that are looked for where some are missing: a number may be damaged too."""

_BLOCK = "SELECT seq, first, last, marked, content, payload FROM block WHERE seq = ?"


def salvage_rows(database: sqlite3.Connection, path: Path, marks: Sequence[Saves]) -> Iterator[Salvaged]:
    """What a database holds, read row by row, since what is damaged may be in the way to only some of them."""
    yield from _rows(database, "the structure", _as_complaint, "SELECT name FROM sqlite_schema LIMIT 0")
    database.execute("PRAGMA writable_schema=ON")  # so that SQLite reads what is left of a truncated file
    schema.check_origin(database, path)
    database.execute("BEGIN")
    yield from _complaints(database)
    yield from _lost(database, path, marks)
    for name in ("info", "head"):
        yield from _rows(database, name, _as_document, _DOCUMENT, name)
    for seq in _readable_seqs(database):
        yield from _rows(database, f"block {seq}", schema.as_block, _BLOCK, seq)
    yield from _rows(database, "the steps", _as_step, _STEPS)


def _as_document(row: tuple[Any, ...]) -> Document:
    return Document(row[0], bytes(row[1]))


def _as_step(row: tuple[Any, ...]) -> StepRecord:
    return StepRecord(row[0], row[1], bytes(row[2]))


def _as_complaint(row: tuple[Any, ...]) -> Damage:
    return Damage(f"the structure: {row[0]}")


def _complaints(database: sqlite3.Connection) -> Iterator[Damage]:
    for found in _rows(database, "the structure", _as_complaint, "PRAGMA integrity_check(20)"):
        if found != Damage("the structure: ok"):
            yield found


def _lost(database: sqlite3.Connection, path: Path, marks: Sequence[Saves]) -> Iterator[Damage]:
    try:
        told = lost(schema.saves(database, path), marks)
    except StoreCorrupt as error:
        told = str(error)
    except _UNREADABLE as error:
        told = f"the number of saves cannot be read: {error}"
    if told:
        yield Damage(told)


def _rows(
    database: sqlite3.Connection, what: str, make: Callable[[tuple[Any, ...]], S], sql: str, *values: Any
) -> Iterator[S | Damage]:
    """The rows as far as they can be read, and then why no further."""
    try:
        yield from map(make, database.execute(sql, values))
    except _UNREADABLE as error:
        yield Damage(f"{what} cannot be read: {error}")


def _readable_seqs(database: sqlite3.Connection) -> list[int]:
    """The sequence numbers there may be: from both ends up to what is damaged, and all between."""
    found: set[int] = set()
    for order in ("ASC", "DESC"):
        sql = f"SELECT seq FROM block ORDER BY seq {order}"
        found.update(
            seq for seq in _rows(database, "the blocks", operator.itemgetter(0), sql) if isinstance(seq, int)
        )
    whole = not found or len(found) == max(found) + 1
    return sorted(found) if whole else sorted(found.union(range(min(max(found), 2 * len(found) + _GAP))))
