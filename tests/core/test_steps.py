"""Steps and counters inside a job function."""

import asyncio
import dataclasses
import time
from typing import Any

import pytest

import onward
from onward.errors import UsageError
from onward.stores.memory import MemoryRuns


@pytest.fixture
def store() -> MemoryRuns:
    return MemoryRuns()


@dataclasses.dataclass
class Page:
    text: str


class Once:
    """A function that remembers its calls."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, item: Any) -> Page:
        self.calls.append(item)
        return Page(f"text of {item}")


def test_outside_an_item_there_are_no_steps() -> None:
    with pytest.raises(UsageError, match="inside a job function"):
        onward.step("name", len, [])
    with pytest.raises(UsageError, match="inside a job function"):
        onward.count("name")


def test_a_finished_step_is_not_done_again(store: MemoryRuns) -> None:
    fetch = Once()
    seen: list[Any] = []

    def work(item: int) -> str:
        page = onward.step("fetch", fetch, item)
        seen.append(page)
        if len(seen) < 3:
            raise OSError
        return str(page.text)

    for _ in range(3):
        report = onward.map(work, [1], job="job", store=store, version=1, retry_failed=True)
    assert list(report.results()) == ["text of 1"]
    assert fetch.calls == [1]
    assert seen == [Page("text of 1")] * 3, "new or reused, through the annotation"


def test_a_retry_within_the_session_reuses_steps(store: MemoryRuns) -> None:
    fetch = Once()
    attempts = []

    def work(item: int) -> Any:
        page = onward.step("fetch", fetch, item)
        attempts.append(item)
        if len(attempts) < 3:
            raise OSError
        return page

    retries = onward.Retry(3, initial=0.001)
    report = onward.map(work, [1], job="job", store=store, retries=retries)
    assert report.succeeded == 1
    assert (len(fetch.calls), len(attempts)) == (1, 3)
    assert [outcome.attempts for outcome in report.outcomes()] == [3]


def test_a_redo_does_steps_again(store: MemoryRuns) -> None:
    fetch = Once()

    def work(item: dict[str, int]) -> Any:
        page = onward.step("fetch", fetch, item["n"])
        if item["id"] == 2:
            raise OSError
        return page

    items = [{"id": 1, "n": 1}, {"id": 2, "n": 1}]
    onward.map(work, items, job="job", store=store, key="id", version=1, limit=2, max_failures=None)
    changed = [{"id": 1, "n": 5}, {"id": 2, "n": 6}, {"id": 3, "n": 7}]
    onward.map(
        work, changed, job="job", store=store, key="id", version=1, on_change="redo", retry_failed=True
    )
    assert fetch.calls == [1, 1, 5, 6, 7]


def test_a_name_is_used_once_in_an_item(store: MemoryRuns) -> None:
    def work(item: int) -> None:
        onward.step("a", len, "")
        onward.step("a", len, "")

    report = onward.map(work, [1, 2], job="job", store=store, max_failures=None)
    assert next(str(outcome.error) for outcome in report.failures).endswith("give each step its own name")
    assert report.failed == 2


def test_steps_of_coroutines(store: MemoryRuns) -> None:
    calls = []

    async def fetch(item: int, *, twice: bool) -> int:
        await asyncio.sleep(0)
        calls.append(item)
        return item * 2

    async def work(item: int) -> int:
        found: int = await onward.step("fetch", fetch, item, twice=True)
        if len(calls) < 4 and item == 0:
            raise OSError
        return found

    retries = onward.Retry(5, initial=0.001)
    report = onward.map(work, range(4), job="job", store=store, workers=4, retries=retries)
    assert list(report.results()) == [0, 2, 4, 6]
    assert sorted(calls) == [0, 1, 2, 3]


def test_steps_in_threads_belong_to_their_own_item(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        onward.count("done")
        return int(onward.step("same name", lambda: item))

    report = onward.map(work, range(50), job="job", store=store, workers=8)
    assert list(report.results()) == list(range(50))
    assert report.counters == {"done": 50}


def test_what_a_step_gives_must_be_savable(store: MemoryRuns) -> None:
    with pytest.raises(onward.OnwardError, match="step 'a' of item 0"):
        onward.map(lambda item: onward.step("a", object), [1], job="job", store=store, retries=3)


def test_steps_work_in_a_loop_of_ones_own(store: MemoryRuns) -> None:
    fetch = Once()
    for _ in range(2):
        with onward.run("job", store=store) as run:
            for item in run.pending([1, 2]):
                page = onward.step("fetch", fetch, item)
                if item == 2 and len(fetch.calls) < 2:
                    break
                run.succeed(page.text)
                if item == 1:
                    break
    assert fetch.calls == [1, 2]


def test_counters_count_with_the_item_that_settles(store: MemoryRuns) -> None:
    tries = []

    def work(item: int) -> int:
        onward.count("calls")
        onward.count("tokens", 10)
        onward.count("tokens", 0.5)
        tries.append(item)
        if len(tries) == 1:
            raise OSError
        return item

    report = onward.map(work, [1, 2], job="job", store=store, retries=onward.Retry(1, initial=0.001))
    assert len(tries) == 3
    assert report.counters == {"calls": 2, "tokens": 21.0}, "those of the attempt that settled"
    again = onward.load("job", store=store)
    assert again.counters == report.counters


def test_with_every_item_saved_a_step_is_saved_too(store: MemoryRuns) -> None:
    def work(item: int) -> None:
        onward.step("a", len, "")
        until = time.monotonic() + 20
        while not list(store.reader("job", "default").steps()):
            assert time.monotonic() < until
            time.sleep(0.001)

    assert onward.map(work, range(3), job="job", store=store, every=1, max_failures=None).succeeded == 3
