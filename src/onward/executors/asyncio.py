"""Runs calls as tasks of the running event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from onward.executors.base import AsyncCall, Unit
from onward.model import Settled


class AsyncioExecutor:
    """Runs up to ``workers`` calls at a time, each in a task."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._results: deque[list[Settled] | BaseException | None] = deque()
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    async def outcomes(self, call: AsyncCall, units: AsyncIterator[Unit]) -> AsyncIterator[Settled | None]:
        exhausted = False
        try:
            while True:
                while not exhausted and len(self._tasks) < self._workers:
                    unit = await anext(units, None)
                    if unit is None:
                        exhausted = True
                    else:
                        self._start(call, unit)
                if not self._tasks and not self._results:
                    return
                if not self._results:
                    self._ready.clear()
                    await self._ready.wait()
                while self._results:
                    for settled in self._take():
                        yield settled
        finally:
            for task in self._tasks:
                task.cancel()

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
