"""How many requests a second a server takes: as it was told, and as its refusals show.

What is measured rests on one observation: when a server refuses, its allowance is used up. Between the end of one
refusal and the end of the next it has therefore admitted what it allows for that time, exactly, whether it counts in
windows or keeps a bucket. Such a stretch of time is called a *cycle*. The first one is none: it may have begun with
an allowance that had been saved up.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

MARGIN = 0.98
"""The share of a known limit that is used: what the clocks and the network shift must not overrun it."""

FIRST = 15.0
"""Requests a second to begin with where nothing is known."""

RAMP, SEEK, CREEP, PROBE = 0.05, 0.051, 0.01, 0.001
"""Requests a second that each start held up by the rate adds. The rate grows by so much of itself a second: 5 % while
nothing is known, or no more than that it is too high; 1 % once there is an estimate; 0.1 %, after a hold, to find out
whether a measured limit has risen."""

HOLD, LONGEST_HOLD = 30.0, 1800.0
"""Seconds at a measured rate before it is probed; doubled each time that a probe finds nothing."""

DECREASE = 0.5

RISEN = 1.1
"""A rate that holds at so many times the measured one shows that the limit has risen."""

STEADY = 1.25
"""How many times its first rate may be the last one of a cycle that measures: one that began far below the limit
left some of the allowance unused."""

ALIKE = 0.1
"""How little the averages of two cycles in a row differ if both measure, however unsteady their rates."""

SLOWEST = 1 / 600
ENOUGH_SECONDS, ENOUGH_REQUESTS, ENOUGH_ALONE = 10.0, 8, 60.0
REMEMBERED = 180.0


@dataclass
class Cycle:
    """From one refusal's end to the next: what was admitted in it."""

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
        """Whether the server's allowance was used up all the time, and what was admitted is what it allows."""
        steady = self.last_rate <= STEADY * self.first_rate
        return self.whole and (steady or abs(self.average / self.before - 1) <= ALIKE)


class Rate:
    """Requests a second: at most ``limit``, less if refusals show it, more again by and by.

    Additive increase and multiplicative decrease (Chiu & Jain 1989) until two refusals have measured the limit, then
    the measured rate.

    Args:
        limit: requests a second that were stated by the user, None if none were.
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self._ceiling = math.inf
        self.per_second = FIRST
        self._growth = RAMP
        self._hold = HOLD
        self._held_until = -math.inf
        self._now = Cycle(0, now, whole=False)
        self._last: Cycle | None = None
        self._sustained = 0.0
        self._measured: deque[tuple[int, float]] = deque()
        self.stated = limit is not None
        if limit is not None:
            self.state(limit)

    # What is said

    def state(self, limit: float) -> None:
        """The server's limit, in requests a second, by its own word or the user's."""
        ceiling = max(SLOWEST, limit * MARGIN)
        if self._growth == RAMP or self.per_second >= self._ceiling:
            self.per_second = ceiling  # nothing has contradicted it
        self._ceiling = ceiling
        self.per_second = min(self.per_second, ceiling)
        if self._growth == RAMP:
            self._growth = SEEK

    @property
    def is_known(self) -> bool:
        """Whether anything was stated or learnt."""
        return self._growth != RAMP

    # What happens

    @property
    def cycle(self) -> int:
        """The number of the cycle that a request starting now belongs to."""
        return self._now.number

    def started(self, held: bool, now: float) -> None:
        """A request started; ``held`` says that it had to wait for this rate."""
        if not held or now < self._held_until:
            return
        faster = self.per_second + min(self._growth, 0.1 * self.per_second)
        self.per_second = min(self._ceiling, faster)
        if self._measured and self._growth == PROBE and self.per_second > RISEN * self._estimate():
            self._forget(now)

    def admitted(self, cycle: int) -> None:
        """The server took a request of that cycle."""
        if cycle == self._now.number:
            self._now.admitted += 1
        elif self._last is not None and cycle == self._last.number:
            self._last.admitted += 1
            self._now.before = self._last_average()
            self._learn(self._last)

    def refused(self, cycle: int, until: float, now: float) -> bool:
        """The server refused a request of that cycle, and takes none before ``until``; True if this was news."""
        current, last = self._now, self._last
        if cycle < current.number or not current.admitted:
            current.began = max(
                current.began, until
            )  # the same refusal, only longer than it was thought to be
            if last is not None and until > last.ended:
                last.ended = until
                self._learn(last)
            return False
        if (
            self._growth == PROBE and now < self._held_until
        ):  # by what was measured it would have been admitted
            self._measured.clear()
            self._last, current.whole = None, False
        elif last is not None and last.measures:
            self._measured.append((last.admitted, last.seconds))
            self._let_go()
        current.ended, current.last_rate = until, self.per_second
        self._sustained = self._was_sustained(now)
        self._last, self._now = current, Cycle(current.number + 1, until)
        self._learn(current)
        self._now.first_rate, self._now.before = self.per_second, self._last_average()
        return True

    def _last_average(self) -> float:
        return self._last.average if self._last is not None and self._last.whole else math.inf

    def _was_sustained(self, now: float) -> float:
        """The rate that went well for long, if a probe went beyond it; 0.0 if there is none."""
        if self._growth != PROBE or now < self._held_until:
            return 0.0
        self._hold = min(LONGEST_HOLD, 2 * self._hold)
        return self._now.first_rate

    # What follows from it

    def _learn(self, ended: Cycle) -> None:
        """The rate after a cycle; asked again when more of it comes to be known."""
        if self._is_measured(ended):
            self._growth = PROBE
            self._held_until = ended.ended + self._hold
            found = max(self._sustained, MARGIN * self._estimate(ended))
        else:
            self._growth = CREEP if ended.seconds >= ENOUGH_SECONDS else SEEK
            found = DECREASE * ended.last_rate
            if ended.seconds >= 2:
                average = MARGIN * ended.average
                found = max(found, average) if ended.whole else min(found, average)
        self.per_second = min(self._ceiling, max(SLOWEST, min(found, ended.last_rate)))

    def _is_measured(self, ended: Cycle) -> bool:
        admitted, seconds = self._sums(ended)
        enough = seconds >= ENOUGH_ALONE or admitted >= ENOUGH_REQUESTS
        return seconds >= ENOUGH_SECONDS and admitted > 0 and enough

    def _estimate(self, ended: Cycle | None = None) -> float:
        admitted, seconds = self._sums(ended)
        return admitted / seconds

    def _sums(self, ended: Cycle | None = None) -> tuple[int, float]:
        cycles = [*self._measured]
        if ended is not None and ended.measures:
            cycles.append((ended.admitted, ended.seconds))
        return sum(n for n, _ in cycles), sum(t for _, t in cycles)

    def _let_go(self) -> None:
        while len(self._measured) > 1 and self._sums()[1] - self._measured[0][1] >= REMEMBERED:
            self._measured.popleft()

    def _forget(self, now: float) -> None:
        """The limit has risen: what was measured holds no more."""
        self._measured.clear()
        self._growth, self._hold = SEEK, HOLD
        self._last, self._now = None, Cycle(self._now.number + 1, now, whole=False)

    # Across sessions

    def note(self) -> dict[str, float]:
        """What was learnt, as JSON."""
        admitted, seconds = self._sums(self._last)
        found = {"per_second": self.per_second, "growth": self._growth, "hold": self._hold}
        return {**found, "admitted": admitted, "seconds": seconds}

    def recall(self, noted: dict[str, float], now: float) -> None:
        """Go on with what an earlier session had learnt."""
        self._hold = noted["hold"]
        if noted["seconds"] > 0:
            self._measured.append((int(noted["admitted"]), noted["seconds"]))
        if self._growth == RAMP:
            self._growth = noted["growth"]
        if self._growth == PROBE:
            self._held_until = now + self._hold
        self.per_second = min(self._ceiling, max(SLOWEST, noted["per_second"]))
        self._now = Cycle(self._now.number + 1, now, whole=False)
