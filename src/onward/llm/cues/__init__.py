"""What people in a meeting are to do, what they decided and what they left open, read off by rules.

No model is asked: a grammar of English cues ("I'll", "could you", "that's settled") says what a sentence may mean, and
what others answer says what came of it. It knows nothing of the subject, and what is said in other words than it has
it does not find. Whatever it finds is a sentence of the transcript.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onward.llm.cues.actions import Action
from onward.llm.cues.dialogue import find_actions
from onward.llm.cues.due_words import due_words, vague_words
from onward.llm.cues.findings import Remark, find_decisions, find_questions
from onward.llm.cues.grammar import goes_to_a_machine, is_for_a_machine
from onward.llm.cues.people import People
from onward.llm.cues.shapes import SHAPES, shape
from onward.llm.cues.speech import Sentence, Spoken, plain, sentences
from onward.llm.cues.times import Time, Times, as_read
from onward.llm.cues.words import content, points

__all__ = [
    "NAME",
    "SHAPES",
    "Action",
    "Heard",
    "People",
    "Remark",
    "Sentence",
    "Time",
    "Times",
    "content",
    "due_words",
    "goes_to_a_machine",
    "hear",
    "is_for_a_machine",
    "plain",
    "points",
    "shape",
    "vague_words",
]

NAME = "rules"
"""What stands for these rules where a model's name would: they are none."""


@dataclass(frozen=True)
class Heard:
    """What was heard in a meeting."""

    sentences: list[Sentence]
    actions: list[Action]
    decisions: list[Remark]
    questions: list[Remark]
    people: People
    times: Times


def hear(turns: Sequence[Spoken], participants: Sequence[str]) -> Heard:
    """Read the turns of a meeting, in order.

    Args:
        turns: who says what, line by line.
        participants: the names of those present.
    """
    said = sentences(turns)
    people = People(participants, [turn.text for turn in turns])
    return Heard(
        said,
        find_actions(said, people),
        find_decisions(said),
        find_questions(said),
        people,
        Times(said, as_read),
    )
