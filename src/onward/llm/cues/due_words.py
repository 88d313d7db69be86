"""The words by which people say when, as the dialogue needs them: where they stand, and whether they are meant so."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from onward.llm.grounding import due_date, find_dates
from onward.llm.grounding.dates import find_days

_COUNTED = "which day?"
_ANY_DAY = date(2024, 1, 3)  # a word for a day is one on whatever day it is said
_LEAD = re.compile(
    r"(?i)\b(?P<lead>(?:by|before|until|till|on|for|at|latest|(?:no|not)\s+later\s+than)(?:\s+(?:the|first\s+thing))?|first\s+thing)\s+$"
)
_REST = re.compile(r"(?i)\s+(?:morning|afternoon|evening|night|lunchtime|noon)\b")
_MORE = re.compile(
    r"(?i)\b(?:(?:by|for|before)\s+(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|(?:by\s+the\s+end\s+of\s+)?(?:the|this)\s+sprint)\b"
)
_SAME_DAY = re.compile(
    r"(?i)\b(?:the|that)\s+same\s+day\b|\b(?:before|after|once)\s+(?:it|i|we|they|he|she|that)\b[^,.;?!]{0,40}"
)
_FIRST_THING = re.compile(r"(?i)\bfirst thing\b(?! in the morning)")
_NOT_DUE = re.compile(r"(?i)\b(?:since|last|from|after|between|than|every|each|past|of|an?)\s+(?:the\s+)?$")
_STATE_UNTIL = re.compile(
    r"(?i)(?:\b(?:am|is|are|was|were|be|been|wait\w*|stay\w*|keep|park\w*|leave|away|off|busy|closed|open)\b|'m\b|'s\b|'re\b)[^,.;]*\b(?:until|till)\s+(?:the\s+)?$"
)
_STRICT = re.compile(r"(?i)(?:by|before|until|till|no later|not later)\b")
_APPOSITION = re.compile(r"(?i),?\s+(?:(?:um|uh|er|erm|so|i mean|that's),?\s+)*(?:(?:by|on|the)\s+)*")


class DueWords(NamedTuple):
    """When, in somebody's words, and where they stand in the sentence. ``strict``: "by Friday", not only "Friday".
    ``counted``: from another day, such as "the Friday before"."""

    text: str
    start: int
    end: int
    strict: bool
    counted: bool = False


@lru_cache(maxsize=4096)
def due_words(text: str) -> tuple[DueWords, ...]:
    """The words in a sentence that say on which day something is to be, in order; past and repeated times left out."""
    days = [
        one
        for one in _days(text)  # "I am away until Friday" is no day to be ready by
        if not (_NOT_DUE.search(text[: one[0]]) or _STATE_UNTIL.search(text[: one[0]]))
    ]
    return _with_what_belongs(text, days)


@lru_cache(maxsize=4096)
def days_in(text: str) -> tuple[DueWords, ...]:
    """The words in a sentence that name a day by themselves, whatever is to be on it."""
    found = [one for one in find_days(text, _ANY_DAY) if one.date or "vague" not in one.flags]
    return _with_what_belongs(text, [(one.start, one.end, False) for one in found])


def _with_what_belongs(text: str, days: list[tuple[int, int, bool]]) -> tuple[DueWords, ...]:
    """Days with their "by" and their "morning", and one made of two that are the same: "next Friday, the twentieth"."""
    found: list[DueWords] = []
    for day_start, day_end, counted in days:
        lead, rest = _LEAD.search(text[:day_start]), _REST.match(text, day_end)
        start, end = lead.start() if lead else day_start, rest.end() if rest else day_end
        another = lead and lead.group().lower().startswith("for")  # "send it on Monday, for the tenth"
        if found and not another and _APPOSITION.fullmatch(text[found[-1].end : start]):
            words = text[found[-1].start : end]  # "next Friday, um, the twentieth"
            found[-1] = found[-1]._replace(text=words, end=end, counted=found[-1].counted and counted)
            continue
        words = text[start:end]
        found.append(DueWords(words, start, end, bool(_STRICT.match(words)), counted))
    return tuple(found)


@lru_cache(maxsize=4096)
def is_a_day(words: str) -> bool:
    """Whether words name one day that others can be counted from; no period, no time of this day."""
    due = due_date(words, _ANY_DAY)
    doubtful = {"period", "today assumed", "tomorrow assumed", "vague", "no date", "several days"}
    return not doubtful & {*due.flags}


def _days(text: str) -> list[tuple[int, int, bool]]:
    text = _FIRST_THING.sub(
        lambda first: "-" * len(first.group()), text
    )  # "Saturday, first thing" is no first
    mentions = [
        one
        for one in find_dates(text, _ANY_DAY)
        if one.date or _COUNTED in one.flags or "vague" not in one.flags
    ]
    spans = [(one.start, one.end, _COUNTED in one.flags) for one in mentions]
    more = [(*match.span(), False) for match in _MORE.finditer(text)]
    return sorted([*spans, *(m for m in more if not any(a < m[1] and m[0] < b for a, b, _ in spans))])


@lru_cache(maxsize=4096)
def vague_words(text: str) -> str | None:
    """Words that say when without a day: "as soon as I have it", "before the holidays"."""
    vague = [one for one in find_dates(text, _ANY_DAY) if not one.date and one.flags == ("vague",)]
    same = _SAME_DAY.search(text)
    return vague[-1].words if vague else same.group().strip() if same else None


def without_due_words(text: str) -> str:
    """The sentence without the words that say when."""
    for due in reversed(due_words(text)):
        text = text[: due.start] + text[due.end :]
    return " ".join(text.split())
