"""One unit's way through its tries to its outcomes, whatever calls the function.

A *unit* is the list of items that one call of the function gets: one, or a batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from onward.attempts import retry
from onward.attempts.context import Attempt, BatchAttempt, current
from onward.attempts.failures import failure, leaf
from onward.attempts.home import Home
from onward.codec import Restore, encode, round_trip
from onward.errors import BatchMismatch, Skip, Stopped, ValueRefused
from onward.flight import Flight
from onward.model import Failure, Item, Settled, Status
from onward.stop import Abandoned, Stop

Unit = Sequence[Item]
LIMIT_POLL = 0.02
"""Seconds between two questions to the rate limiter."""


class Invoke(NamedTuple):
    """A call of the user's function to make."""

    argument: Any


Announce = Callable[[Item, Failure, int, float], None]


@dataclass(frozen=True)
class Policy:
    """How a function is called.

    Attributes:
        timeout: seconds an attempt may take, None for any.
        permission: asks the rate limiter; None if there is none.
        inline: the function runs in the coordinator's thread, where a forced stop may break it off.
        restore: makes results what callers see, by the function's return annotation; None where plain JSON is.
        announce: told of an attempt that failed and is made again.
        flight: is told what is under way.
    """

    fn: Callable[..., Any]
    params: Mapping[str, Any]
    home: Home
    stop: Stop
    retries: retry.Retry = field(default_factory=retry.Retry)
    timeout: float | None = None
    permission: Callable[[], bool] | None = None
    batch: bool = False
    inline: bool = False
    restore: Restore | None = None
    announce: Announce = lambda *_: None
    flight: Flight | None = None

    @property
    def straight(self) -> bool:
        """Whether there is nothing to wait for between two items."""
        return self.inline and not self.batch and self.permission is None


class Tally:
    """What happened to one unit so far.

    Attributes:
        error: what the last attempt raised, until it was decided what follows.
        spent: seconds of all attempts.
    """

    __slots__ = ("_began", "_policy", "attempt", "attempts", "error", "spent", "unit")

    def __init__(self, policy: Policy, unit: Unit) -> None:
        self._policy = policy
        self._began = 0.0
        self.unit = unit
        self.attempts = 0
        self.spent = 0.0
        self.attempt: Attempt | None = None
        self.error: Exception | None = None

    @property
    def argument(self) -> Any:
        return [item.value for item in self.unit] if self._policy.batch else self.unit[0].value

    def begin(self) -> None:
        """An attempt starts: it counts, and ``step`` and ``count`` know its item."""
        self.attempts += 1
        policy = self._policy
        self.attempt = (BatchAttempt if policy.batch else Attempt)(self.unit, policy.home)
        current.set(self.attempt)
        if policy.flight is not None and policy.flight.on:
            self.attempt.depart(policy.flight)
        self._began = time.perf_counter()

    def tried(self, attempt: Attempt, seconds: float, error: Exception | None) -> Tally:
        """A first attempt was made elsewhere."""
        self.attempts, self.attempt, self.spent, self.error = 1, attempt, seconds, error
        return self

    def end(self, error: Exception | None = None) -> None:
        """It is over."""
        self.spent += time.perf_counter() - self._began
        if self.attempt is not None:
            self.attempt.arrive()
        self.error = error

    def succeeded(self, returned: Any) -> list[Settled]:
        values = _as_many(returned, self.unit) if self._policy.batch else (returned,)
        pairs = zip(self.unit, values, strict=True)
        return [self._one(item, value) for item, value in pairs if not self._stops(value)]

    def _stops(self, value: Any) -> bool:
        """Whether a batch gave this in place of a result to stop the run: then the item stays left."""
        if not self._policy.batch or not isinstance(value, Stopped):
            return False
        self._policy.home.halt(value)
        return True

    def _one(self, item: Item, value: Any) -> Settled:
        if self._policy.batch and isinstance(value, Skip):
            return self._settled(item, "skipped", encode(value.reason))
        if self._policy.batch and isinstance(value, Exception):
            return self._settled(item, "failed", b"null", failure(value))
        return self._settled(item, "succeeded", encode_result(self._policy, item, value)[0])

    def skipped(self, skip: Skip) -> list[Settled]:
        return [self._settled(item, "skipped", encode(skip.reason)) for item in self.unit]

    def failed(self) -> list[Settled]:
        assert self.error is not None
        found = failure(self.error)
        return [self._settled(item, "failed", b"null", found) for item in self.unit]

    def _settled(self, item: Item, status: Status, raw: bytes, error: Failure | None = None) -> Settled:
        counters = self.attempt.counters if self.attempt else None
        return Settled(item, status, raw, error, self.attempts, self.spent / len(self.unit), counters)

    def wait(self) -> float | None:
        """Seconds until the next attempt, None if there is to be none.

        Raises:
            ValueRefused, BatchMismatch: the function is wrong, not the item.
            Abandoned: the function asked to stop the run.
        """
        error = self.error
        assert error is not None
        stopped = leaf(error, Stopped)
        if stopped is not None:
            self._policy.home.halt(stopped)
            raise Abandoned
        if isinstance(error, ValueRefused | BatchMismatch):
            raise error
        retries = self._policy.retries
        asked = retry.retry_after(error) if retries.times else None
        if asked is not None and not retries.is_permanent(error):
            self.attempts -= 1  # the server said when, so nothing was tried in vain
            pause: float | None = asked
        else:
            pause = retries.wait(error, self.attempts)
        if pause is not None:
            self._policy.announce(self.unit[0], failure(error), self.attempts, pause)
            self.error = None
        return pause


def encode_result(policy: Policy, item: Item, value: Any) -> tuple[bytes, Any]:
    """A result as JSON, and what JSON gives back.

    Raises:
        ValueRefused: it would not come back equal, or not through the function's return annotation.
    """
    try:
        found = round_trip(value)
    except ValueRefused:
        found = round_trip(value, f"the result of item {item.key!r}")  # for the message that names it
    if policy.restore is not None:
        _check_restorable(item, found[1], policy.restore)
    return found


def _check_restorable(item: Item, plain: Any, restore: Restore) -> None:
    """Refuse now what :meth:`Report.results` could not give back later."""
    try:
        restore(plain)
    except Exception as error:
        raise ValueRefused(
            f"the result of item {item.key!r} does not fit the function's return annotation: {error}. "
            "Mend the annotation or the result, and run again"
        ) from error


def _as_many(returned: Any, unit: Unit) -> Sequence[Any]:
    # A text or a dict of as many parts as there are items was never meant as their results.
    no_list = isinstance(returned, str | bytes | Mapping | Set) or not isinstance(returned, Iterable)
    values = None if no_list else list(returned)
    if values is None or len(values) != len(unit):
        found = "no list" if values is None else f"{len(values)} results"
        raise BatchMismatch(
            f"the function returned {found} for a batch of {len(unit)} items "
            f"({unit[0].key!r} to {unit[-1].key!r}); it must return a list of one result per item"
        )
    return values


def pursue(policy: Policy, unit: Unit, tally: Tally) -> Generator[float | Invoke, Any, list[Settled]]:
    """One unit's way to its outcomes, for sync and async alike: yields seconds to wait, or a call to make."""
    while True:
        if tally.error is None:
            while policy.permission is not None and not policy.permission():
                yield LIMIT_POLL
            tally.begin()
            try:
                returned = yield Invoke(tally.argument)
            except Exception as error:
                tally.end(error)
            else:
                tally.end()
                return tally.succeeded(returned)
        if isinstance(tally.error, Skip):
            return tally.skipped(tally.error)
        pause = tally.wait()
        if pause is None:  # of a failed batch, only calls of one item each tell which of them did it
            return tally.failed() if len(unit) == 1 else (yield from _alone(policy, tally))
        yield pause


def _alone(policy: Policy, tally: Tally) -> Generator[float | Invoke, Any, list[Settled]]:
    settled: list[Settled] = []
    for item in tally.unit:
        settled += yield from pursue(policy, [item], type(tally)(policy, [item]))
    return settled


def abandoned(error: BaseException) -> list[Settled]:
    """The outcomes of an attempt that was given up, alone or in a task group: none. Other errors are raised."""
    if leaf(error, Abandoned) is None:
        raise error
    return []
