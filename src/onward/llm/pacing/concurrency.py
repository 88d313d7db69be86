"""How many requests may be under way at once: a level that finds itself.

Additive increase, multiplicative decrease, with a slow start: Chiu & Jain, "Analysis of the increase and decrease
algorithms for congestion avoidance in computer networks" (1989); Jacobson, "Congestion avoidance and control" (1988).
That rising latency is a sign of a queue, before anything is refused, is TCP Vegas (Brakmo & Peterson 1995); two
averages of it, a short and a long one, and a tolerance between them are Gradient2 of Netflix' concurrency-limits.
"""

from __future__ import annotations

import math

FIRST = 4.0
DECREASE = 0.5
TOLERANCE = 2.0
"""How many times its long average latency may be before it counts as rising."""

SHORT, LONG = 10, 200
"""Requests that the two averages of latency are over."""

LATENCIES_NEEDED = 20


class Concurrency:
    """The level, and when it moves.

    Args:
        most: it never rises above.
    """

    def __init__(self, most: int | None) -> None:
        self.most = math.inf if most is None else float(most)
        self.level = min(FIRST, self.most)
        self._threshold = math.inf
        self._cut_at = -math.inf
        self._short = Average(SHORT)
        self._long = Average(LONG)

    @property
    def latency(self) -> float:
        """Seconds that a request takes, lately."""
        return self._short.value

    def finished(self, began: float, now: float, in_flight: int) -> None:
        """A request that began then was answered; ``in_flight`` counts it."""
        self._short.add(now - began)
        self._long.add(now - began)
        if self._is_rising() and began >= self._cut_at:
            self._cut(max(DECREASE, TOLERANCE * self._long.value / self._short.value), 1.0, now)
        elif 2 * in_flight >= self.level:  # it was made use of
            self.level = min(self.most, self.level + (1 if self.level < self._threshold else 1 / self.level))

    def refused(self, carried: float, now: float) -> None:
        """The server refuses; but ``carried`` requests at once it must be able to carry (Little's law)."""
        self._cut(DECREASE, carried, now)

    def _is_rising(self) -> bool:
        return self._long.count >= LATENCIES_NEEDED and self._short.value > TOLERANCE * self._long.value

    def _cut(self, factor: float, least: float, now: float) -> None:
        self.level = min(self.level, max(1.0, least, factor * self.level))
        self._threshold = self.level
        self._cut_at = now

    def note(self) -> dict[str, float]:
        """What was learnt, as JSON."""
        return {"level": self.level, "latency": self._long.value}

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
