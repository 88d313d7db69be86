"""When things are to be, in a meeting: the expressions of time in each sentence, with the words that they come to.

Some hang on a day that was said elsewhere: "two days before the fitting" on the fitting's, "the Wednesday before that" on
the one spoken of last. They come with that day before them, so that they can be read without the meeting: "the 29th …
two days before the fitting". Where it is not known which day they count from, they come to none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from onward.llm.cues.due_words import DueWords, days_in, due_words, is_a_day
from onward.llm.cues.events import Events, Saying
from onward.llm.cues.speech import Sentence, plain
from onward.llm.grounding import due_date
from onward.llm.grounding.offsets import EVENT, JOINT, event_in

DAY_WITHIN = 4
"""Floors in which "the Friday before" is before a day that was spoken of."""

WEEK_WITHIN = 6
"""Floors in which "the Sunday" is that of the week around a day of the month."""

Spoken = tuple[int, str]
"""The floor in which a day is spoken of, and words for it."""

_BEFORE_EVENT = re.compile(
    rf"\b(?:by the time|before|by|until|till|ahead of|(?:in time|ready) for|at|when)\s+(?:the (?:day|time) of\s+)?(?P<event>{EVENT})",
    re.IGNORECASE,
)
_THE_WEEKDAY = re.compile(r"(?:(?:by|on|before|until|till|for)\s+)?the\s+\w+day", re.IGNORECASE)
_NO_THING = re.compile(
    r"\s*(?:$|[^\w\s]|(?:then|and|is|it|so|or|at|to|for|we|i|you|he|she|they|if|please|instead|when)\b)",
    re.IGNORECASE,
)
_IN_THE_MONTH = re.compile(r"\d|\bnext\b|(?:th|first|second|third)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|cannot|\w+n['’]t)\b[^.,;?!]*$", re.IGNORECASE)
_OF_THIS_MEETING = re.compile(r"\b(?:we|you|i)\b", re.IGNORECASE)


class Time(NamedTuple):
    """Words of a sentence that say when, and where they stand in it. ``reading`` are the words that `due_date` can read
    by themselves, None if it cannot be known which day they mean. ``strict``: "by Friday", not only "Friday"."""

    words: str
    start: int
    end: int
    reading: str | None
    strict: bool = False

    def on(self, meeting_day: date) -> date | None:
        """The day that they mean in a meeting on that day."""
        return due_date(self.reading, meeting_day).date if self.reading else None


def as_heard(sentence: Sentence) -> str:
    return sentence.text


def as_read(sentence: Sentence) -> str:
    """The sentence without hesitations and stutters."""
    return plain(sentence.text) or sentence.text


class Times:
    """The expressions of time of a meeting.

    Args:
        sentences: all of the meeting, in order.
        text: what is read of each, and the places in :class:`Time` are in.
    """

    def __init__(self, sentences: Sequence[Sentence], text: Callable[[Sentence], str] = as_heard) -> None:
        self._said = [Saying(text(one), one.number, one.floor) for one in sentences]
        self._events = Events(self._said)
        self._last: Spoken | None = None  # the day spoken of last
        self._last_in_month: Spoken | None = None  # the last that was no mere weekday
        self._found = {one.number: self._read(one) for one in self._said}

    def of(self, sentence: Sentence) -> tuple[Time, ...]:
        """Those of a sentence, in order."""
        return self._found.get(sentence.number, ())

    def read(self, found: Sequence[DueWords], sentence: Sentence) -> list[DueWords]:
        """Words of a sentence that say when, as they can be read by themselves; without those that cannot."""
        readings = {(one.start, one.end): one.reading for one in self.of(sentence)}
        known = [
            (due, readings.get((due.start, due.end), None if due.counted else due.text)) for due in found
        ]
        return [due._replace(text=reading) for due, reading in known if reading]

    def of_event(self, words: str, sentence: Sentence) -> str | None:
        """Words such as "before the opening", said in a sentence, with those for the opening's day if that was said."""
        event = _BEFORE_EVENT.match(words)
        day = (
            self._events.day(event["event"], Saying(words, sentence.number, sentence.floor))
            if event
            else None
        )
        return f"{words}{JOINT}{day}" if day else None

    def _read(self, saying: Saying) -> tuple[Time, ...]:
        found: list[Time] = []
        for due in due_words(saying.text):
            reading = self._reading(due, saying)
            found.append(Time(due.text, due.start, due.end, reading, due.strict))
            if reading:
                self._speak_of(reading, due.start, saying)
        if not found:
            for day in days_in(saying.text):
                self._speak_of(day.text, day.start, saying)  # "he's only in till Friday"
        found += self._at_events(saying, [(one.start, one.end) for one in found])
        return tuple(sorted(found, key=lambda one: one.start))

    def _speak_of(self, reading: str, start: int, saying: Saying) -> None:
        if is_a_day(reading) and not _DENIED.search(saying.text[:start]):
            self._last = saying.floor, reading
            counted_from = reading.partition(JOINT)[0]
            if _IN_THE_MONTH.search(counted_from):
                self._last_in_month = saying.floor, counted_from

    def _reading(self, due: DueWords, saying: Saying) -> str | None:
        last = _within(self._last, saying, DAY_WITHIN)
        if due.counted:
            event = event_in(due.text)
            if last and not event and _again(due.text, last):
                return last
            day = self._events.day(event, saying) if event else last
            return f"{day}{JOINT}{due.text}" if day else None
        month = _within(self._last_in_month, saying, WEEK_WITHIN)
        the = "the " if saying.text[: due.start].lower().endswith("the ") else ""
        if month and _THE_WEEKDAY.fullmatch(the + due.text) and _NO_THING.match(saying.text, due.end):
            return f"{month}{JOINT}{the}{due.text}"
        return due.text

    def _at_events(self, saying: Saying, spans: Sequence[tuple[int, int]]) -> list[Time]:
        """Those such as "before the opening", if the opening's day is known."""
        found = []
        for match in _BEFORE_EVENT.finditer(saying.text):
            free = not any(start < match.end() and match.start() < end for start, end in spans)
            day = (
                self._events.day(match["event"], saying)
                if free and not _OF_THIS_MEETING.match(match["event"])
                else None
            )
            if day:
                found.append(Time(match[0], *match.span(), f"{match[0]}{JOINT}{day}", strict=True))
        return found


def _within(spoken: Spoken | None, saying: Saying, floors: int) -> str | None:
    return spoken[1] if spoken and saying.floor - spoken[0] <= floors else None


def _again(words: str, last: str) -> bool:
    """Whether words only say again what was counted before: "the day before", after "the day before the concert"."""
    counted = re.sub(r"(?i)^the\s+", "", last.rpartition(JOINT)[2])
    return JOINT in last and counted.lower().startswith(re.sub(r"(?i)^the\s+", "", words).lower())
