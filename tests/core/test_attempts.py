"""Attempts: retries, waits, timeouts, batches, rates."""

import asyncio
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

import onward
from onward.errors import BatchMismatch, ValueRefused
from onward.events import AttemptFailed
from onward.stores.memory import MemoryRuns

SOON = onward.Retry(3, initial=0.001, longest=0.002)


def run(fn: Any, items: Any, **policies: Any) -> onward.Report:
    policies = {"store": MemoryRuns(), "max_failures": None, **policies}
    return onward.map(fn, items, job="job", **policies)


class Flaky:
    """Fails a number of times for each item."""

    def __init__(self, failures: int, error: Any = OSError) -> None:
        self.calls: Counter[Any] = Counter()
        self._failures = failures
        self._error = error

    def __call__(self, item: Any) -> Any:
        self.calls[item] += 1
        if self.calls[item] <= self._failures:
            raise self._error() if callable(self._error) else self._error
        return item


def both(fn: Any) -> list[Any]:
    """The function, and the coroutine function that does the same."""

    async def later(item: Any) -> Any:
        await asyncio.sleep(0)
        return fn(item)

    return [fn, later]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", [0, 1], ids=["sync", "async"])
def test_failed_attempts_are_made_again(workers: int, kind: int) -> None:
    flaky = Flaky(2)
    events: list[Any] = []
    report = run(both(flaky)[kind], range(5), retries=SOON, workers=workers, observers=[events.append])
    assert list(report.results()) == list(range(5))
    assert set(flaky.calls.values()) == {3}
    assert [outcome.attempts for outcome in report.outcomes()] == [3] * 5
    failed = [event for event in events if isinstance(event, AttemptFailed)]
    assert sorted((event.position, event.attempt) for event in failed) == [
        (n, a) for n in range(5) for a in (1, 2)
    ]


def test_attempts_come_to_an_end() -> None:
    flaky = Flaky(99)
    report = run(flaky, [1], retries=SOON)
    assert flaky.calls[1] == 4
    (failure,) = report.failures
    assert (failure.attempts, failure.error and failure.error.type) == (4, "OSError")


def test_permanent_errors_are_not_tried_again() -> None:
    for error in (TypeError, PermissionError):
        flaky = Flaky(99, error)
        assert run(flaky, [1], retries=SOON).failed == 1
        assert flaky.calls[1] == 1


def test_without_retries_there_is_one_attempt() -> None:
    flaky = Flaky(1)
    assert run(flaky, [1, 2]).failed == 2
    assert set(flaky.calls.values()) == {1}


class Busy(Exception):
    retry_after = 0.001


def test_a_server_that_says_when_spends_no_attempt() -> None:
    flaky = Flaky(20, Busy)
    report = run(flaky, [1], retries=onward.Retry(1, initial=0.001))
    assert report.succeeded == 1
    assert [outcome.attempts for outcome in report.outcomes()] == [1]


def test_without_retries_a_server_that_says_when_is_not_asked_again() -> None:
    flaky = Flaky(1, Busy)
    assert run(flaky, [1]).failed == 1
    assert flaky.calls[1] == 1


def test_a_permanent_error_is_permanent_whatever_the_server_says() -> None:
    class Gone(Busy):
        status_code = 404

    flaky = Flaky(1, Gone)
    assert run(flaky, [1], retries=SOON).failed == 1
    assert flaky.calls[1] == 1


def test_a_run_that_stops_does_not_wait_for_the_next_attempt() -> None:
    began = time.monotonic()
    with pytest.raises(onward.Stopped):
        run(Flaky(99), [1], retries=onward.Retry(9, initial=600), deadline=0.05)
    assert time.monotonic() - began < 60


# What an item may raise


def test_skips_and_their_reasons() -> None:
    def work(item: int) -> int:
        raise onward.Skip("too short")

    report = run(work, [1, 2], retries=SOON)
    assert (report.skipped, report.attempts) == (2, 2)
    assert [(outcome.status, outcome.value) for outcome in report.outcomes()] == [
        ("skipped", "too short")
    ] * 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_result_that_cannot_be_saved_stops_the_run(workers: int) -> None:
    store = MemoryRuns()
    with pytest.raises(ValueRefused, match=r"the result of item 1 at \$\.score"):
        run(
            lambda n: {"score": float("nan") if n else 1.0},
            range(2),
            store=store,
            retries=SOON,
            workers=workers,
        )


@dataclass
class Score:
    total: float


def test_a_result_that_does_not_fit_its_annotation_stops_the_run_at_once() -> None:
    """Not when the results are asked for, after everything was paid for."""
    store = MemoryRuns()

    def score(item: int) -> Score:
        return Score(1.0) if item < 2 else None  # type: ignore[return-value]

    with pytest.raises(ValueRefused, match=r"item 2 does not fit the function's return annotation.*Mend"):
        run(score, range(5), store=store)
    saved = onward.load("job", store=store)
    assert [outcome.value for outcome in saved.outcomes()] == [{"total": 1.0}] * 2


def test_what_a_failure_says() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            return "half a pair: \ud800"

    def work(item: int) -> None:
        raise Odd

    (failure,) = run(work, [1]).failures
    assert failure.error is not None
    assert failure.error.type.endswith("Odd")
    assert failure.error.message == "half a pair: \\ud800"
    assert "raise Odd" in failure.error.traceback
    assert abs(failure.error.at - time.time()) < 600


def test_an_error_that_cannot_be_put_into_words_is_a_failure_all_the_same() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    def work(item: int) -> None:
        raise Mute

    (failure,) = run(work, [1]).failures
    assert failure.error is not None
    assert failure.error.type.endswith("Mute")


# Timeouts


def test_a_late_coroutine_is_cancelled_and_tried_again() -> None:
    ends: list[str] = []

    async def work(item: int) -> int:
        try:
            await asyncio.sleep(60 if not ends else 0)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        return item

    report = run(work, [1], timeout=0.05, retries=SOON)
    assert report.succeeded == 1
    assert ends == ["cancelled"]
    assert [outcome.attempts for outcome in report.outcomes()] == [2]


def test_a_late_attempt_fails_with_a_timeout() -> None:
    async def work(item: int) -> None:
        await asyncio.sleep(60)

    (failure,) = run(work, [1], timeout=0.02).failures
    assert failure.error is not None
    assert (failure.error.type, failure.error.message) == ("TimeoutError", "no result within 0.02 s")


def test_a_timeout_of_the_functions_own_is_its_own() -> None:
    async def work(item: int) -> None:
        raise TimeoutError("mine")

    (failure,) = run(work, [1], timeout=30).failures
    assert failure.error is not None
    assert failure.error.message == "mine"


def test_a_late_thread_keeps_its_slot_and_its_result_is_dropped() -> None:
    release, gauge = threading.Event(), Counter[str]()

    def work(item: int) -> str:
        gauge["now"] += 1
        gauge["most"] = max(gauge["most"], gauge["now"])
        try:
            if item == 0:
                release.wait(30)
            return f"result {item}"
        finally:
            gauge["now"] -= 1

    threading.Timer(0.2, release.set).start()
    report = run(work, range(3), timeout=0.05)
    assert [(outcome.key, outcome.status) for outcome in report.outcomes()] == [
        (0, "failed"),
        (1, "succeeded"),
        (2, "succeeded"),
    ]
    assert list(report.results()) == ["result 1", "result 2"]
    assert gauge["most"] == 1, "with one worker one call at a time, a late one too"


def test_what_a_timed_thread_raises_is_its_failure() -> None:
    flaky = Flaky(1)
    assert run(flaky, range(3), timeout=30, retries=SOON, workers=2).succeeded == 3


def test_steps_and_counters_work_under_a_timeout() -> None:
    def work(item: int) -> int:
        onward.count("calls")
        return int(onward.step("double", lambda: item * 2))

    report = run(work, range(3), timeout=30)
    assert list(report.results()) == [0, 2, 4]
    assert report.counters == {"calls": 3}


# Batches


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_a_batch_is_saved_item_by_item(batch: int, workers: int) -> None:
    sizes: list[int] = []

    def work(items: list[int]) -> list[int]:
        sizes.append(len(items))
        return [item * 10 for item in items]

    report = run(work, range(10), batch=batch, workers=workers)
    assert list(report.results()) == [n * 10 for n in range(10)]
    assert sorted(sizes) == sorted([batch] * (10 // batch) + ([10 % batch] if 10 % batch else []))
    assert report.succeeded == 10


def test_one_bad_item_does_not_fail_its_batch() -> None:
    def work(items: list[int]) -> list[int]:
        if 5 in items:
            raise OSError("five")
        return items

    report = run(work, range(8), batch=4)
    assert [outcome.key for outcome in report.failures] == [5]
    assert list(report.results()) == [0, 1, 2, 3, 4, 6, 7]


def test_a_batch_may_hold_errors_and_skips() -> None:
    def work(items: list[int]) -> list[Any]:
        return [items[0], ValueError("no"), onward.Skip("odd"), items[3]]

    report = run(work, range(4), batch=4)
    found = [(o.status, o.value, o.error and o.error.message) for o in report.outcomes()]
    assert found == [
        ("succeeded", 0, None),
        ("failed", None, "no"),
        ("skipped", "odd", None),
        ("succeeded", 3, None),
    ]


@pytest.mark.parametrize("returned", [[1], [1, 2, 3], [], None, 7, {"a": 1}], ids=repr)
def test_another_number_of_results_stops_the_run(returned: Any) -> None:
    store = MemoryRuns()
    with pytest.raises(BatchMismatch, match="one result per item"):
        run(lambda items: returned, range(4), batch=2, store=store, retries=SOON)
    assert list(onward.load("job", store=store).outcomes()) == []


@pytest.mark.parametrize("returned", ["ab", {"a": 1, "b": 2}, {1, 2}], ids=repr)
def test_what_is_no_list_is_no_list_of_results(returned: Any) -> None:
    """A text of two letters, a dict of two keys: the same number, and never what was meant."""
    with pytest.raises(BatchMismatch):
        run(lambda items: returned, range(2), batch=2)


def test_a_batch_may_be_a_generator_or_an_array() -> None:
    import numpy as np

    assert list(run(lambda items: (n for n in items), range(3), batch=3).results()) == [0, 1, 2]
    vectors = run(lambda items: np.array([[n, n] for n in items]), range(3), batch=3)
    assert list(vectors.results()) == [[0, 0], [1, 1], [2, 2]]


def test_a_batch_of_coroutines_is_tried_again_as_one() -> None:
    calls: list[list[int]] = []

    async def work(items: list[int]) -> list[int]:
        calls.append(items)
        if len(calls) == 1:
            raise OSError
        return items

    assert run(work, range(4), batch=4, retries=SOON).succeeded == 4
    assert calls == [[0, 1, 2, 3]] * 2


# Rates


@pytest.mark.parametrize("kind", [0, 1], ids=["sync", "async"])
def test_attempts_keep_to_the_rate(kind: int) -> None:
    """Of 12 attempts at 5 in 100 ms the last cannot come before 200 ms have passed, however fast the machine is."""
    times: list[float] = []

    def work(item: int) -> None:
        times.append(time.monotonic())
        if item == 0 and len(times) == 1:
            raise OSError

    run(both(work)[kind], range(11), rate="5/100ms", workers=4, retries=SOON)
    assert len(times) == 12
    assert times[-1] - times[0] > 0.15


def test_a_function_that_meets_a_cancellation_fails_and_the_run_goes_on() -> None:
    async def waits_in_vain(item: int) -> int:
        if item == 1:
            inner = asyncio.ensure_future(asyncio.sleep(10))
            inner.cancel()
            await inner
        if item == 2:
            raise asyncio.CancelledError
        if item == 3:
            await asyncio.gather(asyncio.sleep(0), inner_cancelled())
        return item

    async def inner_cancelled() -> None:
        raise asyncio.CancelledError

    for workers in (1, 4):
        report = run(waits_in_vain, range(6), workers=workers)
        assert (report.status, report.succeeded, report.failed) == ("finished", 3, 3)
        assert {str(outcome.error) for outcome in report.failures} == {
            "RuntimeError: something that the function waited for was cancelled"
        }
    assert run(waits_in_vain, range(6), timeout=5).failed == 3
