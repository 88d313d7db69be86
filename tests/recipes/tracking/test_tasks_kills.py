"""Twenty SIGKILLs at random moments, the notes edited half-way: each task is there once, as if nothing had been."""

import json
import os
import random
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.processes import PROGRAM, environment
from onward.recipes.meeting_tasks.trackers import open_tracker
from recipes.tracking.meetings import DISTINCT, item, notes, save, tasks
from recipes.tracking.servers import PASSWORD, USER, ours, radicale

KILLS = 20
KILLED = -9

BEFORE = [
    item(number, what=f"{text}{more}", quote=f"{text}{more}, said {who}.", owner=who, line=number)
    for more, who in (
        ("", "Mia"),
        (", and tell the others by mail", "Ben"),
        (", if the board agrees", "Zoe"),
        (" once the summer is over and the new office is open", "Mia"),
        (" with the help of the two people who start in March", "Ben"),
    )
    for number, text in enumerate(DISTINCT)
]
AFTER = [
    *(replace(one, line=one.line + 7, due="2026-05-29") for one in BEFORE[10:]),
    *(
        item(n, what=f"new thing number {n}: {n * 'x'}", quote=f"And new thing {n * 'x'}.")
        for n in range(1, 9)
    ),
]


@dataclass
class Place:
    """A tracker: what ``--to`` says, the files it keeps its tasks in, and what people see of them."""

    to: str
    files: Callable[[], Iterable[Path]]
    seen: Callable[[], list[Any]]
    env: dict[str, str]

    def trace(self) -> int:
        """What changes with every write."""
        found = 0
        for path in self.files():
            with suppress(FileNotFoundError):
                found = max(found, path.stat().st_mtime_ns)
        return found


def github(stack: ExitStack, folder: Path) -> Place:
    server = stack.enter_context(ours("github_server.py", folder))
    (server.folder / "delay").write_text(json.dumps({"before": 0.02, "after": 0.02}))

    def issues() -> list[Any]:
        return [json.loads(path.read_text()) for path in server.folder.glob("issue-*.json")]

    def seen() -> list[Any]:
        shown = ("title", "state", "labels", "assignees")
        return [
            [*(one[name] for name in shown), one["body"].partition("<!-- onward-task")[0]] for one in issues()
        ]

    env = {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": "ghp_test"}
    return Place("github:octo/work", lambda: server.folder.glob("issue-*.json"), seen, env)


def webhook(stack: ExitStack, folder: Path) -> Place:
    server = stack.enter_context(ours("webhook_server.py", folder))
    (server.folder / "delay").write_text(json.dumps({"before": 0.03, "after": 0.03}))

    def seen() -> list[Any]:
        assert not list(server.folder.glob("twice-*"))
        made = [json.loads(path.read_text()) for path in server.folder.glob("task-*.json")]
        return [{name: value for name, value in one.items() if name != "key"} for one in made]

    return Place(f"webhook:{server.url}/hook", lambda: server.folder.glob("task-*.json"), seen, {})


def caldav(stack: ExitStack, folder: Path) -> Place:
    address = stack.enter_context(radicale(folder))
    env = {"CALDAV_USERNAME": USER, "CALDAV_PASSWORD": PASSWORD}

    def seen() -> list[Any]:
        os.environ.update(env)
        found = _fields(f"caldav:{address}")
        listed = httpx2.request("PROPFIND", address, auth=(USER, PASSWORD), headers={"depth": "1"})
        assert listed.text.count(".ics</") == len(found), "something there is not one of the tasks"
        return found

    files = folder / "collections" / "collection-root" / USER / "tasks"
    return Place(f"caldav:{address}", lambda: files.glob("onward-*.ics"), seen, env)


def markdown(stack: ExitStack, folder: Path) -> Place:
    path = folder.with_suffix(".md")

    def seen() -> list[Any]:
        found = _fields(str(path))
        assert path.read_text().count("<!-- onward-task") == len(found)
        return found

    return Place(str(path), lambda: [path], seen, {})


def _fields(to: str) -> list[Any]:
    tracker = open_tracker(to)
    found = [one.fields for one in tracker.tasks(None)]
    tracker.close()
    return found


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("tracker", [github, caldav, webhook, markdown], ids=lambda tracker: tracker.__name__)
def test_twenty_kills_leave_each_task_once(
    tracker: Callable[[ExitStack, Path], Place],
    stack: ExitStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    for name in ("CALDAV_USERNAME", "CALDAV_PASSWORD"):
        monkeypatch.setenv(name, "")  # so that it is put back
    calm, stormy = tracker(stack, tmp_path / "calm"), tracker(stack, tmp_path / "stormy")
    for found in (BEFORE, AFTER):
        save(notes(*found))
        done = tasks("notes", "--to", calm.to, "--ledger", "calm.ledger", "--store", "calm-runs", **calm.env)
        assert done.code == 0, done.err

    save(notes(*BEFORE))
    for _ in range(KILLS // 2):
        _kill_somewhere(stormy, chance)
    # What was killed between an act and its being told is found done, so it may be told as unchanged.
    assert _finish(stormy, "created") <= KILLS // 2
    save(notes(*AFTER))
    for _ in range(KILLS // 2):
        _kill_somewhere(stormy, chance)
    assert _finish(stormy, "created", "updated") <= KILLS // 2

    seen = _sorted(stormy.seen())
    assert len(seen) == len(BEFORE) + 8
    assert seen == _sorted(calm.seen())


@pytest.mark.parametrize("tracker", [github, caldav, webhook, markdown], ids=lambda tracker: tracker.__name__)
def test_notes_edited_while_a_task_is_in_doubt(
    tracker: Callable[[ExitStack, Path], Place],
    stack: ExitStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed once the first task is there and before that is known, then told something else by the notes."""
    for name in ("CALDAV_USERNAME", "CALDAV_PASSWORD"):
        monkeypatch.setenv(name, "")
    place = tracker(stack, tmp_path / "place")
    if (tmp_path / "place" / "delay").exists():
        (tmp_path / "place" / "delay").write_text(json.dumps({"before": 0, "after": 1}))
    save(notes(*BEFORE[:3]))
    with Path("log").open("a") as log:
        process = subprocess.Popen(
            [*PROGRAM, "tasks", "notes", "--to", place.to],
            stdout=log,
            stderr=log,
            env=environment(**place.env),
        )
        while not place.trace() and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
    save(notes(*[replace(one, due="2026-09-09") for one in BEFORE[:3]]))
    done = tasks("notes", "--to", place.to, **place.env)
    assert done.code == 0, done.err
    seen = json.dumps(place.seen())
    assert len(place.seen()) == 3
    assert seen.count("2026-09-09") == 3, seen


def _kill_somewhere(place: Place, chance: random.Random) -> None:
    """Start, and kill after a few more writes and a moment, or somewhere in starting."""
    writes, early = chance.randrange(4), chance.random() < 0.2
    until = time.monotonic() + (chance.uniform(0, 1) if early else 60)
    with Path("log").open("a") as log:
        process = subprocess.Popen(
            [*PROGRAM, "tasks", "notes", "--to", place.to],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment(**place.env),
        )
        trace = place.trace()
        while writes and time.monotonic() < until and process.poll() is None:
            writes, trace = (writes, trace) if place.trace() == trace else (writes - 1, place.trace())
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        assert process.wait() == KILLED, Path("log").read_text()
    print(f"killed with {len(list(place.files()))} files, {'early' if early else 'at work'}")


def _finish(place: Place, *actions: str) -> int:
    """Let it end; how many tasks are told as something else than these, which can only be as unchanged."""
    done = tasks("notes", "--to", place.to, "--json", **place.env)
    assert done.code == 0, done.err
    found = [one["action"] for one in done.document["tasks"]]
    others = [action for action in found if action not in actions]
    assert set(others) <= {"unchanged"}
    return len(others)


def _sorted(seen: list[Any]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in seen)
