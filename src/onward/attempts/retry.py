"""Which failures are tried again, and after how long. The back-off arithmetic is tenacity's."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onward.cadence import whole
from onward.errors import UsageError

PERMANENT: tuple[type[BaseException], ...] = (
    TypeError,
    AttributeError,
    NameError,
    ImportError,
    AssertionError,
    NotImplementedError,
    SyntaxError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
"""Errors that another attempt cannot mend."""

LONGEST_ASKED = 86400 * 7
"""Seconds from which on a server's wish to wait is not taken to be meant."""

TRANSIENT_STATUS = frozenset({408, 409, 425, 429})
"""HTTP statuses below 500 that another attempt may mend (RFC 9110, 8470, 6585)."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when a failed attempt is made again.

    Attributes:
        times: attempts after the first.
        initial, longest: seconds; the wait doubles from one to the other, with random jitter.
        never: further error types that are permanent.
    """

    times: int = 0
    initial: float = 1.0
    longest: float = 60.0
    never: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if not whole(self.times, 0):
            raise UsageError(f"retries={self.times!r}: a whole number from 0, or a Retry")

    def wait(self, error: BaseException, spent: int) -> float | None:
        """Seconds to wait before the next attempt after ``spent`` of them; None if there is to be none."""
        if spent > self.times or self.is_permanent(error):
            return None
        from tenacity import wait_exponential

        doubled = wait_exponential(multiplier=self.initial, max=self.longest)(_Spent(spent))  # type: ignore[arg-type]
        return min(self.longest, doubled + random.uniform(0, self.initial))

    def is_permanent(self, error: BaseException) -> bool:
        """Whether another attempt cannot mend the error."""
        if getattr(error, "permanent", False) or isinstance(error, PERMANENT + self.never):
            return True
        status = _status(error)
        return status is not None and 400 <= status < 500 and status not in TRANSIENT_STATUS


@dataclass(frozen=True, slots=True)
class _Spent:
    """All that tenacity's wait strategies ask of a retry's state."""

    attempt_number: int


def parse(retries: int | Retry) -> Retry:
    """The policy that ``retries=`` names.

    Raises:
        UsageError: it names none.
    """
    return retries if isinstance(retries, Retry) else Retry(retries)


def retry_after(error: BaseException) -> float | None:
    """The seconds a server asked to wait (``Retry-After``, RFC 9110 10.2.3), with a little jitter; None if none.

    Looks at ``error.retry_after`` and at the headers of ``error.response``, as httpx, requests, aiohttp and the
    OpenAI and Anthropic clients carry them.
    """
    asked = _seconds(getattr(error, "retry_after", None))
    if asked is None:
        asked = _from_headers(_headers(error))
    return None if asked is None else asked + random.uniform(0, 0.1)


def _headers(error: BaseException) -> Mapping[str, Any]:
    response = getattr(error, "response", None)
    found = getattr(response, "headers", None) or getattr(error, "headers", None)
    return found if isinstance(found, Mapping) else {}


def _from_headers(headers: Mapping[str, Any]) -> float | None:
    lower = {str(name).lower(): value for name, value in headers.items()}
    in_ms = _seconds(lower.get("retry-after-ms"))
    return in_ms / 1000 if in_ms is not None else _seconds(lower.get("retry-after"))


def _seconds(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = _until(value)
    return found if 0 <= found < LONGEST_ASKED else None


def _until(date: Any) -> float:
    import time
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(str(date)).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _status(error: BaseException) -> int | None:
    candidates = (
        getattr(error, "status_code", None),
        getattr(getattr(error, "response", None), "status_code", None),
        getattr(error, "status", None),
        getattr(error, "code", None),
    )
    return next((c for c in candidates if isinstance(c, int) and 100 <= c < 600), None)
