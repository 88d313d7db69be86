"""Named, saved parts of one item's work, and the user's own sums: what a job function can say while it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from onward.attempts.context import Attempt, attempt_for
from onward.codec import decode, encode, restorer


def step(name: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a named part of an item's work, or take its result from the checkpoint if it has finished before.

    With a coroutine function it returns an awaitable. The result is what JSON gives back, through the function's
    return annotation, whether it is new or reused.

    Raises:
        UsageError: outside an item, or the name occurs twice in it.
        ValueRefused: the result cannot be saved.
    """
    attempt = attempt_for("step")
    if inspect.iscoroutinefunction(fn):
        return _step_async(attempt, name, fn, args, kwargs)
    attempt.claim(name)
    raw = attempt.finished(name)
    if raw is None:
        raw = _keep(attempt, name, fn(*args, **kwargs))
    return restored(fn, raw)


async def _step_async(attempt: Attempt, name: str, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    attempt.claim(name)
    raw = attempt.finished(name)
    if raw is None:
        raw = _keep(attempt, name, await fn(*args, **kwargs))
    return restored(fn, raw)


def _keep(attempt: Attempt, name: str, value: Any) -> bytes:
    raw = encode(value, f"the result of step {name!r} of item {attempt.item.key!r}")
    attempt.keep(name, raw)
    return raw


def restored(fn: Callable[..., Any], raw: bytes) -> Any:
    """A stored result as the caller of a step sees it: through the function's return annotation."""
    restore = restorer(fn)
    return restore(decode(raw)) if restore else decode(raw)


def count(name: str, amount: float = 1) -> None:
    """Add to one of the run's counters. It counts once the item settles, in the same checkpoint.

    Raises:
        UsageError: outside an item.
    """
    attempt = attempt_for("count")
    attempt.item  # noqa: B018 - raises in a batch
    attempt.count(name, amount)


def spend(**amounts: float) -> None:
    """Count what was spent: ``usd=0.003``, ``tokens=1200``, or any name.

    ``tokens`` is the sum of ``input_tokens`` and ``output_tokens`` where it is not given. It counts at once, against
    the run's ``budget``, whatever becomes of the attempt, and is durable with the next checkpoint.

    Raises:
        UsageError: outside an item, or an amount is not a number from 0.
    """
    attempt_for("spend").spend(**amounts)
