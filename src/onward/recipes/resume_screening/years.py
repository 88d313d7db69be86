"""Years of work, as far as the dates in a resume prove them.

A line such as "Engineer, Acme, March 2019 - present" proves a period. Periods under headings such as "Education"
do not count, overlapping ones count once. Where only years are given, each counts from January, so that
"2015 - 2019" are four. What somebody says without dates ("nine years in freight") is kept apart, as said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

FIRST, LONGEST = 1950, 60  # no period begins before, or lasts more years

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero", "feb february februar fevrier février febrero",
            "mar march märz maerz mars marzo", "apr april avril abril", "may mai mayo", "jun june juni juin junio",
            "jul july juli juillet julio", "aug august août aout agosto", "sep sept september septembre septiembre",
            "oct october okt oktober octobre octubre", "nov november novembre noviembre",
            "dec december dez dezember décembre decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NOW = r"(?:present|now|today|current(?:ly)?|ongoing|heute|date|aujourd'hui|actualidad)"
_NAMED = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = (
    rf"(?:(?:[0-3]?\d\.)?(?P<{{0}}m>(?:0?[1-9]|1[0-2])(?=[/.])|{_NAMED})[./,\s]*\s?)?"
    r"(?P<{0}y>(?:19|20)\d\d)"
)
_TO = r"\s*(?:-|–|—|−|to|until|till|bis|à|a)\s*"
_PERIOD = re.compile(
    rf"(?<![\d/.]){_DAY.replace('{0}', 'a')}{_TO}(?:{_DAY.replace('{0}', 'b')}(?!\d)|(?P<now>{_NOW})\b)", re.I
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SAID = re.compile(
    r"\b(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty)\+?\s+years?\b(?!\s+old)",
    re.I,
)
_APART = re.compile(
    r"^(?:education|studies|studium|academic|training|ausbildung|bildung|formation|qualifications|certificat\w+|courses"
    r"|languages|sprachen|skills|talks|publications|awards|hobbies|interests|volunteer\w*|other|references|projects"
    r"|additional)\b",
    re.I,
)
_BESIDE = re.compile(
    r"\b(?:school|university|college|diploma|degree|b\.?sc|m\.?sc|phd student|bootcamp|meet-up|volunteer)\b",
    re.I,
)


@dataclass(frozen=True, order=True)
class Period:
    """Months from ``start`` up to ``end`` (months since the year 0; None: to this day), and the line that says so."""

    start: int
    end: int | None
    line: str


@dataclass(frozen=True)
class Years:
    """What a resume proves and what it says."""

    periods: tuple[Period, ...] = ()
    said: tuple[str, ...] = ()

    def proven(self, today: date) -> float:
        """Years that the periods cover, those to this day up to the month of ``today``, to a tenth."""
        now = today.year * 12 + today.month - 1
        spans = [(p.start, now if p.end is None else min(p.end, now)) for p in self.periods]
        return round(covered(spans) / 12, 1)


def names_period(line: str) -> bool:
    """Whether a line says from when to when."""
    return _PERIOD.search(line) is not None


def says_when(text: str) -> bool:
    """Whether a text says of anything in which year or for how long it was."""
    return _YEAR.search(text) is not None or _SAID.search(text) is not None


def covered(spans: Iterable[tuple[int, int]]) -> int:
    """How many months lie in at least one of the spans; those that end before they begin count nothing."""
    total, until = 0, -1
    for start, end in sorted(spans):
        total += max(0, end - max(start, until))
        until = max(until, end)
    return total


def find_years(lines: Sequence[str]) -> Years:
    """Periods and claims in the lines of a resume, those in parts about education and the like left out."""
    periods: list[Period] = []
    said: list[str] = []
    apart = False
    for line in lines:
        plain = line.strip(" #*-•\t:").replace("**", "")
        if not plain:
            continue
        if _is_heading(line, plain):
            apart = bool(_APART.match(plain))
        found = [] if apart or _BESIDE.search(plain) else list(_periods(plain))
        periods += found
        if not found and not apart and _SAID.search(plain):
            said.append(plain)
    return Years(tuple(sorted(set(periods), key=lambda p: (p.start, p.end or 0, p.line))), tuple(said[:3]))


def _is_heading(line: str, plain: str) -> bool:
    if len(plain.split()) > 4 or _PERIOD.search(plain):
        return False
    return (
        line.lstrip().startswith("#")
        or plain.isupper()
        or bool(_APART.match(plain))
        or plain.endswith(":")
        or (
            len(plain.split()) <= 2
            and bool(re.match(r"(?:work|experience|employment|career|beruf|earlier)", plain, re.I))
        )
    )


def _periods(line: str) -> Iterable[Period]:
    for match in _PERIOD.finditer(line):
        start = _month(match["am"], match["ay"], last=False)
        end = None if match["now"] else _month(match["bm"], match["by"], last=True)
        if start >= FIRST * 12 and (end is None or 0 <= end - start <= LONGEST * 12):
            yield Period(start, end, line)


def _month(name: str | None, year: str, *, last: bool) -> int:
    """A month's number; the last one named counts whole, a year alone from its January."""
    if name is None:
        return int(year) * 12
    number = int(name) if name.isdecimal() else _MONTHS[name.lower()]
    return int(year) * 12 + number - 1 + last
