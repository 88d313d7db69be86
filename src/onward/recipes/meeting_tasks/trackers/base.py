"""What a task tracker is to onward, and what it is asked for.

The contract of a :class:`Tracker`, which ``suite.TrackerSuite`` checks:

- A tracker shows a task as *fields*, text by name, such as ``title`` or ``due``. ``fields(task)`` says what it would
  write; what it then reads back of an untouched task is equal to that, letter for letter.
- With each task it keeps a *stamp*: whose task it is, and digests of the fields as onward last wrote them. A
  field that no longer has its digest was changed by a human, and onward leaves it alone from then on.
- ``create`` is called once onward has looked and has saved its intent. Where the tracker can refuse a second task
  of one key, it does, and gives back the first.
- ``update`` writes the fields it is given and the stamp, and nothing else: what people added stays, byte for
  byte where the format allows it. If the task was changed since it was read it raises :class:`TaskChanged`, where
  the tracker can tell.
- A closed task is shown as closed; nothing here opens one, or deletes one.
- Nothing in a task's text can become something else than text: markup, a formula, a property, a mention.

A tracker that can be written to but not asked (a webhook) has ``readable = False``: it yields no tasks and finds none.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Literal, Protocol

from onward.errors import KeyRefused, NotDone, OnwardError

Fields = dict[str, str]
Priority = Literal["high", "normal", "low"]

TITLE, TEXT = 200, 2000
"""Characters of a title and of a quote that are kept."""

_BIDI = dict.fromkeys([0x200B, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])


class AccessRefused(KeyRefused, NotDone):
    """The tracker refuses the account: the run stops, to be resumed with another key or more rights."""


class TrackerUnavailable(OnwardError):
    """The tracker did not answer, or said that it cannot now; what was asked of it may have been done."""


class TrackerBusy(OnwardError, NotDone):
    """The tracker asks to be left alone for a while; ``retry_after`` seconds if it says how long."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        NotDone.__init__(self, message, retry_after)


class TaskChanged(OnwardError):
    """Somebody changed the task since it was read."""


class TaskRefused(OnwardError, NotDone):
    """The tracker does not take the task as it is; trying again will not help."""

    permanent = True


@dataclass(frozen=True)
class Task:
    """One task, as every tracker gets it.

    Attributes:
        key: the same for the same task, whatever becomes of its text.
        meeting: which meeting it is of, such as ``standup@2026-05-04``.
        heading: that meeting for people, such as ``Standup, 2026-05-04``.
        what, who: the task and its owner in the notes' own words, by which it is known again.
        owner: whose it is, for people; "" if that is not known.
        handle, email: the owner's name in the tracker and address, "" if not known.
        due: an ISO date, or "".
        quote: the words of the meeting it rests on; ``said`` is who said them, when, and where that stands.
        link: where the notes are: a URL or a path.
        checks: what a human should check: an owner who could be two people, a date that could not be read.
    """

    key: str
    meeting: str
    heading: str
    title: str
    what: str
    who: str = ""
    owner: str = ""
    handle: str = ""
    email: str = ""
    due: str = ""
    priority: Priority = "normal"
    labels: list[str] = field(default_factory=list)
    quote: str = ""
    said: str = ""
    link: str = ""
    checks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Stamp:
    """What a tracker keeps with a task, out of people's sight. ``wrote`` has a digest for each field."""

    key: str
    meeting: str
    what: str
    who: str
    quote: str
    wrote: dict[str, str]

    def text(self) -> str:
        """One line of JSON that can stand in an HTML comment: it holds no ``--``, ``<`` or ``>``."""
        text = json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
        return text.replace("--", "-\\u002d")

    @classmethod
    def read(cls, text: str) -> Stamp | None:
        """The stamp of a line; None if it is none, or no longer."""
        try:
            plain = json.loads(text)
            texts = {name: str(plain[name]) for name in ("key", "meeting", "what", "who", "quote")}
            wrote = {str(name): str(value) for name, value in plain["wrote"].items()}
            return cls(wrote=wrote, **texts)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None


@dataclass(frozen=True)
class Kept:
    """A task as it is in the tracker now.

    Attributes:
        ref: what the tracker calls it; ``url`` is where people find it.
        version: what changes with it, where the tracker has such a thing.
    """

    ref: str
    stamp: Stamp
    fields: Fields
    closed: bool = False
    url: str = ""
    version: str = ""


class Tracker(Protocol):
    """Where tasks are put. The contract stands at the top of the module.

    Raises, all of them:
        AccessRefused: the account may not do that; the run stops, to be resumed.
        TrackerBusy, TrackerUnavailable: trying again may help.
        TaskRefused: it does not take this task.
    """

    @property
    def kind(self) -> str:
        """What kind it is, under which the people file has the handles that people have in it: ``github``."""

    @property
    def name(self) -> str:
        """Which one it is, without anything secret: for messages, and to tell runs apart."""

    @property
    def readable(self) -> bool:
        """Whether it can be asked what it has."""

    @property
    def spacing(self) -> float:
        """Seconds that it wants between two writes."""

    def fields(self, task: Task) -> Fields:
        """What it would show of a task."""

    def tasks(self, since: date | None) -> Iterator[Kept]:
        """All tasks with a stamp, closed ones too. Those created before ``since`` may be left out."""

    def find(self, key: str, ref: str, since: date | None) -> Kept | None:
        """The task of this key as it is this moment; ``ref`` is where to look first, if not ""."""

    def create(self, task: Task, stamp: Stamp) -> Kept:
        """Make the task, and return when it is durable there."""

    def update(self, kept: Kept, fields: Fields, task: Task, stamp: Stamp) -> Kept:
        """Write these fields, and the stamp, over the ones it has."""

    def close(self) -> None:
        """Let go of connections."""


def stamp_of(task: Task, fields: Fields) -> Stamp:
    """The stamp of a task that is written in full."""
    wrote = {name: digest(text) for name, text in fields.items()}
    return Stamp(task.key, task.meeting, task.what, task.who, task.quote, wrote)


def stamp_after(kept: Kept, task: Task, fields: Fields) -> Stamp:
    """The stamp of a task of which only these fields are written: the others keep their digests."""
    wrote = {**kept.stamp.wrote, **{name: digest(text) for name, text in fields.items()}}
    return replace(stamp_of(task, {}), wrote=wrote)


def digest(text: str) -> str:
    """A short digest of a field's text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def one_line(text: str, longest: int = TEXT) -> str:
    """Text as one line without anything invisible that could change how it reads, cut to a length."""
    spaced = " ".join(text.translate(_BIDI).split())
    clean = "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cs"))
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + "…"


def description(task: Task) -> list[str]:
    """What stands below a title, in plain text, one paragraph a line."""
    said = f" ({task.said})" if task.said else ""
    lines = [f"“{task.quote}”{said}"] if task.quote else []
    lines += [f"Notes: {task.link}"] if task.link else []
    return lines + [f"To check: {check}" for check in task.checks]


_MARKUP = r"\\`*_{}\[\]<>|~!&$"
_AT_START = re.compile(r"^(\d+(?=[.)])|)([#+\-=.)])")


def markdown(text: str) -> str:
    """Text as Markdown that shows it as it is: no markup, link, HTML, list, mention or reference."""
    escaped = _AT_START.sub(r"\1\\\2", re.sub(f"([{_MARKUP}])", r"\\\1", text))
    return re.sub(r"([@#])(?=\w)", "\\1\u200b", escaped)


def plain(text: str) -> str:
    """What :func:`markdown` was made of."""
    return re.sub(rf"\\([{_MARKUP}#+\-=.)])", r"\1", text.replace("\u200b", ""))
