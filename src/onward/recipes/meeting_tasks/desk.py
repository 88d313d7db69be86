"""Puts one task into the tracker: makes it once, renews what nobody touched, and leaves alone what is a human's."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
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
    """What comes of making a task.

    Attributes:
        how: "made" it was just now; "found" it was there before this run; "doubtful" it was made by an attempt
            that did not live to tell, perhaps from what the notes said then.
        left: fields that the tracker did not take.
    """

    ref: str
    url: str
    how: Literal["made", "found", "doubtful"]
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
        self._sent_before: set[str] = set()
        self._next_write = 0.0
        self._writing = threading.Lock()

    def put(self, task: Task) -> Placed:
        """The job's function."""
        known, kept = self._known(task)
        if known and kept is None and not self._recreate:
            return self._placed(task, "deleted")
        if known and kept is not None:
            return self._renew(task, kept)
        made: Made = onward.once("create", self._create, task)
        if made.how == "made":
            fields = self._tracker.fields(task)
            self._ledger.made(Kept(made.ref, stamp_of(task, fields), fields, url=made.url))
            return Placed(task.key, task.meeting, task.title, "created", made.ref, made.url, made.left)
        there = self._tracker.find(task.key, made.ref, self._plan.since)
        placed = self._renew(task, there) if there is not None else self._placed(task, "deleted")
        ours = made.how == "doubtful" and placed.action in ("unchanged", "updated")
        return replace(placed, action="created") if ours else placed

    def preview(self, task: Task) -> Placed:
        """What :meth:`put` would do now. Does nothing."""
        known, kept = self._known(task)
        if kept is None:
            return self._placed(task, "deleted" if known and not self._recreate else "created")
        if kept.closed:
            return self._placed(task, "closed", kept)
        return self._placed(task, "updated" if self._changes(task, kept) else "unchanged", kept)

    def reconcile(self, task: Task, name: str, idempotency_key: str) -> Any:
        """An act was begun, and nobody knows whether it was done: the tracker is asked."""
        if not self._tracker.readable:
            self._sent_before.add(task.key)
            return "redo" if self._in_doubt == "redo" else "leave"
        kept = self._tracker.find(task.key, "", self._plan.since)
        return "redo" if kept is None else onward.Done(Made(kept.ref, kept.url, "doubtful"))

    def _known(self, task: Task) -> tuple[bool, Kept | None]:
        """Whether onward remembers making it, and the task if it is there."""
        kept, entry = self._plan.kept.get(task.key), self._ledger.entry(task.key)
        if entry is None or not entry.ref:
            return False, kept
        if kept is None and self._tracker.readable:  # not among those listed: it may be older
            kept = self._tracker.find(task.key, entry.ref, self._plan.since)
        if not self._tracker.readable:
            kept = Kept(entry.ref, entry.stamp, {}, url=entry.url)
        return True, kept

    def _create(self, task: Task, *, idempotency_key: str) -> Made:
        # The task's own key tells it apart, not this run's: it holds for whoever runs this, from wherever.
        there = self._plan.kept.get(task.key)
        if there is not None:
            return Made(there.ref, there.url, "found")
        self._wait()
        fields = self._tracker.fields(task)
        kept = self._tracker.create(task, stamp_of(task, fields))
        if (
            task.key in self._sent_before
        ):  # what it was told then may differ, and a receiver that knows it ignores this
            self._tracker.update(kept, fields, task, stamp_of(task, fields))
        left = [name for name, text in fields.items() if kept.fields.get(name, "") != text]
        return Made(kept.ref, kept.url, "made", left)

    def _renew(self, task: Task, kept: Kept) -> Placed:
        if self._changes(task, kept) and self._tracker.readable:  # it is time to know how it is now
            now = self._tracker.find(task.key, kept.ref, self._plan.since)
            if now is None:
                return self._placed(task, "deleted")
            kept = now
        changes = {} if kept.closed else self._changes(task, kept)
        action: Action = "closed" if kept.closed else "updated" if changes else "unchanged"
        if changes:
            kept = self._update(task, kept, changes)
        self._ledger.made(kept)
        return self._placed(task, action, kept)

    def _update(self, task: Task, kept: Kept, changes: Fields) -> Kept:
        self._wait()
        if self._tracker.readable:
            return self._tracker.update(kept, changes, task, stamp_after(kept, task, changes))
        onward.once("update", self._send_update, kept, changes, task)
        return Kept(kept.ref, stamp_after(kept, task, changes), changes, url=kept.url)

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

    def _placed(self, task: Task, action: Action, kept: Kept | None = None) -> Placed:
        left = self._left(task, kept) if kept else []
        ref, url = (kept.ref, kept.url) if kept else ("", "")
        return Placed(task.key, task.meeting, task.title, action, ref, url, left)

    def _wait(self) -> None:
        with self._writing:
            now = time.monotonic()
            wait = self._next_write - now
            self._next_write = max(now, self._next_write) + self._tracker.spacing
        if wait > 0:
            time.sleep(wait)
