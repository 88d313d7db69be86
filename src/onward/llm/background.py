"""One event loop, in a thread of its own, for all requests of the process.

Connections belong to the event loop that opened them. Job functions run in whatever thread or loop their executor
has, often in a new one for each session; here the connections stay open across all of these, and plain functions
have them too.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextvars import Context
from typing import Any, TypeVar

from onward.errors import UsageError

T = TypeVar("T")


def submit(work: Coroutine[Any, Any, T]) -> Future[T]:
    """Run it in the loop, with the caller's context variables."""
    return asyncio.run_coroutine_threadsafe(work, _background.loop())


async def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Its result; cancelling the wait cancels the work."""
    return await asyncio.wrap_future(submit(work))


def result(work: Coroutine[Any, Any, T]) -> T:
    """Its result, waited for in this thread; what breaks off the wait (Ctrl-C) cancels the work.

    Raises:
        UsageError: asked from the loop itself, which would wait for itself for ever.
    """
    loop = _background.loop()
    if _running() is loop:
        work.close()
        raise UsageError("a model cannot be asked synchronously from within a back end: await ask() instead")
    future = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def in_thread(work: Callable[[], T]) -> T:
    """Its result, from a thread that does not keep the process from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it is, it belongs to who waits
            future.set_exception(error)

    threading.Thread(target=run, name="onward-llm-work", daemon=True).start()
    return await asyncio.wrap_future(future)


def when_gone(owner: object, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Once nobody holds ``owner`` any more, close what it held open; in the process that opened it only."""

    def closed(process: int) -> None:
        if os.getpid() == process:
            submit(close())

    weakref.finalize(owner, closed, os.getpid()).atexit = False


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class _Background:
    """The loop of this process, started when it is first asked for."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked child inherits the loop, but not the thread that ran it."""
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                # in a context of its own: it would hold the run that asked first for as long as the process lives
                self._loop = Context().run(asyncio.new_event_loop)
                threading.Thread(target=self._loop.run_forever, name="onward-llm", daemon=True).start()
            return self._loop


_background = _Background()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_background.forget)
