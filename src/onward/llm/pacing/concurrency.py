"""How many requests may be under way at once: a level that finds itself.

Additive increase, multiplicative decrease, with a slow start: Chiu & Jain, "Analysis of the increase and decrease
algorithms for congestion avoidance in computer networks" (1989); Jacobson, "Congestion avoidance and control" (1988).
That rising latency is a sign of a queue, before anything is refused, is TCP Vegas (Brakmo & Peterson 1995); a
tolerance between what latency is and what is usual is Gradient2 of Netflix' concurrency-limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FIRST, FIRST_MOST = 4.0, 16.0
"""The level to begin with, and the most it rises to before it is known what latency is usual."""

DECREASE = 0.5
TOLERANCE = 2.0
"""How many times what is usual the latency may be before it counts as rising."""

RELIEF = 0.9
"""A latency that stays above so much of itself after the level was lowered is not the level's doing."""

COHORT = 50
"""Requests that start one after the other, and are judged together when all have ended: of those that have ended so
far, the short ones would be too many."""

COHORTS = 10
"""Cohorts that the average of what is usual is over."""


@dataclass
class Cohort:
    """Some requests in a row.

    Attributes:
        number: cohorts with a lower one than the newest cut's tell of the level before.
        under_way: the sum of how many were when each started, itself among them.
        answered: how many have an answer; ``logarithms`` is the sum of those of their latencies.
    """

    number: int
    started: int = 0
    under_way: int = 0
    ended: int = 0
    answered: int = 0
    logarithms: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.ended == self.started == COHORT and self.answered > 0

    @property
    def latency(self) -> float:
        """The mean of logarithms: a queue makes all answers longer by the same factor; a few that are long for
        reasons of their own, as those of models are, must not look like one."""
        return self.logarithms / self.answered

    @property
    def crowd(self) -> float:
        """How many requests were under way."""
        return self.under_way / self.started


class Concurrency:
    """The level, and when it moves.

    What latency is usual is seen with the first cohort, and with others that are not more at a time; those that are,
    are compared with it.

    Args:
        most: it never rises above.
    """

    def __init__(self, most: int | None) -> None:
        self.most = math.inf if most is None else float(most)
        self.level = min(FIRST, self.most)
        self.latency = Average(COHORT)
        self._threshold = math.inf
        self._cohort = Cohort(0)
        self._first_judged = 0
        self._usual: Average | None = None
        self._usual_at = self.level
        self._cut_for: float | None = None

    def started(self, in_flight: int) -> Cohort:
        """A request starts, and belongs to a cohort; ``in_flight`` counts it."""
        if self._cohort.started == COHORT:
            self._cohort = Cohort(self._cohort.number + 1)
        self._cohort.started += 1
        self._cohort.under_way += in_flight
        return self._cohort

    def finished(self, cohort: Cohort, seconds: float, in_flight: int) -> None:
        """A request was answered after so many seconds; ``in_flight`` counts it."""
        self.latency.add(seconds)
        cohort.answered += 1
        cohort.logarithms += math.log(max(1e-6, seconds))
        self.ended(cohort)
        if 2 * in_flight >= self.level and self._cut_for is None:  # it was made use of, and is not on trial
            most = self.most if self._usual is not None else min(self.most, FIRST_MOST)
            more = 1 if self.level < self._threshold else 1 / self.level
            self.level = max(self.level, min(most, self.level + more))

    def ended(self, cohort: Cohort) -> None:
        """A request ended, with or without an answer."""
        cohort.ended += 1
        if cohort.is_over and cohort.number >= self._first_judged:
            self._judge(cohort)

    def refused(self, carried: float) -> None:
        """The server refuses; but ``carried`` requests at once it must be able to carry (Little's law)."""
        self._cut(max(DECREASE * self.level, carried))

    def _judge(self, cohort: Cohort) -> None:
        """Lower the level because of latency, unless that did not help the last time: then this is what is usual."""
        cut_for, self._cut_for = self._cut_for, None
        if self._usual is None:
            self._accept(cohort)
        elif cohort.latency > self._usual.value + math.log(TOLERANCE):
            if cut_for is not None and cohort.latency > cut_for + math.log(RELIEF):
                self._accept(cohort)
            else:
                self._cut(DECREASE * cohort.crowd)
                self._cut_for = cohort.latency
        elif cohort.crowd <= self._usual_at:
            self._usual.add(cohort.latency)

    def _accept(self, cohort: Cohort) -> None:
        self._usual, self._usual_at = Average(COHORTS), cohort.crowd
        self._usual.add(cohort.latency)

    def _cut(self, level: float) -> None:
        self.level = self._threshold = min(self.level, max(1.0, level))
        self._cut_for = None
        self._cohort = Cohort(self._cohort.number + 1)
        self._first_judged = self._cohort.number

    # Across sessions

    def note(self) -> dict[str, float]:
        """What was learnt, as JSON."""
        return {"level": self.level, "latency": self.latency.value}

    def recall(self, noted: dict[str, float]) -> None:
        """Go up to the level of an earlier session again, by a slow start."""
        self._threshold = min(self.most, max(1.0, noted["level"]))
        self.level = min(FIRST, self._threshold)


class Average:
    """A mean that becomes an exponential one once it has seen as many values as it is over."""

    def __init__(self, over: int) -> None:
        self._over = over
        self.count = 0
        self.value = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.value += (value - self.value) / min(self.count, self._over)
