"""The words by which people say when: found verbatim, and made a date of elsewhere."""

from __future__ import annotations

import re
from typing import NamedTuple

_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
)
_ONES = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
_ORDINAL = (
    rf"(?:(?:twenty|thirty)[-\s]{_ONES}|{_ONES}|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth"
    r"|twentieth|thirtieth|\d{1,2}(?:st|nd|rd|th))"
)
_COUNT = r"(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|a\s+couple\s+of|a\s+few|\d{1,2})"
_PART = r"(?:\s+(?:morning|afternoon|evening|night|lunchtime|noon))"
_DAY_OF_MONTH = (
    rf"(?:(?:the\s+)?(?:{_ORDINAL}|\d{{1,2}})(?:\s+of)?\s+{_MONTH}|{_MONTH}\s+(?:the\s+)?(?:{_ORDINAL}|\d{{1,2}}\b)"
    rf"|the\s+{_ORDINAL}(?!\s+(?!of\b|at\b|in\b|for\b|then\b|or\b|and\b|if\b|so\b|is\b|works\b|it\b)[a-z]))"
    r"(?:,?\s+20\d\d)?"
)
_PERIOD = r"(?:week|month|quarter|year|sprint|term)"
_WHEN = [
    r"20\d\d-\d\d-\d\d",
    r"(?:the\s+)?day\s+after\s+tomorrow",
    rf"(?:first\s+thing\s+)?(?:tomorrow|today){_PART}?",
    r"tonight|this\s+(?:morning|afternoon|evening)|over\s+the\s+weekend|(?:this|the|next)\s+weekend",
    rf"(?:the\s+)?(?:end|beginning|start|middle)\s+of\s+(?:(?:the|this|next)\s+)?"
    rf"(?:day|business|{_PERIOD}|{_MONTH})|end\s+of\s+play",
    r"\b(?:EOD|EOW|EOM|COB)\b",
    rf"(?:mid|early|late)[-\s]{_MONTH}",
    rf"(?:a|one|two)\s+weeks?\s+from\s+(?:today|tomorrow|now|{_WEEKDAY})",
    rf"(?:in|within)\s+(?:the\s+next\s+)?{_COUNT}\s+(?:\w+\s+)?(?:minute|hour|day|week|fortnight|month)s?(?:'\s+time)?\b",
    rf"{_WEEKDAY}\s+(?:in\s+)?(?:the\s+)?(?:next\s+week|after\s+next|week\b)",
    rf"next\s+week\s+(?:on\s+)?{_WEEKDAY}",
    rf"(?:(?:this|next|coming|the\s+coming|the\s+following)\s+)?{_WEEKDAY}(?:,?\s+{_DAY_OF_MONTH}|\s+{_ORDINAL})?{_PART}?",
    rf"(?:this|next|the\s+coming|the\s+following)\s+(?:{_PERIOD}|{_MONTH})",
    _DAY_OF_MONTH,
    rf"(?<=by\s){_MONTH}|(?<=for\s){_MONTH}|(?<=before\s){_MONTH}|(?<=until\s){_MONTH}",
    r"this\s+sprint|(?:the\s+)?end\s+of\s+(?:the\s+)?sprint",
    r"(?:right|straight|directly|immediately)\s+(?:after|away)(?:\s+(?:the|this|our)\s+(?:call|meeting|session))?",
    r"after\s+(?:the|this|our)\s+(?:call|meeting|session)",
]
_BEFORE = (
    r"(?:(?:by|before|until|till|on|for|no\s+later\s+than|not\s+later\s+than|at\s+the\s+latest|latest|during|at)"
    r"\s+(?:the\s+(?=end|mid|start|middle))?)?"
)
_DUE = re.compile(
    rf"(?i)(?<![\w-])({_BEFORE}(?:{'|'.join(_WHEN)}))(?![\w-])(?!'s\s(?!fine|good|great|ok|better|perfect))"
)
_VAGUE = re.compile(
    r"(?i)\b((?:before|after|once|when|as\s+soon\s+as)\s+(?:the|it|i|we|they|he|she|that|my|our|this)\b[^,.;?!]{0,40}"
    r"|(?:the|that)\s+same\s+day|soon|asap|at\s+some\s+point)"
)
_NOT_DUE = re.compile(
    r"(?i)\b(?:since|last|from|after|between|than|till|until|every|each|past|of)\s+(?:the\s+)?$"
)
_APPOSITION = re.compile(r"(?i),\s+(?:(?:um|uh|er|erm|so|i mean|that's),?\s+)*")
_GIVEN_UNTIL = re.compile(r"(?i)\b(?:give\s+(?:me|us)|have|got|need|take|takes)\s+(?:\w+\s+){0,2}$")
_STRICT = re.compile(r"(?i)(?:by|before|until|till|no later|not later)\b")


class DueWords(NamedTuple):
    """When, in somebody's words: where they stand in the sentence, and whether a date can come of them."""

    text: str
    start: int
    end: int
    strict: bool  # "by Friday", not only "Friday"


def due_words(text: str) -> list[DueWords]:
    """The words in a sentence that say when something is to be, in order; past and repeated times left out."""
    found: list[DueWords] = []
    for match in _DUE.finditer(text):
        if not _ahead(text, match):
            continue
        start, end = match.start(1), match.end(1) - match[1].endswith(".")
        if found and _APPOSITION.fullmatch(text[found[-1].end : start]):
            start = found.pop().start  # "next Friday, um, the twentieth"
        words = text[start:end]
        found.append(DueWords(words, start, end, bool(_STRICT.match(words))))
    return found


def _ahead(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start(1)]
    if re.match(r"(?i)(?:until|till)\b", match[1]):  # "I am away until Friday" is no date to be ready by
        return bool(_GIVEN_UNTIL.search(before))
    return not _NOT_DUE.search(before)


def vague_words(text: str) -> str | None:
    """Words that say when without a date: "as soon as I have it", "before the holidays"."""
    match = _VAGUE.search(text)
    return match[1].strip() if match else None


def without_due_words(text: str) -> str:
    """The sentence without the words that say when."""
    for due in reversed(due_words(text)):
        text = text[: due.start] + text[due.end :]
    return " ".join(text.split())
