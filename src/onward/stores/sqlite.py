"""The default store: one SQLite file a run, in WAL mode with ``synchronous=FULL``.

WAL with FULL syncs the log at every commit, so that what was committed survives a power cut; rollback-journal
mode with FULL can lose the last commit. The lock is a file beside the database, not SQLite's, which would be
held only while a transaction is open.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from onward import forks
from onward.disk import sync_folder
from onward.errors import StoreCorrupt, StoreError, StoreForeign, StoreUnwritable
from onward.model import Block, Change, Owner, StepRecord
from onward.stores import schema, watermark
from onward.stores.base import Salvaged
from onward.stores.files import make_folder, warn_of_network
from onward.stores.places import FolderRuns, Kind, SingleRun, lock_beside
from onward.stores.rows import salvage_rows
from onward.stores.watermark import Saves, Watermark

_BUSY_SECONDS = 10.0
_of_parents: list[sqlite3.Connection | None] = []  # closed in a forked child, they could take the log away


class SqliteStore:
    """One run in one SQLite file. Usable from any thread, by one at a time."""

    def __init__(self, path: Path, job: str, run: str, *, write: bool) -> None:
        self._path = path
        self._names = job, run
        self._lock = lock_beside(path)
        self._busy = threading.RLock()
        self._write = write
        self._pid = os.getpid()
        self._watermark = Watermark(path)
        self._saves: Saves
        self._connection: sqlite3.Connection | None = None if write else _open_whole_to_read(path)

    @property
    def path(self) -> Path:
        """Where it lies on this machine."""
        return self._path

    def acquire(self) -> None:
        self._pid = os.getpid()
        make_folder(self._path.parent)
        warn_of_network(self._path.parent)
        self._lock.acquire("{} ({})".format(*self._names))
        try:
            self._connection = _open_to_write(self._path, self._names)
            self._saves = _saves(self._connection, self._path) or Saves.none()
        except BaseException:
            self._lock.release()
            raise

    def commit(self, change: Change) -> None:
        forks.refuse(self._pid)
        with self._busy, _translated(self._path):
            database = self._database()
            saves = self._saves.next()
            database.execute("BEGIN IMMEDIATE")
            try:
                _apply(database, change)
                schema.write_saves(database, saves)
                database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    database.execute("ROLLBACK")
                raise
            self._saves = saves
            self._watermark.rise(saves)
            if change.clear:
                _shrink(database)

    def info(self) -> bytes | None:
        return self._document("info")

    def head(self) -> bytes | None:
        return self._document("head")

    def _document(self, name: str) -> bytes | None:
        with self._busy, _translated(self._path):
            row = self._database().execute("SELECT body FROM document WHERE name = ?", (name,)).fetchone()
        return bytes(row[0]) if row else None

    def blocks(
        self, *, payload: bool = True, marked: bool = False, by_place: bool = False
    ) -> Iterator[Block]:
        where = "WHERE marked" if marked else ""
        order = "first, seq" if by_place else "seq"
        column = "payload" if payload else "x''"
        one = f"SELECT seq, first, last, marked, content, {column} FROM block WHERE seq = ?"
        # A connection of its own: a reading may be long, and other threads save meanwhile. Sequence numbers first,
        # since sorting must not carry the payloads.
        with _translated(self._path), contextlib.closing(_open_to_read(self._path)) as database:
            database.execute("BEGIN")
            for (seq,) in database.execute(f"SELECT seq FROM block {where} ORDER BY {order}"):
                yield schema.as_block(database.execute(one, (seq,)).fetchone())

    def steps(self) -> Iterator[StepRecord]:
        with self._busy, _translated(self._path):
            rows = (
                self._database().execute("SELECT item, name, body FROM step ORDER BY item, name").fetchall()
            )
        return (StepRecord(item, name, bytes(body)) for item, name, body in rows)

    def owner(self) -> Owner | None:
        return self._lock.owner()

    def close(self) -> None:
        if os.getpid() != self._pid:
            _of_parents.append(self._connection)
            return
        with self._busy:
            if self._connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None
            self._watermark.close()
        if self._write:
            self._lock.release()

    def _database(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreError(f"{self._path}: the store is not open")
        return self._connection


def sqlite_runs(folder: Path) -> FolderRuns:
    """A folder with a SQLite file for each run: ``FOLDER/JOB/RUN.db``."""
    return FolderRuns(folder, _KIND)


def sqlite_file(path: Path) -> SingleRun:
    """A single SQLite file that holds a single run."""
    return SingleRun(path, _KIND)


def _names_inside(path: Path) -> tuple[str, str] | None:
    """Job and run name as they were written when the file was made; None if it cannot be read."""
    with contextlib.suppress(StoreError), contextlib.closing(_open_to_read(path)) as database:
        with _translated(path):
            row = database.execute("SELECT body FROM document WHERE name = 'names'").fetchone()
        return msgspec.json.decode(row[0], type=tuple[str, str])
    return None


def _salvage(path: Path) -> Iterator[Salvaged]:
    marks = watermark.read(path)
    with _translated(path), contextlib.closing(_connect_to_read(path)) as database:
        yield from salvage_rows(database, path, marks)


_KIND = Kind(".db", SqliteStore, _names_inside, _salvage, companions=("-wal", "-shm"))


def _open_to_write(path: Path, names: tuple[str, str]) -> sqlite3.Connection:
    with _translated(path):
        if not path.exists():
            _make_file(path, names)
        elif not os.access(path, os.W_OK):
            raise StoreUnwritable(f"{path}: no permission to write")
        elif _has_log(path):  # through a connection that leaves it as it is, should this be refused
            _open_whole_to_read(path).close()
        return _connect(path)


def _make_file(path: Path, names: tuple[str, str]) -> None:
    """Beside its place first: an empty file in its place is then never new, but one that lost its content."""
    temporary = path.with_name(f".{path.name}.new")
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(temporary.name + suffix).unlink(missing_ok=True)
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as database:
        schema.create(database, names)
        # Already here: turned to WAL in its place, a power cut could leave it half turned.
        _prepare(database, path)
    for suffix in ("-wal", "-shm"):
        # Of a store whose removal was broken off; SQLite would take them for this one's.
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    temporary.rename(path)
    sync_folder(path.parent)


def _connect(path: Path) -> sqlite3.Connection:
    marks = watermark.read(path)
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _check_kind(database, path)
        watermark.check(path, schema.saves(database, path), marks)
        _prepare(database, path)
        schema.migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    # The answer is fetched: unfetched, this pragma can hide an I/O error.
    mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise StoreUnwritable(
            f"{path}: this file system cannot hold a WAL database (mode {mode}); use another folder"
        )
    for pragma in ("synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON", "trusted_schema=OFF"):
        database.execute(f"PRAGMA {pragma}").fetchall()


def _connect_to_read(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(os.fsencode(path.resolve()))}?mode=ro"  # bytes: a name need not be Unicode
    # Without a log and without leave to make one, SQLite reads a WAL database only if told that it cannot change.
    if not path.with_name(path.name + "-wal").exists() and not os.access(path.parent, os.W_OK):
        address += "&immutable=1"
    return sqlite3.connect(
        address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _open_to_read(path: Path) -> sqlite3.Connection:
    with _translated(path):
        database = _connect_to_read(path)
        try:
            _check_kind(database, path)
            return schema.migrated_copy(database)
        except BaseException:
            database.close()
            raise


def _open_whole_to_read(path: Path) -> sqlite3.Connection:
    """As :func:`_open_to_read`; refuses what has lost saves."""
    marks = watermark.read(path)
    database = _open_to_read(path)
    try:
        watermark.check(path, _saves(database, path), marks)
    except BaseException:
        database.close()
        raise
    return database


def _saves(database: sqlite3.Connection, path: Path) -> Saves | None:
    with _translated(path):
        return schema.saves(database, path)


def _check_kind(database: sqlite3.Connection, path: Path) -> None:
    """Refuse what is another program's, newer, or has lost its end, before anything is written."""
    # By stat alone: opening and closing the file would drop the locks that SQLite holds on it in this process.
    size = path.stat().st_size
    if size <= 1:  # one byte is how SQLite itself marks an empty file
        raise StoreCorrupt(f"{path} is empty, all its content is lost; restore a copy, or remove it")
    schema.check_origin(database, path)
    pages, page = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if (size < pages * page or size % page) and not _has_log(path):
        raise StoreCorrupt(
            f"{path} is truncated ({size} bytes are not {pages} pages of {page}); restore a copy, or remove it"
        )


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")  # reading makes an empty one
    return log.exists() and log.stat().st_size > 0


def _apply(database: sqlite3.Connection, change: Change) -> None:
    if change.clear:
        for statement in (
            "DELETE FROM block",
            "DELETE FROM step",
            "DELETE FROM document WHERE name = 'head'",
        ):
            database.execute(statement)
    for name, body in (("info", change.info), ("head", change.head)):
        if body is not None:
            database.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (name, body))
    block = change.block
    if block is not None:
        row = (block.seq, block.first, block.last, block.marked, block.index, block.payload)
        database.execute("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?)", row)
    if change.forget:
        database.executemany("DELETE FROM step WHERE item = ?", [(item,) for item in change.forget])
    if change.steps:
        rows = [(step.item, step.name, step.raw) for step in change.steps]
        database.executemany("INSERT OR REPLACE INTO step VALUES (?, ?, ?)", rows)


def _shrink(database: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):  # only a courtesy: what was to go is gone already
        database.execute("VACUUM")


def _damaged(path: Path, why: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{path} is damaged ({why}); restore it from a copy, or put what is good into a new store with "
        "`onward repair JOB --to PLACE`"
    )


_UNWRITABLE = {"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR"}
_REASONS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_IOERR_SHMSIZE": "the disk is full: there is no room for the index of its log",
}


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as ours, with the file and the way out."""
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(error, path) from error
    except UnicodeDecodeError as error:  # SQLite quotes what is damaged
        raise _damaged(path, "what it says of itself is not text") from error
    except OSError as error:
        raise StoreUnwritable(
            f"{path}: {error.strerror or error}; the last checkpoint is untouched"
        ) from error


def _ours(error: sqlite3.Error, path: Path) -> StoreError:
    name = "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])
    if name == "SQLITE_NOTADB":
        return StoreForeign(
            f"{path} is not an onward store, or its first page is damaged; move it away or give store= another place"
        )
    # A plain error is one in the statement; since ours have none, the tables are not what they were.
    if name in ("SQLITE_CORRUPT", "SQLITE_ERROR") or (
        not name and isinstance(error, sqlite3.OperationalError)
    ):
        return _damaged(path, str(error))
    if name == "SQLITE_BUSY":
        return StoreError(
            f"{path} is locked by another program for over {_BUSY_SECONDS:.0f} s; close that and go on"
        )
    if name in _UNWRITABLE:
        reason = _REASONS.get(getattr(error, "sqlite_errorname", ""), _REASONS.get(name, str(error)))
        return StoreUnwritable(
            f"{path} cannot be written: {reason}. The last checkpoint is untouched; make room or mend the "
            "permissions, and run the same command again"
        )
    return StoreError(f"{path}: {error}")
