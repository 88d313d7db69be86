"""Measures put together: what the notes of a meeting, and a ranking, are worth against their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from evaluation.measures import (
    GAIN,
    Counts,
    Found,
    Spoken,
    due_right,
    ndcg,
    owner_right,
    pairs,
    points_covered,
    rouge_l,
    words_covered,
)
from evaluation.sets import Meeting, Ranking, RealMeeting, Wanted
from onward.llm.grounding import find_quote

Json = Mapping[str, Any]
NONE = Counts()


@dataclass(frozen=True)
class NotesScore:
    """How good notes are: of one meeting, or added up over several.

    ``owners`` and ``dates`` are about the action items that were found: how many are right. ``wrong_owners`` and
    ``wrong_dates`` name a wrong person or day, which is worse than to leave it empty. ``quotes`` counts all quotes,
    and those that stand in the transcript; ``traps`` the wrong action items by the trap that they fell into.
    ``rouge``, ``coverage`` and ``words``, the length of the summary, are sums over the meetings.
    """

    meetings: int = 0
    actions: Counts = NONE
    decisions: Counts = NONE
    questions: Counts = NONE
    owners: Counts = NONE
    dates: Counts = NONE
    wrong_owners: int = 0
    wrong_dates: int = 0
    quotes: Counts = NONE
    rouge: float = 0.0
    coverage: float = 0.0
    words: int = 0
    traps: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: NotesScore) -> NotesScore:
        return NotesScore(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def score_notes(notes: Json, meeting: Meeting) -> NotesScore:
    """The notes, in their JSON form, of a labelled meeting; empty notes are an empty dict."""
    spoken = Spoken(meeting.turns)
    actions = [Found(a["what"], a["quote"], a["owner"], a["due"]) for a in notes.get("actions", [])]
    decisions, questions = (
        [Found(f["text"], f["quote"]) for f in notes.get(kind, [])] for kind in ("decisions", "questions")
    )
    matched = pairs(actions, meeting.actions, spoken)
    owners = [owner_right(item.owner, label.owner, meeting.participants) for item, label in matched]
    dates = [due_right(item.due, label.due) for item, label in matched]
    quotes = [bool(spoken.turns_of(item.quote)) for item in actions + decisions + questions]
    hit = {id(item) for item, _ in matched}
    fallen = Counter(
        kind
        for item in actions
        if id(item) not in hit
        for kind in {meeting.traps[turn] for turn in spoken.turns_of(item.quote) if turn in meeting.traps}
    )
    summary = " ".join(notes.get("summary", []))
    return NotesScore(
        meetings=1,
        actions=Counts(len(actions), len(meeting.actions), len(matched)),
        decisions=_counts(decisions, meeting.decisions, spoken),
        questions=_counts(questions, meeting.questions, spoken),
        owners=Counts(len(matched), len(matched), sum(owners)),
        dates=Counts(len(matched), len(matched), sum(dates)),
        wrong_owners=sum(
            not ok and item.owner is not None for ok, (item, _) in zip(owners, matched, strict=True)
        ),
        wrong_dates=sum(
            not ok and item.due is not None for ok, (item, _) in zip(dates, matched, strict=True)
        ),
        quotes=Counts(len(quotes), len(quotes), sum(quotes)),
        rouge=rouge_l(summary, meeting.summary),
        coverage=points_covered(summary, meeting.key_points),
        words=len(summary.split()),
        traps=fallen,
    )


def _counts(found: Sequence[Found], wanted: Sequence[Wanted], spoken: Spoken) -> Counts:
    return Counts(len(found), len(wanted), len(pairs(found, wanted, spoken)))


def score_summary(notes: Json, meeting: RealMeeting) -> NotesScore:
    """The summary of a real meeting against the human one, and the quotes of all that was found."""
    spoken = Spoken(meeting.turns)
    quotes = [
        bool(spoken.turns_of(found["quote"]))
        for kind in ("actions", "decisions", "questions")
        for found in notes.get(kind, [])
    ]
    summary = " ".join(notes.get("summary", []))
    return NotesScore(
        meetings=1,
        actions=Counts(found=len(notes.get("actions", []))),
        quotes=Counts(len(quotes), len(quotes), sum(quotes)),
        rouge=rouge_l(summary, meeting.summary),
        coverage=words_covered(summary, meeting.summary),
        words=len(summary.split()),
    )


@dataclass(frozen=True)
class RankingScore:
    """How good a ranking is.

    ``verbatim`` counts the lines of evidence, and those that stand in the resume. ``shown``, where requirements were
    labelled: those that the ranking says to be shown, those that a careful reader says, and the ones in both.
    ``low`` says of each stuffed or injected resume whether it is in the lower half.
    """

    resumes: int
    ndcg: float
    verbatim: Counts
    shown: Counts
    low: dict[str, bool]


def score_ranking(screenings: Mapping[str, Json], ranking: Ranking) -> RankingScore:
    """Screenings by the file's name, for the files that could be screened; all others rank last."""
    files = sorted(ranking.tiers)
    order = sorted(files, key=lambda name: -screenings[name]["total"] if name in screenings else 1.0)
    half = set(order[len(order) // 2 :])
    shown = NONE
    for name, met in ranking.meets.items():
        found = {
            n for n, score in enumerate(screenings.get(name, {}).get("scores", []), 1) if score["evidence"]
        }
        shown += Counts(len(found), len(met), len(found & met))
    lines = [
        bool(find_quote(score["evidence"], screening["text"]))
        for screening in screenings.values()
        for score in screening["scores"]
        if score["evidence"]
    ]
    return RankingScore(
        resumes=len(files),
        ndcg=ndcg([GAIN[ranking.tiers[name]] for name in order]),
        verbatim=Counts(len(lines), len(lines), sum(lines)),
        shown=shown,
        low={name: name in half for name in ranking.lower_half},
    )
