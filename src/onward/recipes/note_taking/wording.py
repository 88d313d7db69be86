"""How an action item is worded: in the words of the meeting, without what hangs on at their ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from onward.llm.cues import Sentence, content, due_words, plain, points
from onward.recipes.note_taking.checking import sentence_case

CONTEXT = 6
"""Sentences in which that is found what "it" means."""
LONGEST = 90
"""Letters of the sentence that says what "it" means."""

_TRAILING = re.compile(r"(?i)[\s,.;:]*(?:\b(?:please|promise|then|though|okay|ok|right|so|and)\b[\s,.;:]*)*$")


def worded(what: str, sentence: Sentence, owners: Sequence[str], sentences: Sequence[Sentence]) -> str:
    """What is to be done; where it only points ("send it"), with the sentence it points back to.

    Args:
        what: the words that say it, of the sentence or all of it.
        sentence: the sentence.
        owners: who does it.
        sentences: all of the meeting.
    """
    said = what
    while (found := due_words(what)) and _TRAILING.fullmatch(what, found[-1].end):
        what = what[: found[-1].start]
    if sentence.speaker and sentence.speaker not in owners:  # "send me the price", as the one asked has it
        what = re.sub(r"(?i)\bme\b", sentence.speaker, re.sub(r"(?i)\bmy\b", f"{sentence.speaker}'s", what))
    what = sentence_case(_TRAILING.sub("", what) or said)
    if not points(said):
        return what
    for earlier in reversed(sentences[max(0, sentence.number - CONTEXT) : sentence.number]):
        before = plain(earlier.text)
        if len(content(before)) >= 3:
            return f"{what} ({_clipped(before)})"
    return what


def _clipped(text: str) -> str:
    text = text.strip(" .")
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
