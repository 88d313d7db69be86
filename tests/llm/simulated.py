"""A server with a limit, clients and a clock, all simulated: for the arithmetic of pacing, in no time."""

import heapq
import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from onward.llm.pacing.pace import Call, Pace

NETWORK = 0.02
DOWN = 5.0


Latency = Callable[[int, random.Random], float]
"""Seconds that an answer takes, by how many are under way."""


class Limiter(Protocol):
    def ask(self, now: float) -> float | None:
        """None if a request is admitted, else how long its Retry-After is."""


class Free:
    """Admits everything."""

    def ask(self, now: float) -> None:
        return None


@dataclass
class Window:
    """So many in each window of a minute."""

    limit: int = 600
    offset: float = 0.0
    whole_seconds: bool = False
    _window: int = -1
    _count: int = 0

    def ask(self, now: float) -> float | None:
        window, into = divmod(now + self.offset, 60)
        if window != self._window:
            self._window, self._count = int(window), 0
        if self._count < self.limit:
            self._count += 1
            return None
        return math.ceil(60 - into) if self.whole_seconds else 60 - into


@dataclass
class TokenBucket:
    """So many a minute, and what was not used up to a capacity."""

    limit: int = 600
    capacity: float = 600
    whole_seconds: bool = False
    _level: float = math.inf
    _at: float = 0.0

    def ask(self, now: float) -> float | None:
        self._level = min(self.capacity, self._level + (now - self._at) * self.limit / 60)
        self._at = now
        if self._level >= 1:
            self._level -= 1
            return None
        wait = (1 - self._level) * 60 / self.limit
        return math.ceil(wait) if self.whole_seconds else wait


@dataclass
class Outcome:
    answered: int = 0
    refused: int = 0
    started: list[float] = field(default_factory=list)
    most_in_flight: int = 0

    @property
    def share_refused(self) -> float:
        return self.refused / (self.answered + self.refused)


class Simulation:
    """Workers who ask all the time, each for one answer after the other.

    Args:
        retry_after: whether refusals say when to come again.
        told: the limit that each answer names in its headers, if any.
    """

    def __init__(
        self,
        limiter: Limiter,
        *,
        workers: int = 64,
        latency: float | Latency = 0.3,
        rpm: float | None = None,
        retry_after: bool = True,
        told: float | None = None,
        seed: int = 1,
    ) -> None:
        self.limiter = limiter
        self.outcome = Outcome()
        self.now = 0.0
        self._workers = self._idle = workers
        self._latency = latency
        self._rpm = rpm
        self._retry_after = retry_after
        self._told = told
        self._chance = random.Random(seed)
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.pace = Pace(rpm=rpm, now=0.0)
        self._noted = self.pace.note(0.0, 0.0)
        self._at(1.0, self._note)

    def run(self, seconds: float, killed_at: float | None = None) -> Outcome:
        if killed_at is not None:
            self._run_until(killed_at)
            self._kill()
        self._run_until(seconds)
        return self.outcome

    def _run_until(self, end: float) -> None:
        while self.now < end:
            again = self._start_all()
            following = min(again, self._events[0][0])
            self.now = min(end, following)
            while self._events and self._events[0][0] <= self.now:
                heapq.heappop(self._events)[2]()

    def _start_all(self) -> float:
        """Start what may start; when to look again."""
        while self._idle:
            wait = self.pace.wait(0.0, self.now)
            if wait > 1e-9:
                return self.now + wait + self._chance.uniform(0, 0.01)
            call = self.pace.start(0.0, self.now)
            self._idle -= 1
            self.outcome.started.append(self.now)
            self.outcome.most_in_flight = max(self.outcome.most_in_flight, self.pace.in_flight)
            self._at(NETWORK, lambda call=call: self._arrive(call))  # type: ignore[misc]
        return math.inf

    def _arrive(self, call: Call) -> None:
        refusal = self.limiter.ask(self.now)
        if refusal is None:
            self._at(self._seconds(), lambda: self._answered(call))
        else:
            self._at(NETWORK, lambda: self._refused(call, refusal))

    def _seconds(self) -> float:
        if callable(self._latency):
            return self._latency(self.pace.in_flight, self._chance)
        return self._latency * self._chance.uniform(0.5, 2)

    def _answered(self, call: Call) -> None:
        self.outcome.answered += 1
        self._idle += 1
        self.pace.state(self._told, None, self.now)
        self.pace.succeeded(call, None, self.now)

    def _refused(self, call: Call, refusal: float) -> None:
        self.outcome.refused += 1
        self._idle += 1
        self.pace.refused(call, refusal if self._retry_after else None, self.now)

    def _note(self) -> None:
        self._noted = self.pace.note(self.now, self.now)
        self._at(1.0, self._note)

    def _kill(self) -> None:
        """What is on its way arrives, and nobody waits for the answers; a new process begins with the last note."""
        for _ in self._on_the_way():
            self.limiter.ask(self.now)
        self._events = []
        self._idle = self._workers
        self.now += DOWN
        self.pace = Pace(rpm=self._rpm, now=self.now)
        self.pace.recall(self._noted, self.now, self.now)
        self._at(1.0, self._note)

    def _on_the_way(self) -> Iterator[float]:
        return (at for at, _, _ in self._events if at <= self.now + NETWORK)

    def _at(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), what))
