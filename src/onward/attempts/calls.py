"""From a function over values to a function over items that never raises what an item may do wrong.

A call tries, waits, tries again, and returns an outcome for each item of a unit; none if the session stopped while it
waited. What follows what is in :mod:`onward.attempts.course`; here is only how to call and how to wait.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import Any, cast

from onward.attempts.context import current
from onward.attempts.course import Invoke, Policy, Tally, Unit, abandoned, pursue
from onward.attempts.threads import Threads
from onward.forks import end_if_child
from onward.model import Settled
from onward.stop import Abandoned


def is_async(fn: Callable[..., Any]) -> bool:
    """Whether calling it gives an awaitable."""
    target = fn
    while hasattr(target, "func"):  # functools.partial
        target = target.func
    method = getattr(type(target), "__call__", None)  # noqa: B004 - of an object that is called like a function
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(method)


class SyncCall:
    """Calls a plain function for a unit, in whatever thread asks."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._direct = policy.permission is None
        self._pid = os.getpid()
        self._late = threading.local()

    def __call__(self, unit: Unit) -> list[Settled]:
        return self.go_on(Tally(self._policy, unit))

    def go_on(self, tally: Tally) -> list[Settled]:
        """What becomes of a unit, from where its tally says that it has come to."""
        outer = current.get()  # of an item whose function started this run
        try:
            if self._direct and tally.error is None:  # the usual way, without what only others need
                tally.begin()
                try:
                    returned = self._invoke(tally.argument)
                except Exception as error:
                    tally.end(error)
                else:
                    tally.end()
                    return tally.succeeded(returned)
            return self._follow(pursue(self._policy, tally.unit, tally))
        except (Abandoned, BaseExceptionGroup) as error:
            return abandoned(error)
        finally:
            current.set(outer)

    def _follow(self, course: Generator[float | Invoke, Any, list[Settled]]) -> list[Settled]:
        try:
            wish = next(course)
            while True:
                try:
                    answer = self._obey(wish)
                except Exception as error:
                    wish = course.throw(error)
                else:
                    wish = course.send(answer)
        except StopIteration as end:
            return cast("list[Settled]", end.value)

    def _obey(self, wish: float | Invoke) -> Any:
        if isinstance(wish, Invoke):
            return self._invoke(wish.argument)
        return self._policy.stop.pause(wish)

    def _invoke(self, argument: Any) -> Any:
        policy = self._policy
        if policy.inline:
            policy.stop.interruptible = True
            try:
                return self._called(argument)
            finally:
                policy.stop.interruptible = False
        if policy.timeout is None:
            return self._called(argument)
        return self._invoke_timed(argument, policy.timeout)

    def _called(self, argument: Any) -> Any:
        try:
            return self._policy.fn(argument, **self._policy.params)
        finally:
            end_if_child(self._pid)

    def _invoke_timed(self, argument: Any, timeout: float) -> Any:
        """In a thread of its own, which cannot be killed: late, it keeps this slot until it returns."""
        if not self._slot_free(timeout):
            raise TimeoutError(f"an earlier attempt is still running after its timeout of {timeout:g} s")
        box: dict[str, Any] = {}
        context = contextvars.copy_context()

        def work() -> None:
            try:
                box["value"] = context.run(self._called, argument)
            except BaseException as error:
                box["error"] = error

        thread = threading.Thread(target=work, name="onward-attempt", daemon=True)
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            self._late.thread = thread
            raise TimeoutError(f"no result within {timeout:g} s")
        if "error" in box:
            raise box["error"]
        return box["value"]

    def _slot_free(self, seconds: float | None) -> bool:
        late = getattr(self._late, "thread", None)
        if late is not None:
            late.join(seconds)
            if late.is_alive():
                return False
            self._late.thread = None
        return True

    def free_slot(self) -> None:
        """Wait until no late attempt of this thread is running."""
        self._slot_free(None)


class AsyncCall:
    """Calls a coroutine function for a unit, in the running event loop."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pid = os.getpid()

    async def __call__(self, unit: Unit) -> list[Settled]:
        course = pursue(self._policy, unit, Tally(self._policy, unit))
        try:
            wish = next(course)
            while True:
                try:
                    answer = await self._obey(wish)
                except Exception as error:
                    wish = course.throw(error)
                else:
                    wish = course.send(answer)
        except StopIteration as end:
            return cast("list[Settled]", end.value)
        except (Abandoned, BaseExceptionGroup) as error:
            return abandoned(error)
        finally:
            current.set(None)

    async def _obey(self, wish: float | Invoke) -> Any:
        if not isinstance(wish, Invoke):
            return await self._policy.stop.pause_async(wish)
        call = self._policy.fn(wish.argument, **self._policy.params)
        try:
            return await _own(
                call if self._policy.timeout is None else self._timed(call, self._policy.timeout)
            )
        finally:
            end_if_child(self._pid)

    async def _timed(self, call: Awaitable[Any], seconds: float) -> Any:
        import asyncio

        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await call
        except TimeoutError as error:
            if limit.expired():
                raise TimeoutError(f"no result within {seconds:g} s") from error
            raise


async def _own(call: Awaitable[Any]) -> Any:
    """What it gives. A cancellation that did not come from outside is the function's own failure."""
    import asyncio

    try:
        return await call
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("something that the function waited for was cancelled") from error


class ThreadedCall:
    """Calls a plain function from an event loop, in one of ``workers`` threads."""

    def __init__(self, policy: Policy, workers: int) -> None:
        self._call = SyncCall(policy)
        self._threads = Threads(workers)

    async def __call__(self, unit: Unit) -> list[Settled]:
        return await self._threads.call(functools.partial(self._in_thread, unit))

    def _in_thread(self, unit: Unit) -> list[Settled]:
        self._call.free_slot()  # of another item's late attempt
        return self._call(unit)


def make_call(policy: Policy, *, in_loop: bool, workers: int) -> Any:
    """The call for a function: sync or async, for a thread or for an event loop."""
    if is_async(policy.fn):
        return AsyncCall(policy)
    return ThreadedCall(policy, workers) if in_loop else SyncCall(policy)
