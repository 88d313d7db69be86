"""How a sentence stands to the people, the times and the sentences around it, as one number for each pair.

It tells apart how many floors lie between them, up to three, and which comes first; whether the person speaks there or
is only named, and is who speaks here; whether a time is in the sentence itself, or its speaker's; and whether the
rules take it for the owner, or the day, of what the sentence speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onward.llm.agreement.said import Said
from onward.llm.agreement.windows import Span, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

FAR = 3
KINDS = (2 * FAR + 1) * 8
"""How many numbers there are."""


def to_people(said: Sequence[Said], window: Window) -> Numbers:
    """Of each sentence of a window to each of its people."""

    def relation(here: Said, span: Span) -> int:
        there = said[span.sentence]
        who = people_at(said, span)
        return _number(
            here, there, span.of is None, who == (here.speaker,), bool(set(who) & set(here.owners))
        )

    return _table(
        [[relation(said[one.sentence], span) for span in window.people] for one in window.sentences]
    )


def to_times(said: Sequence[Said], window: Window) -> Numbers:
    """Of each sentence of a window to each of its times."""

    def relation(here: Said, span: Span) -> int:
        there = said[span.sentence]
        ruled = (span.sentence, span.of) in here.dues
        return _number(here, there, here is there, there.speaker == here.speaker, ruled)

    return _table([[relation(said[one.sentence], span) for span in window.times] for one in window.sentences])


def to_sentences(said: Sequence[Said], window: Window) -> Numbers:
    """Of each sentence of a window to each other."""
    inside = [said[span.sentence] for span in window.sentences]
    return _table(
        [
            [_number(here, there, False, there.speaker == here.speaker, False) for there in inside]
            for here in inside
        ]
    )


def people_at(said: Sequence[Said], span: Span) -> tuple[str, ...]:
    """Whom a span of a window's people may mean."""
    sentence = said[span.sentence]
    return (sentence.speaker,) if span.of is None else sentence.names[span.of].people


def _number(here: Said, there: Said, first: bool, second: bool, ruled: bool) -> int:
    floors = max(-FAR, min(FAR, there.floor - here.floor)) + FAR
    return ((floors * 2 + first) * 2 + second) * 2 + ruled


def _table(rows: list[list[int]]) -> Numbers:
    import numpy as np

    return np.array(rows, dtype=np.int64).reshape(len(rows), -1)
