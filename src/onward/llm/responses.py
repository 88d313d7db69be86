"""What the HTTP responses of model providers mean: their errors as ours, and what they say about their limits.

The clients of OpenAI and Anthropic raise errors of one shape (``status_code``, ``response``, ``body``, or neither
when there was no response), so that one translation serves both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from onward.attempts.retry import retry_after
from onward.errors import KeyRefused, OnwardError, QuotaExhausted
from onward.llm.base import RateLimits, ReplyWithheld, Request, RequestRefused, Throttled, Unavailable

_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error"}
_QUOTA_WORDS = ("credit balance is too low", "exceeded your current quota", "insufficient credits")
_FILTERS = {"content_filter", "content_policy_violation"}
_FILTER_WORDS = ("flagged", "moderation", "content filtering policy")
_LATER = {408, 409, 425}
"""Statuses below 500, and other than 429, that another attempt may mend."""


def translated(error: Any, name: str) -> OnwardError:
    """The error of a provider's client as one of ours; ``name`` is the model's."""
    status: int | None = getattr(error, "status_code", None)
    if status is None and "Timeout" in type(error).__name__:
        return Unavailable(f"{name} gave no answer in time; what needs longer gets it by timeout=")
    if status is None:
        return Unavailable(f"{name} gave no answer: {_cause(error)}")
    what = f"{name} answered {status}: {_message(error)}"
    codes = _codes(error)
    words = what.lower()
    if status < 500:
        if status == 402 or codes & _QUOTA or any(each in words for each in _QUOTA_WORDS):
            return QuotaExhausted(f"{what}. Raise the quota or the credit, then run again: it goes on")
        if status in (400, 403) and (codes & _FILTERS or any(each in words for each in _FILTER_WORDS)):
            return ReplyWithheld(what)
        if status in (401, 403):
            return KeyRefused(f"{what}. Set the right API key, then run again: it goes on")
    return _passing_or_final(error, status, what)


def _passing_or_final(error: Any, status: int, what: str) -> OnwardError:
    if status == 429:
        return Throttled(what, retry_after=retry_after(error), limits=limits(error.response.headers))
    if status >= 500 or status in _LATER:
        return Unavailable(what, retry_after=retry_after(error))
    if "temperature" in what:
        what += ". Models that take no temperature: temperature=None"
    if "response_format" in what or "json_schema" in what or "output_config" in what:
        what += '. Models that enforce no schema: schema_mode="prompt"'
    return RequestRefused(what)


def refuses_steadiness(error: Any, request: Request) -> bool:
    """Whether the model takes no temperature at all, and 0, "as steady as it can be", can go without saying."""
    return request.temperature == 0 and "temperature" in _message(error)


def _cause(error: BaseException) -> str:
    """The deepest reason: the clients say little more than "Connection error"."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def _inner(error: Any) -> Mapping[str, Any]:
    """The error object of the body, where there is one."""
    body = getattr(error, "body", None)
    inside = body.get("error", body) if isinstance(body, Mapping) else None
    return inside if isinstance(inside, Mapping) else {}


def _message(error: Any) -> str:
    return str(_inner(error).get("message") or getattr(error, "message", error))


def _codes(error: Any) -> set[str]:
    inner = _inner(error)
    return {str(inner[name]) for name in ("code", "type") if inner.get(name)}


# ------------------------------------------------------------------------------------- limits

_PARTS = re.compile(r"(?P<number>[\d.]+)(?P<unit>ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def limits(headers: Mapping[str, str]) -> RateLimits | None:
    """What ``x-ratelimit-*`` (OpenAI and others) or ``anthropic-ratelimit-*`` say; None if there are none."""

    def found(what: str, kind: str) -> str | None:
        return headers.get(f"x-ratelimit-{what}-{kind}") or headers.get(f"anthropic-ratelimit-{kind}-{what}")

    told = RateLimits(
        requests_per_minute=_number(found("limit", "requests")),
        requests_left=_number(found("remaining", "requests")),
        requests_reset_s=_seconds(found("reset", "requests")),
        tokens_per_minute=_number(found("limit", "tokens")),
        tokens_left=_number(found("remaining", "tokens")),
        tokens_reset_s=_seconds(found("reset", "tokens")),
    )
    return None if told == RateLimits() else told


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _seconds(text: str | None) -> float | None:
    """Seconds from now: of "6m0s", "20ms", "0.5" or a time of RFC 3339."""
    if not text:
        return None
    parts = list(_PARTS.finditer(text))
    if parts and "".join(part[0] for part in parts) == text:
        return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
    try:
        return float(text)
    except ValueError:
        return _until(text)


def _until(text: str) -> float | None:
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        return None
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
