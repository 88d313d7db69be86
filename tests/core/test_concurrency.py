"""What the coordinator, the flusher, workers and signals do at the same time, brought about on purpose."""

import asyncio
import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import onward
from onward.cadence import Cadence, Every
from onward.journal import state
from onward.journal.batch import Batch
from onward.journal.flusher import Flusher
from onward.journal.journal import Journal
from onward.journal.records import Head
from onward.model import Change, Item, Settled
from onward.stop import Stop, signals
from onward.stores.memory import MemoryRuns

SOON = 10.0
"""Seconds in which what is to happen happens, on any machine."""


class SlowToCommit:
    """A memory store whose commits wait until they are let."""

    def __init__(self) -> None:
        self.inner = MemoryRuns().writer("job", "run")
        self.entered, self.let = threading.Event(), threading.Event()

    def commit(self, change: Change) -> None:
        self.entered.set()
        assert self.let.wait(SOON)
        self.inner.commit(change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def journal(store: Any, on_saved: Any = lambda saved: None) -> Journal:
    return Journal(
        store,
        Head(),
        cadence=Cadence(Every(items=1000), time.monotonic()),
        state=state.make(None, None, None),
        restore=None,
        keyed=False,
        background=True,
        on_saved=on_saved,
    )


def settled(number: int) -> Settled:
    return Settled(Item(number, number, None, number, 1), "succeeded", b"1")


def test_what_is_being_committed_is_not_saved_yet() -> None:
    store = SlowToCommit()
    found = journal(store)
    found.settle(settled(0))
    saving = threading.Thread(target=found.checkpoint)
    saving.start()
    assert store.entered.wait(SOON)
    during = found.unsaved
    store.let.set()
    saving.join()
    assert (during, found.unsaved) == (1, 0)


def test_a_checkpoint_returns_after_all_that_is_durable_was_handed_on() -> None:
    telling, go_on = threading.Event(), threading.Event()
    told: list[int] = []

    def on_saved(saved: Batch) -> None:
        telling.set()
        assert go_on.wait(SOON)
        told.append(len(saved))

    found = journal(MemoryRuns().writer("job", "run"), on_saved)
    found.settle(settled(0))
    flusher = threading.Thread(target=found.checkpoint)
    flusher.start()
    assert telling.wait(SOON)
    threading.Timer(0.05, go_on.set).start()
    found.checkpoint()  # with nothing of its own to save
    assert told == [1]
    flusher.join()


def test_a_flusher_has_one_thread_however_many_wake_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class SlowToMake(threading.Thread):
        def __init__(self, **given: Any) -> None:
            made.append(given["name"])
            time.sleep(0.05)
            super().__init__(**given)

    flusher = Flusher(lambda: None, lambda: None)
    wakers = [threading.Thread(target=flusher.wake) for _ in range(4)]
    monkeypatch.setattr(threading, "Thread", SlowToMake)
    for waker in wakers:
        waker.start()
    for waker in wakers:
        waker.join()
    flusher.close()
    flusher.wake()
    assert made == ["onward-flusher"]


def test_a_signal_while_the_main_thread_begins_to_wait() -> None:
    """A handler runs between any two instructions: it must not need a lock that the interrupted code holds."""
    stop = Stop()
    held = [lock for lock in vars(stop).values() if hasattr(lock, "_cond")]
    with contextlib.ExitStack() as stack:
        for event in held:
            stack.enter_context(event._cond)
        handler = threading.Thread(target=stop.request, daemon=True)
        handler.start()
        handler.join(1)
        assert not handler.is_alive()


def test_all_who_wait_are_woken() -> None:
    stop, abandoned = Stop(), []

    def wait() -> None:
        try:
            stop.pause(SOON)
        except BaseException as error:
            abandoned.append(type(error).__name__)

    waiting = [threading.Thread(target=wait) for _ in range(4)]
    for thread in waiting:
        thread.start()
    stop.request()
    for thread in waiting:
        thread.join(SOON)
    assert abandoned == ["Abandoned"] * 4


def test_the_first_signal_after_a_deadline_is_a_first_signal() -> None:
    stop, announced = Stop(), []
    with signals(stop, 30, lambda: announced.append(True)):
        stop.request()  # as a deadline does
        with stop.user_code():
            signal.raise_signal(signal.SIGINT)
    assert announced == [True]
    assert not stop.forced


def test_a_second_signal_breaks_off_the_body_of_a_stream() -> None:
    reached = []
    with contextlib.suppress(KeyboardInterrupt):
        for _ in onward.stream(abs, range(3), job="job", store=MemoryRuns(), every=1):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            reached.append(True)
    assert not reached


def test_a_second_cancellation_leaves_nothing_running() -> None:
    running: list[int] = []
    started: list[asyncio.Event] = []

    async def work(item: int) -> int:
        running.append(item)
        started[0].set()
        try:
            await asyncio.sleep(SOON)
        finally:
            running.remove(item)
        return item

    async def main() -> None:
        started.append(asyncio.Event())
        task = asyncio.ensure_future(onward.amap(work, range(3), job="job", store=MemoryRuns(), workers=3))
        await started[0].wait()
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        assert not running

    asyncio.run(main())


def test_a_cancelled_source_ends_the_run() -> None:
    async def source() -> Any:
        yield 1
        raise asyncio.CancelledError

    async def work(item: int) -> int:
        return item

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(onward.amap(work, source, job="job", store=MemoryRuns()), SOON)

    asyncio.run(main())


def test_leaving_an_async_stream_stops_the_work_before_the_session_ends() -> None:
    log: list[str] = []

    async def work(item: int) -> int:
        if item:
            try:
                await asyncio.sleep(SOON)
            finally:
                log.append("stopped")
        return item

    def observe(event: Any) -> None:
        log.append(type(event).__name__)

    async def main() -> None:
        outcomes = onward.astream(
            work, range(3), job="job", store=MemoryRuns(), workers=3, every=1, observers=[observe]
        )
        async for _ in outcomes:
            break
        await outcomes.aclose()  # type: ignore[attr-defined]

    asyncio.run(main())
    assert log.index("stopped") < log.index("SessionEnded")


def test_a_late_attempt_fails_no_other_item() -> None:
    async def source() -> Any:
        for number in range(3):
            yield number

    def work(item: int) -> int:
        if item == 0:
            time.sleep(0.5)
        return item

    report = onward.map(work, source, job="job", store=MemoryRuns(), timeout=0.1)
    assert [failure.key for failure in report.failures] == [0]


def test_waits_may_be_whole_numbers() -> None:
    def work(item: int) -> int:
        raise OSError

    retry = onward.Retry(2, initial=1000, longest=0)
    report = onward.map(work, [1], job="job", store=MemoryRuns(), retries=retry)
    assert report.failed == 1


# Beginning anew, and publishing, from every face


def numbers(*found: int) -> list[dict[str, int]]:
    return [{"n": number} for number in found]


def value(item: dict[str, int]) -> int:
    return item["n"]


@pytest.mark.parametrize("ordered", [False, True])
def test_a_stream_begins_anew(ordered: bool) -> None:
    store = MemoryRuns()
    onward.map(value, numbers(1, 2, 3), job="job", store=store, limit=2)
    given = numbers(9, 2, 3)
    found = list(onward.stream(value, given, job="job", store=store, on_change="restart", ordered=ordered))
    assert sorted(o.value for o in found if not o.reused) == [2, 3, 9]
    assert list(onward.load("job", store=store).results()) == [9, 2, 3]


def test_an_async_stream_begins_anew() -> None:
    store = MemoryRuns()
    onward.map(value, numbers(1, 2, 3), job="job", store=store, limit=2)

    async def collect() -> list[Any]:
        stream = onward.astream(value, numbers(9, 2, 3), job="job", store=store, on_change="restart")
        return [outcome async for outcome in stream]

    assert sorted(o.value for o in asyncio.run(collect()) if not o.reused) == [2, 3, 9]


def test_a_plan_says_that_a_changed_input_begins_anew() -> None:
    store = MemoryRuns()
    job = onward.job("job", store=store, on_change="restart")(value)
    job.map(numbers(1, 2, 3), limit=2)
    plan = job.plan(numbers(9, 2, 3))
    assert (plan.todo, plan.reuse, plan.refusal) == (3, 0, None)
    assert any("anew" in reason for reason in plan.reasons)


def test_a_stream_that_publishes_yields_what_is_stored_and_leaves_the_results(tmp_path: Path) -> None:
    store = MemoryRuns()
    onward.map(abs, [1, 2, 3], job="job", store=store)
    out = tmp_path / "out.jsonl"
    found = list(onward.stream(abs, [1, 2, 3], job="job", store=store, output=out))
    assert [outcome.value for outcome in found] == [1, 2, 3]
    assert out.read_text() == "1\n2\n3\n"
    assert list(onward.load("job", store=store).results()) == [1, 2, 3]


def test_a_stream_of_a_finished_run_writes_nothing(tmp_path: Path) -> None:
    store = MemoryRuns()
    onward.map(abs, [1, 2, 3], job="job", store=store, output=tmp_path / "out.jsonl")
    before = store.reader("job", "default").head()
    list(onward.stream(abs, [1, 2, 3], job="job", store=store, output=tmp_path / "out.jsonl"))
    assert store.reader("job", "default").head() == before
