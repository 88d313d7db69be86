"""A task as a to-do of iCalendar (RFC 5545): what calendar files and CalDAV servers share.

The owner goes into CONTACT. ATTENDEE would be the obvious place, but servers send invitations to attendees. The
stamp is base64: servers cut properties they do not know at a comma.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from onward.recipes.meeting_tasks.trackers.base import Fields, Kept, Stamp, Task, description

if TYPE_CHECKING:
    from icalendar import Todo

STAMP = "X-ONWARD-TASK"
PRODUCT = "-//onward//meeting tasks//EN"
PRIORITY = {"high": 1, "normal": 5, "low": 9}
_PROPERTY = {
    "title": "SUMMARY",
    "description": "DESCRIPTION",
    "owner": "CONTACT",
    "due": "DUE",
    "priority": "PRIORITY",
    "labels": "CATEGORIES",
}


def uid(key: str) -> str:
    """The UID of the task of a key."""
    return f"onward-{key}"


def fields_of(task: Task) -> Fields:
    """What a to-do shows of a task. Few programs show CONTACT, so the description has the owner as well."""
    owner = [f"Owner: {task.owner}"] if task.owner else []
    return {
        "title": task.title,
        "description": "\n".join(owner + description(task)),
        "owner": task.owner,
        "due": task.due,
        "priority": "" if task.priority == "normal" else task.priority,
        "labels": "\n".join(sorted(task.labels)),
    }


def make(task: Task, stamp: Stamp) -> Todo:
    """A new to-do."""
    from icalendar import Todo

    todo = Todo()
    todo.add("UID", uid(task.key))
    todo.add("STATUS", "NEEDS-ACTION")
    todo.add("CREATED", _now())
    if "://" in task.link:
        todo.add("URL", task.link)
    change(todo, fields_of(task), stamp)
    return todo


def change(todo: Todo, fields: Fields, stamp: Stamp) -> None:
    """Write these fields and the stamp; all other properties stay."""
    for name, value in fields.items():
        _put(todo, _PROPERTY[name], _value(name, value))
    _put(todo, STAMP, base64.urlsafe_b64encode(stamp.text().encode()).decode())
    _put(todo, "DTSTAMP", _now())
    _put(todo, "LAST-MODIFIED", _now())


def read(todo: Todo, ref: str = "", version: str = "") -> Kept | None:
    """The task of a to-do; None if it is not one of ours."""
    stamp = _stamp(todo)
    if stamp is None:
        return None
    fields = {
        "title": _text(todo.get("SUMMARY")),
        "description": _text(todo.get("DESCRIPTION")),
        "owner": _text(todo.get("CONTACT")),
        "due": _due(todo),
        "priority": _priority(todo.get("PRIORITY")),
        "labels": "\n".join(sorted(_labels(todo.get("CATEGORIES")))),
    }
    closed = str(todo.get("STATUS", "")).upper() in ("COMPLETED", "CANCELLED") or "COMPLETED" in todo
    return Kept(ref or stamp.key, stamp, fields, closed, str(todo.get("URL", "")), version)


def _stamp(todo: Todo) -> Stamp | None:
    try:
        return Stamp.read(base64.urlsafe_b64decode(str(todo.get(STAMP, ""))).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None


def _put(todo: Todo, name: str, value: Any) -> None:
    todo.pop(name, None)
    if value not in ("", None, []):
        todo.add(name, value)


def _value(name: str, value: str) -> Any:
    if name == "due":
        return date.fromisoformat(value) if value else None
    if name == "priority":
        return PRIORITY[value] if value else None
    return value.split("\n") if name == "labels" and value else value


def _text(value: Any) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _due(todo: Todo) -> str:
    found = getattr(todo.get("DUE"), "dt", None)
    return found.isoformat() if found is not None else ""


def _priority(value: Any) -> str:
    number = int(value) if str(value or "").isdecimal() else 0
    return "" if not number else "high" if number < 5 else "normal" if number == 5 else "low"


def _labels(value: Any) -> list[str]:
    groups = value if isinstance(value, list) else [value] if value is not None else []
    return [str(label) for group in groups for label in getattr(group, "cats", [group])]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
