"""Verifying, copying and repairing runs, in every kind of store."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import onward
from onward.errors import Refused, RunHeld, StateNotRebuildable, StoreCorrupt
from onward.journal import records
from onward.model import Change
from onward.stores import open_runs
from onward.upkeep.copying import copy
from onward.upkeep.inspection import Inspection, inspect
from onward.upkeep.repairing import Repaired, repair

KINDS = ["sqlite:store", "file:store", "one.db", "one.journal"]
ITEMS = [{"id": f"k{n}", "n": n} for n in range(60)]


class Job:
    """A job whose calls are counted: every seventh item fails while ``failing``, every ninth is skipped."""

    def __init__(self, **policies: Any) -> None:
        self.calls: list[int] = []
        self.failing = True
        self.policies: dict[str, Any] = {"job": "job", "every": 5, "key": "id", "version": 1, **policies}

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(item["n"])
        if self.failing and item["n"] % 7 == 3:
            raise ValueError(f"no {item['n']}")
        if item["n"] % 9 == 4:
            raise onward.Skip("not wanted")
        return {"n": item["n"], "text": "some words " * item["n"]}

    def run(self, store: str, items: Any = ITEMS, **given: Any) -> onward.Report:
        self.calls = []
        return onward.map(self, items, store=store, **{**self.policies, **given})


def results(store: str) -> list[Any]:
    return [json.loads(json.dumps(value)) for value in onward.load("job", store=store).results()]


def look(store: str) -> Inspection:
    return inspect(open_runs(store), "job", "default")


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# --------------------------------------------------------------------------------------- verifying


def interrupted(store: str) -> Job:
    job = Job()
    job.run(store, limit=33)
    return job


def retried(store: str) -> Job:
    job = Job()
    job.run(store)
    job.failing = False
    job.run(store, retry_failed=True, limit=3)
    return job


def reordered(store: str) -> Job:
    job = Job()
    job.run(store, limit=30)
    job.run(store, list(reversed(ITEMS)), limit=10)
    return job


def redone(store: str) -> Job:
    job = Job()
    job.run(store, limit=40)
    changed = [{**item, "n": item["n"] + (100 if item["n"] < 5 else 0)} for item in ITEMS[1:]]
    job.run(store, changed, on_change="redo", limit=20)
    return job


def finished(store: str) -> Job:
    job = Job()
    job.run(store, output="out.jsonl")
    return job


def clean(store: str) -> Job:
    job = Job()
    job.failing = False
    job.run(store, output="out.jsonl")
    return job


STATES = [interrupted, retried, reordered, redone, finished, clean]


@pytest.mark.parametrize("make", STATES)
def test_every_state_of_a_run_is_sound(store: str, make: Callable[[str], Job]) -> None:
    make(store)
    found = look(store)
    assert found.problems == []
    assert found.sound


def test_an_output_that_was_changed_or_removed_is_told(store: str) -> None:
    clean(store)
    Path("out.jsonl").write_text("something else\n")
    assert any("was changed" in problem for problem in look(store).output_problems)
    Path("out.jsonl").unlink()
    assert any("is gone" in problem for problem in look(store).output_problems)


def test_counts_that_do_not_add_up_are_told(store: str) -> None:
    interrupted(store)
    runs = open_runs(store)
    with closing(runs.writer("job", "default")) as writer:
        writer.acquire()
        head = records.read_head(writer.head())
        counts = onward.model.Counts(99, 0, 0)  # type: ignore[attr-defined]
        import msgspec

        writer.commit(Change(head=records.write_head(msgspec.structs.replace(head, counts=counts, blocks=9))))
    problems = look(store).problems
    assert any("99 succeeded" in problem for problem in problems)
    assert any("9 blocks" in problem for problem in problems)


# ----------------------------------------------------------------------------------------- copying


@pytest.mark.parametrize("target", [*KINDS[:2], "memory:copied"])
@pytest.mark.parametrize("make", STATES)
def test_a_copy_is_the_run(store: str, target: str, make: Callable[[str], Job]) -> None:
    target = target.replace("store", "target")
    if target.startswith("memory"):
        target += make.__name__ + store
    job = make(store)
    done = copy(open_runs(store), open_runs(target), "job", "default")
    assert done.outcomes == look(store).outcomes
    there, here = onward.load("job", store=target), onward.load("job", store=store)
    assert (there.info, there.head, list(there.outcomes())) == (here.info, here.head, list(here.outcomes()))
    if make is interrupted:
        assert job.run(target).reused == 33
        assert job.run(store).reused == 33, "the original is as it was"
        assert results(target) == results(store)


def test_steps_are_copied(store: str) -> None:
    def steady(item: int) -> int:
        found: int = onward.step("costly", lambda: calls.append(item) or item * 2)
        if unfinished:
            raise onward.Stopped("later")
        return found

    calls: list[int] = []
    unfinished = True
    with pytest.raises(onward.OnwardError):
        onward.map(steady, [7], job="job", store=store, version=1)
    assert copy(open_runs(store), open_runs("file:target"), "job", "default").steps == 1
    unfinished = False
    assert list(onward.map(steady, [7], job="job", store="file:target", version=1).results()) == [14]
    assert calls == [7]


def test_what_is_there_is_not_replaced(store: str) -> None:
    interrupted(store)
    Job().run("file:target", limit=2)
    with pytest.raises(Refused, match="remove it first"):
        copy(open_runs(store), open_runs("file:target"), "job", "default")
    assert onward.load("job", store="file:target").progress.settled == 2


def test_a_live_run_is_not_copied(store: str) -> None:
    with onward.run("job", store=store) as run:
        for _ in run.pending([1]):
            with pytest.raises(RunHeld):
                copy(open_runs(store), open_runs("file:target"), "job", "default")
            with pytest.raises(RunHeld):
                repair(open_runs(store), open_runs("file:target"), "job", "default")
    assert list(open_runs("file:target").names()) == []


def test_a_damaged_run_is_not_copied(tmp_path: Path) -> None:
    interrupted("one.journal")
    flip(Path("one.journal"), 3000)
    with pytest.raises(StoreCorrupt):
        copy(open_runs("one.journal"), open_runs("file:target"), "job", "default")


def test_a_copy_that_was_killed_is_no_run_and_can_be_made_again(store: str) -> None:
    job = interrupted(store)
    code = (
        "import os, signal, sys\n"
        "from onward.stores import open_runs\n"
        "from onward.upkeep.copying import copy\n"
        "die = lambda done, total: done == 4 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "copy(open_runs(sys.argv[1]), open_runs('sqlite:target'), 'job', 'default', on_block=die)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, store], check=False)
    assert ended.returncode == -signal.SIGKILL
    with pytest.raises(StoreCorrupt, match="broken off"):
        job.run("sqlite:target")
    copy(open_runs(store), open_runs("sqlite:target"), "job", "default")
    assert job.run("sqlite:target").reused == 33


# --------------------------------------------------------------------------------------- repairing


def flip(path: Path, at: int, bit: int = 2) -> None:
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)


def mended(store: str, target: str = "file:mended") -> Repaired:
    before = {
        path: path.read_bytes() for path in Path().rglob("*") if path.is_file() and "lock" not in path.name
    }
    done = repair(open_runs(store), open_runs(target), "job", "default")
    for path, content in before.items():
        if not path.name.endswith("-shm"):
            assert path.read_bytes() == content, "a repair only reads"
    assert inspect(open_runs(target), "job", "default").problems == []
    return done


def expected() -> list[Any]:
    job = Job()
    job.run("memory:expected", again=True)
    return results("memory:expected")


def goes_on(job: Job, store: str, done: Repaired, **given: Any) -> None:
    """Resumed from the repaired store it does what is lost, and nothing else."""
    report = job.run(store, **given)
    assert report.reused == done.kept
    assert len(job.calls) == 60 - done.kept
    assert results(store) == expected()


def damage_in_sqlite(sql: str) -> None:
    with closing(sqlite3.connect("one.db")) as database:
        database.execute(sql)
        database.commit()


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("UPDATE block SET payload = zeroblob(length(payload)) WHERE seq = 2", 28),
        ("UPDATE block SET content = zeroblob(length(content)) WHERE seq = 2", 28),
        ("DELETE FROM block WHERE seq = 2", 28),
        ("UPDATE document SET body = x'00' WHERE name = 'head'", 33),
        ("DELETE FROM document WHERE name = 'head'", 33),
    ],
)
def test_what_is_lost_of_a_database_is_done_again(sql: str, kept: int) -> None:
    job = interrupted("one.db")
    damage_in_sqlite(sql)
    assert not look("one.db").sound
    done = mended("one.db")
    assert done.kept == kept
    assert done.lost
    goes_on(job, "file:mended", done)


def test_a_lost_description_makes_the_next_start_ask(store: str) -> None:
    job = interrupted("one.db")
    damage_in_sqlite("DELETE FROM document WHERE name = 'info'")
    done = mended("one.db", store.replace("one", "two").replace("store", "two"))
    assert any("made with" in what for what in done.lost)
    with pytest.raises(Refused):
        job.run(store.replace("one", "two").replace("store", "two"))
    goes_on(job, store.replace("one", "two").replace("store", "two"), done, on_change="keep")


def test_a_sound_run_is_repaired_whole(store: str) -> None:
    job = interrupted(store)
    done = mended(store)
    assert (done.kept, done.again, done.lost) == (33, 0, [])
    goes_on(job, "file:mended", done)


@pytest.mark.parametrize("make", STATES)
def test_every_state_of_a_run_is_repaired_as_it_was(store: str, make: Callable[[str], Job]) -> None:
    make(store)
    mended(store)
    here, there = onward.load("job", store=store), onward.load("job", store="file:mended")
    assert list(there.outcomes()) == list(here.outcomes())
    assert (there.head.counts, there.head.settled) == (here.head.counts, here.head.settled)
    assert there.info.phase == here.info.phase


def test_an_earlier_outcome_does_not_come_back(tmp_path: Path) -> None:
    """Items 0 to 4 were done again with other contents; the block that holds that is lost."""
    redone("one.db")
    with closing(open_runs("one.db").reader("job", "default")) as reader:
        again = [block.seq for block in reader.blocks(marked=True) if block.first < 5 < block.last]
    damage_in_sqlite(f"UPDATE block SET payload = x'00' WHERE seq = {again[-1]}")
    mended("one.db")
    kept = [outcome for outcome in onward.load("job", store="file:mended").outcomes() if outcome.value]
    assert not any(0 < outcome.value["n"] < 5 for outcome in kept if isinstance(outcome.value, dict))


@pytest.mark.parametrize("path", ["one.db", "one.journal"])
def test_at_whatever_place_a_page_is_lost(path: str) -> None:
    job = interrupted(path)
    whole, want = Path(path).read_bytes(), expected()
    for number, start in enumerate(range(4096, len(whole), 4096)):
        Path(path).write_bytes(
            whole[:start] + b"\xa5" * min(4096, len(whole) - start) + whole[start + 4096 :]
        )
        store = f"file:mended{number}"
        mended(path, store)
        onward.load("job", store=store) if Path(f"mended{number}/job").exists() else None
        job.run(store, on_change="keep")
        assert results(store) == want


@pytest.mark.parametrize("path", ["one.db", "one.journal"])
def test_what_was_cut_off_is_done_again(path: str) -> None:
    job = interrupted(path)
    whole, want = Path(path).read_bytes(), expected()
    for number, left in enumerate((len(whole) // 2, len(whole) - 4096, len(whole) - 3)):
        Path(path).write_bytes(whole[:left])
        mended(path, f"file:mended{number}")
        job.run(f"file:mended{number}", on_change="keep")
        assert results(f"file:mended{number}") == want


@pytest.mark.parametrize("path", ["one.db", "one.journal"])
def test_any_flipped_bit_is_harmless_or_found(path: str) -> None:
    """And a repaired run ends as one that was never damaged."""
    job = interrupted(path)
    whole, want = Path(path).read_bytes(), expected()
    random.seed(7)
    for number in range(40):
        Path(path).write_bytes(whole)
        flip(Path(path), random.randrange(len(whole)), random.randrange(8))
        try:
            found = look(path)
        except onward.OnwardError:
            continue  # the first page or line: nothing can be read
        if found.sound:
            assert list(onward.load("job", store=path).outcomes())
            continue
        mended(path, f"file:mended{number}")
        job.run(f"file:mended{number}", on_change="keep")
        assert results(f"file:mended{number}") == want


def test_state_computed_by_on_result_is_computed_anew() -> None:
    def total(state: dict[str, int], item: Any, value: dict[str, Any]) -> None:
        state["sum"] = state.get("sum", 0) + value["n"]

    job = Job(on_result=total)
    job.run("one.db", limit=33)
    damage_in_sqlite("UPDATE block SET payload = x'00' WHERE seq = 2")
    mended("one.db")
    want = job.run("memory:total").state
    assert job.run("file:mended").state == want


def test_state_kept_by_hand_is_not_trusted_where_outcomes_are_lost() -> None:
    def loop(store: str, stop: int) -> None:
        with onward.run("job", store=store, every=5) as run:
            for item in run.pending(range(60)):
                run.state["sum"] = run.state.get("sum", 0) + item
                run.succeed(item)
                if item == stop:
                    break

    loop("one.db", 33)
    damage_in_sqlite("UPDATE block SET payload = x'00' WHERE seq = 2")
    done = repair(open_runs("one.db"), open_runs("file:mended"), "job", "default")
    assert any("by hand" in what for what in done.lost)
    with pytest.raises(StateNotRebuildable, match="repaired"):
        loop("file:mended", 99)


# ------------------------------------------------------------------------------------ by command


def command(*words: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-m", "onward.cli", *words]
    return subprocess.run(
        program, check=False, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}
    )


def test_by_command() -> None:
    Path("app.py").write_text("def job(item):\n    return {'n': item, 'text': 'words ' * 50}\n")
    Path("items.jsonl").write_text("".join(f"{n}\n" for n in range(40)))
    run = ["run", "app.py:job", "--input", "items.jsonl", "--output", "out.jsonl", "--every", "5"]
    assert command(*run, "--limit", "20").returncode == 75
    verified = command("verify")
    assert (verified.returncode, verified.stdout) == (
        0,
        "job, run default: sound (20 outcomes in 4 blocks)\n",
    )
    assert command("copy", ".onward", "file:copied").returncode == 0
    assert json.loads(command("verify", "--store", "file:copied", "--json").stdout)["sound"] is True
    store = Path(".onward/job/default.db")
    with closing(sqlite3.connect(store)) as database:
        database.execute("UPDATE block SET payload = x'00' WHERE seq = 1")
        database.commit()
    verified = command("verify", "job")
    assert verified.returncode == 7
    assert "damaged" in verified.stdout
    assert "block 1" in verified.stdout
    repaired = command("repair", "job", "--to", "mended")
    assert repaired.returncode == 0, repaired
    assert "15 outcomes kept, 5 items to be done again" in repaired.stdout
    assert "--store mended" in repaired.stderr
    ended = command(*run, "--store", "mended")
    assert ended.returncode == 0, ended
    assert len(Path("out.jsonl").read_text().splitlines()) == 40
    assert command("verify", "--store", "mended").returncode == 0
    assert command("repair", "job", "--to", "mended").returncode == 4, "there is a run already"
