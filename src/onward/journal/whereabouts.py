"""Where the source stands, as far as a checkpoint says it."""

from __future__ import annotations

from typing import Any, Protocol

from onward.journal.records import Head
from onward.sources.base import Place


class Intake(Protocol):
    """What reads the source."""

    exhausted: bool
    total: int | None

    def place(self) -> tuple[Place | None, int]:
        """A place that nothing unsettled lies before, and the position of the item there."""


class Whereabouts:
    """Kept by the journal, under its lock.

    Attributes:
        fingerprint: the source's, as it is to be stored.
        total: items in the input, None while unknown.
        exhausted: the source was read to its end.
    """

    def __init__(self, head: Head) -> None:
        self.fingerprint = self._at_end = head.fingerprint
        self.total = head.total
        self.exhausted = head.exhausted
        self._last = head.place, head.place_position
        self._intake: Intake | None = None

    def read_from(
        self, intake: Intake, fingerprint: dict[str, Any] | None, at_end: dict[str, Any] | None
    ) -> None:
        """The source is being read; ``fingerprint`` is to be stored until it has ended, ``at_end`` then."""
        self._intake = intake
        self.fingerprint, self._at_end = fingerprint, at_end
        self.exhausted = False

    def look(self) -> tuple[Place | None, int]:
        """Bring this up to date; the place, as of :meth:`Intake.place`."""
        if self._intake is not None:
            self.total = self._intake.total
            self.fingerprint = self._at_end if self._intake.exhausted else self.fingerprint
            self._last = self._intake.place()
        return self._last
