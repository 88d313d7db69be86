"""When a checkpoint is taken. Pure arithmetic: times are seconds of any monotonic clock, passed in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from onward.errors import UsageError

AUTO_SHARE = 0.01
"""The share of the run's time that ``auto`` lets saving take."""

AUTO_SECONDS = 1.0
"""``auto`` saves at least this often."""

_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0}
_UNITS |= {"m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0}
_UNITS |= {"h": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0, "days": 86400.0}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.IGNORECASE)


def seconds(text: str | float, what: str = "duration") -> float:
    """Seconds from a number or from text such as "5s", "1.5 min", "2h".

    Raises:
        UsageError: it is neither, or not above zero.
    """
    if isinstance(text, str):
        match = _AMOUNT.fullmatch(text)
        unit = _UNITS.get(match[2].lower() or "s") if match else None
        found = float(match[1]) * unit if match and unit else 0.0
    else:
        try:
            found = float(text)
        except (TypeError, ValueError, OverflowError):
            found = 0.0
    if not 0 < found < float("inf"):
        raise UsageError(
            f'{what}={text!r} is not a duration above zero; write seconds or "5s", "10 min", "2h"'
        )
    return found


def whole(value: Any, least: int) -> bool:
    """Whether this is a whole number from ``least``; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


@dataclass(frozen=True, slots=True)
class Every:
    """Save every ``items`` settled items or every ``seconds``, whichever comes first.

    Raises:
        UsageError: neither is given, or one is not above zero.
    """

    items: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.items is None and self.seconds is None:
            raise UsageError("Every() needs items= or seconds=")
        if self.items is not None and self.items < 1:
            raise UsageError(f"every={self.items} items: at least 1")
        if self.seconds is not None and not 0 < self.seconds < math.inf:
            raise UsageError(f"every={self.seconds} seconds: above 0, and finite")


def parse(every: int | str | Every | None) -> Every | None:
    """The cadence that ``every=`` names; None is ``auto``.

    Raises:
        UsageError: it names none.
    """
    if every is None or every == "auto":
        return None
    if isinstance(every, Every):
        return every
    if isinstance(every, int) and not isinstance(every, bool):
        return Every(items=every)
    if not isinstance(every, str):
        raise UsageError(f'every={every!r}: give a number of items, "5s", "100 items or 5s", or "auto"')
    items: int | None = None
    wait: float | None = None
    for part in re.split(r"\s+or\s+|\s*,\s*", every.strip()):
        count = re.fullmatch(r"(\d+)(?:\s*items?)?", part)
        if count:
            items = int(count[1])
        else:
            wait = seconds(part, "every")
    return Every(items=items, seconds=wait)


class Cadence:
    """Decides when what is settled is due to be saved.

    ``auto`` keeps the cost of saving under :data:`AUTO_SHARE` of the time that passes, by waiting a hundred
    times the cost of a save between two of them, and never longer than :data:`AUTO_SECONDS`.

    Attributes:
        most: outcomes that may wait for a save; ``due_at``: when one is due whatever their number.
    """

    def __init__(self, every: Every | None, now: float) -> None:
        self._auto = every is None
        self.most: float = every.items if every and every.items else math.inf
        self._seconds = every.seconds if every else AUTO_SECONDS
        self._cost = 0.0
        self.saved_at = now
        self.due_at = now + (math.inf if self.wait is None else self.wait)

    def due(self, unsaved: int, now: float) -> bool:
        """Whether ``unsaved`` settled items (at least one) are to be saved now."""
        return now >= self.due_at or unsaved >= self.most

    @property
    def wait(self) -> float | None:
        """Seconds between two saves by the clock; None if only the number of items counts."""
        if not self._auto:
            return self._seconds
        return min(AUTO_SECONDS, self._cost / AUTO_SHARE)

    @property
    def longest(self) -> float | None:
        """Seconds after which what is settled must be saved even if no further item settles."""
        return self._seconds

    def saved(self, now: float, cost: float) -> None:
        """Learn that a save ended ``now`` and took ``cost`` seconds."""
        self.saved_at = now
        self._cost = cost if not self._cost else 0.7 * self._cost + 0.3 * cost
        self.due_at = now + (math.inf if self.wait is None else self.wait)
