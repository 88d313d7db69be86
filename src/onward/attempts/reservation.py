"""Amounts promised to a call while it is under way, so that calls side by side do not exceed a budget together."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from types import TracebackType

from onward.attempts.home import Home
from onward.attempts.spending import Amounts, budget_reached
from onward.stop import Abandoned

POLL = 0.1
"""Seconds between two looks at whether room has come."""


class Reservation:
    """Amounts promised to one call; see :meth:`RunContext.reserve`."""

    def __init__(self, home: Home, amounts: Amounts) -> None:
        self._home = home
        self._asked = amounts
        self._left: Amounts = {}
        self._outer: Reservation | None = None
        self.ledger = home.ledger

    def use(self, amounts: Amounts) -> None:
        """So much of the promise is spent now, and no longer promised."""
        used = {name: min(amount, amounts[name]) for name, amount in self._left.items() if name in amounts}
        self._left = {name: amount - used.get(name, 0) for name, amount in self._left.items()}
        self.ledger.spending.release(used)

    def _take(self, *, may_wait: bool) -> bool:
        """Whether it fits; if it does not, whether waiting may help.

        Raises:
            Abandoned: the session stops, because it does not fit or otherwise.
        """
        spending = self.ledger.spending
        reason = spending.hold(self._asked)
        if reason is None:
            self._left, self._outer = self._asked, reserved.get()
            reserved.set(self)
            return True
        # Who holds a promise itself must not wait for others who may wait for it.
        if may_wait and reserved.get() is None and spending.fits_alone(self._asked):
            return False
        self._home.halt(budget_reached(reason, spending))
        raise Abandoned

    def __enter__(self) -> Reservation:
        may_wait = not in_event_loop()
        while not self._take(may_wait=may_wait):
            self._home.stop.pause(POLL)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ledger.spending.release(self._left)
        self._left = {}
        reserved.set(self._outer)

    async def __aenter__(self) -> Reservation:
        while not self._take(may_wait=True):
            await self._home.stop.pause_async(POLL)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


reserved: ContextVar[Reservation | None] = ContextVar("onward_held", default=None)


def in_event_loop() -> bool:
    """Whether this thread runs an event loop now; loads no asyncio to find out."""
    loaded = sys.modules.get("asyncio")
    return loaded is not None and loaded._get_running_loop() is not None
