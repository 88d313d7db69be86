"""What holds for SQLite stores beyond the suite: pragmas, modes, damage, permissions, locks between processes."""

import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import onward
from onward.errors import (
    RunHeld,
    StoreCorrupt,
    StoreForeign,
    StoreNewer,
    StoreUnwritable,
)
from onward.model import Block, Change
from onward.stores import locks
from onward.stores import sqlite as sqlite_store
from onward.stores.sqlite import SqliteStore, sqlite_file, sqlite_runs

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and locks")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(sqlite_file(path).writer("job", "run")) as store:
        store.acquire()
        store.commit(Change(info=b"info", head=b"head", block=block(0)))
        yield store


def block(seq: int, size: int = 10) -> Block:
    return Block(seq, seq, seq, False, b"index", b"x" * size)


def content(path: Path) -> list[bytes]:
    """What the database and its log hold; a reader may leave an empty log behind."""
    log = path.with_name(path.name + "-wal")
    return [path.read_bytes(), log.read_bytes() if log.exists() else b""]


def elsewhere(code: str, *arguments: Any) -> str:
    """What another process prints."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


ACQUIRE = """
    import sys
    from pathlib import Path
    from onward.errors import RunHeld
    from onward.stores.sqlite import sqlite_file
    store = sqlite_file(Path(sys.argv[1])).writer("job", "run")
    try:
        store.acquire()
    except RunHeld as refusal:
        print("held:", refusal)
    else:
        print("free")
        store.close()
"""


# How it is written


def test_every_commit_is_synced(store: SqliteStore) -> None:
    database = store._connection
    assert database is not None
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA fullfsync").fetchone() == (1,)


@posix
def test_only_the_owner_can_read_what_is_stored(store: SqliteStore, path: Path) -> None:
    os.umask(os.umask(0))  # whatever it is
    files = sorted(path.parent.iterdir())
    assert [found.name.removeprefix("one.db") for found in files] == [
        "",
        "-shm",
        "-wal",
        ".lock",
        ".watermark",
    ]
    assert {stat.S_IMODE(found.stat().st_mode) for found in files} == {0o600}


def test_the_cost_of_a_commit_does_not_grow(store: SqliteStore, path: Path) -> None:
    """Pages written to the log for one commit, after the first blocks and after six hundred."""

    def pages(seq: int) -> int:
        database = store._connection
        assert database is not None
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        store.commit(Change(head=b"head", block=block(seq)))
        return path.with_name("one.db-wal").stat().st_size // 4096

    early = max(pages(seq) for seq in range(1, 20))
    for seq in range(20, 600):
        store.commit(Change(head=b"head", block=block(seq)))
    late = max(pages(seq) for seq in range(600, 620))
    assert late <= early + 3  # the tree may be one level deeper, and a page may split


def test_cleared_space_is_given_back(store: SqliteStore, path: Path) -> None:
    store.commit(Change(block=block(1, 3_000_000)))
    store.commit(Change(clear=True))
    store.close()
    assert path.stat().st_size < 100_000


def test_a_folder_of_runs_is_kept_out_of_version_control(tmp_path: Path) -> None:
    from onward.stores.sqlite import sqlite_runs

    sqlite_runs(tmp_path / "store").writer("job", "run").close()
    assert (tmp_path / "store" / ".gitignore").read_text() == "*\n"


# What is refused, before anything is written


def refuse(path: Path, error: type[Exception]) -> str:
    """Both ways of opening are refused, and nothing has changed."""
    before = content(path)
    with closing(sqlite_file(path).writer("job", "run")) as store, pytest.raises(error) as refusal:
        store.acquire()
    with pytest.raises(error):
        sqlite_file(path).reader("job", "run")
    assert content(path) == before
    with closing(sqlite_file(path).writer("job", "run")) as store, pytest.raises(error):
        store.acquire()  # not RunHeld: a refusal holds nothing
    assert str(path) in str(refusal.value)
    return str(refusal.value)


def test_another_programs_database_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE customer (name TEXT)")
        database.commit()
    assert "not an onward store" in refuse(path, StoreForeign)


def test_another_kind_of_file_is_refused(path: Path) -> None:
    path.write_bytes(b"PNG, or whatever it is" * 1000)
    refuse(path, StoreForeign)


def test_a_newer_store_is_refused(store: SqliteStore, path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version=99")
        database.commit()
    assert "upgrade" in refuse(path, StoreNewer)


def test_a_truncated_store_is_refused(store: SqliteStore, path: Path) -> None:
    store.commit(Change(block=block(1, 50_000)))
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 8192])
    assert "truncated" in refuse(path, StoreCorrupt)


@pytest.mark.parametrize("size", [0, 10, 16, 99])
def test_a_store_cut_down_to_less_than_a_page_is_refused(store: SqliteStore, path: Path, size: int) -> None:
    store.close()
    path.write_bytes(path.read_bytes()[:size])
    refuse(path, (StoreForeign, StoreCorrupt))  # type: ignore[arg-type]


def test_damaged_pages_are_named_when_they_are_met(store: SqliteStore, path: Path) -> None:
    for seq in range(1, 50):
        store.commit(Change(block=block(seq, 3000)))
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 3 :] = b"\xa5" * (len(damaged) - 4096 * 3)
    path.write_bytes(damaged)
    with closing(sqlite_file(path).reader("job", "run")) as reader, pytest.raises(StoreCorrupt) as refusal:
        list(reader.blocks())
    assert str(path) in str(refusal.value)


def test_the_log_of_a_removed_store_is_not_taken_for_the_next_ones(store: SqliteStore, path: Path) -> None:
    """As a kill in the middle of removing leaves it: the database gone, its log still there."""
    log = path.with_name("one.db-wal").read_bytes()
    store.close()
    path.unlink()
    path.with_name("one.db-wal").write_bytes(log)
    with closing(sqlite_file(path).writer("job", "run")) as anew:
        anew.acquire()
        assert anew.info() is None
        assert list(anew.blocks()) == []


# Where writing is not allowed


def as_someone_else(code: str, *arguments: Any) -> str:
    """Run without the privileges that make permissions meaningless."""
    drop = "os.setgroups([]); os.setgid(65534); os.setuid(65534)" if os.geteuid() == 0 else "pass"
    return elsewhere(textwrap.dedent(code).replace("# drop", drop), *arguments)


def open_up(path: Path) -> None:
    """Let another user reach a folder below pytest's private ones."""
    for folder in path.parents:
        if "pytest" in str(folder):
            folder.chmod(0o755)


@posix
def test_a_store_in_a_read_only_folder_can_be_read(store: SqliteStore, path: Path) -> None:
    store.close()
    path.chmod(0o444)
    open_up(path)
    path.parent.chmod(0o555)
    try:
        code = """
            import sys
            from pathlib import Path
            from onward.stores.sqlite import sqlite_file
            import os
            # drop
            reader = sqlite_file(Path(sys.argv[1])).reader("job", "run")
            print(reader.info(), len(list(reader.blocks())), reader.owner())
        """
        assert as_someone_else(code, path) == "b'info' 1 None"
    finally:
        path.parent.chmod(0o755)


@posix
def test_a_read_only_folder_cannot_be_written_to(path: Path) -> None:
    open_up(path)
    path.parent.chmod(0o555)
    try:
        code = """
            import sys
            from pathlib import Path
            from onward.errors import StoreUnwritable
            from onward.stores.sqlite import sqlite_file
            import os
            # drop
            try:
                sqlite_file(Path(sys.argv[1])).writer("job", "run").acquire()
            except StoreUnwritable as refusal:
                print(refusal)
        """
        assert "writable" in as_someone_else(code, path)
    finally:
        path.parent.chmod(0o755)
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="file"):
        sqlite_file(tmp_path / "file" / "one.db").writer("job", "run").acquire()


# The lock


def test_another_process_is_refused_and_told_by_whom(store: SqliteStore, path: Path) -> None:
    told = elsewhere(ACQUIRE, path)
    assert told.startswith("held:")
    assert f"process {os.getpid()}" in told


def test_looking_from_the_same_process_keeps_the_lock(store: SqliteStore, path: Path) -> None:
    """Closing any descriptor of a file drops a process's POSIX locks on it; looking must not open it."""
    for _ in range(3):
        assert store.owner() is not None
        with closing(sqlite_file(path).reader("job", "run")) as reader:
            assert reader.owner() is not None
            list(reader.blocks())
        with closing(sqlite_file(path).writer("job", "run")) as second, pytest.raises(RunHeld):
            second.acquire()
        with pytest.raises(RunHeld):
            sqlite_file(path).remove("job", "run")
    assert elsewhere(ACQUIRE, path).startswith("held:")
    store.close()
    assert elsewhere(ACQUIRE, path) == "free"


@posix
def test_a_path_with_another_name_is_the_same_run(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path.parent)
    with (
        closing(sqlite_file(tmp_path / "link" / "one.db").writer("job", "run")) as second,
        pytest.raises(RunHeld),
    ):
        second.acquire()
    assert elsewhere(ACQUIRE, path).startswith("held:")


@posix
def test_a_forked_child_neither_holds_nor_drops_the_lock(store: SqliteStore, path: Path) -> None:
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            with closing(sqlite_file(path).writer("job", "run")) as second:
                second.acquire()
        except RunHeld:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert elsewhere(ACQUIRE, path).startswith("held:")


@posix
def test_a_child_that_outlives_its_parent_keeps_nothing_locked(path: Path) -> None:
    code = """
        import os, sys, time
        from pathlib import Path
        from onward.model import Change
        from onward.stores.sqlite import sqlite_file
        store = sqlite_file(Path(sys.argv[1])).writer("job", "run")
        store.acquire()
        store.commit(Change(info=b"info"))
        child = os.fork()
        if child == 0:
            os.close(1), os.close(2)
            time.sleep(60)
            os._exit(0)
        print(child, flush=True)
        os._exit(0)
    """
    child = int(elsewhere(code, path))
    try:
        assert elsewhere(ACQUIRE, path) == "free"
    finally:
        os.kill(child, signal.SIGKILL)


@posix
def test_a_killed_process_holds_nothing_and_what_it_saved_is_there(path: Path) -> None:
    code = """
        import os, signal, sys
        from pathlib import Path
        from onward.model import Change
        from onward.stores.sqlite import sqlite_file
        store = sqlite_file(Path(sys.argv[1])).writer("job", "run")
        store.acquire()
        store.commit(Change(info=b"saved"))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    with pytest.raises(subprocess.CalledProcessError):
        elsewhere(code, path)
    with closing(sqlite_file(path).reader("job", "run")) as reader:
        assert reader.owner() is None
        assert reader.info() == b"saved"
    with closing(sqlite_file(path).writer("job", "run")) as store:
        store.acquire()
        assert store.info() == b"saved"


@posix
def test_a_lock_on_a_file_that_was_just_removed_is_not_enough(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening and locking the file another process may remove the run, and a third begin it anew."""
    plain, calls = locks._lock, []

    def remove_first(descriptor: int) -> None:
        if not calls:
            path.with_name("one.db.lock").unlink()
        calls.append(descriptor)
        plain(descriptor)

    monkeypatch.setattr(locks, "_lock", remove_first)
    with closing(sqlite_file(path).writer("job", "run")) as store:
        store.acquire()
        assert elsewhere(ACQUIRE, path).startswith("held:")


@pytest.mark.skipif(sys.platform != "linux", reason="where names are bytes")
@pytest.mark.parametrize("place", ["s\udcff", "s\udcff.db", "file:s\udcff", "file:s\udcff.journal"])
def test_a_store_whose_name_is_no_unicode(tmp_path: Path, place: str) -> None:
    onward.map(str, [1, 2], job="bytes", store=place, progress=False)
    assert list(onward.load("bytes", store=place).results()) == ["1", "2"]


@pytest.mark.parametrize(
    "name", ["con", "NUL", "Com1", "lpt9", "aux ", "a ", " ", "..", "c:up", "a\\b", "~", "*?", "\x9b"]
)
def test_names_are_files_on_every_system(tmp_path: Path, name: str) -> None:
    runs = sqlite_runs(tmp_path / "store")
    with closing(runs.writer(name, name)) as store:
        store.acquire()
    assert list(runs.names()) == [(name, name)]
    [path] = (tmp_path / "store").glob("*/*.db")
    for part in (path.parent.name, path.stem):
        assert re.fullmatch(r"[\w %@+,=()~-]*[\w%@+,=()~-]", part)
        assert part.lower() not in ("con", "nul", "com1", "lpt9")


def test_a_database_that_cannot_have_a_log_is_refused(tmp_path: Path) -> None:
    """What the pragma answers counts: SQLite raises nothing where it keeps to another mode."""
    with (
        closing(sqlite3.connect(":memory:")) as database,
        pytest.raises(StoreUnwritable, match="mode memory"),
    ):
        sqlite_store._prepare(database, tmp_path / "run.db")
