"""Notes to make tasks of, and the command that makes them."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from cli.processes import PROGRAM, Ended, environment
from onward.recipes.meetings import ActionItem, Notes, notes_to_json


def item(number: int = 1, **given: Any) -> ActionItem:
    usual = ActionItem(
        what=f"send contract {number} to Northwind",
        owner="Mia",
        due=None,
        due_words="by Friday",
        quote=f"I will send contract number {number} to Northwind by Friday.",
        line=10 * number,
        seconds=60.0 * number,
        speaker="Mia",
    )
    return replace(usual, **given)


def notes(*items: ActionItem, **given: Any) -> Notes:
    usual = Notes(
        source="recordings/standup.vtt",
        title="Standup",
        date="2026-05-04",
        participants=["Mia", "Ben"],
        summary=[],
        decisions=[],
        actions=list(items),
        questions=[],
        model="rules",
    )
    return replace(usual, **given)


DISTINCT = [
    "book the large meeting room for the workshop",
    "ask legal about the licence of the fonts",
    "write the release notes for version four",
    "call the caterer and cancel the vegetarian option",
    "fix the login page on small screens",
    "collect the signatures of the board",
    "move the database to the new server",
    "invite Priya to the design review",
    "order twelve new keyboards",
    "translate the onboarding guide to Polish",
    "renew the certificate of the mail server",
    "find a photographer for the anniversary",
    "clean up the shared drive",
    "prepare three slides on churn",
    "tell the landlord about the broken lift",
    "compare prices of two hosting companies",
    "draft the job advert for the tester",
    "check the invoices of last quarter",
    "plan the fire drill with building services",
    "back up the old wiki before it goes away",
]


def many(count: int) -> list[ActionItem]:
    """Items that nobody would take for one another."""
    return [
        item(number, what=DISTINCT[number], quote=f"Somebody said: {DISTINCT[number]}, please.", owner=owner)
        for number, owner in zip(range(count), ["Mia", "Ben"] * count, strict=False)
    ]


def save(found: Notes, path: str = "notes/standup.json") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(notes_to_json(found)))


def tasks(*words: str, **env: str) -> Ended:
    """``onward tasks``, as one types it."""
    done = subprocess.run(
        [*PROGRAM, "tasks", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment(**env),
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)
