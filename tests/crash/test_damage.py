"""Damage to what a killed process left: all that was reported saved is there, or it is said that it is not."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import onward
from crash import job
from crash.check import STORES
from onward.errors import StoreCorrupt, StoreError, StoreForeign, StoreNewer
from onward.stores import open_runs
from onward.upkeep.inspection import inspect
from onward.upkeep.repairing import repair

SEED = 20_261_125
TRIALS = 250
LOG = {"sqlite": "default.db-wal", "file": "default.journal"}
"""The file that a save is written to."""

KILLED = """
import os, signal, sys
from pathlib import Path
from crash import job

def report(event):
    if type(event).__name__ == "Saved":
        os.write(witness, b"".join(f"{outcome.key}\\n".encode() for outcome in event.outcomes))
        if "k24" in {outcome.key for outcome in event.outcomes}:
            os.kill(os.getpid(), signal.SIGKILL)

root, store = Path(sys.argv[1]), sys.argv[2]
witness = os.open(root / "witness", os.O_WRONLY | os.O_CREAT, 0o600)
job.start(root, store, every=1, observers=[report])
"""


class Killed:
    """A run whose process was killed right after it had reported a save, put there again for each trial."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.root, self._kept = folder / "root", folder / "kept"
        self.root.mkdir()
        self.store = STORES[kind].format(self.root)
        words = [sys.executable, "-c", KILLED, str(self.root), self.store]
        done = subprocess.run(
            words, check=False, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        )
        assert done.returncode == -signal.SIGKILL
        self.reported = set((self.root / "witness").read_text().split())
        shutil.copytree(self.root, self._kept)
        self.log = self.root / "store" / "job" / LOG[kind]

    def put(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self._kept, self.root)

    def content(self) -> dict[str, bytes]:
        """What is in files, less the lock and SQLite's shared memory, which are made anew; readers leave empty ones."""
        files = (self.root / "store" / "job").iterdir()
        content = {path.name: path.read_bytes() for path in files if path.suffix not in (".lock", ".db-shm")}
        return {name: body for name, body in content.items() if body}

    def settled(self) -> set[str] | None:
        """What can be seen to be settled; None if looking is refused."""
        try:
            return {str(outcome.key) for outcome in onward.load("job", store=self.store).outcomes()}
        except (StoreCorrupt, StoreForeign, StoreNewer):
            return None

    def seen(self) -> tuple[list[onward.Outcome], object] | None:
        """All that can be seen; None if looking is refused."""
        try:
            view = onward.load("job", store=self.store)
            return list(view.outcomes()), view.state
        except (StoreCorrupt, StoreForeign, StoreNewer):
            return None

    def sound(self) -> bool:
        """What ``onward verify`` says."""
        try:
            return not inspect(open_runs(self.store), "job", "default").problems
        except (StoreCorrupt, StoreForeign, StoreNewer):
            return False

    def whole_or_told(self) -> bool:
        """Whether all that was reported saved is there; if not, looking and verifying must say so."""
        settled = self.settled()
        whole = settled is not None and self.reported <= settled
        assert whole or settled is None, f"silently gone: {sorted(self.reported - (settled or set()))}"
        assert whole or not self.sound(), "verify says that all is well"
        return whole

    def refused(self) -> StoreError:
        """The refusal to go on, which must change nothing and call nothing."""
        before = self.content()
        with pytest.raises(StoreError) as refusal:
            job.start(self.root, self.store)
        assert refusal.value.exit_code == 7
        assert job.calls == []
        assert self.content() == before, "the refusal touched it"
        return refusal.value


@pytest.fixture(scope="module", params=["sqlite", "file"], name="run_of_kind")
def _run_of_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    return Killed(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture
def killed(run_of_kind: Killed) -> Killed:
    run_of_kind.put()
    return run_of_kind


def test_undamaged_it_is_whole(killed: Killed) -> None:
    assert len(killed.reported) == 25
    assert killed.whole_or_told()
    assert killed.sound()
    assert job.start(killed.root, killed.store).status == "finished"
    assert not {f"k{n}" for n in job.calls} & killed.reported


@pytest.mark.slow
def test_a_flipped_bit(killed: Killed) -> None:
    """In the header, in each frame's header, and anywhere."""
    chance = random.Random(SEED)
    size = killed.log.stat().st_size
    dense = [
        *range(32),
        *(32 + frame * 4120 + byte for frame in range(size // 4120) for byte in (0, 4, 8, 16, 23)),
    ]
    places = sorted({*dense, *(chance.randrange(size) for _ in range(TRIALS))})
    told = [place for place in places if not _flipped(killed, place, chance.randrange(8))]
    assert len(told) > len(places) // 2


def _flipped(killed: Killed, place: int, bit: int) -> bool:
    killed.put()
    with killed.log.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))
    whole = killed.whole_or_told()
    if not whole and bit == 0:
        killed.refused()
    return whole


@pytest.mark.slow
def test_cut_off_anywhere(killed: Killed) -> None:
    size = killed.log.stat().st_size
    chance = random.Random(SEED)
    for left in [
        0,
        1,
        31,
        32,
        33,
        size - 4120,
        size - 1,
        *(chance.randrange(size) for _ in range(TRIALS // 4)),
    ]:
        killed.put()
        os.truncate(killed.log, left)
        assert not killed.whole_or_told()


def cut_off(log: Path) -> None:
    os.truncate(log, log.stat().st_size // 2)


def test_a_refusal_names_the_file_and_the_ways_out(killed: Killed) -> None:
    cut_off(killed.log)
    told = str(killed.refused())
    assert told.startswith(str(killed.log).removesuffix("-wal"))
    assert "onward repair" in told
    assert isinstance(killed.refused(), StoreCorrupt), "and again"


def test_what_is_there_can_be_repaired_and_gone_on_with(killed: Killed) -> None:
    cut_off(killed.log)
    target = f"sqlite:{killed.root}/mended"
    done = repair(open_runs(killed.store), open_runs(target), "job", "default")
    assert 0 < done.kept < 25
    assert any("missing" in what for what in done.lost)
    kept = {str(outcome.key) for outcome in onward.load("job", store=target).outcomes()}
    report = job.start(killed.root, target)
    assert report.status == "finished"
    assert (killed.root / "out.jsonl").read_bytes() == job.expected()
    assert not {f"k{n}" for n in job.calls} & kept


def test_it_can_be_gone_on_with_in_its_place(killed: Killed) -> None:
    """By removing what remembers, as the refusal says."""
    cut_off(killed.log)
    told = str(killed.refused())
    [mark] = (killed.root / "store" / "job").glob("*.watermark")
    assert str(mark) in told
    mark.unlink()
    assert job.start(killed.root, killed.store).status == "finished"
    assert 15 < len(job.calls) < 40
    assert (killed.root / "out.jsonl").read_bytes() == job.expected()


def test_a_log_that_was_removed(killed: Killed) -> None:
    if killed.log.name.endswith(".journal"):
        pytest.skip("a journal is all there is: without it there is no run")
    killed.log.unlink()
    assert not killed.whole_or_told()
    killed.refused()
    shutil.rmtree(killed.root / "store")
    assert job.start(killed.root, killed.store).status == "finished"


# A store whose process ended as it should: all is in one file


@pytest.mark.slow
def test_a_flipped_bit_in_what_was_closed(run_of_kind: Killed) -> None:
    """What can be seen is the same, or it is refused."""
    chance = random.Random(SEED)
    run_of_kind.put()
    job.start(run_of_kind.root, run_of_kind.store, limit=5)
    path = run_of_kind.log.with_name(run_of_kind.log.name.removesuffix("-wal"))
    whole, seen = path.read_bytes(), run_of_kind.seen()
    assert seen is not None
    assert len(seen[0]) == 30
    refused = 0
    for _ in range(TRIALS):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        found = run_of_kind.seen()
        assert found in (seen, None)
        assert found is not None or not run_of_kind.sound(), "verify says that all is well"
        refused += found is None
    assert refused


# A database that is whole, but for what a flipped bit has made of a row


CHANGED = {
    "no description": "UPDATE document SET name = 'hnfo' WHERE name = 'info'",
    "no checkpoint": "UPDATE document SET name = 'hecd' WHERE name = 'head'",
    "no number of saves": "UPDATE document SET name = 'saver' WHERE name = 'saves'",
    "another number of saves": "UPDATE document SET body = replace(body, '25', '35') WHERE name = 'saves'",
    "a block is gone": "DELETE FROM block WHERE seq = 3",
    "the last block is gone": "DELETE FROM block WHERE seq = (SELECT max(seq) FROM block)",
    "a block has another number": "UPDATE block SET seq = 3 + (1 << 60) WHERE seq = 3",
    "a block has a number below zero": "UPDATE block SET seq = -3 WHERE seq = 3",
    "a block stands elsewhere": "UPDATE block SET first = 11 WHERE seq = 3",
    "a block ends elsewhere": "UPDATE block SET last = last + (1 << 60) WHERE seq = 3",
    "failures are not marked": "UPDATE block SET marked = 0 WHERE seq = 5",
    "a column is of another kind": "UPDATE block SET content = CAST(content AS TEXT) WHERE seq = 3",
    "a place is not a number": "UPDATE block SET first = 'x' WHERE seq = 3",
    "a column is called otherwise": "ALTER TABLE block RENAME COLUMN content TO contend",
    "a table is called otherwise": "ALTER TABLE step RENAME TO stop",
}


@pytest.mark.parametrize("statement", CHANGED.values(), ids=CHANGED)
def test_a_changed_row(run_of_kind: Killed, statement: str) -> None:
    killed = run_of_kind
    if killed.log.name.endswith(".journal"):
        pytest.skip("a journal has no rows")
    killed.put()
    with closing(sqlite3.connect(killed.log.with_name("default.db"))) as database:
        database.execute(statement)
        database.commit()
    killed.whole_or_told()
    assert not killed.sound()
    with pytest.raises(StoreCorrupt):
        job.start(killed.root, killed.store)
    done = repair(open_runs(killed.store), open_runs(f"sqlite:{killed.root}/mended"), "job", "default")
    assert done.kept >= 23 or "COLUMN" in statement
    assert job.start(killed.root, f"sqlite:{killed.root}/mended", on_change="keep").status == "finished"
    assert (killed.root / "out.jsonl").read_bytes() == job.expected()
