"""What stops a session resumably: a deadline, too many failures, a budget, the job's own word."""

from __future__ import annotations

import threading
import warnings

from onward.attempts.spending import Spending, budget_reached
from onward.errors import BudgetReached, DeadlineReached, FailureLimitReached, Stopped
from onward.model import Settled
from onward.settings import Settings
from onward.stop import Stop


class Stopping:
    """Asks the session's ``stop``, and remembers why.

    Attributes:
        error: the first reason, None while there is none.
    """

    def __init__(self, settings: Settings, stop: Stop, spending: Spending) -> None:
        self._settings = settings
        self._stop = stop
        self._spending = spending
        self._failures = settings.terms.failure_limit()
        self._judged = 0
        self._timer: threading.Timer | None = None
        self.error: Stopped | None = None

    def halt(self, error: Stopped) -> None:
        """Begin nothing more, and raise this in the end. The first reason counts; from any thread."""
        self.error = self.error or error
        self._stop.request()

    def judge(self, settled: Settled, number: int) -> None:
        """An item has settled, the session's ``number``-th: whether too many have failed."""
        if settled.status != "failed":
            return
        assert settled.error is not None
        self._failures.passed(number - 1 - self._judged)
        self._judged = number
        reason = self._failures.failed(settled.error.type)
        if reason is not None:
            self.halt(FailureLimitReached(f"{reason}; the last: {settled.error}"))

    def within_budget(self) -> bool:
        """Before an attempt: whether anything is left for it. If not, the session stops."""
        reason = self._spending.reached()
        if reason is not None:
            self.halt(budget_reached(reason, self._spending))
        return reason is None

    def check_spending(self, new: int) -> None:
        """After ``new`` items: warn of a budget that nothing was ever counted against."""
        unspent = self._spending.budget.keys() - self._spending.snapshot().keys()
        if new and unspent and not isinstance(self.error, BudgetReached):
            warnings.warn(
                f"budget={self._settings.budget!r} had no effect: no item has spent any {', '.join(sorted(unspent))}; "
                "say what calls cost with onward.spend()",
                RuntimeWarning,
                stacklevel=2,
            )

    def start_deadline(self) -> None:
        seconds = self._settings.terms.deadline
        if seconds is not None:
            self._timer = threading.Timer(seconds, self._deadline)
            self._timer.daemon = True
            self._timer.start()

    def _deadline(self) -> None:
        self.halt(DeadlineReached(f"the deadline of {self._settings.deadline} has passed"))

    def cancel(self) -> None:
        """The session is over."""
        if self._timer is not None:
            self._timer.cancel()
