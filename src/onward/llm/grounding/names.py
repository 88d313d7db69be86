"""Who is meant by a name, among those it could be."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

TITLES = frozenset(["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "madam"])
SIMILAR = (
    0.8  # of Ratcliff and Obershelp's measure; "Priyanca" and "Priyanka" have 0.875, "Anna" and "Hanna" 0.89
)
SHORTEST = 5  # letters: shorter names are too near one another to be told apart when misspelled

Kind = Literal["exact", "partial", "similar", "ambiguous", "none"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a name comes to. `name` and `index` (in the list that was given) are None unless it is one person."""

    kind: Kind
    name: str | None = None
    index: int | None = None
    candidates: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.name is not None


def find_name(name: str, names: Sequence[str]) -> Match:
    """The one of `names` that `name` means.

    Case, accents, titles ("Dr.", "Mrs.") and the order "Rao, Priyanka" do not count. First comes the same name
    (`exact`); then a part of one, a first or a last name or an initial for either (`partial`, as when the list
    has only a part of `name`); then a name misspelled by a letter or two (`similar`: worth a second look). If
    two fit equally well, or a name stands in the list twice, it is `ambiguous` and nobody is chosen;
    `candidates` says who it could be.
    """
    wanted = _words(name)
    if not wanted:
        return Match("none")
    people = [_words(person) for person in names]
    tests: list[tuple[Kind, Callable[[list[str], list[str]], bool]]] = [
        ("exact", lambda a, b: sorted(a) == sorted(b)),
        ("partial", lambda a, b: _part_of(a, b) or _part_of(b, a)),
        ("similar", _similar),
    ]
    for kind, fits in tests:
        found = [index for index, person in enumerate(people) if person and fits(wanted, person)]
        if found:
            candidates = tuple(names[index] for index in found)
            if len(found) > 1:
                return Match("ambiguous", candidates=candidates)
            return Match(kind, names[found[0]], found[0], candidates)
    return Match("none")


def _words(name: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = re.findall(r"\w+", bare.replace("'", "").replace("’", ""))
    return [word for word in words if word not in TITLES] or words


def _part_of(part: list[str], whole: list[str]) -> bool:
    """Each word of the part is a word of the whole, or the initial of one; at least one is written out."""
    left = list(whole)
    for word in sorted(part, key=len, reverse=True):
        fitting = next((w for w in left if w == word), None)
        if fitting is None and len(word) == 1:
            fitting = next((w for w in left if w.startswith(word)), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return any(len(word) > 1 for word in part)


def _similar(misspelled: list[str], whole: list[str]) -> bool:
    return all(any(_near(word, other) for other in whole) for word in misspelled)


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < SHORTEST:
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR
