"""What counts: which ordinals are settled and which retired, and the totals over them."""

from __future__ import annotations

import functools

import msgspec

from onward.journal import outcomes
from onward.journal.batch import Batch
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.journal.totals import Totals
from onward.model import Status
from onward.stores.base import Reader


class Account:
    """Kept by the journal, under its lock.

    Attributes:
        retrying: attempts made at failed items that are to be tried again, by ordinal.
        new: outcomes of this session.
        superseding: some since the last save took the place of earlier ones.
    """

    def __init__(self, reader: Reader, head: Head) -> None:
        self._reader = reader
        self.totals = Totals.of(head)
        self.settled = head.settled_set()
        self.retired = head.retired_set()
        self.retrying: dict[int, int] = {}
        self.new = 0
        self.superseding = False

    def enter(self, batch: Batch, start: int, end: int) -> None:
        """These outcomes of a batch have settled."""
        self.new += end - start
        self.totals.add(batch, start, end)
        ordinals = [item.ordinal for item in batch.items[start:end]]
        first = ordinals[0]
        if first >= self.settled.end() and ordinals == list(range(first, first + len(ordinals))):
            self.settled.append(first, first + len(ordinals))
            return
        for number, ordinal in enumerate(ordinals, start):
            if not self.settled.add(ordinal):
                self._supersede(batch, number)

    def _supersede(self, batch: Batch, number: int) -> None:
        """An item had an outcome before: the attempts at it add up."""
        self.superseding = True
        settled = batch[number]
        ordinal = settled.item.ordinal
        self.totals.move(self.old_status(ordinal), -1)
        earlier = self.retrying.pop(ordinal, 0)
        if earlier:
            batch.others[number] = msgspec.structs.replace(settled, attempts=earlier + settled.attempts)

    @functools.cached_property
    def _unsuccessful(self) -> tuple[IntervalSet, IntervalSet]:
        return outcomes.unsuccessful(self._reader)

    @property
    def failed(self) -> IntervalSet:
        """The ordinals that had failed when the session began."""
        return self._unsuccessful[0]

    def old_status(self, ordinal: int) -> Status:
        """How an item had settled before this session."""
        failed, skipped = self._unsuccessful
        return "failed" if ordinal in failed else "skipped" if ordinal in skipped else "succeeded"

    def retire(self, ordinal: int) -> None:
        """The item is not in the input any more: its outcome stays, but counts no more."""
        self.retired.add(ordinal)
        self.totals.move(self.old_status(ordinal), -1)

    def readmit(self, ordinal: int) -> None:
        """A retired item is back."""
        self.retired.discard(ordinal)
        self.totals.move(self.old_status(ordinal), 1)
