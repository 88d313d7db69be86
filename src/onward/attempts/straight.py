"""The shortest way from an item to its outcome: a plain function called in the coordinator's own thread.

Most items need no more than one call that returns. What does (an error, counters, another try) goes the way of
:mod:`onward.attempts.calls`, from where the first try has left it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

from onward.attempts.calls import SyncCall
from onward.attempts.context import Attempt, current
from onward.attempts.course import Policy, Tally, abandoned, encode_result
from onward.model import Item, Settled
from onward.stop import Abandoned


class Taker(Protocol):
    """Takes outcomes; the journal is one."""

    def succeed(self, item: Item, raw: bytes, plain: Any, seconds: float, now: float) -> None:
        """A success at the first try: the result as JSON and decoded, how long it took, and the time."""


class StraightCall:
    """Calls the function for an item and passes on what becomes of it.

    Args:
        policy: of one item a call, without limits to ask.
        taker: gets the successes at the first try.
        settle: gets all other outcomes.
    """

    def __init__(self, policy: Policy, taker: Taker, settle: Callable[[Settled], None]) -> None:
        self._policy = policy
        self._fn = functools.partial(policy.fn, **policy.params) if policy.params else policy.fn
        self._succeed = taker.succeed
        self._settle = settle
        self._others = SyncCall(policy)

    def __call__(self, item: Item) -> bool:
        """Whether the item has settled; False if it was abandoned because the session stops."""
        policy = self._policy
        attempt = Attempt((item,), policy.home)
        outer = current.get()  # of an item whose function started this run
        current.set(attempt)
        failed: Exception | None = None
        returned = None
        policy.stop.interruptible = True
        began = perf_counter()
        try:
            returned = self._fn(item.value)
        except (Abandoned, BaseExceptionGroup) as error:
            if not isinstance(error, Exception):
                return bool(abandoned(error))
            failed = error
        except Exception as error:
            failed = error
        finally:
            policy.stop.interruptible = False
            current.set(outer)
        now = perf_counter()
        if failed is not None or attempt.counters is not None:
            return self._go_on(Tally(policy, (item,)).tried(attempt, now - began, failed), returned)
        raw, plain = encode_result(policy, item, returned)
        self._succeed(item, raw, plain, now - began, now)
        return True

    def _go_on(self, tally: Tally, returned: Any) -> bool:
        outcomes = self._others.go_on(tally) if tally.error is not None else tally.succeeded(returned)
        for outcome in outcomes:
            self._settle(outcome)
        return bool(outcomes)
