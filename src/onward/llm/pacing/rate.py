"""How many requests a second to make: as the limit was stated, and as :mod:`onward.llm.pacing.cycles` measures it.

Additive increase and multiplicative decrease (Chiu & Jain 1989) until the limit is measured, then what was measured,
with a look from time to time whether it has risen.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

from onward.llm.pacing.cycles import ENOUGH_SECONDS, Cycle, Cycles

MARGIN = 0.98
"""The share of a known limit that is used: what the clocks and the network shift must not overrun it."""

FIRST, SLOWEST = 15.0, 1 / 600
"""Requests a second to begin with where nothing is known, and at least."""

DECREASE = 0.5


class Phase(StrEnum):
    """What is known about the limit."""

    RAMP = "nothing"
    SEEK = "a bound"
    CREEP = "an estimate"
    PROBE = "its measure"


GROWTH = {Phase.RAMP: 0.05, Phase.SEEK: 0.05, Phase.CREEP: 0.01, Phase.PROBE: 0.001}
"""By how much of itself the rate grows a second, as long as it is what holds requests up."""

HOLD, LONGEST_HOLD = 30.0, 1800.0
"""Seconds at a measured rate before a higher one is tried; doubled each time that this was in vain."""

RISEN = 1.1
"""A rate that holds at so many times the measured one shows that the limit has risen."""


class Rate:
    """Requests a second: at most ``limit``, less if refusals show it, more again by and by.

    Args:
        limit: requests a second that the user stated, None if none were.

    Attributes:
        per_second: the rate.
        stated: whether the user stated a limit.
    """

    def __init__(self, limit: float | None, now: float) -> None:
        self.per_second = FIRST
        self.stated = limit is not None
        self._ceiling = math.inf
        self._phase = Phase.RAMP
        self._hold = HOLD
        self._held_until = -math.inf
        self._sustained = 0.0
        self._cycles = Cycles(now)
        if limit is not None:
            self.state(limit)

    @property
    def is_known(self) -> bool:
        """Whether anything was stated or learnt."""
        return self._phase is not Phase.RAMP

    @property
    def cycle(self) -> int:
        """The number of the cycle that a request starting now belongs to."""
        return self._cycles.current.number

    def state(self, limit: float) -> None:
        """The limit, in requests a second, by the server's own word or the user's."""
        uncontradicted = self._phase is Phase.RAMP or self.per_second >= self._ceiling
        self._ceiling = max(SLOWEST, MARGIN * limit)
        self.per_second = self._ceiling if uncontradicted else min(self.per_second, self._ceiling)
        if self._phase is Phase.RAMP:
            self._phase = Phase.SEEK

    # What happens

    def started(self, held: bool, now: float) -> None:
        """A request started; ``held`` says that it had to wait for this rate."""
        if not held or now < self._held_until:
            return
        growth = GROWTH[
            self._phase
        ]  # so much at each of ``per_second`` starts is that share of it in a second
        self.per_second = min(self._ceiling, self.per_second + min(growth, 0.1 * self.per_second))
        measured = self._cycles.measured if self._phase is Phase.PROBE else None
        if measured is not None and self.per_second > RISEN * measured:
            self._cycles.outdate(now)
            self._phase, self._hold = Phase.SEEK, HOLD

    def admitted(self, cycle: int) -> None:
        """The server took a request of that cycle."""
        if self._cycles.admitted(cycle):
            self._learn()

    def refused(self, cycle: int, until: float, now: float) -> bool:
        """The server refused a request of that cycle, and takes none before ``until``; True if this was news."""
        if self._cycles.is_known(cycle):
            self._cycles.prolong(until)
            self._learn()
            return False
        self._sustained = 0.0
        if self._phase is Phase.PROBE and now < self._held_until:
            self._cycles.outdate()  # by what was measured it would have been admitted
        elif self._phase is Phase.PROBE:
            self._sustained = self._cycles.current.first_rate
            self._hold = min(LONGEST_HOLD, 2 * self._hold)
        self._cycles.end(until, self.per_second)
        self._learn()
        self._cycles.current.first_rate = self.per_second
        return True

    def _learn(self) -> None:
        """What follows from the last cycle; asked again when more of it comes to be known."""
        ended = self._cycles.last
        if ended is None:
            return
        measured = self._cycles.measured
        if measured is not None:
            self._phase = Phase.PROBE
            self._held_until = ended.ended + self._hold
            found = max(self._sustained, MARGIN * measured)
        else:
            self._phase = Phase.CREEP if ended.seconds >= ENOUGH_SECONDS else Phase.SEEK
            found = _estimate(ended)
        self.per_second = min(self._ceiling, max(SLOWEST, min(found, ended.last_rate)))

    # Across sessions

    def note(self) -> dict[str, Any]:
        """What was learnt, as JSON."""
        admitted, seconds = self._cycles.note()
        found: dict[str, Any] = {"per_second": self.per_second, "phase": str(self._phase), "hold": self._hold}
        return {**found, "admitted": admitted, "seconds": seconds, "refused": self.cycle > 0}

    def recall(self, noted: dict[str, Any], now: float) -> None:
        """Go on with what an earlier session had learnt."""
        self._cycles.recall(noted["admitted"], noted["seconds"], now)
        if self.is_known and not noted["refused"]:
            return  # no refusal contradicted what is stated now
        self._hold = noted["hold"]
        self._phase = max(self._phase, Phase(noted["phase"]), key=list(Phase).index)
        if self._phase is Phase.PROBE:
            self._held_until = now + self._hold
        self.per_second = min(self._ceiling, max(SLOWEST, noted["per_second"]))


def _estimate(ended: Cycle) -> float:
    """The rate after a cycle that did not measure the limit.

    A whole one may have left something unused, so the limit may be higher than its average; one that is not whole
    had something saved up, so it may be lower.
    """
    slower = DECREASE * ended.last_rate
    if ended.seconds < 2:
        return slower
    average = MARGIN * ended.average
    return max(slower, average) if ended.whole else min(slower, average)
