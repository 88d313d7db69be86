"""Stores of every released schema are read and gone on with; older ones are migrated, newer ones refused."""

import importlib.util
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import xxhash

from onward._version import __version__
from onward.cli import main
from onward.errors import StoreCorrupt, StoreNewer
from onward.journal import blocks, formats, records
from onward.journal.formats import Fields, Step
from onward.journal.records import seal, unseal
from onward.model import Change, Failure, Marker, OutputRecord, Part, RunInfo, SessionRecord
from onward.stores import open_runs, schema, text
from onward.stores.memory import MemoryRuns
from onward.upkeep.copying import copy
from onward.upkeep.inspection import inspect
from onward.view import load

RELEASED = Path(__file__).parent / "released"
STORES = {folder.name: folder for folder in sorted(RELEASED.glob("*-*/"))}


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


# All of them are kept


def version(path: Path) -> tuple[str, int]:
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database:
            return "sqlite", database.execute("PRAGMA user_version").fetchone()[0]
    header = text.read_header(path.read_bytes().partition(b"\n")[0] + b"\n")
    assert header is not None
    return "journal", header.version


def content_format(path: Path) -> tuple[str, int]:
    with closing(open_runs(path).reader(path.stem, "default")) as reader:
        return path.suffix, formats.format_of(unseal(reader.info() or b"", path.name), path.name)


def test_there_is_one_of_every_version(tmp_path: Path) -> None:
    kept = [Path(shutil.copy(path, tmp_path)) for folder in STORES.values() for path in folder.iterdir()]
    assert {version(path) for path in kept} == {
        *(("sqlite", number) for number in range(1, schema.newest() + 1)),
        *(("journal", number) for number in range(1, text.newest() + 1)),
    }
    assert {content_format(path) for path in kept} == {
        (suffix, number) for suffix in (".db", ".journal") for number in range(1, formats.newest() + 1)
    }


def test_one_that_is_not_kept_is_missed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module, step in ((schema, widen), (text, list), (formats, Step())):
        with monkeypatch.context() as patch:
            patch.setattr(module, "STEPS", (step,))
            with pytest.raises(AssertionError):
                test_there_is_one_of_every_version(tmp_path)


def shape() -> str:
    """All that is stored, field by field."""
    structs = (
        RunInfo,
        Marker,
        OutputRecord,
        SessionRecord,
        Part,
        records.Head,
        blocks.Header,
        blocks.Payload,
        Failure,
    )
    fields = (
        f"{struct.__name__}.{field.name}: {field.type}"
        for struct in structs
        for field in msgspec.structs.fields(struct)
    )
    return "\n".join([*fields, schema._TABLES.strip(), ""])


def test_what_is_stored_did_not_change_unnoticed() -> None:
    kept = RELEASED / f"content-{formats.newest()}.txt"
    assert shape() == kept.read_text(), (
        "what is stored has changed. If a version that stores it as before is released: add a step to "
        "journal/formats.py (or stores/schema.py), keep stores of it here as released/jobs.py says, and write this "
        f"shape to content-N.txt. If none is: write it to {kept.name}"
    )


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


def newer(path: Path, onward: str = "") -> None:
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA user_version=2")
            row = msgspec.json.encode(onward)
            database.execute("INSERT OR REPLACE INTO document VALUES ('onward', ?)", (row,))
        return
    first, _, rest = path.read_bytes().partition(b"\n")
    first = first.replace(b"onward journal 1 ", b"onward journal 2 ")
    path.write_bytes(first + f" {onward}\n".encode() * bool(onward) + rest)


def newer_inside(path: Path, onward: str = "") -> None:
    """Its tables or lines are as today's, but not what is in them."""
    with closing(open_runs(path).writer(path.stem, "default")) as store:
        store.acquire()
        fields = msgspec.json.decode(unseal(store.info() or b"", "info"))
        store.commit(Change(info=seal(msgspec.json.encode({**fields, "format": 2, "onward": onward}))))


COMMANDS = pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["show", "interrupted"],
        ["errors", "interrupted"],
        ["history"],
        ["verify"],
        ["verify", "interrupted"],
        ["copy", "--job", "interrupted"],
        ["repair", "interrupted", "--to", "new.db"],
        ["rm", "interrupted", "--yes"],
    ],
    ids=lambda words: "-".join(words[:2]),
)


@COMMANDS
@pytest.mark.parametrize("newer", [newer, newer_inside])
def test_a_newer_one_is_refused_with_what_to_install(
    store: Callable[[str], Path],
    words: list[str],
    newer: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = store("interrupted")
    newer(path, "7.3.0")
    before = path.read_bytes()
    with pytest.raises(StoreNewer, match=r"pip install --upgrade 'onward>=7\.3\.0'$"):
        JOBS.interrupted(path)
    main([*words, str(path), "new.db"] if words[0] == "copy" else [*words, "--store", str(path)])
    told = "".join(capsys.readouterr())
    assert "Traceback" not in told
    assert words[0] in ("history", "rm") or "pip install --upgrade 'onward>=7.3.0'" in told
    assert not Path("new.db").exists()
    assert words[0] == "rm" or path.read_bytes() == before


@pytest.mark.parametrize("newer", [newer, newer_inside])
@pytest.mark.parametrize("onward", ["", "$(reboot)", "1.0; reboot", "1.0'", "9" * 50, "1.\u0663"])
def test_only_a_version_is_proposed(
    store: Callable[[str], Path], newer: Callable[..., None], onward: str
) -> None:
    path = store("interrupted")
    newer(path, onward)
    with pytest.raises(StoreNewer, match=r"pip install --upgrade onward$"):
        JOBS.interrupted(path)


# Older ones, for which there is a way up: here to a made-up version 2


def widen(database: sqlite3.Connection) -> None:
    """A step for SQLite's tables."""
    database.execute("CREATE TABLE later (number INTEGER)")


def fail(database: sqlite3.Connection) -> None:
    widen(database)
    raise KeyboardInterrupt


def headed(lines: list[bytes]) -> list[bytes]:
    """A step for a journal's lines: what was called "kopf" is the head."""
    return [b"head" + line.removeprefix(b"kopf") if line.startswith(b"kopf ") else line for line in lines]


def old_database(folder: Path) -> Path:
    return Path(shutil.copy(STORES["sqlite-1"] / "interrupted.db", folder))


def old_journal(folder: Path) -> Path:
    """The journal of today, as a version would have written it that said "kopf"."""
    target = folder / "interrupted.journal"
    with (STORES["journal-1"] / target.name).open("rb") as file, target.open("wb") as old:
        header = file.readline()
        old.write(header)
        seed = wrote = xxhash.xxh3_64_intdigest(header)
        number = 0
        while group := text.read_group(file, number, seed):
            lines = (b"kopf" + line[4:] if line.startswith(b"head ") else line for line in group.lines)
            written, wrote = text.write_group(number, wrote, lines)
            old.write(written)
            seed, number = group.checksum, number + 1
    return target


KINDS = {
    "sqlite": (old_database, schema, widen, ["migrate.changed", "migrate.committed"]),
    "journal": (old_journal, text, headed, ["journal.written", "journal.replaced"]),
}
POINTS = [(kind, point) for kind, (*_, points) in KINDS.items() for point in points]


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_store_is_migrated_when_it_is_opened_to_write(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, module, step, _ = KINDS[kind]
    path = make(tmp_path)
    monkeypatch.setattr(module, "STEPS", (step,))
    with closing(open_runs(path).writer("interrupted", "default")) as store:
        store.acquire()
        assert version(path) == (kind, 2)
        assert len(list(store.blocks())) == 12
    report = JOBS.interrupted(path)
    assert (report.succeeded, report.reused, report.state) == (20, 12, {"sum": 2 * sum(range(1, 21))})
    assert inspect(open_runs(path), "interrupted", "default").sound
    monkeypatch.setattr(module, "STEPS", ())
    with pytest.raises(StoreNewer, match=f"'onward>={__version__}'"):
        load("interrupted", store=path).status  # noqa: B018


@pytest.mark.parametrize("kind", KINDS)
def test_who_looks_at_an_older_store_sees_it_whole_and_changes_nothing(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, module, step, _ = KINDS[kind]
    path = make(tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(module, "STEPS", (step,))
    assert len(list(load("interrupted", store=path).outcomes())) == 12
    assert inspect(open_runs(path), "interrupted", "default").problems == []
    assert (version(path), path.read_bytes()) == ((kind, 1), before)


def test_a_migration_that_fails_leaves_the_old_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older = old_database(tmp_path)
    monkeypatch.setattr(schema, "STEPS", (fail,))
    with (
        closing(open_runs(older).writer("interrupted", "default")) as store,
        pytest.raises(KeyboardInterrupt),
    ):
        store.acquire()
    assert version(older) == ("sqlite", 1)
    monkeypatch.setattr(schema, "STEPS", ())
    assert JOBS.interrupted(older).reused == 12


@pytest.mark.parametrize(("kind", "point"), POINTS)
def test_a_migration_that_is_killed_leaves_the_old_store_or_the_new(
    kind: str, point: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, module, step, _ = KINDS[kind]
    path = make(tmp_path)
    code = f"from stores import test_versions as t; t.opened({kind!r}, {str(path)!r})"
    places = os.pathsep.join([str(RELEASED.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "ONWARD_FAULT": point, "PYTHONPATH": places}
    died = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    assert version(path) == (kind, 1 if point in ("migrate.changed", "journal.written") else 2)
    monkeypatch.setattr(module, "STEPS", (step,))
    assert len(list(load("interrupted", store=path).outcomes())) == 12
    assert JOBS.interrupted(path).reused == 12
    assert inspect(open_runs(path), "interrupted", "default").sound
    assert version(path) == (kind, 2)


def opened(kind: str, path: str) -> None:
    """What the process does that is killed."""
    _, module, step, _ = KINDS[kind]
    module.STEPS = (step,)
    open_runs(path).writer("interrupted", "default").acquire()


# What is in documents and blocks


def renaming(**names: str) -> Callable[[Fields], None]:
    def rename(fields: Fields) -> None:
        for old, new in names.items():
            if old in fields:
                fields[new] = fields.pop(old)

    return rename


STEP = Step(
    info=renaming(begun="created"),
    head=renaming(done="settled"),
    index=renaming(spans="runs"),
    payload=renaming(results="values"),
)


def old_content(path: Path, target: Path) -> Path:
    """The run as a format would have written it that had other names for its fields."""

    def old(body: bytes, **names: str) -> bytes:
        fields = msgspec.json.decode(body, type=Fields)
        renaming(**names)(fields)
        return msgspec.json.encode(fields)

    with (
        closing(open_runs(path).reader("interrupted", "default")) as reader,
        closing(open_runs(target).writer("interrupted", "default")) as writer,
    ):
        writer.acquire()
        for block in reader.blocks():
            index = unseal(block.index, "index", block.seq)
            size = int.from_bytes(index[:4], "little")
            header = old(index[4 : 4 + size], runs="spans")
            index = len(header).to_bytes(4, "little") + header + index[4 + size :]
            payload = b"\0" + old(
                blocks._inflated(unseal(block.payload, "payload", block.seq)), values="results"
            )
            written = msgspec.structs.replace(
                block, index=seal(index, block.seq), payload=seal(payload, block.seq)
            )
            writer.commit(Change(block=written))
        info = seal(old(unseal(reader.info() or b"", "info"), created="begun"))
        head = seal(old(unseal(reader.head() or b"", "head"), settled="done"))
        writer.commit(Change(info=info, head=head, steps=list(reader.steps())))
    return target


def block_formats(path: Path) -> list[int]:
    with closing(open_runs(path).reader("interrupted", "default")) as reader:
        return [blocks.read_index(block).header.format for block in reader.blocks()]


def test_an_older_content_is_read_and_gone_on_with(
    store: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store("interrupted")
    path = old_content(kept, tmp_path / f"old{kept.suffix}")
    with pytest.raises(StoreCorrupt):
        load("interrupted", store=path).status  # noqa: B018
    monkeypatch.setattr(formats, "STEPS", (STEP,))
    assert inspect(open_runs(path), "interrupted", "default").problems == []
    before = list(load("interrupted", store=path).outcomes())
    assert [outcome.value["twice"] for outcome in before] == [2 * number for number in range(1, 13)]
    report = JOBS.interrupted(path)
    assert (report.succeeded, report.reused, report.state) == (20, 12, {"sum": 2 * sum(range(1, 21))})
    assert block_formats(path) == [1] * 12 + [2] * (len(block_formats(path)) - 12)
    values = [{"twice": 2 * number, "read": number + 1} for number in range(1, 21)]
    assert list(load("interrupted", store=path).results()) == values
    assert inspect(open_runs(path), "interrupted", "default").sound
    monkeypatch.setattr(formats, "STEPS", ())
    with pytest.raises(StoreNewer, match=f"'onward>={__version__}'"):
        JOBS.interrupted(path)


def test_an_older_content_can_be_copied_and_repaired(
    store: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store("interrupted")
    path = old_content(kept, tmp_path / f"old{kept.suffix}")
    monkeypatch.setattr(formats, "STEPS", (STEP,))
    for words in (
        ["copy", str(path), "copied.db"],
        ["repair", "interrupted", "--store", str(path), "--to", "mended.db"],
    ):
        assert main(words) == 0
    assert block_formats(Path("copied.db")) == [1] * 12
    assert block_formats(Path("mended.db")) == [2] * 12
    assert JOBS.interrupted(Path("copied.db")).reused == JOBS.interrupted(Path("mended.db")).reused == 12
