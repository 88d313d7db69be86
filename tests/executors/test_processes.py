"""Worker processes: what is sent, what comes back, and what becomes of a run whose workers or coordinator die."""

import functools
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import onward
from executors import away
from onward.errors import (
    FailureLimitReached,
    QuotaExhausted,
    UsageError,
    ValueRefused,
)
from onward.executors import Executor, make
from onward.executors.processes.groups import Groups, Pace
from onward.model import Item
from onward.testing.executor_suite import ExecutorSuite

HERE = Path(__file__).parents[1]
PATIENCE = 60.0


class TestProcesses(ExecutorSuite):
    def make(self, workers: int) -> Executor:
        return make("processes", workers)


def run(fn: Any, items: Any, **policies: Any) -> onward.Report:
    given = {"job": "job", "store": "store", "workers": 2, "executor": "processes", "progress": False}
    return onward.map(fn, items, **{**given, **policies})


# ---------------------------------------------------------------------- what is sent and comes back


def test_the_function_runs_in_other_processes() -> None:
    report = run(away.pid, range(60))
    assert report.succeeded == 60
    pids = set(report.results())
    assert os.getpid() not in pids
    assert 1 <= len(pids) <= 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_results_are_as_from_threads() -> None:
    ours = list(run(away.point, range(300), params={"by": 2}).results())
    assert ours == list(run(away.point, range(300), params={"by": 2}, executor="threads", run="b").results())
    assert ours[7] == away.Point(14)


def test_every_item_is_called_once() -> None:
    assert run(away.brief, range(3000)).succeeded == 3000
    assert sorted(away.noted("calls")) == list(range(3000))


def test_failures_skips_and_counters_are_recorded() -> None:
    report = run(away.mixed, range(100), max_failures=None)
    assert (report.succeeded, report.failed, report.skipped) == (80, 10, 10)
    assert report.counters == {"done": 80}
    failed = next(iter(report.failures))
    assert (failed.error.type, failed.error.message, failed.attempts) == ("ValueError", "not 3", 1)
    assert "away.py" in failed.error.traceback
    assert "processes" not in failed.error.traceback


def test_an_exception_that_does_not_pickle() -> None:
    report = run(away.odd, range(3))
    assert [(f.error.type, f.error.message) for f in report.failures] == [
        ("executors.away.Odd", f"{n} and 2") for n in range(3)
    ]


def test_first_failures_of_one_kind_stop_the_run() -> None:
    with pytest.raises(FailureLimitReached, match=r"away\.Odd"):
        run(away.odd, range(1000))


def test_retries() -> None:
    report = run(away.second_time, range(30), retries=onward.Retry(1, initial=0.01, longest=0.01))
    assert report.succeeded == 30
    assert report.attempts == 60


def test_a_server_that_says_when_takes_no_attempt() -> None:
    report = run(away.throttled, range(2), retries=1)
    assert report.succeeded == 2
    assert [outcome.attempts for outcome in report.outcomes()] == [1, 1]


def test_stopped_leaves_the_item() -> None:
    with pytest.raises(QuotaExhausted, match="no more today") as stopped:
        run(away.stops, range(100))
    assert stopped.value.report is not None
    assert stopped.value.report.left
    assert stopped.value.report.failed == 0


def test_a_result_that_is_refused_is_named_by_path() -> None:
    with pytest.raises(ValueRefused, match=re.escape("the result of item 5 at $.bad[1] cannot be saved")):
        run(away.refused, range(100))
    assert onward.load("job", store="store").status == "interrupted"


def test_big_values_go_there_and_back() -> None:
    assert run(away.big, [3_000_000] * 8).succeeded == 8
    assert list(run(away.length, ["y" * 3_000_000] * 8, run="b").results()) == [3_000_000] * 8


def test_stream_in_order() -> None:
    policies: dict[str, Any] = {"store": "store", "workers": 2, "executor": "processes"}
    found = [o.position for o in onward.stream(away.brief, range(500), job="job", ordered=True, **policies)]
    assert found == list(range(500))


def test_leaving_a_stream_ends_the_workers() -> None:
    outcomes = onward.stream(away.pid, range(5000), job="job", store="store", executor="processes", every=1)
    pid = next(outcomes).value
    outcomes.close()  # type: ignore[attr-defined]
    until(lambda: not alive(pid))
    assert run(away.pid, range(5000)).succeeded == 5000


def test_batches() -> None:
    report = run(away.many, range(40), batch=4)
    assert (report.succeeded, report.failed) == (39, 1)
    assert Counter(away.noted("batches"))[4] == 10
    assert next(iter(report.failures)).error.message == "a nine"


def test_a_batch_that_kills_is_taken_apart() -> None:
    report = run(away.many_poisoned, range(16), batch=4, max_crashes=2)
    assert (report.succeeded, report.failed) == (15, 1)
    assert next(iter(report.failures)).key == 7


def test_what_a_job_decorator_wraps() -> None:
    assert list(away.decorated.map(range(50), store="store").results()) == list(range(1, 51))


def test_a_partial() -> None:
    assert list(run(functools.partial(away.point, by=3), range(3)).results())[2] == away.Point(6)


def test_current_run_knows_the_names() -> None:
    assert list(run(away.names, ["a"], key=str).results()) == [["job", "default", "a"]]


def test_rate_is_asked_before_an_item_is_sent() -> None:
    began = time.monotonic()
    assert run(away.brief, range(6), rate="2/s").succeeded == 6
    assert time.monotonic() - began > 1.5


def test_a_group_that_takes_longer_than_thought_is_given_back_in_parts() -> None:
    kept = []
    for outcome in onward.stream(
        away.uneven, range(206), job="job", store="store", executor="processes", every=1, workers=1
    ):
        kept.append(outcome.position)
        if outcome.position > 200:
            assert len(away.noted("calls")) <= outcome.position + 3
    assert sorted(kept) == list(range(206))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_that_comes_out_of_the_function_does_not_answer() -> None:
    assert list(run(away.forks, range(10)).results()) == list(range(10))


# ---------------------------------------------------------------------------------- what is refused


def test_a_coroutine_function_is_refused() -> None:
    with pytest.raises(UsageError, match="plain functions"):
        run(away.coroutine, range(3))


def test_functions_that_cannot_be_sent() -> None:
    def local(x: int) -> int:
        return x

    for fn in (local, lambda x: x, threading.Lock().__enter__):
        with pytest.raises(UsageError, match=r"cannot be sent to a worker process.*a module of its own"):
            run(fn, range(3), version=1)
    assert not Path("store").exists()


def test_a_function_that_was_typed_in() -> None:
    code = "import onward\ndef f(x): return x\nonward.map(f, [1], job='j', executor='processes')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "UsageError: the function f cannot be sent to a worker process: it was typed in" in done.stderr


def test_a_value_that_cannot_be_sent_is_named() -> None:
    with pytest.raises(UsageError, match="the value of item 'b' cannot be sent to a worker process"):
        run(away.length, [("a", "x"), ("b", lambda: 1)], key=lambda item: item[0])


@pytest.mark.parametrize("fn", [away.steps, away.spends, away.once, away.pauses])
def test_what_only_the_coordinator_can_do(fn: Callable[[int], int]) -> None:
    with pytest.raises(UsageError, match="need the process that holds the run"):
        run(fn, range(100))


def test_a_budget_is_refused() -> None:
    with pytest.raises(UsageError, match="budget="):
        run(away.brief, range(3), budget="1 USD")


async def _amap() -> None:
    await onward.amap(away.brief, range(3), job="job", executor="processes")


def test_an_event_loop_is_refused() -> None:
    import asyncio

    with pytest.raises(UsageError, match="plain functions, from map or stream"):
        asyncio.run(_amap())


def test_system_exit_goes_through() -> None:
    with pytest.raises(SystemExit) as ended:
        run(away.ends, range(1000))
    assert ended.value.code == 5
    assert onward.load("job", store="store").status == "interrupted"


def test_a_keyboard_interrupt_that_is_raised_is_an_interrupt() -> None:
    with pytest.raises(onward.Interrupted):
        run(away.interrupts, range(50))


# --------------------------------------------------------------------- what the function may still do


def test_a_worker_may_have_processes_and_programs_of_its_own_and_end_them() -> None:
    assert list(run(away.asks_a_process_of_its_own, range(3)).results()) == [0, 1, 2]
    assert list(run(away.ends_a_program, range(2), run="b").results()) == [-signal.SIGTERM] * 2


def test_a_run_in_a_worker() -> None:
    assert list(run(away.runs, range(3)).results()) == [1, 1, 1]


# -------------------------------------------------------------------------------- workers that die


def test_poison_is_found_and_the_run_goes_on() -> None:
    report = run(away.poison, range(200))
    assert (report.succeeded, report.failed) == (199, 1)
    failed = next(iter(report.failures))
    assert (failed.key, failed.error.type, failed.attempts) == (77, "Crashed", 3)
    assert "crashed the process 3 times while it ran alone (its worker ended by exit code 9)" in str(
        failed.error
    )
    Path("mended").touch()
    assert run(away.poison, range(200), retry_failed=True).succeeded == 200


def test_a_segfault_is_named() -> None:
    report = run(away.segfault, range(10), max_crashes=1)
    assert "SIGSEGV" in str(next(iter(report.failures)).error)


def test_a_worker_that_is_killed_once_costs_nothing() -> None:
    report = run(away.dies_once, range(100), workers=1)
    assert report.succeeded == 100
    assert set(away.noted("calls")) == set(range(100))


def test_a_timeout_ends_the_worker() -> None:
    report = run(away.stuck, range(5), timeout=1.0)
    assert (report.succeeded, report.failed) == (4, 1)
    assert "no result within 1 s" in str(next(iter(report.failures)).error)


def test_a_timeout_is_tried_again() -> None:
    report = run(away.stuck_once, range(5), timeout=1.0, retries=onward.Retry(1, initial=0.01))
    assert report.succeeded == 5


# ------------------------------------------------------------------------------------- real scripts

SCRIPT = """
    import os, sys
    sys.path.insert(0, {here!r})
    import onward
    from executors import away

    def own(x):                       # of the script itself
        away.note("pids", os.getpid())
        return away.{fn}(x)

    if __name__ == "__main__":
        report = onward.map(own, range({count}), job="job", store="store", workers=2, executor="processes", every=1,
                            progress=False, {more})
        print(report.succeeded, report.reused)
"""


def script(fn: str, count: int, more: str = "") -> "subprocess.Popen[str]":
    Path("script.py").write_text(
        textwrap.dedent(SCRIPT.format(here=str(HERE), fn=fn, count=count, more=more))
    )
    return subprocess.Popen(
        [sys.executable, "script.py"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def group(leader: int) -> list[int]:
    """The live processes of a session."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(place.name))
    return found


def until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


@needs_proc
def test_the_coordinator_is_killed_no_worker_stays_and_the_run_goes_on() -> None:
    process = script("slow", 100)
    until(lambda: len(away.noted("calls")) > 20)
    process.kill()
    process.communicate()
    until(lambda: not group(process.pid))
    before = len(away.noted("calls"))
    out, err = script("slow", 100).communicate(timeout=PATIENCE)
    succeeded, reused = map(int, out.split())
    assert succeeded == 100, err
    assert reused >= 10
    assert len(away.noted("calls")) - before == 100 - reused
    assert len(away.noted("calls")) <= 100 + 8, "more was lost than what was in flight"


@needs_proc
@pytest.mark.parametrize("fn", ["stuck", "stuck_in_c"])
def test_a_stuck_worker_goes_with_its_coordinator(fn: str) -> None:
    process = script(fn, 6)
    until(lambda: 2 in away.noted("calls"))
    process.kill()
    process.communicate()
    until(lambda: not group(process.pid))


@needs_proc
def test_a_worker_is_killed_from_outside() -> None:
    process = script("slow", 60)
    until(lambda: len(away.noted("pids")) > 10)
    os.kill(away.noted("pids")[-1], signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE)
    assert out.split() == ["60", "0"], err


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_processes_lets_what_is_in_flight_settle(number: signal.Signals) -> None:
    process = script("slow", 200)
    until(lambda: len(away.noted("calls")) > 20)
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=PATIENCE)
    assert "Interrupted" in err
    assert "Crashed" not in err
    until(lambda: not group(process.pid))
    calls = away.noted("calls")
    assert len(list(onward.load("job", store="store").results())) == len(calls), (
        "an item in flight was dropped"
    )
    out, err = script("slow", 200).communicate(timeout=PATIENCE)
    assert out.split() == ["200", str(len(calls))], err
    assert len(away.noted("calls")) == 200


@needs_proc
@pytest.mark.parametrize("more", ["grace=0.5", "grace=600"])
def test_a_stuck_worker_is_ended_by_grace_or_a_second_signal(more: str) -> None:
    process = script("stuck", 6, more)
    until(lambda: 2 in away.noted("calls"))
    os.killpg(process.pid, signal.SIGINT)
    if "600" in more:
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert "Interrupted" in err
    until(lambda: not group(process.pid))


@needs_proc
def test_a_stream_that_nobody_closes_keeps_no_process_from_ending() -> None:
    Path("script.py").write_text(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import onward; from executors import away\n"
        "if __name__ == '__main__':\n"
        "    kept = onward.stream(away.slow, range(999), job='job', executor='processes', every=1)\n"
        "    print(next(kept).value)\n"
    )
    command = [sys.executable, "script.py"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.communicate(timeout=PATIENCE)[0] == "0\n"
    until(lambda: not group(process.pid))


def test_a_script_without_a_guard_is_told_so() -> None:
    Path("script.py").write_text(
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "import onward; from executors import away\n"
        "onward.map(away.brief, range(9), job='job', executor='processes')\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert 'must stand under  if __name__ == "__main__":' in done.stderr
    assert "OnwardError: a worker process ended (exit code 1) before it could begin" in done.stderr
    assert not Path("calls").exists()


def test_the_command_line() -> None:
    Path("items.txt").write_text("".join(f"{n}\n" for n in range(50)))
    Path("app.py").write_text("import os\ndef work(x):\n    return [int(x), os.getpid()]\n")
    words = ["run", "app.py:work", "--input", "items.txt", "-o", "out.jsonl", "--executor", "processes"]
    done = subprocess.run(
        [sys.executable, "-m", "onward.cli", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(Path("out.jsonl").read_text().splitlines()) == 50


def test_the_function_is_gone_in_the_worker() -> None:
    Path("gone.py").write_text("def work(x):\n    return x\n")
    code = (
        "import onward, pathlib, gone\n"
        "if __name__ == '__main__':\n"
        "    pathlib.Path('gone.py').write_text('')\n"
        "    onward.map(gone.work, [1], job='j', version=1, executor='processes')\n"
    )
    Path("start.py").write_text(code)
    done = subprocess.run([sys.executable, "-B", "start.py"], capture_output=True, text=True, check=False)
    assert "UsageError: the function cannot be had in a worker process: AttributeError" in done.stderr or (
        "before it could begin" in done.stderr
    )


# ---------------------------------------------------------------------------- a pool of the user's


@pytest.fixture(params=["processes", "threads"])
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    made: Pool = (
        ProcessPoolExecutor(2, mp_context=get_context("spawn"))
        if request.param == "processes"
        else ThreadPoolExecutor(2)
    )
    with made:
        yield made


def test_a_pool_of_the_users(pool: Pool) -> None:
    report = run(away.mixed, range(300), executor=pool, workers=1, max_failures=None)
    assert (report.succeeded, report.failed, report.skipped) == (240, 30, 30)
    assert report.counters == {"done": 240}
    assert pool.submit(away.brief, 3).result() == 9, "it was shut down"


def test_refusals_in_a_pool(pool: Pool) -> None:
    with pytest.raises(UsageError, match="need the process that holds the run"):
        run(away.steps, range(10), executor=pool)
    assert pool.submit(away.brief, 3).result() == 9


def test_a_timeout_in_a_pool_is_as_in_threads() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        report = run(away.pid, range(4), executor=pool, timeout=20)
        assert report.succeeded == 4
        report = run(away.late, range(4), executor=pool, timeout=0.4, run="late")
        assert (report.succeeded, report.failed) == (3, 1)
        assert "no result within 0.4 s" in str(next(iter(report.failures)).error)


def test_a_pool_whose_worker_dies_ends_the_run_and_a_new_one_goes_on() -> None:
    with (
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
        pytest.raises(onward.OnwardError, match="can be used no more: BrokenProcessPool"),
    ):
        run(away.poison, range(100), executor=pool)
    Path("mended").touch()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert run(away.poison, range(100), executor=pool).succeeded == 100


def test_a_pool_that_was_shut_down() -> None:
    pool = ThreadPoolExecutor(2)
    pool.shutdown()
    with pytest.raises(onward.OnwardError, match="can be used no more"):
        run(away.brief, range(10), executor=pool)


# ------------------------------------------------------------------------------------------- groups


def test_groups_grow_to_some_work_and_no_further() -> None:
    pace = Pace()
    sizes = []
    for _ in range(12):
        sizes.append(pace.size)
        pace.learn(pace.size, pace.size * 0.001, 100)
    assert sizes[:4] == [1, 2, 4, 8]
    assert sizes[-1] == 50
    pace.learn(50, 50.0, 100)
    assert pace.size == 1
    pace.learn(1, 0.0001, 50_000_000)
    assert pace.size == 1


def test_a_slow_source_keeps_no_item_waiting_for_others() -> None:
    def units() -> Iterator[list[Item]]:
        for n in range(12):
            time.sleep(0.03)
            yield [Item(n, n, n, n, 0)]

    pace = Pace()
    pace.size = 64
    assert [len(group) for group in Groups(units(), list, pace, lambda: False)] == [1] * 12
