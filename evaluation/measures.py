"""How good an answer is, from the answer and the labels alone. Nothing here knows a model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.sets import Turn, Wanted
from onward.llm.grounding import find_name, find_quote

GAIN = {"strong": 3, "good": 2, "weak": 1, "none": 0, "trap": 0}
NEAR = 5  # turns: how far from the gold turns an item with the same content may be quoted
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all an and any are as at be been before but by can could did do does for from get had has
        have he her him his how i if in into is it its just me my no not of off on one or our out over she
        should so some than that the their them then there they this to too up us was we were what when
        where which who will with would you your
        """,
    )
)


# ------------------------------------------------------------------------------------- rankings


def ndcg(gains: Sequence[float], at: int = 10) -> float:
    """Normalised discounted cumulative gain of a ranking, given the gains in its order (Järvelin and Kekäläinen
    2002, with the gains as they are). 1 if there is nothing to gain."""
    best = _dcg(sorted(gains, reverse=True)[:at])
    return _dcg(gains[:at]) / best if best else 1.0


def _dcg(gains: Iterable[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))


# ------------------------------------------------------------------------------------ summaries


def tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def rouge_l(found: str, wanted: str) -> float:
    """ROUGE-L (Lin 2004) as F1: the longest common subsequence of words, in lower case, not stemmed."""
    one, other = tokens(found), tokens(wanted)
    common = _common_subsequence(one, other)
    return 2 * common / (len(one) + len(other)) if common else 0.0


def _common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for n, theirs in enumerate(other, 1):
            before, row[n] = row[n], before + 1 if word == theirs else max(row[n], row[n - 1])
    return row[-1]


def points_covered(text: str, points: Sequence[Sequence[Sequence[str]]]) -> float:
    """The share of key points that a text has: of each group of a point at least one word or run of words."""
    said = f" {' '.join(tokens(text))} "
    return _share(
        [all(any(f" {' '.join(tokens(w))} " in said for w in group) for group in point) for point in points]
    )


def words_covered(found: str, wanted: str) -> float:
    """The share of the content words of ``wanted`` that occur in ``found``, plurals and the like aside."""
    said = content(found)
    return _share([word in said for word in content(wanted)])


def content(text: str) -> frozenset[str]:
    """The words that say what a text is about, cut down to stems by a crude rule: endings go, six letters stay."""
    return frozenset(_stem(word) for word in tokens(text) if word not in STOP_WORDS and len(word) > 1)


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|es|s|e)$", "", word)[:6] if len(word) > 4 else word.removesuffix("s")


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 1.0


# ---------------------------------------------------------------------------- what was to be found


@dataclass(frozen=True)
class Found:
    """An action item, a decision or a question as a system gave it."""

    what: str
    quote: str
    owner: str | None = None
    due: str | None = None


@dataclass(frozen=True)
class Counts:
    """Hits and misses, which add up over meetings."""

    found: int = 0
    wanted: int = 0
    right: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.found + other.found, self.wanted + other.wanted, self.right + other.right)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.wanted) if self.found + self.wanted else 1.0


class Spoken:
    """The turns of a meeting, to find again in which of them a quote stands, whatever the file's format."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = turns
        self.text = "\n".join(turn.text for turn in turns)
        self._known: dict[str, frozenset[int]] = {}

    def turns_of(self, quote: str) -> frozenset[int]:
        """The numbers of all turns that a quote stands in; none if nobody said it."""
        if quote not in self._known:
            alone = frozenset(turn.n for turn in self.turns if find_quote(quote, turn.text))
            self._known[quote] = alone or self._turns_across(quote)
        return self._known[quote]

    def _turns_across(self, quote: str) -> frozenset[int]:
        found = find_quote(quote, self.text)
        if found is None:
            return frozenset()
        first, last = (self.text.count("\n", 0, place) for place in (found.start, found.end))
        return frozenset(turn.n for turn in self.turns[first : last + 1])


def pairs(found: Sequence[Found], wanted: Sequence[Wanted], spoken: Spoken) -> list[tuple[Found, Wanted]]:
    """Which found item is which wanted one: as many pairs as can be, each item in one at most.

    They fit if the quote stands in one of the turns that the label names; or if it stands within five turns of one,
    and at least half of the content words of the label, and two, are in what was found or its quote. A second item
    for the same label fits nothing, and counts as wrong.
    """
    fits = {
        (i, j): fit
        for i, item in enumerate(found)
        for j, label in enumerate(wanted)
        if (fit := _fit(item, label, spoken)) > 0
    }
    by_label: dict[int, int] = {}
    for i in sorted(
        range(len(found)), key=lambda i: -max((f for (k, _), f in fits.items() if k == i), default=0)
    ):
        _place(i, fits, by_label, set())
    return [(found[i], wanted[j]) for j, i in sorted(by_label.items())]


def _fit(item: Found, label: Wanted, spoken: Spoken) -> float:
    turns = spoken.turns_of(item.quote)
    about = content(label.what)
    said = about & content(f"{item.what} {item.quote}")
    shared = len(said) / max(1, len(about))
    if turns & label.turns:
        return 1 + shared
    near = any(abs(one - other) <= NEAR for one in turns for other in label.turns)
    return shared if near and shared >= 0.5 and len(said) > 1 else 0.0


def _place(i: int, fits: dict[tuple[int, int], float], by_label: dict[int, int], tried: set[int]) -> bool:
    """An augmenting path, best fit first (Kuhn's algorithm)."""
    for j in sorted((j for k, j in fits if k == i), key=lambda j: -fits[i, j]):
        if j not in tried:
            tried.add(j)
            if j not in by_label or _place(by_label[j], fits, by_label, tried):
                by_label[j] = i
                return True
    return False


def owner_right(found: str | None, wanted: str | None, participants: Sequence[str]) -> bool:
    """The same person, or rightly nobody. A part of the name does if only one participant has it."""
    if found is None or wanted is None:
        return found is wanted
    match = find_name(found, [*participants, *([] if find_name(wanted, participants) else [wanted])])
    return match.kind in ("exact", "partial") and match.name == (
        find_name(wanted, participants).name or wanted
    )


def due_right(found: str | None, wanted: Sequence[str | None]) -> bool:
    return found in wanted
