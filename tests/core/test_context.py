"""What work may ask of its run while it is under way."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import onward
from onward import errors
from onward.attempts.context import RunContext, current_run
from onward.journal.records import read_head
from onward.model import Change
from onward.publish import actions
from onward.session.home import SessionHome
from onward.stop import Abandoned
from onward.stores import open_runs
from onward.stores.memory import MemoryRuns

SOON = onward.Retry(3, initial=0.001, longest=0.002)


def here() -> RunContext:
    found = current_run()
    assert found is not None
    return found


@pytest.fixture
def store() -> MemoryRuns:
    return MemoryRuns()


class Counting:
    """A folder of runs whose commits are slow, and counted."""

    def __init__(self, folder: Path) -> None:
        self._runs = open_runs(folder)
        self.commits = 0

    def writer(self, job: str, run: str) -> Any:
        writer = self._runs.writer(job, run)
        commit = writer.commit

        def counted(change: Change) -> None:
            self.commits += 1
            time.sleep(0.02)
            commit(change)

        writer.commit = counted  # type: ignore[method-assign]
        return writer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runs, name)


def test_outside_a_job_function_there_is_no_run() -> None:
    assert current_run() is None


def test_it_knows_job_run_and_item(store: MemoryRuns) -> None:
    def work(item: str) -> list[Any]:
        run = here()
        return [run.job, run.run, run.item.key, run.item.value, run.stopping]

    report = onward.map(work, ["a"], job="job", run="r", store=store)
    assert list(report.results()) == [["job", "r", 0, "a", False]]
    assert current_run() is None


def test_a_loop_has_it_too(store: MemoryRuns) -> None:
    with onward.run("job", store=store) as run:
        for item in run.pending(["a", "b"]):
            assert here().item.value == item
            onward.spend(usd=0.5)
    assert onward.load("job", store=store).head.spent == {"usd": 1.0}


def test_a_batch_has_no_one_item(store: MemoryRuns) -> None:
    def work(items: list[int]) -> list[int]:
        here().spend(usd=1)
        with pytest.raises(errors.UsageError, match="a batch"):
            here().item  # noqa: B018
        with pytest.raises(errors.UsageError, match="a batch"):
            onward.step("a", len, "")
        with pytest.raises(errors.UsageError, match="a batch"):
            onward.count("a")
        return items

    report = onward.map(work, range(3), job="job", store=store, batch=2)
    assert report.succeeded == 3
    assert onward.load("job", store=store).head.spent == {"usd": 2.0}


# ---------------------------------------------------------------------------------------- spending


def test_what_failed_attempts_spent_counts_too(store: MemoryRuns) -> None:
    tries: list[int] = []

    def work(item: int) -> int:
        tries.append(item)
        onward.spend(usd=0.25, input_tokens=100, output_tokens=20)
        if len(tries) < 3:
            raise OSError
        return item

    report = onward.map(work, [1, 2], job="job", store=store, retries=SOON)
    head = onward.load("job", store=store).head
    assert report.attempts == 4
    assert head.spent == {"usd": 1.0, "tokens": 480, "input_tokens": 400, "output_tokens": 80}
    assert head.spent_settled == head.spent


def test_sums_go_on_over_sessions_and_begin_anew_with_the_run(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        onward.spend(requests=1)
        return item

    for expected in (2, 4, 5):
        onward.map(work, range(5), job="job", store=store, limit=2)
        assert onward.load("job", store=store).head.spent == {"requests": expected}
    onward.map(work, range(5), job="job", store=store, again=True)
    assert onward.load("job", store=store).head.spent == {"requests": 5}


def test_spending_is_safe_from_many_threads(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        for _ in range(50):
            onward.spend(tokens=1)
        return item

    onward.map(work, range(64), job="job", store=store, workers=16)
    assert onward.load("job", store=store).head.spent == {"tokens": 3200}


def test_what_was_spent_is_saved_while_its_item_still_works(store: MemoryRuns) -> None:
    """A crash must not forget it: with the clock's cadence, not only when something settles."""

    def work(item: int) -> int:
        onward.spend(usd=1)
        until = time.monotonic() + 10
        while onward.load("job", store=store).head.spent != {"usd": 1}:
            assert time.monotonic() < until
            time.sleep(0.01)
        return item

    assert onward.map(work, [1], job="job", store=store, every="50ms").succeeded == 1


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf"), "1", True, None])
def test_what_is_no_amount_is_refused(store: MemoryRuns, amount: Any) -> None:
    report = onward.map(lambda item: onward.spend(usd=amount), [1], job="job", store=store, max_failures=None)
    assert [failure.error.type for failure in report.failures if failure.error] == [
        "onward.errors.UsageError"
    ]


def test_an_older_store_without_sums_opens(store: MemoryRuns) -> None:
    from onward.journal import records

    sealed = records.seal(b'{"blocks":0,"settled":[]}')
    head = records.read_head(sealed)
    assert (head.spent, head.notes) == ({}, {})


# ------------------------------------------------------------------------------------------- notes


def test_notes_are_loaded_by_the_next_session(store: MemoryRuns) -> None:
    seen: list[Any] = []

    def work(item: int) -> int:
        run = here()
        seen.append(run.note("pace"))
        run.keep_note("pace", lambda: {"rate": item})
        return item

    for _ in range(3):
        onward.map(work, range(3), job="job", store=store, limit=1)
    assert seen == [None, {"rate": 0}, {"rate": 1}]


def test_a_note_that_cannot_be_had_stays_as_it_was(store: MemoryRuns) -> None:
    values: list[Any] = [1]

    def value() -> Any:
        return values[-1] if values[-1] != "broken" else 1 / 0

    def work(item: int) -> Any:
        here().keep_note("n", value)
        here().save()
        values.append("broken" if item == 0 else object())
        return here().note("n")

    with pytest.warns(RuntimeWarning, match="the note 'n' was not saved"):
        report = onward.map(work, range(2), job="job", store=store)
    assert list(report.results()) == [1, 1]


# ---------------------------------------------------------------------------------------- saving


def test_save_returns_when_it_is_durable(tmp_path: Path) -> None:
    def work(item: int) -> list[Any]:
        onward.spend(usd=1)
        onward.step("a", len, "abc")
        here().save()
        view = onward.load("job", store=tmp_path)
        with view._reader() as reader:
            return [view.head.spent, len(list(reader.steps()))]

    report = onward.map(work, [1, 2], job="job", store=tmp_path, every=1000)
    assert list(report.results()) == [[{"usd": 1.0}, 1], [{"usd": 2.0}, 1]]


@pytest.mark.parametrize("kind", ["threads", "asyncio"])
def test_many_who_wait_share_a_save(tmp_path: Path, kind: str) -> None:
    store = Counting(tmp_path)
    together = threading.Barrier(32)

    def work(item: int) -> int:
        together.wait(30)
        here().save()
        return item

    async def work_async(item: int) -> int:
        await asyncio.sleep(0.2)
        await here().asave()
        return item

    fn: Any = work if kind == "threads" else work_async
    onward.map(fn, range(32), job="job", store=store, workers=32, every=1000, executor=kind)
    assert store.commits < 20


def test_a_step_and_what_it_cost_are_in_one_checkpoint(
    store: MemoryRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two would count it twice, or never."""
    kept, differed = 0, []
    writer_of, keep_step = store.writer, SessionHome.keep_step

    def writer(job: str, run: str) -> Any:
        found = writer_of(job, run)
        commit = found.commit

        def watched(change: Change) -> None:
            nonlocal kept
            kept += len(change.steps)
            spent = read_head(change.head).spent.get("requests", 0) if change.head is not None else kept
            if kept != spent:
                differed.append((kept, spent))
            commit(change)

        found.commit = watched  # type: ignore[method-assign]
        return found

    def late(self: SessionHome, *step: Any) -> None:
        time.sleep(0.002)  # time for a save in between
        keep_step(self, *step)

    monkeypatch.setattr(store, "writer", writer)
    monkeypatch.setattr(SessionHome, "keep_step", late)
    ready = threading.Barrier(4)

    def work(item: int) -> int:
        for number in range(50):
            here().keep(f"part {number}", b"1", requests=1)
        here().save()
        ready.wait(30)  # before any has settled, and its steps are forgotten
        return item

    onward.map(work, range(4), job="job", store=store, workers=4, every=1)
    assert (kept, differed) == (200, [])


def test_a_loop_is_not_blocked_by_a_save(tmp_path: Path) -> None:
    beats = 0

    async def work(item: int) -> int:
        nonlocal beats
        saved = asyncio.ensure_future(here().asave())
        while not saved.done():
            await asyncio.sleep(0)
            beats += 1
        await saved
        return item

    onward.map(work, [1], job="job", store=Counting(tmp_path))
    assert beats > 5


def test_a_save_that_fails_ends_the_run(store: MemoryRuns) -> None:
    writer_of = store.writer

    def writer(job: str, run: str) -> Any:
        found = writer_of(job, run)
        commit = found.commit

        def full(change: Change) -> None:
            if change.head is not None:
                raise errors.StoreUnwritable("full")
            commit(change)

        found.commit = full  # type: ignore[method-assign]
        return found

    store.writer = writer  # type: ignore[method-assign]
    with pytest.raises(errors.StoreUnwritable):
        onward.map(lambda item: here().save(), [1], job="job", store=store)


def test_what_is_said_while_the_run_finishes_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that outlives its timeout must not write a checkpoint into a run that is being published."""
    left, told = threading.Event(), threading.Event()
    put_in_place = actions.put_in_place

    def slowly(*given: Any) -> bool:
        left.set()
        assert told.wait(10)
        time.sleep(0.1)
        return put_in_place(*given)

    monkeypatch.setattr(actions, "put_in_place", slowly)
    runs: list[RunContext] = []

    def late() -> None:
        assert left.wait(10)
        runs[0].spend(usd=1)
        with pytest.raises(Abandoned):
            runs[0].save()
        told.set()

    thread = threading.Thread(target=late)
    thread.start()
    output = tmp_path / "out.jsonl"
    onward.map(
        lambda item: runs.append(here()), range(3), job="job", store=tmp_path, output=output, every="5ms"
    )
    thread.join()
    view = onward.load("job", store=tmp_path)
    assert (view.head.blocks, view.spent, list(view.results())) == (0, {}, [None] * 3)


# ------------------------------------------------------------------------------- stopping by word


def both(fn: Any) -> list[Any]:
    async def later(item: Any) -> Any:
        await asyncio.sleep(0)
        return fn(item)

    return [fn, later]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", [0, 1], ids=["sync", "async"])
@pytest.mark.parametrize("error", [onward.Stopped, errors.KeyRefused, errors.QuotaExhausted])
def test_a_function_can_stop_the_run(store: MemoryRuns, workers: int, kind: int, error: Any) -> None:
    stopping = True

    def work(item: int) -> int:
        if item == 5 and stopping:
            raise error("no more")
        return item

    with pytest.raises(error, match="no more") as stopped:
        onward.map(
            both(work)[kind], range(20), job="job", store=store, version=1, workers=workers, retries=SOON
        )
    report = stopped.value.report
    assert stopped.value.exit_code == 6
    assert (report.status, report.failed) == ("interrupted", 0)
    assert 5 <= report.succeeded < 5 + workers
    stopping = False
    again = onward.map(both(work)[kind], range(20), job="job", store=store, version=1, workers=workers)
    assert list(again.results()) == list(range(20))
    assert again.reused == report.succeeded


def test_others_in_flight_settle_and_are_saved(store: MemoryRuns) -> None:
    together = threading.Barrier(4)

    def work(item: int) -> int:
        together.wait(30)
        if item == 0:
            raise errors.KeyRefused("401")
        time.sleep(0.05)
        return item

    with pytest.raises(errors.KeyRefused) as stopped:
        onward.map(work, range(50), job="job", store=store, workers=4)
    assert stopped.value.report is not None
    assert [outcome.key for outcome in onward.load("job", store=store).outcomes()] == [1, 2, 3]


def test_a_batch_can_stop_the_run_for_one_item(store: MemoryRuns) -> None:
    def work(items: list[int]) -> list[Any]:
        return [onward.Stopped("no more") if item == 2 else item for item in items]

    with pytest.raises(onward.Stopped) as stopped:
        onward.map(work, range(9), job="job", store=store, batch=3)
    assert stopped.value.report is not None
    assert list(stopped.value.report.results()) == [0, 1]


def test_a_stop_in_a_task_group_is_found(store: MemoryRuns) -> None:
    async def refuse() -> None:
        raise errors.KeyRefused("401")

    async def work(item: int) -> int:
        async with asyncio.TaskGroup() as group:
            group.create_task(refuse())
            group.create_task(asyncio.sleep(5))
        return item

    with pytest.raises(errors.KeyRefused):
        onward.map(work, range(3), job="job", store=store)


def test_an_inner_run_that_stops_stops_the_outer_one(store: MemoryRuns) -> None:
    def inner(item: int) -> int:
        onward.spend(usd=1)
        return item

    def outer(item: int) -> int:
        return onward.map(inner, range(5), job="inner", run=str(item), store=store, budget=budget).succeeded

    budget = "3 USD"
    with pytest.raises(errors.BudgetReached) as stopped:
        onward.map(outer, range(2), job="outer", store=store, version=1)
    report = stopped.value.report
    assert isinstance(report, onward.Report)
    assert (report.job, report.left, report.failed) == ("outer", 2, 0)
    budget = "10 USD"
    assert list(onward.map(outer, range(2), job="outer", store=store, version=1).results()) == [5, 5]
    assert onward.load("outer", store=store).spent == {}, "what an inner run spends is its own"


def test_a_pause_ends_when_the_session_stops(store: MemoryRuns) -> None:
    stopped = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            stopped.wait(10)
            raise onward.Stopped("no more")
        stopped.set()
        here().pause(1000)
        return item

    with pytest.raises(onward.Stopped):
        onward.map(work, range(2), job="job", store=store, workers=2)

    async def work_async(item: int) -> int:
        if item == 0:
            await asyncio.sleep(0.01)
            raise onward.Stopped("no more")
        async with asyncio.TaskGroup() as group:
            group.create_task(here().apause(1000))
        return item

    with pytest.raises(onward.Stopped):
        onward.map(work_async, range(2), job="job2", store=store, workers=2)


@pytest.mark.parametrize("every", [1000, "auto"])
def test_who_is_told_that_it_is_saved_finds_it_saved(tmp_path: Path, every: Any) -> None:
    """From many threads at once, while items settle and other saves are under way."""
    durable: set[str] = set()
    store = open_runs(tmp_path)
    writer_of = store.writer

    def writer(job: str, run: str) -> Any:
        found = writer_of(job, run)
        commit = found.commit

        def noting(change: Change) -> None:
            time.sleep(0.001)
            commit(change)
            durable.update(step.name for step in change.steps)

        found.commit = noting  # type: ignore[method-assign]
        return found

    store.writer = writer  # type: ignore[method-assign]

    def work(item: int) -> None:
        for number in range(10):
            onward.step(f"{item}.{number}", len, "")
            here().save()
            assert f"{item}.{number}" in durable

    report = onward.map(work, range(64), job="job", store=store, workers=16, every=every, max_failures=None)
    assert report.failed == 0, list(report.failures)
