"""From an action item of the notes to a task: title, owner, due date, priority, and what a human should check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from onward.llm.grounding import due_date
from onward.recipes.meeting_tasks.people import People
from onward.recipes.meeting_tasks.sameness import Look
from onward.recipes.meeting_tasks.trackers import Task
from onward.recipes.meeting_tasks.trackers.base import TITLE, Priority, one_line
from onward.recipes.meetings import ActionItem, Notes, clock

NAME = 80
"""Characters of a name that are kept."""

_HIGH = re.compile(
    r"\b(?:urgent(?:ly)?|asap|a\.s\.a\.p|as soon as possible|immediately|right away|top priority|high priority|"
    r"critical|blocker|blocking|drop everything|before anything else)\b",
    re.IGNORECASE,
)
_LOW = re.compile(
    r"\b(?:low priority|no rush|no hurry|not urgent|nice to have|whenever you|when you (?:get|have) (?:a chance|time)|"
    r"at some point|if (?:there is|there's|you have) time)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Meeting:
    """Notes, and where they are: ``link`` is a URL or a path for people to follow."""

    notes: Notes
    link: str

    @property
    def id(self) -> str:
        """What the meeting is known by: the name of its transcript's file, and its day."""
        source = PurePath(self.notes.source.replace("\\", "/"))
        return f"{one_line(source.stem, NAME)}@{self.notes.date or 'undated'}"

    @property
    def heading(self) -> str:
        """What it is called where people read it."""
        return one_line(", ".join(filter(None, [self.notes.title, self.notes.date])), TITLE) or self.id


def look(item: ActionItem) -> Look:
    """What an item is known by, as it goes into a stamp."""
    return Look(one_line(item.what, TITLE), one_line(item.owner or "", NAME), one_line(item.quote))


def draft(
    meeting: Meeting,
    item: ActionItem,
    key: str,
    *,
    people: People | None,
    kind: str,
    labels: list[str],
    zone: str | None,
) -> Task:
    """The task of an action item.

    Args:
        people: those who can own it; None takes the notes' names as they are.
        kind: of the tracker, whose handles the people have.
        zone: the meeting's time zone, where its date has a time of day.
    """
    what, who, quote = look(item)
    found = people.find(who) if people and who else None
    person = found.person if found else None
    due, doubt = _due(meeting.notes, item, zone)
    checks = [*item.flags, found.doubt if found else "", doubt, "" if who else "nobody has taken this"]
    return Task(
        key=key,
        meeting=meeting.id,
        heading=meeting.heading,
        title=_title(what or quote),
        what=what,
        who=who,
        owner=one_line(person.name, NAME) if person else "" if people else who,
        handle=person.handles.get(kind, "") if person else "",
        email=person.email if person else "",
        due=due,
        priority=_priority(f"{item.what} {item.quote}"),
        labels=sorted({one_line(label.replace(",", " "), 50) for label in labels} - {""}),
        quote=quote,
        said=_said(meeting.notes, item),
        link=meeting.link,
        checks=list(dict.fromkeys(one_line(check, 300) for check in checks if check)),
    )


def _title(what: str) -> str:
    text = one_line(what, TITLE).rstrip(".") or "Untitled"
    return text[0].upper() + text[1:]


def _due(notes: Notes, item: ActionItem, zone: str | None) -> tuple[str, str]:
    """The day, and what is doubtful about it."""
    if item.due:
        try:
            return date.fromisoformat(item.due).isoformat(), ""
        except ValueError:
            return "", f"the due date “{item.due}” is no date"
    if not item.due_words:
        return "", ""
    try:
        day = datetime.fromisoformat(notes.date or "")
    except ValueError:
        return "", f"“{item.due_words}” cannot be told: the meeting has no date"
    found = due_date(item.due_words, day, zone)
    why = f": {', '.join(found.flags)}" if found.flags else ""
    if found.date is None:
        return "", f"when is “{item.due_words}”{why}?"
    return found.date.isoformat(), f"due is “{item.due_words}”{why}" if why else ""


def _priority(text: str) -> Priority:
    if _LOW.search(text):
        return "low"
    return "high" if _HIGH.search(text) else "normal"


def _said(notes: Notes, item: ActionItem) -> str:
    at = clock(item.seconds)
    who = " at ".join(filter(None, [item.speaker, at]))
    place = f"line {item.line} of {PurePath(notes.source.replace(chr(92), '/')).name}"
    return one_line(", ".join(filter(None, [who, place])), TITLE)
