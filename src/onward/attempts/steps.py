"""Named, saved parts of one item's work, and the user's own counters: what a job function can say while it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from onward.codec import decode, encode, restorer
from onward.errors import UsageError
from onward.model import Item


class StepKeeper(Protocol):
    """Where steps are kept."""

    def finished_step(self, item: Item, name: str) -> bytes | None:
        """The stored result of a step, None if it has not finished."""

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""


class Attempt:
    """One try at one item, as ``step`` and ``count`` see it."""

    __slots__ = ("_keeper", "_used", "counters", "item")

    def __init__(self, item: Item, keeper: StepKeeper) -> None:
        self.item = item
        self.counters: dict[str, float] | None = None
        self._keeper = keeper
        self._used: set[str] | None = None

    def claim(self, name: str) -> bytes | None:
        """Take a step's name, and what is stored under it.

        Raises:
            UsageError: it was taken in this attempt.
        """
        used = self._used = self._used or set()
        if name in used:
            raise UsageError(
                f"step {name!r} occurs twice in item {self.item.key!r}; give each step its own name"
            )
        used.add(name)
        return self._keeper.finished_step(self.item, name)

    def keep(self, name: str, value: Any) -> bytes:
        raw = encode(value, f"the result of step {name!r} of item {self.item.key!r}")
        self._keeper.keep_step(self.item, name, raw)
        return raw

    def count(self, name: str, amount: float) -> None:
        counters = self.counters = self.counters or {}
        counters[name] = counters.get(name, 0) + amount


current: ContextVar[Attempt | None] = ContextVar("onward_attempt", default=None)


def _attempt(what: str) -> Attempt:
    attempt = current.get()
    if attempt is None:
        raise UsageError(
            f"onward.{what}() works inside a job function or a loop over run.pending(), one item at a time, "
            "in the thread or task that runs it"
        )
    return attempt


def step(name: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a named part of an item's work, or take its result from the checkpoint if it has finished before.

    With a coroutine function it returns an awaitable. The result is what JSON gives back, through the function's
    return annotation, whether it is new or reused.

    Raises:
        UsageError: outside an item, or the name occurs twice in it.
        ValueRefused: the result cannot be saved.
    """
    attempt = _attempt("step")
    if inspect.iscoroutinefunction(fn):
        return _step_async(attempt, name, fn, args, kwargs)
    raw = attempt.claim(name)
    if raw is None:
        raw = attempt.keep(name, fn(*args, **kwargs))
    return _restored(fn, raw)


async def _step_async(attempt: Attempt, name: str, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    raw = attempt.claim(name)
    if raw is None:
        raw = attempt.keep(name, await fn(*args, **kwargs))
    return _restored(fn, raw)


def _restored(fn: Callable[..., Any], raw: bytes) -> Any:
    restore = restorer(fn)
    return restore(decode(raw)) if restore else decode(raw)


def count(name: str, amount: float = 1) -> None:
    """Add to one of the run's counters. It counts once the item settles, in the same checkpoint.

    Raises:
        UsageError: outside an item.
    """
    _attempt("count").count(name, amount)
