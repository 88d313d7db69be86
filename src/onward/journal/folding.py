"""Outcomes into the run's state, and whether the state still holds what the outcomes say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onward.codec import Restore, decode
from onward.errors import StateNotRebuildable, ways_of_change
from onward.journal.outcomes import Entry
from onward.journal.state import State
from onward.model import Item, ItemRef, Status


class Folding:
    """Kept by the journal, under its lock.

    Args:
        restore: makes results what callers see.

    Attributes:
        stale: an outcome that is in the state does not count any more, or one that counts is not in it.
    """

    def __init__(self, state: State, restore: Restore | None, *, stale: bool) -> None:
        self.state = state
        self._restore = restore
        self.stale = stale

    def add(self, item: Item, plain: Any) -> None:
        """An item has succeeded, with this decoded result."""
        try:
            value = plain if self._restore is None else self._restore(plain)
            self.state.settled(ItemRef(item.position, item.key), value)
        except BaseException:
            self.stale = True  # the outcome counts, and the state does not hold it
            raise

    def restored(self, plain: Any) -> Any:
        """A decoded result as callers see it."""
        return self._restore(plain) if self._restore is not None else plain

    def outdate(self, status: Status) -> None:
        """An outcome that had this status does not count any more.

        Raises:
            StateNotRebuildable: the state was kept by hand.
        """
        if self.state.folded:
            self.stale = self.stale or status == "succeeded"
        elif self.state.value:
            raise StateNotRebuildable(
                "an item that the run's state was computed from has changed or is gone, and state kept by hand cannot "
                'be computed anew; give on_change="restart", or compute the state with on_result=',
                ways_of_change("restart"),
            )

    def refold(self, entries: Iterable[Entry]) -> None:
        """Compute a folded state anew from the stored outcomes, in input order."""
        self.state.reset()
        for entry in entries:
            if entry.outcome.status == "succeeded":
                item = ItemRef(entry.outcome.position, entry.outcome.key)
                self.state.settled(item, self.restored(decode(entry.raw)))
        self.stale = False
