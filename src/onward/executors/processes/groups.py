"""Units that go to a worker together, so that the way there and back costs little beside the work."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from onward.executors.base import Unit

T = TypeVar("T")

TARGET = 0.05
"""Seconds of work in a group."""

HEAVIEST = 4_000_000
"""Bytes of a group, there and back."""

MOST = 2_000
"""Units in a group."""

HOLD = 0.02
"""Seconds that a unit may wait for others from the source."""


class Pace:
    """How many units make a group, as learnt from those that came back.

    Attributes:
        size: units; 1 at first, at most doubled from group to group.
    """

    def __init__(self) -> None:
        self.size = 1

    def learn(self, count: int, seconds: float, octets: int) -> None:
        """A group of ``count`` units took so long, and so many bytes."""
        fits = count * min(TARGET / max(seconds, 1e-9), HEAVIEST / max(octets, 1))
        self.size = max(1, min(int(fits), 2 * max(count, self.size), MOST))


class Groups(Generic[T]):
    """An iterator of groups: first what came back undone, then from the units.

    It may have more after it had none: when a worker gives something back.

    Args:
        make: what stands for a unit in a group.
        halted: nothing more is to be handed out.

    Attributes:
        again: groups that came back. Any thread may append.
        error: is raised in place of the next group.
    """

    def __init__(
        self, units: Iterator[Unit], make: Callable[[Unit], T], pace: Pace | None, halted: Callable[[], bool]
    ) -> None:
        self._units = units
        self._make = make
        self._pace = pace
        self._halted = halted
        self._at_hand = 1  # units that the source gives while one may wait for others
        self.again: deque[list[T]] = deque()
        self.error: BaseException | None = None

    def __iter__(self) -> Groups[T]:
        return self

    def __next__(self) -> list[T]:
        if self.error is not None:
            raise self.error
        if self.again and not self._halted():
            return self.again.popleft()
        group = self._pulled(1 if self._pace is None else min(self._pace.size, self._at_hand))
        if not group:
            raise StopIteration
        return group

    def _pulled(self, size: int) -> list[T]:
        group: list[T] = []
        began = time.perf_counter()
        late = False
        while len(group) < size and not late:
            unit = next(self._units, None)
            if unit is None:
                break
            group.append(self._make(unit))
            late = time.perf_counter() - began > HOLD
        self._at_hand = max(1, len(group) // 2) if late else min(2 * self._at_hand, MOST)
        return group
