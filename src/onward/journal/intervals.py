"""A set of whole numbers kept as intervals: small when the numbers are dense, whatever their count."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class IntervalSet:
    """A mutable set of integers as sorted, disjoint half-open intervals ``[start, end)``.

    Appending the next number costs a few comparisons; anything else is a binary search.
    """

    __slots__ = ("_ends", "_size", "_starts")

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._size = 0
        for start, end in intervals:
            if end <= start or (self._ends and start <= self._ends[-1]):
                raise ValueError(f"intervals must be sorted and disjoint, got [{start}, {end})")
            self._starts.append(start)
            self._ends.append(end)
            self._size += end - start

    @classmethod
    def of(cls, numbers: Iterable[int]) -> IntervalSet:
        """The set of these numbers, in any order."""
        found = cls()
        for number in numbers:
            found.add(number)
        return found

    def add(self, number: int) -> bool:
        """Put a number in; False if it was there."""
        ends = self._ends
        if ends and number == ends[-1]:
            ends[-1] += 1
            self._size += 1
            return True
        return self._insert(number)

    def append(self, start: int, end: int) -> None:
        """Put ``[start, end)`` in, all of it behind what is there."""
        if self._ends and start == self._ends[-1]:
            self._ends[-1] = end
        else:
            self._starts.append(start)
            self._ends.append(end)
        self._size += end - start

    def _insert(self, number: int) -> bool:
        starts, ends = self._starts, self._ends
        at = bisect_right(starts, number)
        if at and number < ends[at - 1]:
            return False
        touches_left = at > 0 and ends[at - 1] == number
        touches_right = at < len(starts) and starts[at] == number + 1
        if touches_left and touches_right:
            ends[at - 1] = ends.pop(at)
            starts.pop(at)
        elif touches_left:
            ends[at - 1] += 1
        elif touches_right:
            starts[at] -= 1
        else:
            starts.insert(at, number)
            ends.insert(at, number + 1)
        self._size += 1
        return True

    def discard(self, number: int) -> bool:
        """Take a number out; False if it was not there."""
        starts, ends = self._starts, self._ends
        at = bisect_right(starts, number) - 1
        if at < 0 or number >= ends[at]:
            return False
        start, end = starts[at], ends[at]
        pieces = [(a, b) for a, b in ((start, number), (number + 1, end)) if a < b]
        starts[at : at + 1] = [a for a, _ in pieces]
        ends[at : at + 1] = [b for _, b in pieces]
        self._size -= 1
        return True

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number < self._ends[at]

    def __len__(self) -> int:
        return self._size

    def __bool__(self) -> bool:
        return bool(self._size)

    def __iter__(self) -> Iterator[int]:
        for start, end in zip(self._starts, self._ends, strict=True):
            yield from range(start, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and self.intervals() == other.intervals()

    __hash__ = None  # type: ignore[assignment]

    def intervals(self) -> list[tuple[int, int]]:
        """The intervals ``[start, end)``, sorted."""
        return list(zip(self._starts, self._ends, strict=True))

    def copy(self) -> IntervalSet:
        return IntervalSet(self.intervals())

    def first_gap(self) -> int:
        """The lowest number, from 0, that is not in the set."""
        return self._ends[0] if self._starts and self._starts[0] == 0 else 0

    def end(self) -> int:
        """One past the highest number, 0 if empty."""
        return self._ends[-1] if self._ends else 0

    def __repr__(self) -> str:
        return f"IntervalSet({self.intervals()!r})"
