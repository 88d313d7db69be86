"""Meeting tasks: put the action items of meeting notes into a tracker, each exactly once.

    with open_tracker("tasks.md") as tracker: ...

The notes are read, each action item gets the key of the task it is (``planning``, ``sameness``), and an onward job
puts them into the tracker one by one (``desk``). What is edited in the notes is renewed there, unless a human has
changed it there too; nothing is deleted, opened again or made twice. How that is kept, and where it ends:
docs/how-to/meeting-tasks.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import onward
from onward.errors import InputChanged
from onward.recipes.meeting_tasks.desk import Desk, InDoubt, Placed
from onward.recipes.meeting_tasks.drafts import Meeting
from onward.recipes.meeting_tasks.ledger import Ledger
from onward.recipes.meeting_tasks.people import People, read_people
from onward.recipes.meeting_tasks.planning import Plan, Wishes, make_plan
from onward.recipes.meeting_tasks.trackers import AccessRefused, Task, Tracker, open_tracker

__all__ = [
    "JOB",
    "AccessRefused",
    "Desk",
    "Ledger",
    "Meeting",
    "People",
    "Placed",
    "Plan",
    "Task",
    "Tracker",
    "Wishes",
    "make_plan",
    "open_tracker",
    "place",
    "read_people",
    "run_name",
]

JOB = "meeting-tasks"


def place(
    tasks: Sequence[Task],
    tracker: Tracker,
    ledger: Ledger,
    plan: Plan,
    *,
    in_doubt: InDoubt = "redo",
    recreate: bool = False,
    **options: Any,
) -> onward.Report:
    """Put tasks into a tracker; called again after a crash, go on where it stopped.

    Args:
        tasks: those of the plan, or some of them.
        in_doubt: for trackers that cannot be asked: "redo" sends again what may have arrived, with the same key;
            "fail" leaves it to a human.
        recreate: make tasks again that somebody deleted in the tracker.
        options: any of ``onward.map``'s.

    Returns:
        The run's report; its results are :class:`Placed`.

    Raises:
        KeyRefused: the tracker refuses the account; resume with another.
        OnwardError: whatever else keeps the run from finishing.
    """
    desk = Desk(tracker, ledger, plan, in_doubt=in_doubt, recreate=recreate)
    run = options.setdefault("run", run_name(tracker))

    # What it does twice does no harm, so that a new version of onward may go on with a run: hence version=1.
    # Each task is worth a save: it takes longer than one.
    @onward.job(
        JOB,
        key=_key,
        version=1,
        params={"tracker": tracker.name},
        every=1,
        retries=5,
        on_change="redo",
    )
    def put(task: Task, *, tracker: str) -> Placed:
        return desk.put(task)

    options.setdefault("reconcile", desk.reconcile)
    try:
        return put.map(tasks, **options)
    except InputChanged:
        if onward.load(JOB, run, store=options.get("store")).status != "finished":
            raise
        # It finished with other notes. To begin anew does nothing twice: each task is looked for before it is made.
        return put.map(tasks, **{**options, "again": True})


def run_name(tracker: Tracker) -> str:
    """The run's name unless another is given: the tracker's, as far as it can be a file's."""
    short = re.sub(r"[^\w.-]+", "-", tracker.name).strip("-.")[-40:]
    return f"{short}-{hashlib.blake2b(tracker.name.encode(), digest_size=4).hexdigest()}"


def _key(task: Task) -> str:
    return task.key
