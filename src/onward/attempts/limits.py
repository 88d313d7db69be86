"""How fast, how long and with how many failures a session may go. The rate itself is pyrate-limiter's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from onward.cadence import _UNITS
from onward.errors import UsageError

FIRST_FAILURES: Final = 20
"""A session stops by default when this many of its first items all fail with one error type."""

PERCENT_FROM: Final = 20
"""A percentage of failures is judged once this many items have settled in the session."""

_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:/|per)\s*(\d+(?:\.\d+)?)?\s*([a-z]+)\s*", re.IGNORECASE)


class Default:
    """Stands for "not given" where None has a meaning of its own."""

    def __repr__(self) -> str:
        return "default"


DEFAULT: Final = Default()


def parse_rate(rate: str) -> tuple[float, float]:
    """Calls and seconds from text such as "500/min", "3 per s", "10000/day".

    Raises:
        UsageError: it is not a rate above zero.
    """
    match = _RATE.fullmatch(str(rate))
    unit = _UNITS.get(match[3].lower()) if match else None
    if not match or unit is None or not float(match[1]) > 0 or float(match[2] or 1) <= 0:
        raise UsageError(f'rate={rate!r}: write "500/min", "5/s", "10000/day"')
    return float(match[1]), float(match[2] or 1) * unit


def limiter(rate: str) -> Callable[[], bool]:
    """A function that takes one call's permission, True, or says that there is none yet, False.

    It may be called from any thread.
    """
    calls, period = parse_rate(rate)
    if calls != int(calls):
        calls, period = 1, period / calls
    from pyrate_limiter import Limiter, Rate

    found = Limiter(Rate(int(calls), max(1, round(period * 1000))))
    return lambda: bool(found.try_acquire("attempt", blocking=False))


class FailureLimit:
    """Counts a session's failures and says when they are too many.

    Args:
        allowed: how many failures are tolerated; "5%" of the settled items; None for any number; ``DEFAULT``
            stops only when the first 20 items of the session all fail with one error type.

    Raises:
        UsageError: ``allowed`` is none of these.
    """

    def __init__(self, allowed: int | str | Default | None) -> None:
        self._percent = _percent(allowed) if isinstance(allowed, str) else None
        known = allowed is None or isinstance(allowed, int | str | Default)
        if not known or isinstance(allowed, bool) or (isinstance(allowed, int) and allowed < 0):
            raise UsageError(f'max_failures={allowed!r}: a number from 0, "5%" or None')
        self._most = allowed if isinstance(allowed, int) else None
        self._first = isinstance(allowed, Default)
        self._settled = 0
        self._failed = 0
        self._types: Counter[str] = Counter()

    def passed(self, items: int = 1) -> None:
        """Items settled without failing."""
        self._settled += items

    def failed(self, kind: str) -> str | None:
        """An item failed with this error type; the reason to stop, if it is one."""
        self._settled += 1
        self._failed += 1
        self._types[kind] += 1
        if self._most is not None and self._failed > self._most:
            return f"{self._failed} items failed, max_failures={self._most}"
        if self._percent is not None:
            return self._above_share(self._percent)
        all_alike = self._failed == self._settled == FIRST_FAILURES and len(self._types) == 1
        if self._first and all_alike:
            return f"the first {FIRST_FAILURES} items all failed with {kind}"
        return None

    def _above_share(self, percent: Fraction) -> str | None:
        if self._settled < PERCENT_FROM or 100 * self._failed <= percent * self._settled:
            return None
        return f"{self._failed} of {self._settled} items failed, max_failures={float(percent):.4g}%"


def _percent(text: str) -> Fraction:
    # Exact, since exactly the percentage is tolerated.
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if match and 0 <= Fraction(match[1]) <= 100:
        return Fraction(match[1])
    raise UsageError(f'max_failures={text!r}: a number from 0, "5%" or None')
