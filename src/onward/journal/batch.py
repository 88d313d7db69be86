"""Outcomes that are saved together, a column for each part of them.

Nearly all items succeed at the first try; of these an item, a duration and a result are all there is to know. What
is more than that about others stands in a column with holes. So a million outcomes need no million objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onward.model import Item, Settled


class Batch:
    """Outcomes in settlement order.

    One thread may append while another takes what is there: ``raws`` is appended to last, and says how many there are.

    Attributes:
        items: what settled; ``seconds``: how long it took; ``raws``: its result, or the reason of a skip, as JSON.
        others: by number, whole outcomes of those that are more than a success at the first try.
    """

    __slots__ = ("items", "others", "raws", "seconds")

    def __init__(self, outcomes: Iterable[Settled] = ()) -> None:
        self.items: list[Item] = []
        self.seconds: list[float] = []
        self.raws: list[bytes] = []
        self.others: dict[int, Settled] = {}
        for outcome in outcomes:
            self.add(outcome)

    def add(self, outcome: Settled) -> None:
        """Put any outcome behind the others."""
        if outcome.status != "succeeded" or outcome.attempts != 1 or outcome.counters:
            self.others[len(self.raws)] = outcome
        self.succeed(outcome.item, outcome.duration, outcome.raw)

    def succeed(self, item: Item, seconds: float, raw: bytes) -> None:
        """Put a success at the first try behind the others."""
        self.items.append(item)
        self.seconds.append(seconds)
        self.raws.append(raw)

    def take(self, count: int) -> Batch:
        """The first so many, which are not here any more; ``others`` must all be among them."""
        taken = Batch()
        taken.items, taken.seconds, taken.raws = self.items[:count], self.seconds[:count], self.raws[:count]
        taken.others, self.others = self.others, {}
        del self.items[:count], self.seconds[:count], self.raws[:count]
        return taken

    def __len__(self) -> int:
        return len(self.raws)

    def __getitem__(self, number: int) -> Settled:
        other = self.others.get(number)
        if other is not None:
            return other
        return Settled(self.items[number], "succeeded", self.raws[number], duration=self.seconds[number])

    def __iter__(self) -> Iterator[Settled]:
        return (self[number] for number in range(len(self.raws)))
