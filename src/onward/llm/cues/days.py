"""The days that a meeting speaks of: which one was last, and on which the events are that others are to be before."""

from __future__ import annotations

import re

from onward.llm.cues.answers import asks_when, is_bare
from onward.llm.cues.due_words import DueWords, due_words
from onward.llm.cues.speech import Sentence
from onward.llm.cues.words import content

DAY_WITHIN = 2
"""Floors in which "the Friday before" is before a day that was spoken of."""

_EVENT = re.compile(
    r"(?i)\b(?:the|our|my|your|this) (?P<event>[\w-]+(?: [\w-]+)?)(?:'s| is| are|'ll be| will be| starts| begins| opens| takes place)(?: only| still)?\s+$"
)
_WHEN_IS = re.compile(r"(?i)\bwhen(?:'s| is| are) (?:the|our|my|your|this) (?P<event>[\w-]+(?: [\w-]+)?)")
_ITS = re.compile(r"(?i)^(?:by|before|until|till|for) (?:the|our|my|your) (?:next )?(?P<event>[\w-]+)")


class Days:
    """What was said so far of days."""

    def __init__(self) -> None:
        self._last: tuple[int, str] | None = None  # in which floor, and the words
        self._asked: tuple[int, frozenset[str]] | None = (
            None  # in which floor which event's day was asked for
        )
        self._events: list[tuple[frozenset[str], str]] = []

    def hear(self, sentence: Sentence) -> None:
        """Take in the next sentence."""
        found = self.counted(list(due_words(sentence.text)), sentence)
        if asks_when(sentence.text):
            event = _WHEN_IS.search(sentence.text)
            self._asked = (sentence.floor, content(event["event"])) if event else None
        if not found:
            return
        self._last = sentence.floor, found[-1].text
        for due in found:
            if event := _EVENT.search(sentence.text[: due.start]):
                self._events.append((content(event["event"]), due.text))
        if self._asked and sentence.floor - self._asked[0] == 1 and is_bare(sentence.text):
            self._events.append((self._asked[1], found[-1].text))

    def counted(self, found: list[DueWords], sentence: Sentence) -> list[DueWords]:
        """Words of a sentence that say when; "the Friday before" with the day it counts from, or not at all."""
        if self._last is None or sentence.floor - self._last[0] > DAY_WITHIN:
            return [due for due in found if not due.counted]
        day = self._last[1]
        return [due._replace(text=f"{day} … {due.text}") if due.counted else due for due in found]

    def of_event(self, words: str) -> str | None:
        """Words such as "before the opening", with those for the opening's day if that was said."""
        its = _ITS.match(words)
        for event, day in reversed(self._events) if its else ():
            if event & content(its["event"] if its else ""):
                return f"{words} … {day}"
        return None
