"""From a function over values to a function over items that never raises what an item may do wrong.

A *unit* is the list of items that one call of the function gets: one, or a batch. A call tries, waits, tries
again, and returns an outcome for each item; none if the session stopped while it waited.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from onward.attempts import retry
from onward.attempts.context import Attempt, BatchAttempt, current
from onward.attempts.failures import failure, leaf
from onward.attempts.home import Home
from onward.attempts.threads import Threads
from onward.codec import Restore, decode, encode
from onward.errors import BatchMismatch, Skip, Stopped, ValueRefused
from onward.model import Failure, Item, Settled, Status
from onward.stop import Abandoned, Stop

Unit = Sequence[Item]
LIMIT_POLL = 0.02
"""Seconds between two questions to the rate limiter."""


class Invoke(NamedTuple):
    """A call of the user's function to make."""

    argument: Any


Announce = Callable[[Item, Failure, int, float], None]


@dataclass(frozen=True)
class Policy:
    """How a function is called.

    Attributes:
        timeout: seconds an attempt may take, None for any.
        permission: asks the rate limiter; None if there is none.
        inline: the function runs in the coordinator's thread, where a forced stop may break it off.
        restore: makes results what callers see, by the function's return annotation; None where plain JSON is.
        announce: told of an attempt that failed and is made again.
    """

    fn: Callable[..., Any]
    params: Mapping[str, Any]
    home: Home
    stop: Stop
    retries: retry.Retry = field(default_factory=retry.Retry)
    timeout: float | None = None
    permission: Callable[[], bool] | None = None
    batch: bool = False
    inline: bool = False
    restore: Restore | None = None
    announce: Announce = lambda *_: None


class Tally:
    """What happened to one unit so far.

    Attributes:
        error: what the last attempt raised, until it was decided what follows.
        spent: seconds of all attempts.
    """

    __slots__ = ("_began", "_policy", "attempt", "attempts", "error", "spent", "unit")

    def __init__(self, policy: Policy, unit: Unit) -> None:
        self._policy = policy
        self._began = 0.0
        self.unit = unit
        self.attempts = 0
        self.spent = 0.0
        self.attempt: Attempt | None = None
        self.error: Exception | None = None

    @property
    def argument(self) -> Any:
        return [item.value for item in self.unit] if self._policy.batch else self.unit[0].value

    def begin(self) -> None:
        """An attempt starts: it counts, and ``step`` and ``count`` know its item."""
        self.attempts += 1
        policy = self._policy
        self.attempt = (BatchAttempt if policy.batch else Attempt)(self.unit, policy.home)
        current.set(self.attempt)
        self._began = time.perf_counter()

    def end(self, error: Exception | None = None) -> None:
        """It is over."""
        self.spent += time.perf_counter() - self._began
        self.error = error

    def succeeded(self, returned: Any) -> list[Settled]:
        values = _as_many(returned, self.unit) if self._policy.batch else (returned,)
        pairs = zip(self.unit, values, strict=True)
        return [self._one(item, value) for item, value in pairs if not self._stops(value)]

    def _stops(self, value: Any) -> bool:
        """Whether a batch gave this in place of a result to stop the run: then the item stays left."""
        if not self._policy.batch or not isinstance(value, Stopped):
            return False
        self._policy.home.halt(value)
        return True

    def _one(self, item: Item, value: Any) -> Settled:
        if self._policy.batch and isinstance(value, Skip):
            return self._settled(item, "skipped", encode(value.reason))
        if self._policy.batch and isinstance(value, Exception):
            return self._settled(item, "failed", b"null", failure(value))
        try:
            raw = encode(value)
        except ValueRefused:
            raw = encode(value, f"the result of item {item.key!r}")  # for the message that names it
        if self._policy.restore is not None:
            _check_restorable(item, raw, self._policy.restore)
        return self._settled(item, "succeeded", raw)

    def skipped(self, skip: Skip) -> list[Settled]:
        return [self._settled(item, "skipped", encode(skip.reason)) for item in self.unit]

    def failed(self) -> list[Settled]:
        assert self.error is not None
        found = failure(self.error)
        return [self._settled(item, "failed", b"null", found) for item in self.unit]

    def _settled(self, item: Item, status: Status, raw: bytes, error: Failure | None = None) -> Settled:
        counters = self.attempt.counters if self.attempt else None
        return Settled(item, status, raw, error, self.attempts, self.spent / len(self.unit), counters)

    def wait(self) -> float | None:
        """Seconds until the next attempt, None if there is to be none.

        Raises:
            ValueRefused, BatchMismatch: the function is wrong, not the item.
            Abandoned: the function asked to stop the run.
        """
        error = self.error
        assert error is not None
        stopped = leaf(error, Stopped)
        if stopped is not None:
            self._policy.home.halt(stopped)
            raise Abandoned
        if isinstance(error, ValueRefused | BatchMismatch):
            raise error
        retries = self._policy.retries
        asked = retry.retry_after(error) if retries.times else None
        if asked is not None and not retries.is_permanent(error):
            self.attempts -= 1  # the server said when, so nothing was tried in vain
            pause: float | None = asked
        else:
            pause = retries.wait(error, self.attempts)
        if pause is not None:
            self._policy.announce(self.unit[0], failure(error), self.attempts, pause)
            self.error = None
        return pause


def _check_restorable(item: Item, raw: bytes, restore: Restore) -> None:
    """Refuse now what :meth:`Report.results` could not give back later."""
    try:
        restore(decode(raw))
    except Exception as error:
        raise ValueRefused(
            f"the result of item {item.key!r} does not fit the function's return annotation: {error}. "
            "Mend the annotation or the result, and run again"
        ) from error


def _as_many(returned: Any, unit: Unit) -> Sequence[Any]:
    # A text or a dict of as many parts as there are items was never meant as their results.
    no_list = isinstance(returned, str | bytes | Mapping | Set) or not isinstance(returned, Iterable)
    values = None if no_list else list(returned)
    if values is None or len(values) != len(unit):
        found = "no list" if values is None else f"{len(values)} results"
        raise BatchMismatch(
            f"the function returned {found} for a batch of {len(unit)} items "
            f"({unit[0].key!r} to {unit[-1].key!r}); it must return a list of one result per item"
        )
    return values


def is_async(fn: Callable[..., Any]) -> bool:
    """Whether calling it gives an awaitable."""
    target = fn
    while hasattr(target, "func"):  # functools.partial
        target = target.func
    method = getattr(type(target), "__call__", None)  # noqa: B004 - of an object that is called like a function
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(method)


def _course(policy: Policy, unit: Unit, tally: Tally) -> Generator[float | Invoke, Any, list[Settled]]:
    """One unit's way to its outcomes, for sync and async alike: yields seconds to wait, or a call to make."""
    while True:
        if tally.error is None:
            while policy.permission is not None and not policy.permission():
                yield LIMIT_POLL
            tally.begin()
            try:
                returned = yield Invoke(tally.argument)
            except Exception as error:
                tally.end(error)
            else:
                tally.end()
                return tally.succeeded(returned)
        if isinstance(tally.error, Skip):
            return tally.skipped(tally.error)
        pause = tally.wait()
        if pause is None:  # of a failed batch, only calls of one item each tell which of them did it
            return tally.failed() if len(unit) == 1 else (yield from _alone(policy, unit))
        yield pause


def _alone(policy: Policy, unit: Unit) -> Generator[float | Invoke, Any, list[Settled]]:
    settled: list[Settled] = []
    for item in unit:
        settled += yield from _course(policy, [item], Tally(policy, [item]))
    return settled


def abandoned(error: BaseException) -> list[Settled]:
    """The outcomes of an attempt that was given up, alone or in a task group: none. Other errors are raised."""
    if leaf(error, Abandoned) is None:
        raise error
    return []


class SyncCall:
    """Calls a plain function for a unit, in whatever thread asks."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._direct = policy.permission is None
        self._late = threading.local()

    def __call__(self, unit: Unit) -> list[Settled]:
        tally = Tally(self._policy, unit)
        outer = current.get()  # of an item whose function started this run
        try:
            if self._direct:  # the usual way, without what only others need
                tally.begin()
                try:
                    returned = self._invoke(tally.argument)
                except Exception as error:
                    tally.end(error)
                else:
                    tally.end()
                    return tally.succeeded(returned)
            return self._follow(_course(self._policy, unit, tally))
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
                return policy.fn(argument, **policy.params)
            finally:
                policy.stop.interruptible = False
        if policy.timeout is None:
            return policy.fn(argument, **policy.params)
        return self._invoke_timed(argument, policy.timeout)

    def _invoke_timed(self, argument: Any, timeout: float) -> Any:
        """In a thread of its own, which cannot be killed: late, it keeps this slot until it returns."""
        if not self._slot_free(timeout):
            raise TimeoutError(f"an earlier attempt is still running after its timeout of {timeout:g} s")
        box: dict[str, Any] = {}
        context = contextvars.copy_context()

        def work() -> None:
            try:
                box["value"] = context.run(self._policy.fn, argument, **self._policy.params)
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

    async def __call__(self, unit: Unit) -> list[Settled]:
        course = _course(self._policy, unit, Tally(self._policy, unit))
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
        return await (call if self._policy.timeout is None else self._timed(call, self._policy.timeout))

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
