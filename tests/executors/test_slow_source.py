"""A source that makes the run wait must not make what is done wait: a crash would cost it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import onward
from onward.events import Saved
from onward.stores.memory import MemoryRuns

WAITS = "an executor with a free slot waits for the source, and hands on no outcome meanwhile"


def run(source: Any, saved: threading.Event, **policies: Any) -> None:
    def observe(event: Any) -> None:
        if isinstance(event, Saved):
            saved.set()

    onward.map(lambda n: n, source, job="job", store=MemoryRuns(), observers=[observe], every=1, **policies)


def slow(saved: threading.Event, found: list[bool]) -> Iterator[int]:
    yield 0
    found.append(saved.wait(0.3))
    yield 1


def test_inline_saves_before_it_asks_for_more() -> None:
    saved, found = threading.Event(), list[bool]()
    run(slow(saved, found), saved)
    assert found == [True]


@pytest.mark.xfail(strict=True, reason=WAITS)
def test_threads_save_while_the_source_is_slow() -> None:
    saved, found = threading.Event(), list[bool]()
    run(slow(saved, found), saved, workers=2)
    assert found == [True]


@pytest.mark.xfail(strict=True, reason=WAITS)
def test_tasks_are_saved_while_the_source_is_slow() -> None:
    saved, found = threading.Event(), list[bool]()

    async def source() -> AsyncIterator[int]:
        yield 0
        for _ in range(30):
            await asyncio.sleep(0.01)
        found.append(saved.is_set())
        yield 1

    run(source(), saved, workers=2)
    assert found == [True]
