"""What screening finds out: plain values, saved as JSON, and their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from onward.recipes.resume_screening.criteria import Criterion
from onward.recipes.resume_screening.person import Person
from onward.recipes.resume_screening.years import Years


@dataclass(frozen=True)
class Score:
    """How well one criterion is met: 0 to 1, with the line of the resume that shows it, verbatim.

    Attributes:
        evidence: the line, or None: no evidence was found, which is not evidence that there is none.
        mention: a line that only names it (a list of keywords, a plan, a lesson given), worth little; or
            that is only near to it in meaning. No evidence.
        note: why a mention is no more, or what was wrong with what a model quoted.
    """

    criterion: str
    must: bool
    weight: float
    score: float
    evidence: str | None = None
    mention: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Screening:
    """One resume, screened.

    Attributes:
        file: its path.
        total: the mean of the scores by weight, 0 to 100.
        years: the periods of work that its dates prove, and what it says without dates.
        gaps: the must-haves without evidence.
        reason: two sentences on why it stands where it stands, made of the scores.
        flags: what a human should look at.
        mark: of the text's words, to tell copies of one file.
        model: what scored it: the language model, or the rules and the model of their vectors.
    """

    file: str
    person: Person
    total: float
    scores: tuple[Score, ...]
    years: Years
    gaps: tuple[str, ...]
    reason: str
    flags: tuple[str, ...]
    mark: str
    model: str

    @property
    def name(self) -> str:
        return self.person.name


@dataclass(frozen=True)
class Unscreened:
    """A file that could not be screened, and why."""

    file: str
    reason: str


def total(scores: Sequence[Score]) -> float:
    """The mean of the scores by weight, 0 to 100, to a tenth."""
    weight = sum(score.weight for score in scores)
    return round(100 * sum(score.weight * score.score for score in scores) / weight, 1)


def unmet(scores: Sequence[Score]) -> tuple[str, ...]:
    """The must-haves without evidence."""
    return tuple(score.criterion for score in scores if score.must and score.evidence is None)


def no_evidence(criterion: Criterion, note: str | None = None) -> Score:
    return Score(criterion.text, criterion.must, criterion.weight, 0.0, note=note)


def rank(screenings: Iterable[Screening]) -> list[Screening]:
    """Best total first, equal totals by file name; files that seem to be of one person are flagged."""
    ranked = sorted(screenings, key=lambda s: (-s.total, s.file))
    return [replace(s, flags=(*s.flags, *_shared(s, ranked))) for s in ranked]


def _shared(one: Screening, all_of_them: Sequence[Screening]) -> list[str]:
    flags = []
    for other in all_of_them:
        if other is one:
            continue
        if same := _same(one, other):
            flags.append(f"{same}: {other.file}")
    return flags


def _same(one: Screening, other: Screening) -> str | None:
    if one.mark == other.mark:
        return "the same text as another file"
    mine, theirs = ({*s.person.phones, *(e.casefold() for e in s.person.emails)} for s in (one, other))
    if mine & theirs:
        return "two files of one person, by e-mail or telephone"
    if one.name.casefold() == other.name.casefold():
        return "another resume has the same name: two people, or two files of one?"
    return None
