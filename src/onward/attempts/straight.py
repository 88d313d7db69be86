"""The shortest way from an item to its outcome: a plain function called in the coordinator's own thread.

Most items need no more than one call that returns. What does (an error, counters, another try) goes the way of
:mod:`onward.attempts.calls`, from where the first try has left it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from time import perf_counter
from typing import Any

from onward import forks
from onward.attempts.calls import SyncCall
from onward.attempts.context import Attempt, current
from onward.attempts.course import Policy, Tally, abandoned, encode_result
from onward.codec import round_trip
from onward.errors import ValueRefused
from onward.model import Item, Settled
from onward.stop import Abandoned

Succeed = Callable[[Item, bytes, Any, float, float], None]
"""Takes a success at the first try: the result as JSON and decoded, the seconds it took, and the time."""


class StraightCall:
    """Calls the function for an item and passes on what becomes of it.

    Args:
        policy: of one item a call, without limits to ask.
        succeed: gets the successes at the first try.
        settle: gets all other outcomes.
    """

    def __init__(self, policy: Policy, succeed: Succeed, settle: Callable[[Settled], None]) -> None:
        self._policy = policy
        self._home = policy.home
        self._pid = os.getpid()
        self._generation = forks.generation
        self._stop = policy.stop
        self._fn = functools.partial(policy.fn, **policy.params) if policy.params else policy.fn
        self._plain = policy.restore is None
        self._flight = policy.flight
        self._succeed = succeed
        self._settle = settle
        self._others = SyncCall(policy)

    def __call__(self, item: Item) -> bool:
        """Whether the item has settled; False if it was abandoned because the session stops."""
        stop = self._stop
        attempt = Attempt((item,), self._home)
        outer = current.set(attempt)
        failed: Exception | None = None
        returned = None
        flight = self._flight
        slot = flight.enter((item,)) if flight is not None and flight.on else 0
        stop.interruptible = True
        began = perf_counter()
        try:
            returned = self._fn(item.value)
        except Exception as error:
            failed = error
        except (Abandoned, BaseExceptionGroup) as error:
            return bool(abandoned(error))
        finally:
            if forks.generation != self._generation:
                forks.end_if_child(self._pid)
            stop.interruptible = False
            current.reset(outer)
            if slot and flight is not None:
                flight.leave(slot)
        now = perf_counter()
        if failed is not None or attempt.counters is not None:
            return self._go_on(attempt, now - began, failed, returned)
        try:
            raw, plain = round_trip(returned) if self._plain else encode_result(self._policy, item, returned)
        except ValueRefused:
            encode_result(self._policy, item, returned)  # for the message that names the item
            raise
        self._succeed(item, raw, plain, now - began, now)
        return True

    def _go_on(self, attempt: Attempt, seconds: float, failed: Exception | None, returned: Any) -> bool:
        tally = Tally(self._policy, (attempt.item,)).tried(attempt, seconds, failed)
        outcomes = self._others.go_on(tally) if failed is not None else tally.succeeded(returned)
        for outcome in outcomes:
            self._settle(outcome)
        return bool(outcomes)
