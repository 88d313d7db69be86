"""The four-fifths check: do the candidates of one group reach the top far less often than those of another?

A selection rate under four fifths of the highest group's "will generally be regarded by the Federal enforcement
agencies as evidence of adverse impact", and smaller differences may be one too; differences in small numbers may be
chance: Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D). Chance is measured by Fisher's exact
test, two-sided. This is a check of one ranking, and neither legal advice nor proof of fairness.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

from onward.errors import UsageError
from onward.recipes.resume_screening.results import Screening

FOUR_FIFTHS = 0.8
FEW = 5  # selected or expected in a group, under which a ratio says little
CHANCE = 0.05
NOT_STATED = "(not stated)"
CITED = "Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D)"


@dataclass(frozen=True)
class Group:
    """Candidates of one group: how many there are, how many of them are among the top."""

    name: str
    candidates: int
    selected: int

    @property
    def rate(self) -> float:
        return self.selected / self.candidates


@dataclass(frozen=True)
class Fairness:
    """Selection rates at the top ``k`` of a ranking.

    Attributes:
        groups: by descending rate.
        unknown: files of the groups file that are not in the ranking.
    """

    top: int
    groups: tuple[Group, ...]
    unknown: tuple[str, ...] = ()

    @property
    def _best(self) -> Group:
        """The group of the highest rate, of those that are groups."""
        return max(self.groups, key=lambda group: (group.name != NOT_STATED, group.rate))

    def ratio(self, group: Group) -> float | None:
        """The group's rate by the highest one; None if nobody was selected, and for those who stated none."""
        highest = self._best.rate
        return group.rate / highest if highest and group.name != NOT_STATED else None

    def chance(self, group: Group) -> float:
        """The probability of a difference as large to the group of the highest rate, if chance alone decided."""
        best = self._best
        return fisher((group.selected, group.candidates), (best.selected, best.candidates))

    def table(self) -> list[list[str | float | int]]:
        rows: list[list[str | float | int]] = [
            [
                "group",
                "candidates",
                f"among the top {self.top}",
                "selection rate",
                "impact ratio",
                "p (Fisher)",
            ]
        ]
        for group in self.groups:
            ratio = self.ratio(group)
            shown = "" if ratio is None else round(ratio, 2)
            rows.append(
                [
                    group.name,
                    group.candidates,
                    group.selected,
                    round(group.rate, 3),
                    shown,
                    round(self.chance(group), 3),
                ]
            )
        return rows

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        for group in self.groups:
            ratio = self.ratio(group)
            if ratio is not None and ratio < FOUR_FIFTHS:
                yield (
                    f"{group.name}: {group.selected} of {group.candidates} are among the top {self.top}, "
                    f"{ratio:.0%} of the highest rate, and under four fifths ({CITED}). {self._how_sure(group)}"
                )
        if self.unknown:
            yield f"in the groups file, but not in the ranking: {', '.join(self.unknown)}"

    def _how_sure(self, group: Group) -> str:
        chance = self.chance(group)
        if chance < CHANCE:
            return f"Chance alone would hardly do that (p = {chance:.3f}): look at the criteria before you go on."
        return f"The numbers are small enough for chance (p = {chance:.2f}); that does not show it was."


def check(ranked: Sequence[Screening], group_of: dict[str, str], top: int) -> Fairness:
    """Selection rates of the groups at the top of a ranking.

    Args:
        group_of: group by file path, file name or candidate's name.
        top: how many count as selected, from the best.

    Raises:
        UsageError: ``top`` is not between 1 and the number of candidates, or no candidate has a group.
    """
    if not 1 <= top < len(ranked):
        raise UsageError(
            f"--top {top}: with {len(ranked)} candidates, give a number from 1 to {len(ranked) - 1}"
        )
    used: set[str] = set()
    pool: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for place, screening in enumerate(ranked):
        key = next((k for k in _keys(screening) if k in group_of), None)
        used |= {key} if key is not None else set()
        group = group_of[key] if key is not None else NOT_STATED
        pool[group] += 1
        chosen[group] += place < top
    if not used:
        raise UsageError("the groups file names none of the candidates: its first column is a file or a name")
    groups = [Group(name, count, chosen[name]) for name, count in pool.items()]
    unknown = tuple(sorted(group_of.keys() - used))
    return Fairness(top, tuple(sorted(groups, key=lambda group: (-group.rate, group.name))), unknown)


def _keys(screening: Screening) -> tuple[str, ...]:
    return screening.file, Path(screening.file).name, screening.name


def read_groups(path: Path) -> dict[str, str]:
    """The groups file: CSV with a header; first column a file or name, second the group.

    Raises:
        UsageError: it cannot be read, or is not of that form.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"The groups file {path} cannot be read: {error}") from error
    found: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) < 2 or not row[0].strip():
            raise UsageError(f"{path}, record {number}: write a file or a name, a comma, and the group")
        found[row[0].strip()] = row[1].strip() or NOT_STATED
    if not found:
        raise UsageError(f"{path} has a header and nothing under it")
    return found


def fisher(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Fisher's exact test, two-sided (R. A. Fisher, "Statistical Methods for Research Workers", 5th ed., 1934).

    Args:
        one, other: selected and all of each group.
    """
    (a, n), (b, m) = one, other
    chosen, pool = a + b, n + m
    ways = comb(pool, chosen)
    shares = {
        k: comb(n, k) * comb(m, chosen - k) / ways for k in range(max(0, chosen - m), min(n, chosen) + 1)
    }
    return min(1.0, sum(p for p in shares.values() if p <= shares[a] * (1 + 1e-9)))
