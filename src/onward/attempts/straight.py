"""The shortest way from an item to its outcome: a plain function called in the coordinator's own thread.

Most items need no more than one call that returns. What does (an error, counters, another try) goes the way of
:mod:`onward.attempts.calls`, from where the first try has left it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import chain
from time import perf_counter
from typing import Any

from onward import forks
from onward.attempts.calls import SyncCall
from onward.attempts.context import Desk, current
from onward.attempts.course import Policy, Tally, abandoned, encode_result
from onward.codec import from_json, to_json
from onward.model import Item, Settled
from onward.stop import Abandoned

Succeed = Callable[[Item, bytes, Any, float, float], None]
"""Takes a success at the first try: the result as JSON and decoded, the seconds it took, and the time."""


class StraightCall:
    """Calls the function for one item after the other and passes on what becomes of them.

    Args:
        policy: of one item a call, without limits to ask.
        succeed: gets the successes at the first try.
        settle: gets all other outcomes.
        arrived: what somebody waits for, if there is any.

    Attributes:
        ended: no item is left, and none was given up because the session stops.
    """

    def __init__(
        self, policy: Policy, succeed: Succeed, settle: Callable[[Settled], None], arrived: Sized
    ) -> None:
        self._policy = policy
        self._pid = os.getpid()
        self._fn = functools.partial(policy.fn, **policy.params) if policy.params else policy.fn
        self._succeed = succeed
        self._settle = settle
        self._arrived = arrived
        self._others = SyncCall(policy)
        self.ended = False

    def through(self, units: Iterable[Sequence[Item]], *, each: bool) -> Iterator[None]:
        """Work on the items of all units, until one is abandoned. Pauses where something is to be looked at.

        Args:
            each: that is so after each item.
        """
        fn, succeed, arrived, policy = self._fn, self._succeed, self._arrived, self._policy
        stop, flight, generation, desk = policy.stop, policy.flight, forks.generation, Desk(policy.home)
        set_current, reset_current, plainly = current.set, current.reset, policy.restore is None
        for item in chain.from_iterable(units):
            failed: Exception | None = None
            returned = None
            outer = set_current((desk, item))
            slot = flight.enter((item,)) if flight is not None and flight.on else 0
            stop.interruptible = True
            began = perf_counter()
            try:
                returned = fn(item.value)
            except Exception as error:
                failed = error
            except (Abandoned, BaseExceptionGroup) as error:
                abandoned(error)
                return
            finally:
                now = perf_counter()
                stop.interruptible = False
                if forks.generation != generation:
                    forks.end_if_child(self._pid)
                reset_current(outer)
                if slot and flight is not None:
                    flight.leave(slot)
            if failed is None and not desk.asked:
                try:
                    raw = to_json(returned)
                    plain = from_json(raw)
                    proven = plainly and (plain == returned) is True
                except Exception:
                    proven, raw, plain = False, b"", None
                if not proven:  # most results need no such closer look
                    raw, plain = encode_result(policy, item, returned)
                succeed(item, raw, plain, now - began, now)
            elif not self._go_on(desk, item, now - began, failed, returned):
                return
            if each or arrived or stop.requested:
                yield
        self.ended = True

    def _go_on(self, desk: Desk, item: Item, seconds: float, failed: Exception | None, returned: Any) -> bool:
        tally = Tally(self._policy, (item,)).tried(desk.attempt(item), seconds, failed)
        del desk.asked[item.ordinal]
        outcomes = self._others.go_on(tally) if failed is not None else tally.succeeded(returned)
        for outcome in outcomes:
            self._settle(outcome)
        return bool(outcomes)
