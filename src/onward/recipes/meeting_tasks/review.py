"""What a human decided about tasks before they were put into a tracker. Each answer is remembered at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from onward.recipes.meeting_tasks.desk import Desk
from onward.recipes.meeting_tasks.ledger import Choice, Entry, Ledger
from onward.recipes.meeting_tasks.planning import EDITABLE, Plan
from onward.recipes.meeting_tasks.trackers import Task, Tracker
from onward.recipes.meeting_tasks.trackers.base import digest, stamp_of


class Review:
    """The decisions about the tasks of one plan."""

    def __init__(self, plan: Plan, tracker: Tracker, ledger: Ledger, desk: Desk) -> None:
        self._plan = plan
        self._tracker = tracker
        self._ledger = ledger
        self._desk = desk

    def open(self) -> list[Task]:
        """The tasks to decide about: what would be made or changed, and was not decided as it is now."""
        return [task for task in (*self._plan.tasks, *self._plan.skipped) if self._is_open(task)]

    def _is_open(self, task: Task) -> bool:
        entry = self._ledger.entry(task.key)
        if entry is not None and entry.reviewed == self._digest(task):
            return False
        return self._desk.preview(task).action in ("created", "updated")

    def decide(self, task: Task, choice: Choice, as_it_was: Task | None = None) -> None:
        """Remember a decision.

        Args:
            task: as the human wants it.
            as_it_was: what the notes made of it, where the human changed it.
        """
        before = self._ledger.entry(task.key) or Entry(stamp_of(task, {}))
        edits = {**before.edits, **(_edits(as_it_was, task) if as_it_was else {})}
        self._ledger.keep(replace(before, choice=choice, reviewed=self._digest(task), edits=edits))

    def accepted(self, tasks: Sequence[Task]) -> list[Task]:
        """Those that were not left out."""
        chosen = [self._ledger.entry(task.key) for task in tasks]
        return [
            task for task, entry in zip(tasks, chosen, strict=True) if not entry or entry.choice != "skip"
        ]

    def _digest(self, task: Task) -> str:
        return digest(repr(sorted(self._tracker.fields(task).items())))


def _edits(was: Task, now: Task) -> dict[str, tuple[str, str]]:
    pairs = {name: (str(getattr(was, name)), str(getattr(now, name))) for name in EDITABLE}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
