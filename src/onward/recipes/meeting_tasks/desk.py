"""Puts one task into the tracker: makes it once, renews what nobody touched, and leaves alone what is a human's."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import onward
from onward.recipes.meeting_tasks.ledger import Ledger
from onward.recipes.meeting_tasks.planning import Plan
from onward.recipes.meeting_tasks.trackers import Fields, Kept, Task, Tracker
from onward.recipes.meeting_tasks.trackers.base import digest, stamp_after, stamp_of

Action = Literal["created", "updated", "unchanged", "closed", "deleted"]
InDoubt = Literal["redo", "fail"]


@dataclass(frozen=True)
class Placed:
    """What became of a task.

    Attributes:
        action: "closed" and "deleted" are what a human did to it before, and it stays so.
        left: the fields that stand differently in the tracker, and stay: a human changed them, and the notes say
            something new; or the tracker did not take them.
    """

    key: str
    meeting: str
    title: str
    action: Action
    ref: str = ""
    url: str = ""
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Made:
    """A task that is there. ``new`` if this run has made it; ``left`` are fields that the tracker did not take."""

    ref: str
    url: str
    new: bool
    left: list[str] = field(default_factory=list)


class Desk:
    """Where tasks are put, one at a time or several.

    Args:
        in_doubt: what to do where a tracker cannot be asked whether it took a task.
        recreate: make tasks again that somebody deleted in the tracker.
    """

    def __init__(
        self,
        tracker: Tracker,
        ledger: Ledger,
        plan: Plan,
        *,
        in_doubt: InDoubt = "redo",
        recreate: bool = False,
    ) -> None:
        self._tracker = tracker
        self._ledger = ledger
        self._plan = plan
        self._in_doubt = in_doubt
        self._recreate = recreate
        self._next_write = 0.0
        self._writing = threading.Lock()

    def put(self, task: Task) -> Placed:
        """The job's function."""
        kept, entry = self._plan.kept.get(task.key), self._ledger.entry(task.key)
        if entry is not None and entry.ref and kept is None:
            kept = self._remembered(task, entry.ref, entry.url)
            if kept is None and not self._recreate:
                return _placed(task, "deleted", entry.ref, entry.url)
        if entry is None or not entry.ref or kept is None:
            made: Made = onward.once("create", self._create, task)
            if made.new:
                fields = self._tracker.fields(task)
                self._ledger.made(Kept(made.ref, stamp_of(task, fields), fields, url=made.url))
                return _placed(task, "created", made.ref, made.url, made.left)
            kept = self._plan.kept[task.key]
        return self._renew(task, kept)

    def preview(self, task: Task) -> Placed:
        """What :meth:`put` would do now. Does nothing."""
        kept, entry = self._plan.kept.get(task.key), self._ledger.entry(task.key)
        if kept is None and entry is not None and entry.ref:
            kept = self._remembered(task, entry.ref, entry.url)
            if kept is None and not self._recreate:
                return _placed(task, "deleted", entry.ref, entry.url)
        if kept is None:
            return _placed(task, "created")
        left = self._left(task, kept)
        if kept.closed:
            return _placed(task, "closed", kept.ref, kept.url, left)
        action: Action = "updated" if self._changes(task, kept) else "unchanged"
        return _placed(task, action, kept.ref, kept.url, left)

    def reconcile(self, task: Task, name: str, idempotency_key: str) -> Any:
        """An act was begun, and nobody knows whether it was done: the tracker is asked."""
        if not self._tracker.readable:
            return "redo" if self._in_doubt == "redo" else "leave"
        kept = self._tracker.find(task.key, "", self._plan.since)
        return "redo" if kept is None else onward.Done(Made(kept.ref, kept.url, new=True))

    def _create(self, task: Task, *, idempotency_key: str) -> Made:
        # The task's own key tells it apart, not this run's: it holds for whoever runs this, from wherever.
        there = self._plan.kept.get(task.key)
        if there is not None:
            return Made(there.ref, there.url, new=False)
        self._wait()
        fields = self._tracker.fields(task)
        kept = self._tracker.create(task, stamp_of(task, fields))
        left = [name for name, text in fields.items() if kept.fields.get(name, "") != text]
        return Made(kept.ref, kept.url, new=True, left=left)

    def _renew(self, task: Task, kept: Kept) -> Placed:
        if self._changes(task, kept) and self._tracker.readable:
            kept = (
                self._tracker.find(task.key, kept.ref, self._plan.since) or kept
            )  # as it is now, not at the start
        if kept.closed:
            return self._remember(task, kept, "closed")
        changes = self._changes(task, kept)
        if not changes:
            return self._remember(task, kept, "unchanged")
        self._wait()
        stamp = stamp_after(kept, task, changes)
        if self._tracker.readable:
            kept = self._tracker.update(kept, changes, task, stamp)
        else:
            onward.once("update", self._send_update, kept, changes, task)
            kept = Kept(kept.ref, stamp, changes, url=kept.url)
        return self._remember(task, kept, "updated")

    def _send_update(self, kept: Kept, changes: Fields, task: Task, *, idempotency_key: str) -> None:
        self._tracker.update(kept, changes, task, stamp_after(kept, task, changes))

    def _changes(self, task: Task, kept: Kept) -> Fields:
        """The fields that the notes have changed since onward wrote them, and nobody else has."""
        wrote, wanted = kept.stamp.wrote, self._tracker.fields(task)
        if not self._tracker.readable:
            return {name: text for name, text in wanted.items() if digest(text) != wrote.get(name)}
        now = kept.fields
        return {
            name: text
            for name, text in wanted.items()
            if text != now.get(name, "") and digest(now.get(name, "")) == wrote.get(name)
        }

    def _left(self, task: Task, kept: Kept) -> list[str]:
        wrote, wanted = kept.stamp.wrote, self._tracker.fields(task)
        return [
            name
            for name, text in wanted.items()
            if self._tracker.readable
            and text != kept.fields.get(name, "")
            and digest(text) != wrote.get(name)
        ]

    def _remember(self, task: Task, kept: Kept, action: Action) -> Placed:
        self._ledger.made(kept)
        return _placed(task, action, kept.ref, kept.url, self._left(task, kept))

    def _remembered(self, task: Task, ref: str, url: str) -> Kept | None:
        """A task that was made and was not among those listed."""
        if self._tracker.readable:
            return self._tracker.find(task.key, ref, self._plan.since)
        entry = self._ledger.entry(task.key)
        return Kept(ref, entry.stamp, {}, url=url) if entry else None

    def _wait(self) -> None:
        with self._writing:
            now = time.monotonic()
            wait = self._next_write - now
            self._next_write = max(now, self._next_write) + self._tracker.spacing
        if wait > 0:
            time.sleep(wait)


def _placed(
    task: Task, action: Action, ref: str = "", url: str = "", left: list[str] | None = None
) -> Placed:
    return Placed(task.key, task.meeting, task.title, action, ref, url, left or [])
