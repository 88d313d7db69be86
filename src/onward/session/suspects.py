"""Items that may kill the process: found out by letting those that were in flight when one died run alone.

Only a death while an item runs alone counts against it; after ``max_crashes`` of them it settles as failed, and the run
goes on. An interrupt never counts.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from onward import flight
from onward.attempts.ledger import Notes
from onward.executors.base import Unit
from onward.flight import Flight
from onward.journal.intervals import IntervalSet
from onward.model import Failure, Item, Settled

NOTE = "crashes"


class Suspects:
    """What is known of deaths in earlier sessions.

    Args:
        most: deaths after which an item is failed.
        settle: settles one.

    Attributes:
        crashes: deaths that count, by ordinal.
        left: ordinals that are to run alone.
        flight: this session's own record; None where there cannot be one.
    """

    def __init__(self, most: int, settle: Callable[[Settled], None]) -> None:
        self._most = most
        self._settle = settle
        self._always_alone = True
        self.crashes: dict[int, int] = {}
        self.left: set[int] = set()
        self.flight: Flight | None = None

    def look(
        self, path: Path | None, notes: Notes, settled: IntervalSet, *, alone: bool, forget: bool
    ) -> bool:
        """Learn from what an earlier session left, and begin this one's record; whether a death was counted.

        Args:
            path: the file of the record; None where there cannot be one.
            alone: this session works on one item at a time.
            forget: failed items are tried again, so that nothing counts against any.
        """
        self._always_alone = alone
        found = flight.wreck(path) if path is not None else None
        if not forget:
            self.crashes = {
                int(n): count for n, count in (notes.get(NOTE) or {}).items() if int(n) not in settled
            }
        suspects = [n for n in found.suspects if n not in settled] if found is not None else []
        counted = found is not None and found.alone and len(suspects) == 1
        if counted:
            self.crashes[suspects[0]] = self.crashes.get(suspects[0], 0) + 1
        self.left = {*suspects, *self.crashes} - {n for n in self.crashes if self._condemned(n)}
        notes.keep(NOTE, lambda: {str(n): count for n, count in self.crashes.items()})
        if path is not None:
            with contextlib.suppress(OSError):
                self.flight = Flight(path, alone=alone, always=found is not None)
        return counted

    def _condemned(self, ordinal: int) -> bool:
        return self.crashes.get(ordinal, 0) >= self._most

    def screened(self, units: Iterator[Unit]) -> Iterator[Unit]:
        """The units without the items that have killed the process too often; these settle as failed."""
        for unit in units:
            if innocent := self._innocent(unit):
                yield innocent

    async def screened_async(self, units: AsyncIterator[Unit]) -> AsyncIterator[Unit]:
        """As :meth:`screened`."""
        async for unit in units:
            if innocent := self._innocent(unit):
                yield innocent

    def _innocent(self, unit: Unit) -> Unit:
        if not self.crashes or not any(self._condemned(item.ordinal) for item in unit):
            return unit
        for item in unit:
            if self._condemned(item.ordinal):
                self._settle(self._failed(item))
        return [item for item in unit if not self._condemned(item.ordinal)]

    def _failed(self, item: Item) -> Settled:
        count = self.crashes[item.ordinal]
        message = (
            f"crashed the process {count} times while it ran alone; to try it again, retry the failed items"
        )
        return Settled(item, "failed", b"null", Failure("Crashed", message), attempts=count)

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """While open, items run alone; gives whether any is to, which it is not asked of what runs alone anyway."""
        if not self.left or self._always_alone:
            yield False
            return
        if self.flight is not None:
            self.flight.alone(True)
        yield True
        if self.flight is not None:
            self.flight.alone(False)

    def first(self, units: Iterator[Unit]) -> Iterator[Unit]:
        """The units, one item at a time, until no suspect is left among them."""
        while self.left:
            unit = next(units, None)
            if unit is None:
                return
            yield from self._singly(unit)

    async def first_async(self, units: AsyncIterator[Unit]) -> AsyncIterator[Unit]:
        """As :meth:`first`."""
        while self.left:
            unit = await anext(units, None)
            if unit is None:
                return
            for single in self._singly(unit):
                yield single

    def _singly(self, unit: Unit) -> Iterator[Unit]:
        for item in unit:
            self.left = {
                n for n in self.left if n > item.ordinal
            }  # one that is gone from the input is not waited for
            yield [item]

    def stopping(self) -> None:
        """The session is asked to stop; safe in a signal handler."""
        if self.flight is not None:
            self.flight.stopping()

    def close(self) -> None:
        """The session ends as it should."""
        if self.flight is not None:
            self.flight.close()
