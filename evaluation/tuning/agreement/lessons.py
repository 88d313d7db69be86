"""Meetings to learn from: their windows as the reader sees them, and beside them what it should say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from evaluation.measures import content
from evaluation.sets import Meeting, Wanted
from onward.llm import embedded
from onward.llm.agreement import Said
from onward.llm.agreement.features import features
from onward.llm.agreement.relations import people_at
from onward.llm.agreement.windows import LONGEST, Window, floors, windows
from onward.llm.cues import SHAPES, Heard, hear
from onward.llm.grounding import due_date, find_name
from onward.recipes.meetings import Transcript, Turn
from onward.recipes.note_taking.agreed import said_in
from onward.recipes.note_taking.checking import Record

CUES = [place for place, name in enumerate(SHAPES) if name.startswith("cue: ")]
Places = frozenset[int]


@dataclass
class Lesson:
    """A meeting, and of its sentences, by number, the action items that they speak of, by place."""

    meeting: Meeting
    heard: Heard
    record: Record
    said: list[Said]

    @cached_property
    def windows(self) -> list[Window]:
        """Those that the reader sees, and short ones, so that it learns from those too: of each item alone."""
        pieces = embedded.load(threads=1).pieces
        spoken = list(floors(self.said, pieces))
        found = [
            *windows(self.said, pieces),
            *(self._alone(item, spoken) for item in range(len(self.meeting.actions))),
        ]
        return [window for window in found if window.sentences]

    def _alone(self, item: int, spoken: Sequence[Window]) -> Window:
        """The floors of an item, or the first of them that make a window, and one before them if its place is odd."""
        numbers = [n for n in self.agreed if item in self.agreed[n]]
        within = [
            place
            for place, floor in enumerate(spoken)
            if any(min(numbers) <= span.sentence <= max(numbers) for span in floor.sentences)
        ]
        window = Window()
        for floor in spoken[max(0, within[0] - item % 2) : within[-1] + 1] if within else ():
            if len(window.tokens) + len(floor.tokens) >= LONGEST:
                break
            window.add(floor)
        return window

    @cached_property
    def states(self) -> list[Any]:
        """Of each window what the lower layers make of it."""
        found = embedded.load().states([window.tokens for window in self.windows])
        return [states.astype("float16") for states in found]

    @cached_property
    def features(self) -> Any:
        return features([one.shape for one in self.said], [one.speaker for one in self.said])

    @cached_property
    def of_turns(self) -> Mapping[int, Places]:
        """The items in whose labelled turns a sentence stands."""
        lines = [one.line for one in self.heard.sentences]
        return _by_sentence(
            (n, item)
            for item, wanted in enumerate(self.meeting.actions)
            for n, line in enumerate(lines)
            if line in wanted.turns
        )

    @cached_property
    def agreed(self) -> Mapping[int, Places]:
        """The items that a sentence speaks of: one of their turns that has a word of the label, a day or a cue; if none
        has, all of the turn."""
        return _by_sentence(
            (n, item)
            for item, wanted in enumerate(self.meeting.actions)
            for turn in wanted.turns
            for n in self._telling(turn, content(wanted.what))
        )

    def _telling(self, turn: int, about: frozenset[str]) -> list[int]:
        there = [n for n, one in enumerate(self.heard.sentences) if one.line == turn]
        telling = [
            n
            for n in there
            if content(self.said[n].text) & about
            or self.said[n].times
            or any(self.said[n].shape[cue] for cue in CUES)
        ]
        return telling or there

    def told(self, number: int) -> float:
        """The share of the words of its item that a sentence has."""
        words = content(self.heard.sentences[number].text)
        labels = [content(self.meeting.actions[item].what) for item in self.agreed.get(number, ())]
        return max((len(about & words) / max(1, len(about)) for about in labels), default=0.0)

    def owners(self, window: Window, item: int) -> list[int]:
        """The places among a window's people that are the owner; that behind them all if it is nobody."""
        owner = self.meeting.actions[item].owner
        if owner is None:
            return [len(window.people)]
        present = self.meeting.participants
        name = find_name(owner, present).name or owner
        return [n for n, span in enumerate(window.people) if _is(name, people_at(self.said, span), present)]

    def days(self, window: Window, item: int) -> tuple[list[int], list[int]]:
        """The places among a window's times that are the day of an item, and those that may be taken for it.

        Right are those of the item's own turns; where only others say the day, those; else the place behind all.
        """
        wanted, nothing = self.meeting.actions[item], len(window.times)
        on = [n for n, span in enumerate(window.times) if self._day(span.sentence, span.of) in _dated(wanted)]
        own = [n for n in on if item in self.of_turns.get(window.times[n].sentence, ())]
        others = [n for n in on if n not in own]
        if own:
            return own, [*others, *([nothing] if None in wanted.due else [])]
        return ([nothing], []) if None in wanted.due or not others else (others, [])

    def _day(self, sentence: int, place: int | None) -> str | None:
        time = self.heard.times.of(self.heard.sentences[sentence])[place or 0]
        day = due_date(time.reading, date.fromisoformat(self.meeting.date)).date if time.reading else None
        return day.isoformat() if day else None


def lesson(meeting: Meeting) -> Lesson:
    turns = [Turn(turn.n, turn.speaker, None, turn.text) for turn in meeting.turns]
    heard = hear(turns, meeting.participants)
    record = Record(Transcript(meeting.id, meeting.id, meeting.date, meeting.participants, turns))
    return Lesson(meeting, heard, record, said_in(heard))


def _by_sentence(pairs: Any) -> dict[int, Places]:
    found: dict[int, set[int]] = {}
    for number, item in pairs:
        found.setdefault(number, set()).add(item)
    return {number: frozenset(items) for number, items in found.items()}


def _dated(wanted: Wanted) -> frozenset[str]:
    return frozenset(due for due in wanted.due if due)


def _is(name: str, people: Sequence[str], present: Sequence[str]) -> bool:
    if len(people) != 1:
        return False
    absent = name not in present
    return people[0] == name or (absent and find_name(name, list(people)).kind in ("exact", "partial"))
