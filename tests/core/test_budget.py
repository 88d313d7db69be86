"""Budgets: what a run may spend over all its sessions."""

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import onward
from onward import errors, events
from onward.attempts.context import RunContext, current_run
from onward.attempts.spending import Spending, parse_budget, shown
from onward.stores.memory import MemoryRuns

SOON = onward.Retry(3, initial=0.001, longest=0.002)


@pytest.fixture
def store() -> MemoryRuns:
    return MemoryRuns()


def here() -> RunContext:
    found = current_run()
    assert found is not None
    return found


def run(fn: Any, store: Any, items: Any = range(10), **policies: Any) -> onward.Report:
    return onward.map(fn, items, job="job", store=store, version=1, **policies)


def stopped(fn: Any, store: Any, *args: Any, **policies: Any) -> tuple[errors.BudgetReached, onward.Report]:
    with pytest.raises(errors.BudgetReached) as found:
        run(fn, store, *args, **policies)
    assert isinstance(found.value.report, onward.Report)
    return found.value, found.value.report


# ------------------------------------------------------------------------------------ as it is written


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        ("5 USD", {"usd": 5}),
        ("0.5 usd", {"usd": 0.5}),
        ("$5", {"usd": 5}),
        ("5 dollars", {"usd": 5}),
        ("200000 tokens", {"tokens": 200000}),
        ("200,000 tokens", {"tokens": 200000}),
        ("2M tokens", {"tokens": 2e6}),
        ("1.5k output_tokens", {"output_tokens": 1500}),
        ("500 requests", {"requests": 500}),
        ("5 USD or 2M tokens", {"usd": 5, "tokens": 2e6}),
        ({"credits": 100}, {"credits": 100}),
        (None, {}),
    ],
)
def test_what_a_budget_says(budget: Any, expected: dict[str, float]) -> None:
    assert parse_budget(budget) == expected


@pytest.mark.parametrize(
    "budget",
    [
        *["", "5", "USD", "5 EUR", "five usd", "0 usd", "-5 usd", "5 usdd", "5 usd and 3 tokens", 5, {}],
        *[{"usd": 0}, {"usd": float("nan")}, {"usd": "5"}, {"usd": True}],
    ],
)
def test_what_no_budget_is(budget: Any, store: MemoryRuns) -> None:
    with pytest.raises(errors.UsageError, match="budget="):
        run(len, store, budget=budget)


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("usd", 2.2949, "2.29 USD"),
        ("usd", 0.0123456, "0.012 USD"),
        ("usd", 0, "0.00 USD"),
        ("tokens", 1204000, "1,204,000 tokens"),
        ("output_tokens", 1, "1 output tokens"),
        ("credits", 0.5, "0.5 credits"),
    ],
)
def test_how_amounts_are_said(name: str, amount: float, expected: str) -> None:
    assert shown(name, amount) == expected


# -------------------------------------------------------------------------------- spent without promises


def spends(amount: float = 1.0) -> Any:
    def work(item: int) -> int:
        onward.spend(usd=amount)
        return item

    return work


def spends_later(amount: float = 1.0) -> Any:
    async def work(item: int) -> int:
        await asyncio.sleep(0)
        onward.spend(usd=amount)
        return item

    return work


@pytest.mark.parametrize("make", [spends, spends_later])
def test_a_run_stops_once_its_budget_is_spent_and_goes_on_with_a_larger_one(
    store: MemoryRuns, make: Any
) -> None:
    error, report = stopped(make(), store, budget="3 USD")
    assert (report.status, report.succeeded, report.spent) == ("interrupted", 3, {"usd": 3})
    assert error.exit_code == 6
    assert str(error).startswith("the budget of 3.00 USD is spent (3.00 USD); give a larger budget")
    _, again = stopped(make(), store, budget="3 USD")
    assert (again.succeeded, again.spent) == (3, {"usd": 3}), "nothing more is begun"
    _, more = stopped(make(), store, budget="5 USD")
    assert (more.succeeded, more.reused, more.reused_spent) == (5, 3, {"usd": 3})
    rest = run(make(), store)
    assert (rest.status, rest.spent, rest.reused_spent) == ("finished", {"usd": 10}, {"usd": 5})


def test_binary_fractions_do_not_matter(store: MemoryRuns) -> None:
    _, report = stopped(spends(0.1), store, budget="0.3 USD")
    assert report.succeeded == 3


def test_a_run_that_is_done_with_its_last_cent_finishes(store: MemoryRuns) -> None:
    assert run(spends(), store, budget="10 USD").status == "finished"


def test_and_so_does_one_that_only_has_to_be_published(store: MemoryRuns, tmp_path: Any) -> None:
    run(spends(), store, limit=10)
    report = run(spends(), store, budget="1 USD", output=tmp_path / "out.jsonl")
    assert (report.status, report.spent) == ("finished", {"usd": 10})


def test_a_retry_is_an_attempt_too(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        onward.spend(usd=1)
        raise OSError

    _, report = stopped(work, store, budget="2 USD", retries=SOON)
    assert (report.spent, report.failed, report.left) == ({"usd": 2}, 0, 10)


def test_threads_stop_too(store: MemoryRuns) -> None:
    _, report = stopped(spends(), store, range(100), budget="20 USD", workers=4)
    assert 20 <= report.spent["usd"] <= 23
    assert report.succeeded == report.spent["usd"]


def test_a_stream_stops_too(store: MemoryRuns) -> None:
    seen = []

    def stream() -> None:
        for outcome in onward.stream(spends(), range(10), job="job", store=store, budget="3 USD"):
            seen.append(outcome.key)

    with pytest.raises(errors.BudgetReached):
        stream()
    assert seen == [0, 1, 2]


def loop_spends(store: MemoryRuns) -> None:
    with onward.run("job", store=store, budget="3 USD") as loop:
        for item in loop.pending(range(10)):
            onward.spend(usd=1)
            loop.succeed(item)


def loop_reserves(store: MemoryRuns) -> None:
    with onward.run("job", store=store, budget="7 USD") as loop:
        for item in loop.pending(range(10)):
            with here().reserve(usd=2):
                onward.spend(usd=2)
            loop.succeed(item)


def loop_asynchronously(store: MemoryRuns) -> None:
    async def main() -> None:
        async with onward.run("job", store=store, budget="3 USD") as loop:
            async for item in loop.pending(range(10)):
                onward.spend(usd=1)
                loop.succeed(item)

    asyncio.run(main())


def amap(store: MemoryRuns) -> None:
    asyncio.run(onward.amap(spends_later(), range(10), job="job", store=store, budget="3 USD"))


@pytest.mark.parametrize("face", [loop_spends, loop_reserves, loop_asynchronously, amap])
def test_other_faces_stop_too(store: MemoryRuns, face: Any) -> None:
    with pytest.raises(errors.BudgetReached) as found:
        face(store)
    assert isinstance(found.value.report, onward.Report)
    assert found.value.report.succeeded == 3


def test_a_job_has_a_budget(store: MemoryRuns) -> None:
    job = onward.job("job", store=store, budget="3 USD")(spends())
    with pytest.raises(errors.BudgetReached):
        job.map(range(10))
    assert job.map(range(10), budget="10 USD").status == "finished"


def test_a_budget_that_nothing_counts_against_is_said_to_have_no_effect(store: MemoryRuns) -> None:
    with pytest.warns(
        RuntimeWarning, match="budget='1 USD or 5 tokens' had no effect: no item has spent any tokens"
    ):
        run(spends(0.01), store, budget="1 USD or 5 tokens")
    run(spends(0.01), store, budget="5 tokens")  # finished before: nothing was to be counted


# --------------------------------------------------------------------------------------- promises


def reserves(most: float, real: float) -> Any:
    def work(item: int) -> int:
        with here().reserve(usd=most):
            onward.spend(usd=real)
        return item

    return work


def reserves_later(most: float, real: float) -> Any:
    async def work(item: int) -> int:
        async with here().reserve(usd=most):
            await asyncio.sleep(0.001)
            onward.spend(usd=real)
        return item

    return work


@pytest.mark.parametrize("make", [reserves, reserves_later])
@pytest.mark.parametrize("workers", [1, 16])
def test_it_stops_before_the_budget_is_exceeded(store: MemoryRuns, make: Any, workers: int) -> None:
    error, report = stopped(make(1.0, 0.75), store, range(100), budget="9.5 USD", workers=workers)
    assert report.spent["usd"] <= 9.5
    assert report.spent["usd"] > 9.5 - 1.0, "nor long before"
    assert "the next call may take 1.00 USD, and of the budget of 9.50 USD" in str(error)
    assert report.succeeded == report.spent["usd"] / 0.75
    rest = run(make(1.0, 0.75), store, range(100), workers=workers, budget="100 USD")
    assert rest.spent == {"usd": 75}


def test_a_call_that_cannot_fit_at_all_is_not_made(store: MemoryRuns) -> None:
    _, report = stopped(reserves(11, 1), store, budget="10 USD")
    assert (report.spent, report.left) == ({}, 10)


def test_the_item_stays_left_whatever_the_function_catches(store: MemoryRuns) -> None:
    def work(item: int) -> Any:
        try:
            with here().reserve(usd=6):
                onward.spend(usd=6)
                return item
        except Exception:  # as many do
            return "failed"

    _, report = stopped(work, store, budget="10 USD")
    assert list(report.results()) == [0]


def test_what_was_promised_and_not_spent_is_free_again(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        if item % 2:
            with pytest.raises(OSError), here().reserve(usd=9):  # noqa: PT011
                raise OSError
        with here().reserve(usd=9):
            onward.spend(usd=0)
        return item

    assert run(work, store, budget="10 USD").succeeded == 10


def test_who_holds_a_promise_does_not_wait_for_others(store: MemoryRuns) -> None:
    together = threading.Barrier(2)

    def work(item: int) -> int:
        with here().reserve(usd=4):
            together.wait(30)
            onward.spend(usd=0)
            with here().reserve(usd=4):
                return item

    _, report = stopped(work, store, range(2), budget="10 USD", workers=2)
    assert report.succeeded <= 1


def test_in_a_plain_with_an_event_loop_is_not_kept_waiting(store: MemoryRuns) -> None:
    async def work(item: int) -> int:
        with here().reserve(usd=6):
            await asyncio.sleep(0.01)
        return item

    _, report = stopped(work, store, range(4), budget="10 USD", workers=2)
    assert report.succeeded == 1


amounts = st.integers(1, 50).map(lambda cents: cents / 8)


@settings(max_examples=200, deadline=None)
@given(budget=amounts, calls=st.lists(st.tuples(amounts, st.floats(0, 1)), max_size=30), data=st.data())
def test_promises_in_any_order_never_exceed_a_budget(
    budget: float, calls: list[tuple[float, float]], data: st.DataObject
) -> None:
    """Calls are begun and ended in any order; each spends at most what it had promised."""
    spending = Spending({"usd": budget})
    open_calls: list[tuple[float, float]] = []
    for most, share in calls:
        if open_calls and data.draw(st.booleans()):
            held, used = open_calls.pop(data.draw(st.integers(0, len(open_calls) - 1)))
            spending.add({"usd": held * used})
            spending.release({"usd": held})
        if spending.hold({"usd": most}) is None:
            open_calls.append((most, share))
        else:
            assert spending.spent.get("usd", 0) + sum(held for held, _ in open_calls) + most > budget
    for held, used in open_calls:
        spending.add({"usd": held * used})
        spending.release({"usd": held})
    assert spending.spent.get("usd", 0) <= budget * (1 + 1e-6)
    assert spending.fits_alone({"usd": 0})


# ------------------------------------------------------------------------------------- what is told


def test_what_resuming_saved(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        onward.spend(usd=1)
        if item == 3:
            onward.spend(usd=5)
            raise OSError
        return item

    run(work, store, limit=5)
    report = run(work, store)
    assert report.spent == {"usd": 15}
    assert report.reused_spent == {"usd": 4}, "a failure saves nothing"
    assert report.reused_seconds > 0
    again = run(work, store)
    assert again.already_finished
    assert (again.spent, again.reused_spent) == ({"usd": 15}, {"usd": 9})


def test_lost_work_counts_as_spent_but_not_as_saved(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        onward.spend(usd=1)
        if item == 2 and fails:
            here().save()
            raise KeyboardInterrupt
        return item

    fails = True
    with pytest.raises(onward.Interrupted):
        run(work, store)
    fails = False
    report = run(work, store)
    assert (report.spent, report.reused_spent) == ({"usd": 11}, {"usd": 2})


def test_progress_forecasts_from_new_work_only(store: MemoryRuns) -> None:
    run(spends(10), store, limit=5)
    seen: list[Any] = []
    progress: list[Any] = []

    def observe(event: events.Event) -> None:
        if isinstance(event, events.SessionStarted):
            progress.append(event.progress)
        elif isinstance(event, events.Saved):
            now = progress[0]()
            seen.append((now.spent["usd"], now.forecast))

    run(spends(1), store, observers=[observe], every=1)
    assert seen == [(51, 4), (52, 3), (53, 2), (54, 1), (55, 0)]


def test_a_run_that_is_looked_at_says_what_it_spent(store: MemoryRuns) -> None:
    run(spends(10), store, limit=5)
    with pytest.raises(errors.Stopped):
        run(_until(7), store)
    view = onward.load("job", store=store)
    assert view.spent == view.progress.spent == {"usd": 56}
    assert view.progress.forecast == 9, "6 USD for two new items, and three are left"
    report = run(spends(1), store)
    assert onward.load("job", store=store).spent == report.spent == {"usd": 59}


def _until(last: int) -> Any:
    def work(item: int) -> int:
        onward.spend(usd=2)
        if item == last:
            here().save()
            raise onward.Stopped("now")
        return item

    return work
