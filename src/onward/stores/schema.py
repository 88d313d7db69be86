"""What the SQLite store's tables are, in which version, and the way there from older ones."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import xxhash

from onward import faults
from onward._version import __version__
from onward.errors import StoreCorrupt, StoreForeign, StoreNewer
from onward.model import Block
from onward.stores.watermark import Saves

APPLICATION_ID = 0x6F6E7764  # "onwd"
STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = ()
"""The n-th makes the tables of version n + 1 out of those of version n, from 1; it neither begins nor commits."""
_TABLES = """
CREATE TABLE document (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE block (
    seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, marked INTEGER NOT NULL,
    content BLOB NOT NULL, payload BLOB NOT NULL);
CREATE INDEX block_marked ON block (seq) WHERE marked;
CREATE TABLE step (item TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (item, name)) WITHOUT ROWID;
"""


def newest() -> int:
    """The version that this onward writes."""
    return 1 + len(STEPS)


def create(database: sqlite3.Connection, names: tuple[str, str]) -> None:
    """Make the tables in an empty database, in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            database.execute(statement)
    database.execute("INSERT INTO document VALUES ('names', ?)", (msgspec.json.encode(names),))
    write_saves(database, Saves.none())
    database.execute(f"PRAGMA application_id={APPLICATION_ID}")
    _sign(database)
    database.execute("COMMIT")


def _sign(database: sqlite3.Connection) -> None:
    """Say which version this is, and whose: an older onward reads here what to install."""
    database.execute(
        "INSERT OR REPLACE INTO document VALUES ('onward', ?)", (msgspec.json.encode(__version__),)
    )
    database.execute(f"PRAGMA user_version={newest()}")


def check_origin(database: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not an onward store, or a later onward's.

    Raises:
        StoreForeign, StoreNewer
    """
    kind = database.execute("PRAGMA application_id").fetchone()[0]
    version = _version(database)
    if kind != APPLICATION_ID or version < 1:
        raise StoreForeign(f"{path} is a SQLite database, but not an onward store; give store= another place")
    if version > newest():
        raise StoreNewer.told(path, f"schema {version}", newest(), _signed(database))


def _signed(database: sqlite3.Connection) -> str:
    """The onward that made the tables; empty if it does not say so where this one would."""
    with contextlib.suppress(sqlite3.Error, TypeError, msgspec.MsgspecError):
        (body,) = database.execute("SELECT body FROM document WHERE name = 'onward'").fetchone()
        return msgspec.json.decode(body, type=str)
    return ""


def saves(database: sqlite3.Connection, path: Path) -> Saves | None:
    """How many saves it holds; None in a store that was made before they were counted.

    Raises:
        StoreCorrupt
    """
    row = database.execute("SELECT body FROM document WHERE name = 'saves'").fetchone()
    if row is None:
        return None
    body = bytes(row[0])
    if _sealed(body[:-8]) != body:
        raise StoreCorrupt(
            f"{path} is damaged: its number of saves does not match its checksum; restore it from a copy, or put what "
            "is good into a new store with `onward repair`"
        )
    return msgspec.json.decode(body[:-8], type=Saves)


def write_saves(database: sqlite3.Connection, found: Saves) -> None:
    """Store it, in the caller's transaction."""
    body = _sealed(msgspec.json.encode(found))
    database.execute("INSERT OR REPLACE INTO document VALUES ('saves', ?)", (body,))


def _sealed(body: bytes) -> bytes:
    """With a checksum, as in all other documents."""
    return body + xxhash.xxh3_64_intdigest(body).to_bytes(8, "little")


def as_block(row: tuple[Any, ...] | None) -> Block:
    """A row of ``block`` as it is outside.

    Raises:
        sqlite3.OperationalError: it is gone, or not what such a row is.
    """
    kinds = (int, int, int, int, bytes, bytes)
    if row is None or any(type(value) is not kind for value, kind in zip(row, kinds, strict=True)):
        raise sqlite3.OperationalError("a block is missing, or its row is damaged")
    return Block(row[0], row[1], row[2], bool(row[3]), bytes(row[4]), bytes(row[5]))


def migrate(database: sqlite3.Connection) -> None:
    """Bring an older store to the newest version, in one transaction: a crash leaves the old one or the new one."""
    if _version(database) == newest():
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[_version(database) - 1 :]:
            step(database)
        _sign(database)
        faults.point("migrate.changed")
        database.execute("COMMIT")
        faults.point("migrate.committed")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def migrated_copy(database: sqlite3.Connection) -> sqlite3.Connection:
    """To read: an older store brought up in a temporary copy, since who looks changes nothing; others as they are."""
    if _version(database) == newest():
        return database
    temporary = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        database.backup(temporary)
        migrate(temporary)
    except BaseException:
        temporary.close()
        raise
    database.close()
    return temporary


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])
