"""A job's own crash test finds what is unsafe about the job, and nothing about one that is safe."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onward.errors import UsageError
from onward.testing import CrashTestFailed, crash_test

JOBS = """
import itertools, os, random, time
import onward

def total(state, item, value):
    state["sum"] = state.get("sum", 0) + value["n"]

@onward.job("safe", key="id", every=3, on_result=total)
def safe(item):
    time.sleep(0.004)
    if item["n"] % 9 == 4:
        raise ValueError("no")
    return {"n": item["n"] * 2}

@onward.job("many", workers=4, every=2)
async def many(item):
    import asyncio
    await asyncio.sleep(0.004)
    return item["n"]

@onward.job("by_chance", key="id", every=3)
def by_chance(item):
    time.sleep(0.004)
    return random.random()

counter = itertools.count()

@onward.job("remembering", key="id", every=3)
def remembering(item):
    time.sleep(0.004)
    return next(counter)

@onward.job("new_keys", key=lambda item: f"{item['id']} {os.getpid()}", every=3)
def new_keys(item):
    time.sleep(0.004)
    return item["n"]

def broken(item):
    raise RuntimeError("always")
"""

ITEMS = [{"id": f"k{n}", "n": n} for n in range(60)]


@pytest.fixture
def jobs(tmp_path: Path) -> Any:
    (tmp_path / "crash_jobs.py").write_text(JOBS)
    sys.path.insert(0, str(tmp_path))
    sys.modules.pop("crash_jobs", None)
    try:
        yield __import__("crash_jobs")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("crash_jobs", None)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["safe", "many"])
def test_a_safe_job(jobs: Any, name: str) -> None:
    told: list[str] = []
    found = crash_test(
        getattr(jobs, name), ITEMS, kills=6, seed=1, on_kill=lambda number, at: told.append(at)
    )
    assert found.safe, found
    assert (found.items, found.kills, len(told)) == (60, 6, 6)
    assert found.rounds >= 1
    assert found.saves > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", ["by_chance", "remembering"])
def test_results_that_depend_on_more_than_the_item(jobs: Any, name: str) -> None:
    found = crash_test(getattr(jobs, name), ITEMS, kills=2, seed=1)
    assert found.different
    assert not found.safe
    assert not found.lost + found.repeated
    if name == "by_chance":
        assert any("from run to run" in note for note in found.notes)


@pytest.mark.slow
def test_keys_that_change(jobs: Any) -> None:
    found = crash_test(jobs.new_keys, ITEMS, kills=2, seed=1)
    assert not found.safe
    assert found.lost or found.refused or found.different


def test_what_cannot_be_tested(jobs: Any) -> None:
    with pytest.raises(UsageError, match="top level"):
        crash_test(lambda item: item, ITEMS)
    with pytest.raises(UsageError, match="JSON"):
        crash_test(jobs.safe, ITEMS, on_result=print)
    with pytest.raises(CrashTestFailed, match="all failed"):
        crash_test(jobs.broken, ITEMS)


def test_by_command(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(JOBS)
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in ITEMS[:20]))
    words = [
        sys.executable,
        "-m",
        "onward.cli",
        "crash-test",
        "app.py:safe",
        "--input",
        "items.jsonl",
        "--kills",
        "2",
    ]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done
    assert "20 items, 2 kills" in done.stdout
    assert "safe" in done.stdout
    assert "killed 2 of 2" in done.stderr
    assert list(tmp_path.glob(".onward*")) == []
    words[4] = "app.py:by_chance"
    done = subprocess.run([*words, "--json"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert json.loads(done.stdout)["safe"] is False
