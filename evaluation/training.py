"""Learns the weights of the agreement classifier from the development meetings, and says what they are worth unseen.

    python -m evaluation.training            # what the classifier is worth on authors that it has not learnt from
    python -m evaluation.training --write    # and the weights, into the package

Nothing is random, so the same meetings give the same weights on the same kind of processor; the vectors of the small
model differ in their last digits from one kind to another.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from evaluation.measures import content
from evaluation.scores import NotesScore, score_notes
from evaluation.sets import DEVELOPMENT, Meeting, meetings
from onward.llm import agreement, embedded
from onward.llm.agreement import WEIGHTS, features, likelihoods
from onward.llm.cues import SHAPES, Heard, due_words, hear, plain, shape
from onward.recipes.meetings import Transcript, Turn
from onward.recipes.note_taking.checking import Record
from onward.recipes.note_taking.ruled import action_items

if TYPE_CHECKING:
    from onward.llm.agreement import Array

LOOSE = 0.3
"""The variance that a weight is expected to have; the smaller, the closer all stay to 0."""
STEPS = 12
DIGITS = 4
CUES = [place for place, name in enumerate(SHAPES) if name.startswith("cue: ")]

AUTHORS = {
    "second": "ward-planning grant-call bakery-owners",
    "third": "marketing-sync label-printing-incident parish-building-works teaching-committee call-centre-leads",
    "fourth": "hotel-season data-quarter production-meeting trial-monitoring depot-weekly",
    "fifth": "depot-handover graduation-week monday-round lighthouse-episode rescue-committee",
}
"""Who wrote which development meetings; all others are the first author's, whose and the second's the rules know."""


@dataclass(frozen=True)
class Lesson:
    """A meeting to learn from: of each sentence its features, and 1 if something is agreed in it, else 0."""

    meeting: Meeting
    author: str
    transcript: Transcript
    heard: Heard
    rows: Array
    agreed: Array


def lesson(meeting: Meeting) -> Lesson:
    import numpy as np

    turns = [Turn(turn.n, turn.speaker, None, turn.text) for turn in meeting.turns]
    transcript = Transcript(meeting.id, meeting.id, meeting.date, meeting.participants, turns)
    heard = hear(turns, meeting.participants)
    sentences = heard.sentences
    shapes = [shape(one, heard.people) for one in sentences]
    vectors = embedded.load(threads=1).embed([plain(one.text) or one.text for one in sentences])
    rows = features(vectors.astype(float), shapes, [one.speaker for one in sentences])
    agreed = np.zeros(len(sentences))
    for place in _agreed_in(meeting, heard, shapes):
        agreed[place] = 1.0
    return Lesson(meeting, author_of(meeting.id), transcript, heard, rows, agreed)


def author_of(meeting: str) -> str:
    name = meeting[len("2026-01-01-") :]
    return next((author for author, names in AUTHORS.items() if name in names.split()), "first")


def _agreed_in(meeting: Meeting, heard: Heard, shapes: Sequence[Sequence[float]]) -> set[int]:
    """The sentences of the labelled turns that have a word of the label, a day or a cue; if none has, all of them."""
    found: set[int] = set()
    for action in meeting.actions:
        about = content(action.what)
        for turn in action.turns:
            there = [one for one in heard.sentences if one.line == turn]
            telling = [
                one
                for one in there
                if content(one.text) & about
                or due_words(one.text)
                or any(shapes[one.number][cue] for cue in CUES)
            ]
            found |= {one.number for one in telling or there}
    return found


def learn(lessons: Sequence[Lesson]) -> Array:
    """Weights of a logistic regression with a ridge penalty, by Newton's method; the last one is the constant."""
    import numpy as np

    rows = np.vstack([one.rows for one in lessons])
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    agreed = np.concatenate([one.agreed for one in lessons])
    penalty = np.full(rows.shape[1], 1 / LOOSE)
    penalty[-1] = 1e-6
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (likely - agreed) + penalty * weights
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + np.diag(penalty)
        weights = weights - np.linalg.solve(curve, slope)
    rounded: Array = np.round(weights, DIGITS)
    return rounded


def worth(lessons: Sequence[Lesson], weights: Array | None) -> NotesScore:
    """What the action items of meetings are worth; without weights, those of the rules alone."""
    total = NotesScore()
    for one in lessons:
        likely = None if weights is None else likelihoods(one.rows, weights)
        items = action_items(one.heard, likely, Record(one.transcript))
        notes = {"actions": [vars(item) for item in items]}
        total += score_notes(notes, one.meeting)
    return total


def table(lessons: Sequence[Lesson]) -> str:
    """For each author: the rules, and the rules with a classifier that has learnt from all the others."""
    lines, unseen = [], {"rules": NotesScore(), "with classifier": NotesScore()}
    for author in dict.fromkeys(one.author for one in lessons):
        theirs = [one for one in lessons if one.author == author]
        others = learn([one for one in lessons if one.author != author])
        for name, weights in (("rules", None), ("with classifier", others)):
            score = worth(theirs, weights)
            unseen[name] += score if author not in ("first", "second") else NotesScore()
            lines.append(_line(f"{author}, {len(theirs)} meetings, {name}", score))
    return "\n".join(lines + [_line(f"third to fifth, {name}", score) for name, score in unseen.items()])


def _line(name: str, score: NotesScore) -> str:
    found = score.actions
    return (
        f"{name:42} P {found.precision:.2f}  R {found.recall:.2f}  F1 {found.f1:.2f}  owner "
        f"{score.owners.precision:.2f}  date {score.dates.precision:.2f}  "
        f"({found.right} of {found.wanted}, {found.found} given)"
    )


@click.command(help=__doc__)
@click.option("--write", is_flag=True, help="Learn from all of them, and put the weights into the package.")
def main(write: bool) -> None:
    lessons = [lesson(one) for one in meetings() if one.set == DEVELOPMENT]
    click.echo(table(lessons))
    if write:
        learnt = {
            "name": agreement.NAME,
            "vectors": embedded.MODEL,
            "meetings": [one.meeting.id for one in lessons],
            "weights": learn(lessons).tolist(),
        }
        WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
        WEIGHTS.write_text(json.dumps(learnt, indent=0) + "\n", "utf-8")
        click.echo(f"Written: {WEIGHTS.name}")


if __name__ == "__main__":
    main()
