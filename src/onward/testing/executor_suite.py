"""The conformance suites for executors: what :mod:`onward.executors.base` promises, as tests.

:class:`ExecutorSuite` is for those that a plain loop drives, :class:`AsyncExecutorSuite` for those of an event loop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, closing
from typing import Any

import pytest

from onward.executors.base import AsyncExecutor, Executor, Unit
from onward.model import Item, Settled

PATIENCE = 30.0
"""Seconds after which a test gives up on something that should have happened at once."""


class Gauge:
    """How many calls are under way, and how many were at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.most = self.pulled = 0

    def enter(self) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def leave(self) -> None:
        with self._lock:
            self.now -= 1


def unit(*positions: int) -> Unit:
    return [Item(position, position, position, position, 1) for position in positions]


def settle(work: Unit) -> list[Settled]:
    return [Settled(item, "succeeded", b"%d" % item.position) for item in work]


def positions(outcomes: Iterable[Settled | None]) -> list[int]:
    return [outcome.item.position for outcome in outcomes if outcome is not None]


class ExecutorSuite:
    """Derive, override :meth:`make`, and have pytest collect the class."""

    workers: tuple[int, ...] = (1, 2, 8)
    """Numbers of workers to test with."""

    def make(self, workers: int) -> Executor:
        """The executor."""
        raise NotImplementedError

    def run(self, call: Callable[[Unit], list[Settled]], units: Iterable[Unit], workers: int) -> list[int]:
        return positions(self.make(workers).outcomes(call, iter(units)))

    def test_every_outcome_comes_once(self) -> None:
        for workers in self.workers:
            units = [unit(*range(3 * n, 3 * n + 3)) for n in range(40)]
            assert sorted(self.run(settle, units, workers)) == list(range(120))

    def test_no_units_give_no_outcomes(self) -> None:
        for workers in self.workers:
            assert self.run(settle, [], workers) == []

    def test_a_call_may_return_nothing(self) -> None:
        """As an attempt does that was abandoned."""
        for workers in self.workers:
            units = [unit(n) for n in range(10)]
            odd = self.run(lambda work: settle(work) if work[0].position % 2 else [], units, workers)
            assert sorted(odd) == [1, 3, 5, 7, 9]

    def test_no_more_in_flight_than_workers(self) -> None:
        for workers in self.workers:
            gauge = Gauge()

            def call(work: Unit, gauge: Gauge = gauge) -> list[Settled]:
                gauge.enter()
                time.sleep(0.001)
                gauge.leave()
                return settle(work)

            assert len(self.run(call, (unit(n) for n in range(50)), workers)) == 50
            assert gauge.most <= workers

    def test_units_are_pulled_when_there_is_a_slot(self) -> None:
        for workers in self.workers:
            gauge = Gauge()
            seen = 0
            with closing(self.make(workers).outcomes(settle, self.counted(gauge, 50))) as outcomes:  # type: ignore[type-var]
                for _ in outcomes:
                    seen += 1
                    # What was handed on has left its slot; all others may be filled again.
                    assert gauge.pulled <= seen + workers

    def counted(self, gauge: Gauge, count: int) -> Iterator[Unit]:
        for number in range(count):
            gauge.pulled += 1
            yield unit(number)

    def test_what_a_call_raises_is_raised(self) -> None:
        def call(work: Unit) -> list[Settled]:
            if work[0].position == 3:
                raise SystemExit
            return settle(work)

        for workers in self.workers:
            for number in (4, 1000):
                seen: list[Settled | None] = []
                outcomes = self.make(workers).outcomes(call, (unit(n) for n in range(number)))
                with pytest.raises(SystemExit):
                    seen.extend(outcomes)
                assert 3 not in positions(seen)
                assert len(seen) <= 3 + 2 * workers, "not at once"

    def test_what_the_units_raise_is_raised(self) -> None:
        def units() -> Iterator[Unit]:
            yield unit(0)
            raise LookupError

        for workers in self.workers:
            with pytest.raises(LookupError):
                list(self.make(workers).outcomes(settle, units()))

    def test_an_error_does_not_wait_for_others(self) -> None:
        release = threading.Event()

        def call(work: Unit) -> list[Settled]:
            if work[0].position == 1:
                raise LookupError
            release.wait(PATIENCE)
            return settle(work)

        try:
            for workers in self.concurrent_workers():
                began = time.monotonic()
                with pytest.raises(LookupError):
                    self.run(call, [unit(0), unit(1)], workers)
                assert time.monotonic() - began < PATIENCE / 2
        finally:
            release.set()

    def concurrent_workers(self) -> list[int]:
        """Numbers of workers with which calls run outside the consumer's thread, several at a time."""
        return [workers for workers in self.workers if workers > 1 and self.make(workers).concurrent]

    def test_leaving_early_does_not_wait(self) -> None:
        release = threading.Event()

        def call(work: Unit) -> list[Settled]:
            if work[0].position:
                release.wait(PATIENCE)
            return settle(work)

        try:
            for workers in self.concurrent_workers():
                began = time.monotonic()
                with closing(self.make(workers).outcomes(call, (unit(n) for n in range(99)))) as outcomes:  # type: ignore[type-var]
                    assert positions([next(outcomes)]) == [0]
                assert time.monotonic() - began < PATIENCE / 2
        finally:
            release.set()

    def test_leaving_early_leaves_no_thread_behind(self) -> None:
        for workers in self.workers:
            before = set(threading.enumerate())
            with closing(self.make(workers).outcomes(settle, (unit(n) for n in range(99)))) as outcomes:  # type: ignore[type-var]
                next(outcomes)
            wait_until(lambda before=before: not set(threading.enumerate()) - before)  # type: ignore[misc]

    def test_a_slow_source_loses_no_outcome(self) -> None:
        def units() -> Iterator[Unit]:
            for number in range(5):
                time.sleep(0.01)
                yield unit(number)

        for workers in self.workers:
            assert sorted(self.run(settle, units(), workers)) == list(range(5))

    def test_wake_gives_none_while_calls_are_busy(self) -> None:
        release = threading.Event()

        def call(work: Unit) -> list[Settled]:
            release.wait(PATIENCE)
            return settle(work)

        for workers in self.concurrent_workers():
            release.clear()
            executor = self.make(workers)
            outcomes = executor.outcomes(call, iter([unit(0), unit(1)]))
            waker = threading.Timer(0.01, executor.wake)
            waker.start()
            assert next(outcomes) is None
            release.set()
            assert sorted(positions(outcomes)) == [0, 1]
            waker.join()

    def test_waking_when_nothing_waits_does_no_harm(self) -> None:
        for workers in self.workers:
            executor = self.make(workers)
            executor.wake()
            assert positions(executor.outcomes(settle, iter([unit(0)]))) == [0]
            executor.wake()

    def test_calls_run_at_the_same_time(self) -> None:
        for workers in self.concurrent_workers():
            together = threading.Barrier(workers, timeout=PATIENCE)

            def call(work: Unit, together: threading.Barrier = together) -> list[Settled]:
                together.wait()
                return settle(work)

            assert len(self.run(call, (unit(n) for n in range(workers)), workers)) == workers


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait until something holds that other threads bring about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.001)


class AsyncExecutorSuite:
    """Derive, override :meth:`make`, and have pytest collect the class."""

    workers: tuple[int, ...] = (1, 2, 8)

    def make(self, workers: int) -> AsyncExecutor:
        """The executor, for the running event loop."""
        raise NotImplementedError

    async def run(
        self, call: Callable[[Unit], Awaitable[list[Settled]]], units: AsyncIterator[Unit], workers: int
    ) -> list[int]:
        return positions([outcome async for outcome in self.make(workers).outcomes(call, units)])

    def test_every_outcome_comes_once(self) -> None:
        async def test(workers: int) -> None:
            work = [unit(*range(3 * n, 3 * n + 3)) for n in range(40)]
            assert sorted(await self.run(settle_later, given(work), workers)) == list(range(120))
            assert await self.run(settle_later, given([]), workers) == []

        self.with_workers(test)

    def test_no_more_in_flight_than_workers(self) -> None:
        async def test(workers: int) -> None:
            gauge = Gauge()

            async def call(work: Unit) -> list[Settled]:
                gauge.enter()
                await asyncio.sleep(0.001)
                gauge.leave()
                return settle(work)

            assert len(await self.run(call, given([unit(n) for n in range(50)]), workers)) == 50
            assert gauge.most == workers

        self.with_workers(test)

    def test_units_are_pulled_when_there_is_a_slot(self) -> None:
        async def test(workers: int) -> None:
            gauge = Gauge()
            seen = 0
            units = given([unit(n) for n in range(50)], gauge)
            async for _ in self.make(workers).outcomes(settle_later, units):
                seen += 1
                assert gauge.pulled <= seen + 2 * workers

        self.with_workers(test)

    def test_what_a_call_raises_is_raised(self) -> None:
        async def test(workers: int) -> None:
            async def call(work: Unit) -> list[Settled]:
                if work[0].position == 3:
                    raise LookupError
                return await settle_later(work)

            with pytest.raises(LookupError):
                await self.run(call, given([unit(n) for n in range(100)]), workers)

        self.with_workers(test)

    def test_an_error_does_not_wait_for_others(self) -> None:
        async def test(workers: int) -> None:
            async def call(work: Unit) -> list[Settled]:
                if work[0].position == 1:
                    raise LookupError
                await asyncio.sleep(PATIENCE if workers > 1 else 0)
                return settle(work)

            began = time.monotonic()
            with pytest.raises(LookupError):
                await self.run(call, given([unit(0), unit(1)]), workers)
            assert time.monotonic() - began < PATIENCE / 2

        self.with_workers(test)

    def test_what_the_units_raise_is_raised(self) -> None:
        async def test(workers: int) -> None:
            async def units() -> AsyncIterator[Unit]:
                yield unit(0)
                raise LookupError

            with pytest.raises(LookupError):
                await self.run(settle_later, units(), workers)

        self.with_workers(test)

    def test_leaving_early_does_not_wait_and_ends_what_is_in_flight(self) -> None:
        async def test(workers: int) -> None:
            ended = Gauge()

            async def call(work: Unit) -> list[Settled]:
                ended.enter()
                try:
                    if work[0].position:
                        await asyncio.sleep(PATIENCE)
                    return settle(work)
                finally:
                    ended.leave()

            began = time.monotonic()
            outcomes = self.make(workers).outcomes(call, given([unit(n) for n in range(99)]))
            async with aclosing(outcomes):  # type: ignore[type-var]
                assert positions([await anext(outcomes)]) == [0]
            await asyncio.sleep(0.01)
            assert ended.now == 0
            assert time.monotonic() - began < PATIENCE / 2

        self.with_workers(test)

    def test_a_slow_source_loses_no_outcome(self) -> None:
        async def test(workers: int) -> None:
            async def units() -> AsyncIterator[Unit]:
                for number in range(5):
                    await asyncio.sleep(0.005)
                    yield unit(number)

            assert sorted(await self.run(settle_later, units(), workers)) == list(range(5))

        self.with_workers(test)

    def test_wake_gives_none_from_any_thread(self) -> None:
        async def test(workers: int) -> None:
            release = asyncio.Event()

            async def call(work: Unit) -> list[Settled]:
                await release.wait()
                return settle(work)

            executor = self.make(workers)
            outcomes = executor.outcomes(call, given([unit(0), unit(1)]))
            waker = threading.Timer(0.01, executor.wake)
            waker.start()
            assert await anext(outcomes) is None
            release.set()
            assert sorted(positions([outcome async for outcome in outcomes])) == [0, 1]
            waker.join()

        self.with_workers(test)

    def test_waking_after_the_loop_has_ended_does_no_harm(self) -> None:
        async def test() -> AsyncExecutor:
            executor = self.make(1)
            await self.run(settle_later, given([unit(0)]), 1)
            return executor

        asyncio.run(test()).wake()

    def with_workers(self, test: Callable[[int], Any]) -> None:
        for workers in self.workers:
            asyncio.run(test(workers))


async def given(units: Iterable[Unit], gauge: Gauge | None = None) -> AsyncIterator[Unit]:
    for found in units:
        if gauge is not None:
            gauge.pulled += 1
        yield found


async def settle_later(work: Unit) -> list[Settled]:
    await asyncio.sleep(0)
    return settle(work)
