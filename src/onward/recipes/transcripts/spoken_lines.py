"""Plain transcripts: lines ``Name: text``, and names on lines of their own with the text below.

Times may stand before the name, behind it, or alone. What comes before the first speaker is the header: a
title, ``Date: 25 November 2026``, ``Participants: Ada, Grace``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from onward.recipes.meetings import Turn
from onward.recipes.transcripts.base import Found, UnreadableTranscript, seconds_of, word_set
from onward.recipes.transcripts.when import written_day

_TIME = r"(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,6})?"


def _stamp(name: str) -> str:
    return rf"[\[(<]?\s*(?P<{name}>{_TIME})(?:\s*(?:-->|-|–)\s*{_TIME})?\s*[\])>]?"


_NAME = r"(?P<who>[^\W_][\w .,'’()/&@-]{0,58}?)"
_LINE = re.compile(rf"(?:{_stamp('before')}\s*[-–|]?\s*)?{_NAME}\s*(?:{_stamp('after')})?\s*[:：](?=\s|$)")
_ABOVE = re.compile(rf"{_NAME}\s+{_stamp('after')}")
_TIMED = re.compile(_stamp("before"))
_DECOR = re.compile(r"^\s*(?:[-*•>]\s+)?")
_HEADER = re.compile(
    r"(?i)(?P<key>date|when|held|title|meeting|subject|topic|participants|attendees|present|attending)\s*[:：]\s*(?P<value>.*)"
)
_HEADING = re.compile(r"#+\s*(?P<title>.+)")
_PARTICLES = word_set("van von der den de del della di da dos du la le el al bin ben ter ten of the and")
_NO_NAMES = word_set(
    """
    action actions agenda answer and also anyway background but bottom caveat conclusion context date
    decision decisions deadline done due duration essentially example fact finally first firstly focus
    follow fine goal great hey here however idea i issue item items last link listen location look
    meaning meanwhile meeting minutes motion maybe my next no nope note notes now okay ok one option or
    owner part plan plus point problem proposal ps quick question questions re reason recap regarding
    remember reminder resolved result right risk risks same second secondly so sorry status step still
    subject summary sure task tasks that the then there third though three time tip title to todo topic
    two update warning well what when which why wait yeah yep yes
    """
)
_TITLE_WORDS = 12  # that a first line has at most if it is a title
_ROLE_CASE_AT_LEAST = 3  # times that "project manager:" must begin a line to be somebody


class Opening(NamedTuple):
    """How a line begins that may be somebody's: the name, the time if there is one, and the rest."""

    who: str
    seconds: float | None
    words: str


def read_lines(text: str) -> Found:
    """The turns of a plain transcript; one a line.

    Raises:
        UnreadableTranscript: no line of it begins with a name or a time.
    """
    lines = [_DECOR.sub("", line.replace("**", "").replace("__", "")).strip() for line in text.split("\n")]
    reading = _Reading(speakers_of(lines))
    for number, line in enumerate(lines, 1):
        if line:
            reading.take(number, line)
    if not reading.turns:
        raise UnreadableTranscript('no line begins with a speaker ("Name: text") or a time')
    return Found(reading.turns, reading.title, reading.held, reading.listed)


def named(text: str) -> tuple[str, str]:
    """Speaker and words of a caption like ``Ada Lovelace: Good morning``; no speaker if none is named so."""
    opening = _opening(text)
    if opening and opening.words and _is_name(opening.who):
        return opening.who, opening.words
    return "", text


def speakers_of(lines: Iterable[str]) -> frozenset[str]:
    """The prefixes of lines that are names: by their look, or, in lower case, because they come again and again."""
    counts = Counter(opening.who for line in lines if (opening := _opening(line)))
    return frozenset(
        who
        for who, count in counts.items()
        if _is_name(who) or (count >= _ROLE_CASE_AT_LEAST and _is_role(who))
    )


@dataclass
class _Reading:
    """What was read of a file so far."""

    speakers: frozenset[str]
    turns: list[Turn] = field(default_factory=list)
    title: str | None = None
    held: date | datetime | None = None
    listed: list[str] = field(default_factory=list)
    speaker: str = ""
    seconds: float | None = None
    begun: bool = False

    def take(self, number: int, line: str) -> None:
        if not self.begun and self._header(line):
            return
        opening = _opening(line)
        if not self.begun and not self.title and not opening and not _TIMED.match(line):
            self.title = line if len(line.split()) <= _TITLE_WORDS else None
        if opening and opening.who in self.speakers:
            self._open(opening)
            line = opening.words
        elif timed := _TIMED.match(line):
            self._open(Opening(self.speaker, seconds_of(timed["before"].replace(",", ".")), ""))
            line = line[timed.end() :].strip(" -–|")
        if line and self.begun:
            self.turns.append(Turn(number, self.speaker, self.seconds, line))
            self.seconds = None

    def _open(self, opening: Opening) -> None:
        self.begun, self.speaker = True, opening.who
        self.seconds = self.seconds if opening.seconds is None else opening.seconds

    def _header(self, line: str) -> bool:
        if entry := _HEADER.fullmatch(line):
            self._entry(entry["key"].lower(), entry["value"].strip())
            return True
        heading = _HEADING.fullmatch(line)
        if heading and not self.title:
            self.title = heading["title"]
            if self.held is None:
                self.held = written_day(line)
        return heading is not None

    def _entry(self, key: str, value: str) -> None:
        if key in ("date", "when", "held"):
            self.held = written_day(value)
        elif key in ("title", "meeting", "subject", "topic"):
            self.title = self.title or value
        else:
            people = (person.strip(" .") for person in re.split(r"[,;]| and ", value))
            self.listed = [re.sub(r"\s*\(.*?\)", "", person) for person in people if person]


def _opening(line: str) -> Opening | None:
    """The name a line may begin with, and what follows; a name alone needs a time behind it."""
    if match := _LINE.match(line):
        time = match["before"] or match["after"]
        return Opening(match["who"], _time(time), line[match.end() :].strip())
    if (match := _ABOVE.fullmatch(line)) and _is_name(match["who"]):
        return Opening(match["who"], _time(match["after"]), "")
    return None


def _time(text: str | None) -> float | None:
    return seconds_of(text) if text else None


def _is_name(who: str) -> bool:
    words = re.sub(r"\(.*?\)", "", who).replace(",", " ").split()
    if not 1 <= len(words) <= 5 or words[0].lower() in _NO_NAMES or who.endswith((".", ",", "-")):
        return False
    return all(
        word[0].isupper() or word[0].isdigit() or word.lower() in _PARTICLES for word in words
    ) and not (words[0][0].isdigit())


def _is_role(who: str) -> bool:
    words = who.split()
    words = words[1:] if words[0].lower() == "the" and len(words) > 1 else words
    return len(words) <= 3 and words[0].lower() not in _NO_NAMES
