"""A source that makes the run wait must not make what is done wait: a crash would cost it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import onward
from onward.stores.memory import MemoryRuns

WAITS = "the thread that reads the source settles too: while the source blocks, what workers finish waits"


def run(source: Any, store: MemoryRuns, **policies: Any) -> None:
    onward.map(lambda n: n, source, job="job", store=store, every=1, **policies)


def saved(store: MemoryRuns) -> bool:
    return bool(list(onward.load("job", store=store).outcomes()))


def slow(store: MemoryRuns, found: list[bool]) -> Iterator[int]:
    yield 0
    time.sleep(0.3)
    found.append(saved(store))
    yield 1


def test_inline_saves_before_it_asks_for_more() -> None:
    store, found = MemoryRuns(), list[bool]()
    run(slow(store, found), store)
    assert found == [True]


@pytest.mark.xfail(strict=True, reason=WAITS)
def test_threads_save_while_the_source_is_slow() -> None:
    store, found = MemoryRuns(), list[bool]()
    run(slow(store, found), store, workers=2)
    assert found == [True]


def test_tasks_are_saved_while_the_source_is_slow() -> None:
    store, found = MemoryRuns(), list[bool]()

    async def source() -> AsyncIterator[int]:
        yield 0
        await asyncio.sleep(0.3)
        found.append(saved(store))
        yield 1

    run(source(), store, workers=2)
    assert found == [True]
