"""When the next request may start, and what each answer teaches. Pure: times are passed in, of any one clock.

One pace is shared by all requests of a process to one model. It is not safe to use from several threads; the
:class:`~onward.llm.pacing.pacer.Pacer` around it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from onward.llm.pacing.bucket import Bucket
from onward.llm.pacing.concurrency import Average, Cohort, Concurrency
from onward.llm.pacing.rate import MARGIN, Rate

ALLOWANCE = 40.0
"""Requests that may start without waiting for a rate, where none is known."""

BACK_OFF, LONGEST_BACK_OFF = 1.0, 60.0
"""Seconds of the pause after a refusal that names none; doubled to 8 and, after a minute in vain, to 60."""

TYPICAL = 50
"""Requests that the average of what a request is charged is over."""


@dataclass
class Call:
    """A request under way."""

    began: float
    charged: float
    expected: float
    cycle: int
    cohort: Cohort


class Pace:
    """Requests and tokens a minute, concurrency, and a pause of all.

    Args:
        rpm, tpm: requests and tokens a minute that are allowed, None where unknown.
        concurrency: the most requests under way at once, None for any number.
    """

    def __init__(
        self,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        concurrency: int | None = None,
        now: float,
    ) -> None:
        self.rate = Rate(None if rpm is None else rpm / 60, now)
        self.concurrency = Concurrency(concurrency)
        self.in_flight = 0
        self.paused_until = -math.inf
        self._requests = Bucket(self.rate.per_second, 1.0 if self.rate.stated else ALLOWANCE, now)
        self._tokens = None if tpm is None else _tokens(tpm, now)
        self._tokens_stated = tpm is not None
        self._used = Average(TYPICAL)
        self._held = False
        self._refusals = 0
        self._backed_off_at = -math.inf
        self._probe: Call | None = None  # after refusals that name no time, one asks for all
        self._began = now
        self._started = 0

    def wait(self, expected: float, now: float) -> float:
        """Seconds after which to ask again; 0.0 if a request may start now, infinity if another must end first.

        Args:
            expected: tokens the request may use at most; what requests do use of it is learnt.
        """
        if self.in_flight >= int(self.concurrency.level) or self._probe is not None:
            return math.inf
        for_rate = self._requests.wait(1.0, now)
        self._held = self._held or for_rate > 0
        for_tokens = self._tokens.wait(self._charge(expected), now) if self._tokens else 0.0
        return max(0.0, self.paused_until - now, for_rate, for_tokens)

    def start(self, expected: float, now: float) -> Call:
        """A request starts, whatever :meth:`wait` says."""
        cohort = self.concurrency.started(self.in_flight + 1)
        call = Call(now, self._charge(expected), expected, self.rate.cycle, cohort)
        if self._refusals:
            self._probe = call
        self.in_flight += 1
        self._started += 1
        self._requests.take(1.0, now)
        if self._tokens:
            self._tokens.take(call.charged, now)
        self.rate.started(self._held, now)
        self._requests.rate = self.rate.per_second
        self._held = False
        return call

    def succeeded(self, call: Call, used: float | None, now: float) -> None:
        """It was answered, and used so many tokens (None: unknown)."""
        if used is not None and call.expected > 0:
            self._used.add(used / call.expected)
        self.concurrency.finished(call.cohort, now - call.began, self.in_flight)
        if call.began >= self._backed_off_at:
            self._refusals = 0
        self._ended(call, call.charged if used is None else used, now)

    def failed(self, call: Call, now: float) -> None:
        """It came to nothing, but the server will have counted it."""
        self.concurrency.ended(call.cohort)
        self._ended(call, call.charged, now)

    def refused(self, call: Call, retry_after: float | None, now: float) -> None:
        """It was answered 429: all wait, as long as the server says, and go on more slowly."""
        self.concurrency.ended(call.cohort)
        self._left(call)
        if self._tokens:
            self._tokens.take(-call.charged, now)
        pause = self._back_off(call, now) if retry_after is None else max(0.0, retry_after)
        if self.rate.refused(call.cycle, now + pause, now):
            self.concurrency.refused(self.rate.per_second * self.concurrency.latency.value)
        self._requests.rate = self.rate.per_second
        self._pause(pause, now)

    def overloaded(self, call: Call, retry_after: float, now: float) -> None:
        """The server could not answer it, and says when to come again: all wait."""
        self.failed(call, now)
        self.concurrency.refused(1.0)
        self._pause(retry_after, now)

    def state(self, rpm: float | None, tpm: float | None, now: float) -> None:
        """The limits that the server itself says it has; those that the user gave go before."""
        if rpm and not self.rate.stated:
            self._state_requests(rpm / 60, now)
        if tpm and not self._tokens_stated:
            if self._tokens is None:
                self._tokens = _tokens(tpm, now)
            self._tokens.rate = tpm / 60 * MARGIN

    def _state_requests(self, limit: float, now: float) -> None:
        was_known = self.rate.is_known
        self.rate.state(limit)
        self._requests.rate = self.rate.per_second
        if not was_known:  # as if it had been known from the beginning
            due = self.rate.per_second * (now - self._began)
            self._requests = Bucket(self.rate.per_second, due - self._started, now)

    def _ended(self, call: Call, used: float, now: float) -> None:
        self._left(call)
        self.rate.admitted(call.cycle)
        self._requests.rate = self.rate.per_second
        if self._tokens:
            self._tokens.take(used - call.charged, now)

    def _left(self, call: Call) -> None:
        self.in_flight -= 1
        if call is self._probe:
            self._probe = None

    def _pause(self, seconds: float, now: float) -> None:
        self._requests.empty(now + seconds)
        self.paused_until = max(self.paused_until, now + seconds)

    def _back_off(self, call: Call, now: float) -> float:
        if call.began < self._backed_off_at:
            return 0.0  # one of those sent before the refusal was known
        patient = min(self._refusals, 3) if self._refusals < 10 else min(self._refusals - 6, 6)
        self._refusals += 1
        self._backed_off_at = now
        return min(LONGEST_BACK_OFF, BACK_OFF * float(2**patient))

    def _charge(self, expected: float) -> float:
        return expected * (self._used.value if self._used.count else 1.0)

    # Across sessions. A monotonic clock does not outlive its machine, so the note holds wall time.

    def note(self, now: float, wall: float) -> dict[str, Any]:
        """What was learnt, as JSON."""
        pause = self.paused_until - now
        return {
            "rate": self.rate.note(),
            "concurrency": self.concurrency.note(),
            "tokens_used": self._used.value if self._used.count else None,
            "paused_until": wall + pause if pause > 0 else None,
        }

    def recall(self, noted: dict[str, Any], now: float, wall: float) -> None:
        """Go on where an earlier session was, beginning slowly: its requests may still be under way or counted."""
        self.rate.recall(noted["rate"], now)
        self.concurrency.recall(noted["concurrency"])
        self._requests = Bucket(self.rate.per_second, 0.0, now)
        if self._tokens:
            self._tokens.empty(now)
        if noted["tokens_used"] is not None:
            self._used.add(noted["tokens_used"])
        if noted["paused_until"] is not None:
            self.paused_until = max(self.paused_until, now + noted["paused_until"] - wall)


def _tokens(tpm: float, now: float) -> Bucket:
    rate = tpm / 60 * MARGIN
    return Bucket(rate, rate, now)
