"""From the values of a source to units of work: admitted, grouped, bounded, and with the place they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from onward.codec import digest as digest_of
from onward.journal import outcomes
from onward.journal.intervals import IntervalSet
from onward.journal.journal import Journal
from onward.model import Item, Key
from onward.pending.admission import Admission, Known
from onward.pending.keys import KeyIndex, stored_keys
from onward.settings import Settings
from onward.sources.base import AsyncSource, Place, Reading, Source

AHEAD = 256
"""Values at hand that are looked at in advance."""


class Intake:
    """Takes the source's values one by one and gives back units when they are full.

    Args:
        batch: items in a unit.
        limit: items to hand out in all, None for any number.
        halted: whether nothing more is to be handed out.
        at_work: whether the function is running in the coordinator's thread.
        start: the place that reading begins at, and the position of the item there.
        total: items in the input, None while unknown.

    Attributes:
        behind: the place behind the last value taken, and the position there.
        exhausted: the source has ended.
        limited: the limit kept items from being handed out.
    """

    def __init__(
        self,
        admission: Admission,
        *,
        batch: int,
        limit: int | None,
        halted: Callable[[], bool],
        at_work: Callable[[], bool],
        start: tuple[Place | None, int],
        total: int | None,
    ) -> None:
        self.admission = admission
        self._batch = batch
        self._limit = limit
        self._halted = halted
        self._at_work = at_work
        self._unit: list[Item] = []
        self._in_flight: dict[int, tuple[Place | None, int]] = {}
        self.behind = start
        self.start = start[0]
        self.total = total
        self.handed_out = 0
        self.exhausted = False
        self.limited = False

    @property
    def closed(self) -> bool:
        """Whether no further value is wanted."""
        return self.limited or self._halted()

    @property
    def in_flight(self) -> int:
        return len(self._in_flight) or int(self._at_work())

    def push(self, value: Any, place: Place | None) -> list[Item] | None:
        """Take one value, with the place behind it; a unit if that fills one.

        Raises:
            Refused: as :meth:`Admission.admit`.
        """
        before = self.behind
        item = self.admission.admit(value)
        if item is None:
            self.behind = (place, self.admission.position)
            return None
        if self._limit is not None and self.handed_out >= self._limit:
            self.limited = True
            return None
        self.handed_out += 1
        self._in_flight[item.ordinal] = before
        self.behind = (place, self.admission.position)
        if self._batch == 1:
            return [item]
        self._unit.append(item)
        return self._take() if len(self._unit) >= self._batch else None

    # One after the other: what is yielded has settled when the next is asked for.

    def many(self, values: Sequence[Any]) -> Iterator[Sequence[Item]]:
        """The items of values that are at hand, which are looked at some in advance.

        Raises:
            Refused: as :meth:`Admission.admit`.
        """
        at, size = 0, 1
        while few := values[at : at + size]:
            items = self.admission.admit_new(few) if self._limit is None else None
            if items is None:
                yield from self.singly(few)
            else:
                yield items
                self.behind = None, self.admission.position
            if self.closed:
                return
            at, size = at + len(few), min(2 * size, AHEAD)

    def singly(self, values: Iterable[Any], reading: Reading | None = None) -> Iterator[Sequence[Item]]:
        """The items of values, each as its value comes.

        Raises:
            Refused: as :meth:`Admission.admit`.
        """
        admission = self.admission
        take = admission.admit if self._limit is None else self._take_limited
        for value in values:
            item = take(value)
            if item is not None:
                yield (item,)
            if self.limited:
                return
            self.behind = None if reading is None else reading.place, admission.position
            if item is None and self._halted():
                return

    def _take_limited(self, value: Any) -> Item | None:
        item = self.admission.admit(value)
        if item is not None:
            self.limited = self.handed_out >= self._limit  # type: ignore[operator]
            self.handed_out += 1
        return None if self.limited else item

    def _take(self) -> list[Item]:
        unit, self._unit = self._unit, []
        return unit

    def end(self) -> None:
        """The source has ended.

        Raises:
            Refused: as :meth:`Admission.end`.
        """
        self.admission.end()
        self.exhausted = True
        self.total = self.admission.position

    def rest(self) -> list[Item] | None:
        """What is left of the last unit, unless work has stopped."""
        return self._take() if self._unit and not self._halted() else None

    def done(self, item: Item) -> None:
        """An item has settled."""
        self._in_flight.pop(item.ordinal, None)

    def place(self) -> tuple[Place | None, int]:
        """A place that nothing unsettled lies before, and the position of the item there."""
        while True:
            try:
                return next(iter(self._in_flight.values()), self.behind)
            except RuntimeError:  # changed by another thread while it was looked at
                continue


def open_intake(
    source: Source | AsyncSource,
    journal: Journal,
    settings: Settings,
    *,
    keyed: bool,
    batch: int,
    halted: Callable[[], bool],
    at_work: Callable[[], bool],
    total: int | None,
) -> Intake:
    """The intake for what is left of a source, reading from as far on as is safe.

    An unchanged source is read on from its place. Any other is read from the beginning, and what is settled is
    compared on the way; only when it has ended does the store call it unchanged.
    """
    head, settled = journal.head, journal.settled
    fingerprint = source.fingerprint()
    unchanged = fingerprint is not None and fingerprint == head.fingerprint
    retry = journal.account.failed if settings.retry_failed and head.counts.failed else IntervalSet()
    verify = bool(settled) and not unchanged
    known = Known(
        keys=stored_keys(journal.store) if keyed and settled else KeyIndex(),
        digests=outcomes.digests(journal.store, settled.end()) if verify else None,
        retry=retry,
    )
    seek = unchanged and not retry and not head.moved and head.place is not None
    start = (head.place, head.place_position) if seek else (None, 0)
    admission = Admission(
        journal,
        known,
        name=source.name,
        key=key_function(settings, source) if keyed else None,
        digest=digest_function(source),
        on_change=settings.on_change,
        duplicates=settings.duplicates,
        start=start[1],
    )
    if keyed and settled and not seek:
        journal.new_epoch()
    intake = Intake(
        admission,
        batch=batch,
        limit=settings.limit,
        halted=halted,
        at_work=at_work,
        start=start,
        total=total,
    )
    if retry:
        journal.account.retrying = outcomes.failed_attempts(journal.store, head)
    journal.read_from(intake, None if verify else fingerprint, fingerprint)
    return intake


def key_function(settings: Settings, source: Source | AsyncSource) -> Callable[[Any], Key]:
    """What gives an item's key: the caller, or the source."""
    return settings.terms.key or source.key  # type: ignore[return-value]


def digest_function(source: Source | AsyncSource) -> Callable[[Any], int]:
    """What gives a value's digest: a source that knows its items by keys, or the value's JSON."""
    own = source.digest
    if not source.keyed:
        return digest_of
    return lambda value: digest_of(value) if (found := own(value)) is None else found
