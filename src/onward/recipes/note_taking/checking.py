"""What a method says, made sure of: quotes by the transcript, owners by the people, dates by the calendar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from onward.llm.grounding import Due, due_date, find_name, find_quote
from onward.recipes.meetings import ActionItem, Finding, Transcript, Turn

NO_OWNER = "no owner"
NO_DUE = "no due date"

_FIRST_PERSON = re.compile(r"(?i)\W*(?:i|me|myself|i'll|the speaker|speaker)\W*")
_ON_WHAT_WE_KNOW = {
    "no date": "",
    "vague": "which is no date",
    "several days": "which are several days",
    "past": "which is over",
    "day or month first": "day or month first?",
    "no such day": "which is no day",
    "which day?": "before or after which day?",
}


@dataclass
class Taken:
    """What a method took down, checked."""

    summary: list[str] = field(default_factory=list)
    actions: list[ActionItem] = field(default_factory=list)
    decisions: list[Finding] = field(default_factory=list)
    questions: list[Finding] = field(default_factory=list)


class Place(NamedTuple):
    """Where a quote stands: the words as the transcript has them, and the turn they begin in."""

    text: str
    turn: Turn
    seconds: float | None


class Record:
    """A transcript to look things up in."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._day = date.fromisoformat(transcript.date) if transcript.date else None
        self._all = Passage(transcript.turns)

    def place(self, quote: str, near: Passage | None = None) -> Place | None:
        """Where a quote stands; None if nobody said it. Looked for in ``near`` first."""
        return (near.place(quote) if near else None) or self._all.place(quote)

    def owner(self, owner: str | None, speaker: str) -> tuple[str | None, list[str]]:
        """The person a name means, and what there is to say of it. The first person is the speaker."""
        if not owner or not owner.strip():
            return None, [NO_OWNER]
        if _FIRST_PERSON.fullmatch(owner):
            return (speaker, []) if speaker else (None, [NO_OWNER])
        people = self.transcript.participants
        match = find_name(owner, people)
        if match.name is not None:
            similar = [f"{owner!r} was taken for {match.name}"] if match.kind == "similar" else []
            return match.name, similar
        if match.kind == "ambiguous":
            return None, [f"owner: {' or '.join(match.candidates)}?"]
        if self._all.names(owner):
            return owner, [f"{owner} is not among those who speak"]
        return None, [NO_OWNER]

    def day(self, words: str) -> str | None:
        """The day that words mean, as an ISO date, if they mean one."""
        due = due_date(words, self._day) if self._day else None
        return due.date.isoformat() if due and due.date else None

    def due(self, words: str | None, vague: str | None = None) -> tuple[str | None, str | None, list[str]]:
        """The date that words mean on the meeting's day, the words, and what there is to say of them."""
        if not words:
            return None, vague, [f"due {vague!r}: no date" if vague else NO_DUE]
        if self._day is None:
            return None, words, [f"due {words!r}, but the meeting has no date: give it one (--date)"]
        due = due_date(words, self._day)
        if due.date is None:
            return None, words, [f"due {words!r}: {_why(due)}"]
        doubts = [flag for flag in due.flags if flag not in ("corrected",)]
        return due.date.isoformat(), words, [f"due {words!r}: {flag}" for flag in doubts]


class Passage:
    """Some turns in a row, as one text that knows where each begins."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = turns
        self._starts: list[int] = []
        text = ""
        for turn in turns:
            self._starts.append(len(text))
            text += " ".join(turn.text.split()) + "\n"
        self._text = text

    def place(self, quote: str) -> Place | None:
        found = find_quote(quote, self._text)
        if found is None or not any(character.isalnum() for character in found.text):
            return None
        at = max(i for i, start in enumerate(self._starts) if start <= found.start)
        timed = [turn.seconds for turn in self.turns[: at + 1] if turn.seconds is not None]
        return Place(" ".join(found.text.split()), self.turns[at], timed[-1] if timed else None)

    def names(self, name: str) -> bool:
        """Whether a name is said in it."""
        return bool(re.search(rf"(?i)\b{re.escape(name.strip())}\b", self._text))


def _why(due: Due) -> str:
    return ", ".join(filter(None, (_ON_WHAT_WE_KNOW.get(flag, flag) for flag in due.flags))) or "no date"


def sentence_case(text: str) -> str:
    """Words as the beginning of a sentence, without what hangs on at their ends."""
    text = text.strip(" ,.;:-–")
    return text[:1].upper() + text[1:]


def flags_of(transcript: Transcript, taken: Taken) -> list[str]:
    """What whoever reads the notes should know of them as a whole."""
    flags = []
    if transcript.date is None:
        flags.append("the date of the meeting is not known")
    if not transcript.participants:
        flags.append("the transcript does not say who speaks")
    return flags + ["no action items were found"] * (not taken.actions)


def without_repeats(actions: Sequence[ActionItem]) -> list[ActionItem]:
    """Actions in the order of their lines, those of one owner and one quote taken together."""
    kept: dict[tuple[str | None, str], ActionItem] = {}
    for action in sorted(actions, key=lambda one: one.line):
        key = (action.owner, action.quote.casefold())
        known = kept.get(key)
        kept[key] = action if known is None else _fuller(known, action)
    return list(kept.values())


def _fuller(one: ActionItem, other: ActionItem) -> ActionItem:
    return replace(other, what=one.what) if one.due is None and other.due is not None else one
