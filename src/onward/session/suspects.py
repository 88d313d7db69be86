"""Items that may kill the process: found out by letting those that were in flight when it died run alone.

One death beside others is no reason yet: a power cut or a SIGKILL would make every item in flight, and that may be
hundreds, wait for the one before it. Who was in flight at two runs alone. Only a death while an item runs alone counts
against it; after ``max_crashes`` of them in a row it settles as failed, and the run goes on. An interrupt never counts,
and a row ends where the item had got on: where more of its steps were saved at a death than at the one before.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator

from onward import flight
from onward.attempts.failures import crashed
from onward.executors.base import Unit
from onward.flight import Flight
from onward.journal.journal import Journal
from onward.model import Item, Settled
from onward.settings import Settings
from onward.stores.base import Store

NOTE, BESIDE_NOTE, REACHED_NOTE = "crashes", "crashes_beside_others", "crashes_reached"

ENOUGH = 2
"""Deaths beside others after which an item runs alone."""


class Suspects:
    """What is known of deaths in earlier sessions.

    Args:
        most: deaths after which an item is failed.
        settle: settles one.

    Attributes:
        crashes: deaths that count, by ordinal.
        reached: steps that were saved at the last of them, by ordinal. Of the whole run: those of the one item that was
            in flight are what changes.
        beside: deaths while other items were in flight too, by ordinal.
        left: ordinals that are to run alone.
        flight: this session's own record; None where there cannot be one.
    """

    def __init__(self, most: int, settle: Callable[[Settled], None]) -> None:
        self._most = most
        self._settle = settle
        self._always_alone = True
        self.crashes: dict[int, int] = {}
        self.reached: dict[int, int] = {}
        self.beside: dict[int, int] = {}
        self.left: set[int] = set()
        self.flight: Flight | None = None

    def look(self, store: Store, journal: Journal, settings: Settings, *, anew: bool) -> bool:
        """Learn from what an earlier session left, and begin this one's record; whether there is a death to note.

        Args:
            anew: the run begins anew, and nothing that was counts.
        """
        path = getattr(store, "path", None)  # of stores on this machine
        record = path.with_name(path.name + flight.SUFFIX) if path is not None else None
        found = flight.wreck(record) if record is not None and not anew else None
        notes, settled = journal.ledger.notes, journal.settled
        if not (anew or settings.retry_failed):
            self.crashes, self.beside, self.reached = (
                {int(n): count for n, count in (notes.get(note) or {}).items() if int(n) not in settled}
                for note in (NOTE, BESIDE_NOTE, REACHED_NOTE)
            )
        suspects = [n for n in found.suspects if n not in settled] if found is not None else []
        if found is not None and found.alone and len(suspects) == 1:
            self._count_alone(suspects[0], sum(map(len, journal.steps.by_item.values())))
        else:
            self._count_beside(suspects)
        often = (n for n, count in self.beside.items() if count >= ENOUGH)
        self.left = {n for n in (*often, *self.crashes) if not self._condemned(n)}
        kept = ((NOTE, self.crashes), (BESIDE_NOTE, self.beside), (REACHED_NOTE, self.reached))
        for note, counts in kept:
            # Not a method of this: the notes may outlive the session.
            notes.keep(note, functools.partial(_as_json, counts))
        self._always_alone = (
            settings.workers == 1 and settings.batch in (None, 1) and settings.executor != "batch"
        )
        if record is not None:
            with contextlib.suppress(OSError):
                self.flight = Flight(record, alone=self._always_alone, always=found is not None)
        return bool(suspects)

    def _count_alone(self, ordinal: int, reached: int) -> None:
        got_on = reached > self.reached.get(ordinal, reached)
        self.crashes[ordinal] = 1 if got_on else self.crashes.get(ordinal, 0) + 1
        self.reached[ordinal] = reached

    def _count_beside(self, suspects: list[int]) -> None:
        for ordinal in suspects:
            self.beside[ordinal] = self.beside.get(ordinal, 0) + 1

    def _condemned(self, ordinal: int) -> bool:
        return self.crashes.get(ordinal, 0) >= self._most

    def screen(self, item: Item) -> Item | None:
        """The item, unless it has killed the process too often; then it settles as failed."""
        return item if self._innocent([item]) else None

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
        return Settled(item, "failed", b"null", crashed(count), attempts=count)

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


def _as_json(counts: dict[int, int]) -> dict[str, int]:
    return {str(ordinal): count for ordinal, count in counts.items()}
