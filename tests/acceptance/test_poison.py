"""Items that kill their process are found, run alone, and fail in the end; the run goes on."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

import onward

SCRIPT = """
    import asyncio, os, signal, sys, time
    import onward

    how, poison, seconds, count = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    ways = {
        "exit": lambda: os._exit(9),
        "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
        "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    }
    log = os.open("calls", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work(item):
        os.write(log, f"{item}\\n".encode())
        if seconds:
            time.sleep(seconds)
        if item == poison and not os.path.exists("mended"):
            ways[how]()
        return item

    async def awork(item):
        os.write(log, f"{item}\\n".encode())
        await asyncio.sleep(seconds)
        if item == poison and not os.path.exists("mended"):
            ways[how]()
        return item

    def many(items):
        return [work(item) for item in items]

    kind = sys.argv[5]
    given = dict(job="job", store="store", every=1, version=1, progress=False)
    given.update(eval(sys.argv[6]) if len(sys.argv) > 6 else {})
    if kind == "loop":
        given.pop("progress")
        with onward.run(given.pop("job"), store="store", every=1) as run:
            for item in run.pending(range(count)):
                run.succeed(work(item))
        report = run.report
    else:
        extra = {"inline": {}, "threads": {"workers": 4}, "async": {"workers": 4}, "batch": {"batch": 5}}[kind]
        fn = {"async": awork, "batch": many}.get(kind, work)
        report = onward.map(fn, range(count), **{**given, **extra})
    print(report.succeeded, report.failed)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return path


def session(*words: Any) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "script.py", *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def until_finished(*words: Any) -> int:
    """How many processes died before the run was through."""
    for deaths in range(12):
        ended = session(*words)
        if ended.returncode == 0:
            return deaths
        assert ended.returncode in (9, -signal.SIGSEGV, -signal.SIGKILL), ended
    raise AssertionError("it does not end")


def calls() -> list[int]:
    return [int(line) for line in Path("calls").read_text().split()]


def crashed() -> onward.Outcome:
    [found] = onward.load("job", store="store").failures()
    assert found.error is not None
    assert found.error.type == "Crashed"
    return found


@pytest.mark.parametrize("how", ["exit", "segfault", "killed"])
def test_one_after_the_other(script: Path, how: str) -> None:
    assert until_finished(how, 7, 0.001, 20, "inline") == 3
    assert sorted(calls()) == sorted([*range(20), 7, 7])
    assert (crashed().key, crashed().attempts) == (7, 3)
    assert "3 times" in str(crashed().error)
    assert not list(Path("store").rglob("*.flight"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["threads", "async", "batch"])
def test_many_at_a_time(script: Path, kind: str) -> None:
    assert until_finished("exit", 7, 0.01, 20, kind) == 5, "twice beside others, three times alone"
    assert crashed().key == 7
    assert calls().count(7) == 5
    view = onward.load("job", store="store")
    assert {outcome.key for outcome in view.outcomes() if outcome.status == "succeeded"} == {*range(20)} - {7}


def test_in_a_loop(script: Path) -> None:
    assert until_finished("exit", 3, 0.001, 6, "loop") == 3
    assert crashed().key == 3


def test_the_first_item_of_all(script: Path) -> None:
    assert until_finished("exit", 0, 0.001, 3, "inline") == 3
    assert crashed().key == 0


def test_items_too_brief_to_be_remembered(script: Path) -> None:
    """After a death they are remembered all the same."""
    Path("script.py").write_text(script.read_text().replace('os.write(log, f"{item}\\n".encode())', "pass"))
    policies = {"every": 100_000}
    assert until_finished("exit", 3000, 0, 4000, "inline", policies) in (
        3,
        4,
    )  # one more where they are brief
    assert crashed().key == 3000


def test_as_many_crashes_as_are_allowed(script: Path) -> None:
    assert until_finished("exit", 2, 0.001, 4, "inline", {"max_crashes": 1}) == 1
    assert crashed().attempts == 1


def test_a_retry_releases_it(script: Path) -> None:
    until_finished("exit", 2, 0.001, 4, "inline")
    assert session("exit", 2, 0.001, 4, "inline", {"retry_failed": True}).returncode == 9, "it is tried again"
    Path("mended").touch()
    assert session("exit", 2, 0.001, 4, "inline", {"retry_failed": True}).stdout == "4 0\n"


def test_what_died_for_another_reason_is_not_blamed(script: Path) -> None:
    """Killed while it was asked to stop, an item has not killed the process."""
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "script.py", "exit", "99", "30", "3", "inline"])
        deadline = time.monotonic() + 30
        seen = len(calls()) if Path("calls").exists() else 0
        while time.monotonic() < deadline and len(calls() if Path("calls").exists() else []) == seen:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.kill()
        process.wait()
    ended = session("exit", 99, 0, 3, "inline")
    assert ended.stdout == "3 0\n", ended


def test_an_innocent_neighbour_succeeds(script: Path) -> None:
    until_finished("exit", 1, 0.05, 4, "threads")
    outcomes = {outcome.key: outcome.status for outcome in onward.load("job", store="store").outcomes()}
    assert outcomes == {0: "succeeded", 1: "failed", 2: "succeeded", 3: "succeeded"}


def test_a_record_that_cannot_be_read_is_passed_over(script: Path) -> None:
    session("exit", 2, 0.001, 4, "inline")
    [record] = Path("store").rglob("*.flight")
    record.write_bytes(os.urandom(100))
    assert until_finished("exit", 2, 0.001, 4, "inline") == 3
    assert json.loads(json.dumps(crashed().key)) == 2


def test_one_death_beside_others_does_not_slow_the_next_session(script: Path) -> None:
    """Killed from outside with four at work, the next session has four at work again, from the first item on."""
    process = subprocess.Popen([sys.executable, "script.py", "exit", "99", "30", "8", "async"])
    while not Path("calls").exists() or len(calls()) < 4:
        time.sleep(0.02)
    process.kill()
    process.wait()
    Path("calls").unlink()
    process = subprocess.Popen([sys.executable, "script.py", "exit", "99", "30", "8", "async"])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (not Path("calls").exists() or len(calls()) < 4):
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert sorted(calls()) == [0, 1, 2, 3]
    Path("calls").unlink()
    process = subprocess.Popen([sys.executable, "script.py", "exit", "99", "1", "8", "async"])
    while not Path("calls").exists() or not calls():
        time.sleep(0.02)
    time.sleep(0.3)
    process.kill()
    process.wait()
    assert calls() == [0], "in flight at two deaths, they run alone"


LONG = """
    import os, sys
    import onward
    from onward.attempts.context import current_run

    poison = int(sys.argv[1])

    def work(item):
        for part in range(7):
            new = []
            if part == poison:
                os._exit(9)
            onward.step(f"part {part}", lambda: new.append(part))
            current_run().save()
            if new and poison < 0:
                os._exit(9)
        return item

    report = onward.map(work, [1, 2], job="job", store="store", version=1, progress=False, **eval(sys.argv[2]))
    print(report.succeeded, report.failed)
"""


@pytest.mark.parametrize("policies", [{}, {"workers": 2}])
def test_a_long_item_that_gets_on_from_death_to_death_is_not_suspected(
    tmp_path: Path, policies: dict[str, Any]
) -> None:
    (tmp_path / "script.py").write_text(textwrap.dedent(LONG))
    deaths = [session("-1", policies).returncode for _ in range(14)]
    assert set(deaths) <= {9, 0}
    assert deaths.count(9) >= 7
    assert session("-1", policies).stdout == "2 0\n"


def test_one_that_dies_at_the_same_step_again_and_again_is(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(textwrap.dedent(LONG))
    assert until_finished(4, {}) == 6, "three times each"
    assert {outcome.attempts for outcome in onward.load("job", store="store").failures()} == {3}
