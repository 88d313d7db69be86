"""Plain functions called from an event loop, in threads that a process may leave behind.

They are daemons, not a pool's: a call that never returns must not keep the process from ending, and a pool waits for
its threads at exit.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class Threads:
    """Up to ``most`` threads, each started when there is work for it and none is idle.

    Leaving the last reference ends the idle ones.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._started = 0
        self._idle = threading.Semaphore(0)

    async def call(self, fn: Callable[[], T]) -> T:
        """What the function returns or raises, from one of the threads, with this task's context variables."""
        import asyncio

        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                found = context.run(fn)
            except BaseException as error:
                _tell(loop, answer, error, failed=True)
            else:
                _tell(loop, answer, found, failed=False)

        if not self._idle.acquire(blocking=False) and self._started < self._most:
            self._started += 1
            threading.Thread(
                target=_serve, args=(self._work, self._idle), name="onward-worker", daemon=True
            ).start()
        self._work.put(work)
        return await answer

    def __del__(self) -> None:
        for _ in range(self._started):
            self._work.put(None)


def _serve(work: SimpleQueue[Callable[[], None] | None], idle: threading.Semaphore) -> None:
    while (call := work.get()) is not None:
        call()
        del call
        idle.release()


def _tell(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Any], found: Any, *, failed: bool) -> None:
    def give() -> None:
        if answer.done():  # nobody waits any more
            return
        if failed:
            # A future takes no StopIteration; a coroutine makes the same of it.
            answer.set_exception(RuntimeError(repr(found)) if isinstance(found, StopIteration) else found)
        else:
            answer.set_result(found)

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
        loop.call_soon_threadsafe(give)


async def in_thread(fn: Callable[[], T]) -> T:
    """What the function returns or raises, from a thread of its own."""
    return await Threads(1).call(fn)
