"""What is to be in the tracker: the tasks of the notes, each with its key, beside what is there already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from onward.errors import UsageError
from onward.recipes.meeting_tasks.drafts import Meeting, draft, look
from onward.recipes.meeting_tasks.ledger import Entry, Ledger
from onward.recipes.meeting_tasks.people import People
from onward.recipes.meeting_tasks.sameness import Known, Look, assign
from onward.recipes.meeting_tasks.trackers import Kept, Stamp, Task, Tracker

EDITABLE = ("title", "owner", "due", "priority")
"""What a review can change."""


@dataclass(frozen=True)
class Plan:
    """The tasks of some meetings.

    Attributes:
        tasks: in the order of the notes.
        skipped: those that a review has left out.
        vanished: tasks made for these meetings, which the notes no longer have.
        kept: what the tracker has, by key; ``entries`` is what the ledger has.
        since: the day before the first of the meetings, None if one has no date.
    """

    tasks: list[Task]
    skipped: list[Task]
    vanished: list[Stamp]
    kept: dict[str, Kept]
    entries: dict[str, Entry]
    since: date | None


@dataclass(frozen=True)
class Wishes:
    """How tasks are to be made: see :func:`~onward.recipes.meeting_tasks.drafts.draft`."""

    people: People | None = None
    labels: tuple[str, ...] = ()
    zone: str | None = None


def make_plan(meetings: Sequence[Meeting], tracker: Tracker, ledger: Ledger, wishes: Wishes) -> Plan:
    """Compare the notes with what the tracker and the ledger have.

    Raises:
        UsageError: two of the notes are of one meeting.
        OnwardError: the tracker cannot be read.
    """
    _refuse_doubles(meetings)
    since = _since(meetings)
    kept = {one.stamp.key: one for one in tracker.tasks(since)}
    entries = ledger.entries()
    stamps = {
        **{key: entry.stamp for key, entry in entries.items()},
        **{k: one.stamp for k, one in kept.items()},
    }
    plan = Plan([], [], [], kept, entries, since)
    for meeting in meetings:
        _add(
            plan,
            meeting,
            [stamp for stamp in stamps.values() if stamp.meeting == meeting.id],
            tracker,
            wishes,
        )
    return plan


def _add(plan: Plan, meeting: Meeting, stamps: list[Stamp], tracker: Tracker, wishes: Wishes) -> None:
    items = meeting.notes.actions
    known = [Known(stamp.key, Look(stamp.what, stamp.who, stamp.quote)) for stamp in stamps]
    keys = assign(meeting.id, [look(item) for item in items], known)
    for key, item in zip(keys, items, strict=True):
        made = draft(
            meeting,
            item,
            key,
            people=wishes.people,
            kind=tracker.kind,
            labels=list(wishes.labels),
            zone=wishes.zone,
        )
        entry = plan.entries.get(key)
        made = with_edits(made, entry.edits if entry else {}, wishes.people, tracker.kind)
        (plan.skipped if entry and entry.choice == "skip" else plan.tasks).append(made)
    gone = [stamp for stamp in stamps if stamp.key not in keys]
    plan.vanished.extend(stamp for stamp in gone if stamp.key in plan.kept or _made(plan.entries[stamp.key]))


def with_edits(task: Task, edits: dict[str, tuple[str, str]], people: People | None, kind: str) -> Task:
    """The task as a human wanted it. An edit holds as long as the notes say what they said then."""
    held: dict[str, Any] = {
        name: new for name, (old, new) in edits.items() if name in EDITABLE and getattr(task, name) == old
    }
    if "owner" in held:
        person = people.find(held["owner"]).person if people and held["owner"] else None
        held["handle"] = person.handles.get(kind, "") if person else ""
        held["email"] = person.email if person else ""
        held["owner"] = person.name if person else held["owner"]
    return replace(task, **held)


def _made(entry: Entry) -> bool:
    return bool(entry.ref)


def _refuse_doubles(meetings: Sequence[Meeting]) -> None:
    seen: dict[str, Meeting] = {}
    for meeting in meetings:
        other = seen.setdefault(meeting.id, meeting)
        if other is not meeting:
            raise UsageError(
                f"{other.link} and {meeting.link} are notes of one meeting, {meeting.id}: a meeting is known by the "
                "name of its transcript's file and its date. Leave one out, or change `source` in one of them"
            )


def _since(meetings: Sequence[Meeting]) -> date | None:
    """A task was made on the day of its meeting or later; a day is for the time zones."""
    days = []
    for meeting in meetings:
        try:
            days.append(date.fromisoformat((meeting.notes.date or "")[:10]))
        except ValueError:
            return None
    return min(days) - timedelta(days=1) if days and min(days) <= date.today() else None  # noqa: DTZ011
