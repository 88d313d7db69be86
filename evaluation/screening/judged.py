"""Whether the evidence that screening shows is evidence: against the resume, and against a reader's judgement.

``evidence.csv`` holds the judgement of every line that the rules showed for the sample resumes, made by reading the
line beside its criterion: ``yes``, it shows what is asked for; ``part``, it shows a part of it, or something near;
``no``, it does not. A line that is not in the file was not judged, and counts as that.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

FILE = Path(__file__).with_name("evidence.csv")
VERDICTS = ("yes", "part", "no", "not judged")


class Scored(Protocol):
    """What is looked at of a score."""

    @property
    def criterion(self) -> str: ...
    @property
    def evidence(self) -> str | None: ...


@dataclass(frozen=True)
class Line:
    """A line of a resume, shown as evidence for a criterion."""

    resume: str
    criterion: str
    evidence: str


@dataclass(frozen=True)
class Precision:
    """How many lines were shown, how many of them stand in the resume word for word, and what readers say of them."""

    shown: int
    verbatim: int
    verdicts: dict[str, int]

    @property
    def strict(self) -> float:
        """The share of lines that show what is asked for."""
        return self.verdicts["yes"] / self.shown if self.shown else 1.0

    @property
    def supporting(self) -> float:
        """The share of lines that show it or a part of it."""
        return (self.verdicts["yes"] + self.verdicts["part"]) / self.shown if self.shown else 1.0


def lines(file: str, scores: Iterable[Scored]) -> list[Line]:
    """The lines of evidence of one screening."""
    name = Path(file).name
    return [Line(name, score.criterion, score.evidence) for score in scores if score.evidence is not None]


def judgement() -> dict[Line, str]:
    """The verdict of each judged line."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {Line(r["resume"], r["criterion"], r["evidence"]): r["supports"] for r in csv.DictReader(file)}


def precision(shown: Iterable[Line], texts: dict[str, str]) -> Precision:
    """Of some lines: how many hold.

    Args:
        texts: the text of each resume by its file's name.
    """
    known = judgement()
    found = list(shown)
    verbatim = sum(line.evidence in " ".join(texts[line.resume].split()) for line in found)
    counted = Counter(known.get(line, "not judged") for line in found)
    return Precision(len(found), verbatim, {verdict: counted[verdict] for verdict in VERDICTS})
