"""Which of many numbered things have been met: a bit each, whatever the order they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

PIECE = 4096
"""Bytes looked at at once."""


class Marks:
    """A growing set of whole numbers from 0, as a bitmap.

    Attributes:
        end: one past the highest number, 0 if empty.
    """

    def __init__(self, intervals: Iterable[tuple[int, int]] = ()) -> None:
        self._bits = bytearray()
        self.end = 0
        for start, end in intervals:
            self.add_many(start, end)

    def add(self, number: int) -> None:
        if number >= self.end:
            self.end = number + 1
            if number >> 3 >= len(self._bits):
                self._reach(self.end)
        self._bits[number >> 3] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        return number < self.end and bool(self._bits[number >> 3] >> (number & 7) & 1)

    def _reach(self, end: int) -> None:
        self.end = end
        missing = (end + 7 >> 3) - len(self._bits)
        if missing > 0:
            self._bits.extend(bytes(missing))

    def add_many(self, start: int, end: int) -> None:
        """Put in all from ``start`` to before ``end``."""
        self._reach(max(end, self.end))
        first, last = start + 7 >> 3, end >> 3
        if first < last:
            self._bits[first:last] = b"\xff" * (last - first)
        for number in (*range(start, min(8 * first, end)), *range(max(8 * last, start), end)):
            self.add(number)

    def missing(self, intervals: Iterable[tuple[int, int]]) -> Iterator[int]:
        """The numbers in these intervals that have not been met, in order."""
        for start, end in intervals:
            for first in range(start, end, 8 * PIECE):
                yield from self._missing(first, min(first + 8 * PIECE, end))

    def _missing(self, start: int, end: int) -> Iterator[int]:
        first, last = start + 7 >> 3, end >> 3
        if first < last <= len(self._bits) and self._bits.count(0xFF, first, last) == last - first:
            edges = *range(start, 8 * first), *range(8 * last, end)
            yield from (number for number in edges if number not in self)
        else:
            yield from (number for number in range(start, end) if number not in self)
