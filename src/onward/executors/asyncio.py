"""Runs calls as tasks of the running event loop.

A task of its own feeds the units in, so that outcomes are handed on while an asynchronous source is slow.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from onward.executors.base import AsyncCall, Unit
from onward.model import Settled

FEW = 16
"""Units whose outcomes are handed on before others may be started in their place."""


class AsyncioExecutor:
    """Runs up to ``workers`` calls at a time, each in a task."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._results: deque[list[Settled] | BaseException | None] = deque()
        self._ready = asyncio.Event()
        self._room = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fed = False

    async def outcomes(self, call: AsyncCall, units: AsyncIterator[Unit]) -> AsyncIterator[Settled | None]:
        feeder = self._loop.create_task(self._feed(call, units))
        try:
            while self._tasks or self._results or not self._fed:
                if not self._results:
                    self._ready.clear()
                    await self._ready.wait()
                for _ in range(min(FEW, len(self._results))):
                    for settled in self._take():
                        yield settled
                self._room.set()
                if self._results:
                    # Calls that ended together would else start together, when all is done.
                    await asyncio.sleep(0)
        finally:
            for task in (feeder, *self._tasks):
                task.cancel()
            await asyncio.wait([feeder])  # the units are the caller's to close, once nobody reads them

    async def _feed(self, call: AsyncCall, units: AsyncIterator[Unit]) -> None:
        """Start a call for each unit, but only once there is room: what came back takes up room until handed on."""
        try:
            async for unit in units:
                self._start(call, unit)
                while len(self._tasks) + len(self._results) >= self._workers:
                    self._room.clear()
                    await self._room.wait()
        except BaseException as error:  # a source may be cancelled too, and the consumer waits for its end
            self._results.append(error)
        self._fed = True
        self._ready.set()

    def _start(self, call: AsyncCall, unit: Unit) -> None:
        task = self._loop.create_task(self._run(call, unit))
        self._tasks.add(task)

    async def _run(self, call: AsyncCall, unit: Unit) -> None:
        try:
            result: list[Settled] | BaseException = await call(unit)
        except BaseException as error:
            result = error
        task = asyncio.current_task()
        if task is not None:
            self._tasks.discard(task)
        self._results.append(result)
        self._ready.set()

    def _take(self) -> list[Settled] | list[None]:
        result = self._results.popleft()
        if isinstance(result, BaseException):
            raise result
        return [None] if result is None else result

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._results.append(None)
        self._ready.set()
