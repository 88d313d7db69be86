"""Stores of every released schema are read and gone on with; older ones are migrated, newer ones refused."""

import importlib.util
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onward.cli import main
from onward.errors import StoreNewer
from onward.stores import open_runs, schema
from onward.stores.memory import MemoryRuns
from onward.upkeep.copying import copy
from onward.upkeep.inspection import inspect
from onward.view import load

RELEASED = Path(__file__).parent / "released"
STORES = {folder.name: folder for folder in sorted(RELEASED.iterdir()) if folder.name.endswith("-1")}


def _jobs() -> Any:
    spec = importlib.util.spec_from_file_location("released_jobs", RELEASED / "jobs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


JOBS = _jobs()


@pytest.fixture(params=STORES, name="store")
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Gives a copy of the store of a name."""

    def copied(name: str) -> Path:
        (found,) = STORES[request.param].glob(f"{name}.*")
        return Path(shutil.copy(found, tmp_path))

    return copied


def called() -> list[str]:
    log = Path("calls.log")
    return log.read_text().split("\n")[:-1] if log.exists() else []


def test_there_is_one_of_every_schema() -> None:
    assert sorted(STORES) == ["journal-1", "sqlite-1"]


# Read


@pytest.mark.parametrize(
    ("name", "status", "settled", "outcomes"),
    [
        ("interrupted", "interrupted", 12, 12),
        ("failures", "finished", 12, 12),
        ("finished", "finished", 2, 2),
    ],
)
def test_what_was_stored_then_is_read_now(
    store: Callable[[str], Path], name: str, status: str, settled: int, outcomes: int
) -> None:
    view = load(name, store=store(name))
    assert (view.status, view.progress.settled, view.progress.spent) == (status, settled, {})
    assert len(list(view.outcomes())) == outcomes
    assert view.sessions[0].owner.host == "elsewhere"


@pytest.mark.parametrize("name", ["interrupted", "failures", "moves", "finished"])
def test_it_is_sound_then_and_now(store: Callable[[str], Path], name: str) -> None:
    path = store(name)
    runs = open_runs(path)
    assert inspect(runs, name, "default").problems == []
    copy(runs, MemoryRuns(), name, "default")
    before = path.read_bytes()
    assert main(["verify", "--store", str(path)]) == 0
    assert path.read_bytes() == before


# Gone on with


def test_an_interrupted_run_goes_on_with_its_steps_and_state(store: Callable[[str], Path]) -> None:
    path = store("interrupted")
    report = JOBS.interrupted(path)
    assert (report.succeeded, report.reused, report.failed) == (20, 12, 0)
    assert report.state == {"sum": 2 * sum(range(1, 21))}
    assert called()[:3] == ["13", "read 14", "14"]  # the first step of 13 was saved then
    assert called()[-1] == "20"
    values = [{"twice": 2 * number, "read": number + 1} for number in range(1, 21)]
    assert list(load("interrupted", store=path).results()) == values
    assert inspect(open_runs(path), "interrupted", "default").sound


def test_a_run_that_finished_with_failures_is_known_and_can_be_retried(
    store: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store("failures")
    again = JOBS.failures(path)
    assert (again.already_finished, again.failed, again.skipped) == (True, 3, 1)
    assert called() == []
    errors = [str(outcome.error) for outcome in load("failures", store=path).failures()]
    assert errors == [f"ValueError: no {number} today" for number in (4, 8, 12)]
    monkeypatch.setenv("MENDED", "1")
    report = JOBS.failures(path, retry_failed=True)
    assert (report.succeeded, report.failed, report.skipped, called()) == (11, 0, 1, ["4", "8", "12"])
    assert inspect(open_runs(path), "failures", "default").sound


def test_a_keyed_run_with_moves_goes_on(store: Callable[[str], Path]) -> None:
    path = store("moves")
    report = JOBS.moves(path, JOBS.AFTER)
    assert (report.succeeded, report.reused, report.retired) == (13, 9, 1)
    assert called() == ["r10", "r11", "r12", "last"]
    wanted = [[item["id"], item["n"]] for item in JOBS.AFTER]
    assert list(load("moves", store=path).results()) == wanted
    assert inspect(open_runs(path), "moves", "default").sound


def test_a_finished_run_is_not_paid_again(store: Callable[[str], Path]) -> None:
    report = JOBS.finished(store("finished"))
    assert (report.already_finished, report.succeeded) == (True, 2)


def test_a_run_of_then_can_be_repaired(store: Callable[[str], Path], tmp_path: Path) -> None:
    path = store("interrupted")
    target = tmp_path / f"new{path.suffix}"
    assert main(["repair", "interrupted", "--store", str(path), "--to", str(target)]) == 0
    assert JOBS.interrupted(target).reused == 12


# Newer ones


def newer(path: Path) -> None:
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA user_version=2")
        return
    body = path.read_bytes()
    path.write_bytes(body.replace(b"onward journal 1 ", b"onward journal 2 ", 1))


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["show", "interrupted"],
        ["errors", "interrupted"],
        ["history"],
        ["verify"],
        ["repair", "interrupted", "--to", "new.db"],
        ["rm", "interrupted", "--yes"],
    ],
    ids=lambda words: words[0],
)
def test_a_newer_one_is_refused_with_what_to_install(
    store: Callable[[str], Path], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = store("interrupted")
    newer(path)
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match="pip install --upgrade onward"):
        JOBS.interrupted(path)
    main([*words, "--store", str(path)])
    told = "".join(capsys.readouterr())
    assert "Traceback" not in told
    assert words[0] in ("history", "rm") or "pip install --upgrade onward" in told
    assert not Path("new.db").exists()
    assert words[0] == "rm" or path.read_bytes() == before


# Older ones, for which there is a way up: here to a made-up version 2


def widen(database: sqlite3.Connection) -> None:
    database.execute("ALTER TABLE block ADD COLUMN later INTEGER")


def fail(database: sqlite3.Connection) -> None:
    widen(database)
    raise KeyboardInterrupt


@pytest.fixture
def older(tmp_path: Path) -> Path:
    return Path(shutil.copy(STORES["sqlite-1"] / "interrupted.db", tmp_path))


def seen_version(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as database:
        columns = len(database.execute("PRAGMA table_info(block)").fetchall())
        return database.execute("PRAGMA user_version").fetchone()[0], columns


def test_an_older_store_is_migrated_when_it_is_opened_to_write(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "STEPS", (widen,))
    with closing(open_runs(older).writer("interrupted", "default")) as store:
        store.acquire()
        assert len(list(store.blocks())) == 12
    assert seen_version(older) == (2, 7)


def test_who_looks_at_an_older_store_sees_it_whole_and_changes_nothing(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "STEPS", (widen,))
    assert len(list(load("interrupted", store=older).outcomes())) == 12
    assert seen_version(older) == (1, 6)


def test_a_migration_that_is_broken_off_leaves_the_old_store(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "STEPS", (fail,))
    with (
        closing(open_runs(older).writer("interrupted", "default")) as store,
        pytest.raises(KeyboardInterrupt),
    ):
        store.acquire()
    assert seen_version(older) == (1, 6)
    monkeypatch.setattr(schema, "STEPS", ())
    assert JOBS.interrupted(older).reused == 12
