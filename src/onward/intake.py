"""From the values of a source to units of work: admitted, grouped, bounded, and with the place they came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onward.admission import Admission
from onward.model import Item
from onward.sources.base import Place


class Intake:
    """Takes the source's values one by one and gives back units when they are full.

    Args:
        batch: items in a unit.
        limit: items to hand out in all, None for any number.
        halted: whether nothing more is to be handed out.
        place: asks the reading for the place behind the last value.

    Attributes:
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
        start: tuple[Place | None, int],
    ) -> None:
        self._admission = admission
        self._batch = batch
        self._limit = limit
        self._halted = halted
        self._unit: list[Item] = []
        self._in_flight: dict[int, tuple[Place | None, int]] = {}
        self._behind = start
        self.handed_out = 0
        self.exhausted = False
        self.limited = False

    @property
    def closed(self) -> bool:
        """Whether no further value is wanted."""
        return self.limited or self._halted()

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def push(self, value: Any, place: Callable[[], Place | None]) -> list[Item] | None:
        """Take one value; a unit if that fills one.

        Raises:
            Refused: as :meth:`Admission.admit`.
        """
        before = self._behind
        item = self._admission.admit(value)
        if item is not None:
            if self._limit is not None and self.handed_out >= self._limit:
                self.limited = True
                return None
            self.handed_out += 1
            self._in_flight[item.ordinal] = before
            self._unit.append(item)
        self._behind = (place(), self._admission.position)
        return self._take() if len(self._unit) >= self._batch else None

    def _take(self) -> list[Item]:
        unit, self._unit = self._unit, []
        return unit

    def end(self) -> None:
        """The source has ended.

        Raises:
            Refused: as :meth:`Admission.end`.
        """
        self._admission.end()
        self.exhausted = True

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
                return next(iter(self._in_flight.values()), self._behind)
            except RuntimeError:  # changed by another thread while it was looked at
                continue
