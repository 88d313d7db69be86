"""Runs calls in threads.

The threads are daemons of our own, not a pool's: a call that never returns must not keep the process from
ending, and a pool waits for its threads at exit.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue

from onward.executors.base import Call, Unit
from onward.model import Settled


class ThreadsExecutor:
    """Runs up to ``workers`` calls at a time, each in a thread."""

    concurrent = True

    def __init__(self, workers: int) -> None:
        self._workers = workers
        # SimpleQueue.put may be called from a signal handler.
        self._results: SimpleQueue[list[Settled] | BaseException | None] = SimpleQueue()

    def outcomes(self, call: Call, units: Iterator[Unit]) -> Iterator[Settled | None]:
        units = getattr(call, "grouped", iter)(units)
        work: SimpleQueue[Unit | None] = SimpleQueue()
        threads = 0
        in_flight = 0
        try:
            while True:
                unit = next(units, None) if in_flight < self._workers else None
                if unit is not None:
                    if threads < self._workers:
                        self._start(call, work)
                        threads += 1
                    in_flight += 1
                    work.put(unit)
                    if in_flight < self._workers:
                        continue
                if not in_flight:
                    return
                # All that is there before the next unit is asked for, so that it is saved together.
                for settled in self._arrived():
                    in_flight -= settled is not None
                    yield from settled if settled is not None else (None,)
        finally:
            for _ in range(threads):
                work.put(None)

    def _arrived(self) -> Iterator[list[Settled] | None]:
        """Waits for one result, and gives all there are."""
        while True:
            result = self._results.get()
            if isinstance(result, BaseException):
                raise result
            yield result
            if self._results.empty():
                return

    def _start(self, call: Call, work: SimpleQueue[Unit | None]) -> None:
        threading.Thread(target=self._work, args=(call, work), name="onward-worker", daemon=True).start()

    def _work(self, call: Call, work: SimpleQueue[Unit | None]) -> None:
        free_slot = getattr(call, "free_slot", None)
        while (unit := work.get()) is not None:
            try:
                result: list[Settled] | BaseException = call(unit)
            except BaseException as error:
                result = error
            self._results.put(result)
            if free_slot is not None:
                free_slot()

    def wake(self) -> None:
        self._results.put(None)
