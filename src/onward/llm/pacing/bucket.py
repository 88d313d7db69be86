"""A token bucket over times that are passed in."""

from __future__ import annotations

BURST_SECONDS = 0.5
"""How much of an unused allowance is kept. In a server's window of a minute this and :data:`~.rate.MARGIN`
together stay within what the window holds: 0.98 x 60 + 0.5 < 60."""


class Bucket:
    """Fills by ``rate`` a second up to what :data:`BURST_SECONDS` hold; what is taken may be owed.

    Attributes:
        rate: what it fills by, a second; may be changed at any time.
        least: what it can hold at least.
    """

    def __init__(self, rate: float, level: float, now: float, least: float = 1.0) -> None:
        self.rate = rate
        self.least = least
        self._level = level  # a first allowance may be more than it holds later
        self._at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until ``amount`` can be taken, or all it can hold if that is less."""
        self._fill(now)
        missing = min(amount, self._most) - self._level
        return max(0.0, missing / self.rate)

    def take(self, amount: float, now: float) -> None:
        """Take ``amount``; what is not there is owed. A negative amount is given back."""
        self._fill(now)
        self._level -= amount

    def empty(self, until: float) -> None:
        """Nothing is there at ``until``, and nothing before."""
        self._level = min(self._level, 0.0)
        self._at = max(self._at, until)

    @property
    def _most(self) -> float:
        return max(self.least, BURST_SECONDS * self.rate)

    def _fill(self, now: float) -> None:
        if now <= self._at:
            return
        filled = self._level + (now - self._at) * self.rate
        self._level = max(self._level, min(self._most, filled))
        self._at = now
