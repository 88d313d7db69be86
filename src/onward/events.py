"""What happened, in the past tense, for whoever listens: logging, progress, metrics.

An observer is a callable that takes one event. Most events come in the coordinator's thread; ``AttemptFailed`` comes
in the thread that made the attempt, and ``InterruptRequested`` from the signal handler, which must not be kept
waiting. An error that an observer raises is reported as a warning and never reaches the run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from onward.model import Failure, Key, Outcome, Progress, RunInfo


class Event(Struct, frozen=True):
    """The root of the events."""


class SessionStarted(Event, frozen=True):
    """A process took the run up. ``progress()`` may be asked from any thread until the session has ended."""

    info: RunInfo
    progress: Callable[[], Progress]
    command: str | None = None


class AttemptFailed(Event, frozen=True):
    """One try failed and another follows in ``wait`` seconds."""

    position: int
    key: Key
    error: Failure
    attempt: int
    wait: float


class Saved(Event, frozen=True):
    """A checkpoint became durable, with these outcomes in it."""

    outcomes: Sequence[Outcome]


class InterruptRequested(Event, frozen=True):
    """A signal asked the session to stop; items in flight have up to ``grace`` seconds."""

    in_flight: int
    grace: float


class SessionEnded(Event, frozen=True):
    """The session is over: ``how`` is "finished", "interrupted", "stopped" or "failed"."""

    how: str
    report: Any


Observer = Callable[[Event], None]


class Announcer:
    """Passes events to observers; falsy where there are none, so that events need not be built."""

    def __init__(self, observers: Iterable[Observer]) -> None:
        self._observers = tuple(observers)

    def __bool__(self) -> bool:
        return bool(self._observers)

    def __call__(self, event: Event) -> None:
        for observer in self._observers:
            try:
                observer(event)
            except Exception as error:
                name = type(event).__name__
                warnings.warn(
                    f"observer {observer!r} failed on {name}: {error!r}", RuntimeWarning, stacklevel=2
                )
