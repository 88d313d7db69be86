"""From what the sentences of a meeting say to the things that are to be done: each once, with who and when."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

from onward.llm.agreement.reading import People, Reading, Time

SENTENCE, ITEM = 0.6, 0.7
"""From where on a sentence is likely enough to make an item, and an item to be one."""
ALSO = 0.3
"""From where on a sentence that makes none is likely enough to speak of one that is there, as of its day."""
SAME = 0.5
"""From where on sentences are likely enough to speak of the same item."""
NAMED = 0.1
"""What a sentence that names nothing of an item still counts for, when the one that says best what it is is sought."""

Place = TypeVar("Place", bound=Hashable)
Group = tuple[int, ...]


@dataclass(frozen=True)
class Item:
    """Something to do, as likely as it is. ``sentences`` speak of it, ``best`` says best what it is; ``people`` and
    ``times``, as likely as they are: who does it, and when; None for nobody and no day."""

    sentences: Group
    best: int
    likely: float
    people: dict[People | None, float]
    times: dict[Time | None, float]


def items(reading: Reading) -> list[Item]:
    """The things to do in a meeting, in the order of the sentences that say best what they are."""
    likely = [n for n, one in enumerate(reading.sentences) if one.agreed >= SENTENCE]
    others = [n for n, one in enumerate(reading.sentences) if ALSO <= one.agreed < SENTENCE]
    found = [_item(reading, group) for group in _joined(groups(likely, reading.same), others, reading.same)]
    return sorted((one for one in found if one.likely >= ITEM), key=lambda one: one.best)


def groups(sentences: Iterable[int], same: Mapping[tuple[int, int], float]) -> list[Group]:
    """Sentences that speak of the same: the two groups most alike become one, until none are alike enough.

    Groups are as alike as their sentences on average, over the pairs near enough to tell (agglomerative clustering with
    average linkage; Sokal and Michener 1958).
    """
    found: dict[int, Group] = {one: (one,) for one in sentences}  # by the first sentence of each
    told = {(a, b): (likely, 1) for (a, b), likely in same.items() if a in found and b in found}
    while told:
        (one, other), (total, count) = max(told.items(), key=lambda pair: (pair[1][0] / pair[1][1], pair[0]))
        if total / count < SAME:
            break
        found[one] = tuple(sorted(found[one] + found.pop(other)))
        del told[one, other]
        for third in list(found):
            if moved := told.pop((min(other, third), max(other, third)), None):
                pair = (min(one, third), max(one, third))
                known = told.get(pair, (0.0, 0))
                told[pair] = (known[0] + moved[0], known[1] + moved[1])
    return list(found.values())


def _joined(
    found: Sequence[Group], others: Iterable[int], same: Mapping[tuple[int, int], float]
) -> list[Group]:
    """The groups, each with those of the others that are alike to it most, and enough."""
    joined = {group: list(group) for group in found}
    for one in others:
        alike, group = max(((_alike(one, group, same), group) for group in found), default=(0.0, ()))
        if alike >= SAME:
            joined[group].append(one)
    return [tuple(sorted(group)) for group in joined.values()]


def _alike(one: int, group: Group, same: Mapping[tuple[int, int], float]) -> float:
    told = [same[pair] for other in group if (pair := (min(one, other), max(one, other))) in same]
    return sum(told) / len(told) if told else 0.0


def _item(reading: Reading, group: Group) -> Item:
    said = [reading.sentences[number] for number in group]
    whole = sum(one.agreed for one in said)
    shares = [one.agreed / whole for one in said]
    return Item(
        group,
        max(group, key=lambda n: reading.sentences[n].agreed * (NAMED + reading.sentences[n].telling)),
        1 - prod(1 - one.agreed for one in said),
        _together(zip(shares, (one.people for one in said), strict=True)),
        _together(zip(shares, (one.times for one in said), strict=True)),
    )


def _together(parts: Iterable[tuple[float, Mapping[Place, float]]]) -> dict[Place, float]:
    found: dict[Place, float] = {}
    for share, likely in parts:
        for place, one in likely.items():
            found[place] = found.get(place, 0.0) + share * one
    return found
