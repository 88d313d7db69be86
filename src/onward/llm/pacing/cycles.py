"""What a server's refusals show of its limit.

When a server refuses, its allowance is used up. Between the end of one refusal and the end of the next it has
therefore admitted what it allows for that time, exactly, whether it counts in windows or keeps a bucket. Such a
stretch of time is called a *cycle*. The first one is not whole: it may have begun with an allowance saved up.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

STEADY = 1.25
"""How many times its first rate may be the last one of a cycle that measures: one that began far below the limit
left some of the allowance unused."""

ALIKE = 0.1
"""How little the averages of two whole cycles in a row differ if they measure, however unsteady their rates were."""

ENOUGH_SECONDS, ENOUGH_REQUESTS, ENOUGH_ALONE = 10.0, 8, 60.0
"""What a limit is measured from: seconds and requests of cycles; or, where requests are few, so many seconds."""

REMEMBERED = 180.0
"""Seconds of cycles that the limit is computed from."""


@dataclass
class Cycle:
    """From one refusal's end to the next.

    Attributes:
        whole: it began with nothing saved up.
        admitted: requests that started in it and were not refused.
        first_rate, last_rate: requests a second that were aimed at.
        before: the average of the cycle before, infinite if that was not whole.
    """

    number: int
    began: float
    whole: bool = True
    ended: float = math.inf
    admitted: int = 0
    first_rate: float = 0.0
    last_rate: float = 0.0
    before: float = math.inf

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def average(self) -> float:
        return self.admitted / self.seconds if self.seconds > 0 else math.inf

    @property
    def measures(self) -> bool:
        """Whether the allowance was used up all the time, so that what was admitted is what is allowed."""
        steady = self.last_rate <= STEADY * self.first_rate
        return self.whole and (steady or abs(self.average / self.before - 1) <= ALIKE)


class Cycles:
    """The cycle that is going on, the one before it, and the sum of those that measured.

    Attributes:
        last: its admissions and its end may still turn out to be more; None if what it showed holds no more.
    """

    def __init__(self, now: float) -> None:
        self.current = Cycle(0, now, whole=False)
        self.last: Cycle | None = None
        self._measured: deque[tuple[int, float]] = deque()

    def admitted(self, number: int) -> bool:
        """The server took a request of that cycle; True if it is the last one that was more than was known."""
        if number == self.current.number:
            self.current.admitted += 1
            return False
        if self.last is None or number != self.last.number:
            return False
        self.last.admitted += 1
        self.current.before = self._last_average()
        return True

    def is_known(self, number: int) -> bool:
        """Whether a refusal in that cycle only repeats the last one: nothing was admitted since."""
        return number < self.current.number or not self.current.admitted

    def prolong(self, until: float) -> None:
        """The last refusal lasts longer than was known."""
        self.current.began = max(self.current.began, until)
        if self.last is not None:
            self.last.ended = max(self.last.ended, until)

    def end(self, until: float, rate: float) -> Cycle:
        """A refusal ends the current cycle; the next begins when the server takes requests again."""
        if self.last is not None and self.last.measures:
            self._measured.append((self.last.admitted, self.last.seconds))
            self._let_go()
        ended = self.last = self.current
        ended.ended, ended.last_rate = until, rate
        self.current = Cycle(ended.number + 1, until, before=self._last_average())
        return ended

    def outdate(self, now: float | None = None) -> None:
        """The limit has changed: what was measured holds no more. With ``now``, a cycle begins that is not whole."""
        self._measured.clear()
        self.last = None
        if now is not None:
            self.current = Cycle(self.current.number + 1, now)
        self.current.whole = False

    @property
    def measured(self) -> float | None:
        """Requests a second that the server allows; None while it is not measured."""
        admitted, seconds = self._sums()
        enough = seconds >= ENOUGH_ALONE or admitted >= ENOUGH_REQUESTS
        return admitted / seconds if seconds >= ENOUGH_SECONDS and admitted and enough else None

    def _sums(self) -> tuple[int, float]:
        cycles = list(self._measured)
        if self.last is not None and self.last.measures:
            cycles.append((self.last.admitted, self.last.seconds))
        return sum(admitted for admitted, _ in cycles), sum(seconds for _, seconds in cycles)

    def _let_go(self) -> None:
        while sum(seconds for _, seconds in list(self._measured)[1:]) >= REMEMBERED:
            self._measured.popleft()

    def _last_average(self) -> float:
        return self.last.average if self.last is not None and self.last.whole else math.inf

    def note(self) -> tuple[int, float]:
        """The requests and the seconds that were measured."""
        return self._sums()

    def recall(self, admitted: int, seconds: float, now: float) -> None:
        """Go on from a note."""
        self.outdate(now)
        if seconds > 0:
            self._measured.append((admitted, seconds))
