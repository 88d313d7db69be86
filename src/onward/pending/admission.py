"""The resume rule: for each value the source yields, whether it is to be worked on, is settled, or has changed.

Items are told apart by *ordinal*, their number within the store. It is the position, except where keyed input
was reordered or grew in the middle: an item keeps the ordinal it got first, and its new position is noted as a
*move*. So what is settled stays a handful of intervals, and nothing stored is rewritten.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from onward.codec import digest as digest_of
from onward.codec import digests as digests_of
from onward.errors import DuplicateKey, InputChanged, UsageError, ways_of_change
from onward.journal.blocks import key_digest, key_digests
from onward.journal.intervals import IntervalSet
from onward.keying import Keying
from onward.model import Item, Key
from onward.pending.keys import KeyIndex, Rising
from onward.pending.marks import Marks
from onward.settings import OnChange

KeyOf = Callable[[Any], Key]


class RestartNeeded(Exception):
    """The input changed and ``on_change="restart"`` says what follows."""


class Book(Protocol):
    """What is settled, as far as the resume rule needs it; the journal is one."""

    @property
    def settled(self) -> IntervalSet: ...

    @property
    def retired(self) -> IntervalSet: ...

    def retire(self, ordinal: int) -> None:
        """Its item is not in the input any more."""

    def readmit(self, ordinal: int) -> None:
        """Its item is back."""

    def move(self, ordinal: int, position: int) -> None:
        """It stands at another position than its ordinal."""

    def redo(self, item: Item) -> None:
        """It is settled, but will be done again because its content changed."""

    def keep(self, item: Item) -> None:
        """It is settled and stays so, although its content changed."""


@dataclass
class Known:
    """What was read from the store for the resume rule.

    Attributes:
        keys: of all outcomes, in keyed runs.
        digests: the items' digests by ordinal, None where there is nothing to compare.
        retry: failed ordinals to take up again.
    """

    keys: KeyIndex = field(default_factory=KeyIndex)
    digests: array[int] | None = None
    retry: IntervalSet = field(default_factory=IntervalSet)


@dataclass
class Findings:
    """What a pass over the input found out."""

    changed: int = 0
    duplicates: int = 0


class Admission:
    """Lets those values of the source pass that are to be worked on.

    Args:
        name: of the source, for messages.
        key: gives an item's key; None in positional runs.
        digest: gives a value's digest, 0 if it has none; see :func:`onward.pending.intake.digest_function`.
        start: position of the first value that will come.
    """

    def __init__(
        self,
        book: Book,
        known: Known,
        *,
        name: str,
        key: KeyOf | None,
        digest: Callable[[Any], int],
        on_change: OnChange,
        duplicates: str,
        start: int = 0,
    ) -> None:
        self._book = book
        self._keys = known.keys
        self._rising = Rising(every=not known.keys)
        self._digests = known.digests
        self._retry = known.retry
        self._name = name
        self._key = key
        self._digest = digest
        self._on_change = on_change
        self._skip_duplicates = duplicates == "skip"
        # By ordinal: what has come. Before the place it starts at, everything settled came in an earlier session.
        self._met = Marks(self._before(book.settled.intervals(), start) if key else ())
        self._behind_settled = book.settled.end()
        self.position = start
        self.findings = Findings()

    def admit(self, value: Any) -> Item | None:
        """The item to work on, or None if it is settled.

        Raises:
            InputChanged, DuplicateKey: as the policies say.
            RestartNeeded: ``on_change="restart"`` and a settled item has changed.
        """
        position = self.position
        digest = self._digest(value)
        if self._key is not None:
            return self._keyed(position, value, digest, self._key(value))
        self.position = position + 1
        if digest and position >= self._behind_settled:
            return Item(position, position, value, position, digest)
        return self._positional(position, value, digest)

    def admit_new(self, values: Sequence[Any]) -> list[Item] | None:
        """The items of values that are all new; None, and nothing has happened, where that is not plain to see."""
        start, end = self.position, self.position + len(values)
        if start < self._behind_settled or self._digest is not digest_of:
            return None
        digests = digests_of(values)
        positions = list(range(start, end))  # an item's three numbers are one object, which is less memory
        if self._key is not None:
            return self._admit_new_keys(values, positions, digests)
        if not all(digests):
            return None
        self.position = end
        return list(map(Item, positions, positions, values, positions, digests))

    def _admit_new_keys(
        self, values: Sequence[Any], positions: list[int], digests: list[int]
    ) -> list[Item] | None:
        keys = self._key.many(values) if isinstance(self._key, Keying) else None
        if keys is None or positions[0] < self._met.end or not self._rising.all_new(keys):
            return None
        names = key_digests(keys)
        self._keys.extend(names, positions)
        self.position = positions[-1] + 1
        self._met.add_many(positions[0], self.position)
        return list(map(Item, positions, keys, values, positions, digests, names))

    def _positional(self, position: int, value: Any, digest: int) -> Item | None:
        if not digest:
            raise UsageError(
                f"item {position} of {self._name} is {type(value).__name__}, which has no JSON form to tell whether it "
                "changed; give key= (a field name or a function) so that items are known by key"
            )
        if position not in self._book.settled:
            return Item(position, position, value, position, digest)
        return self._settled(Item(position, position, value, position, digest))

    def _keyed(self, position: int, value: Any, digest: int, key: Key) -> Item | None:
        name = key_digest(key)
        ordinal = self._keys.find(name)
        new = ordinal is None
        if ordinal is None:
            ordinal = self._new_ordinal(position)
            self._keys.add(name, ordinal)
            self._rising.note(key)
        elif ordinal in self._met:
            self._duplicate(position, key)
            return None
        self._met.add(ordinal)
        self.position = position + 1
        if ordinal != position:
            self._book.move(ordinal, position)
        item = Item(position, key, value, ordinal, digest, name)
        return item if new else self._settled(item)

    def _new_ordinal(self, position: int) -> int:
        met = self._met
        if position >= met.end and position >= self._behind_settled:
            return position
        settled = self._book.settled
        if position not in met and position not in settled:
            return position
        return max(position, settled.end(), met.end)

    def _duplicate(self, position: int, key: Key) -> None:
        if not self._skip_duplicates:
            raise DuplicateKey(
                f"{self._name}: the key {key!r} at position {position} occurred before; "
                'make the keys unique, or give duplicates="skip" to work on the first of each only',
                ({"duplicates": "skip"},),
            )
        self.findings.duplicates += 1

    def _settled(self, item: Item) -> Item | None:
        ordinal = item.ordinal
        if ordinal in self._book.retired:
            self._book.readmit(ordinal)
        if self._differs(item):
            self.findings.changed += 1
            self._judge(item)
            if self._on_change == "redo":
                self._book.redo(item)
                return item
            self._book.keep(item)
        return item if ordinal in self._retry else None

    def _differs(self, item: Item) -> bool:
        if self._digests is None or item.ordinal >= len(self._digests):
            return False
        known = self._digests[item.ordinal]
        return known not in (0, item.digest) and item.digest != 0

    def _judge(self, item: Item) -> None:
        if self._on_change == "restart":
            raise RestartNeeded
        if self._on_change == "stop":
            which = f"item {item.position}" if self._key is None else f"the item with key {item.key!r}"
            raise InputChanged(
                f"{self._name}: {which} is settled, but its content has changed since. Go on with "
                'on_change="keep" (use the stored outcomes), "redo" (do the changed items again) or "restart"',
                ways_of_change("keep", "redo", "restart"),
            )

    def end(self) -> None:
        """The source is exhausted: what is settled and did not come is retired.

        Raises:
            InputChanged: positional input has become shorter.
            RestartNeeded
        """
        settled, retired = self._book.settled, self._book.retired
        if self._key is None:
            gone: Iterable[int] = IntervalSet(self._behind(settled.intervals(), self.position))
        else:
            gone = self._met.missing(settled.intervals())
        fresh = [ordinal for ordinal in gone if ordinal not in retired]
        if fresh and self._key is None:
            self._judge_shorter(len(fresh))
        for ordinal in fresh:
            self._book.retire(ordinal)

    @staticmethod
    def _before(intervals: list[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
        for start, stop in intervals:
            if start < end:
                yield start, min(stop, end)

    @staticmethod
    def _behind(intervals: list[tuple[int, int]], end: int) -> Iterator[tuple[int, int]]:
        for start, stop in intervals:
            if stop > end:
                yield max(start, end), stop

    def _judge_shorter(self, count: int) -> None:
        if self._on_change == "restart":
            raise RestartNeeded
        if self._on_change == "stop":
            raise InputChanged(
                f"{self._name} now ends at item {self.position}, but {count} items behind that are settled. Go on "
                'with on_change="keep" (they are retired: reported, not published) or "restart"',
                ways_of_change("keep", "restart"),
            )
