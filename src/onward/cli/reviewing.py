"""``onward tasks --review``: shows the tasks, and asks about each."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from onward.cli.answer import tell
from onward.progress import printable
from onward.progress.text import counted

if TYPE_CHECKING:
    from onward.recipes.meeting_tasks import Desk, Ledger, People, Plan, Task, Tracker

_KEYS = {"a": "accept", "e": "edit", "s": "skip", "all": "all", "q": "quit"}
_QUESTION = "[a]ccept, [e]dit, [s]kip, accept [all] the rest, [q]uit"


def check_terminal() -> None:
    """Refuse to ask where nobody can answer."""
    if not sys.stdin.isatty():
        raise click.UsageError("--review asks, and there is no terminal; add --yes to accept all it shows")


def ask(
    plan: Plan, tracker: Tracker, ledger: Ledger, desk: Desk, people: People | None, *, accept_all: bool
) -> list[Task] | None:
    """The tasks that are to be put into the tracker; None if the review was left off."""
    from onward.recipes.meeting_tasks.review import Review

    review = Review(plan, tracker, ledger, desk)
    open_tasks = review.open()
    tell(f"{counted(len(open_tasks), 'task')} to review for {printable(tracker.name)}")
    edited: dict[str, Task] = {}
    for number, task in enumerate(open_tasks, 1):
        _show(number, len(open_tasks), task, desk.preview(task).action)
        choice = "accept" if accept_all else _choice()
        if choice == "quit":
            return None
        accept_all = accept_all or choice == "all"
        wanted = _edit(task, people, tracker.kind) if choice == "edit" else task
        review.decide(wanted, "skip" if choice == "skip" else "accept", as_it_was=task)
        edited[task.key] = wanted
    known = [edited.get(task.key, task) for task in plan.tasks]
    known += [edited[task.key] for task in plan.skipped if task.key in edited]
    return review.accepted(known)


def _show(number: int, count: int, task: Task, action: str) -> None:
    tell("")
    tell(f"{number}/{count}  {printable(task.title)}  ({'new' if action == 'created' else 'changed'})")
    named = [("owner", task.owner or "nobody"), ("due", task.due or "no date"), ("priority", task.priority)]
    tell("     " + ", ".join(f"{name}: {printable(value)}" for name, value in named))
    if task.quote:
        tell(f"     “{printable(task.quote)}” ({printable(task.said)})")
    for check in task.checks:
        tell(f"     to check: {printable(check)}")


def _choice() -> str:
    while True:
        typed = (
            click.prompt(_QUESTION, err=True, prompt_suffix=" ", default="a", show_default=False)
            .strip()
            .lower()
        )
        found = _KEYS.get(typed) or (typed if typed in _KEYS.values() else None)
        if found:
            return found


def _edit(task: Task, people: People | None, kind: str) -> Task:
    """Ask for each field; Enter keeps it, a single - empties it."""
    from onward.recipes.meeting_tasks.planning import with_edits

    title = _field("title", task.title) or task.title
    owner = _field("owner", task.owner)
    due = _day(task.due)
    priority = click.prompt(
        "  priority", default=task.priority, err=True, type=click.Choice(["high", "normal", "low"])
    )
    edits = {"title": (task.title, title), "due": (task.due, due), "priority": (task.priority, str(priority))}
    if owner != task.owner:
        edits["owner"] = (task.owner, owner)
        found = people.find(owner) if people and owner else None
        if found and found.doubt:
            tell(f"  {printable(found.doubt)}")
    return with_edits(task, edits, people, kind)


def _field(name: str, value: str) -> str:
    from onward.recipes.meeting_tasks.trackers.base import TITLE, one_line

    typed: Any = click.prompt(f"  {name}", default=value, err=True, show_default=bool(value))
    return "" if typed.strip() == "-" else one_line(typed, TITLE)


def _day(value: str) -> str:
    while True:
        typed = _field("due (2026-05-08)", value)
        try:
            return date.fromisoformat(typed).isoformat() if typed else ""
        except ValueError:
            tell("  that is no date")
