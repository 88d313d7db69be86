"""``onward tasks``: put the action items of meetings into a tracker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onward.cli import options, reviewing
from onward.cli.answer import Answer, table
from onward.cli.commands import resuming, shown, written
from onward.cli.endings import INTERRUPTED, Started, finished, halted
from onward.progress import printable
from onward.progress.text import counted
from onward.stores import DEFAULT_FOLDER, VARIABLE

if TYPE_CHECKING:
    from onward.recipes.meeting_tasks import Ledger, People, Placed, Plan, Task, Tracker

_PATH: Any = click.Path(path_type=Path)
_OWN = {
    "sources", "to", "people", "labels", "zone", "notes_url", "review", "yes", "dry_run", "in_doubt", "recreate",
    "ledger",
}  # fmt: skip

_wishes = options.together(
    click.option(
        "--to",
        metavar="TRACKER",
        required=True,
        help="FILE.md, FILE.csv, FILE.ics, caldav:URL, github:OWNER/REPOSITORY or webhook:URL.",
    ),
    click.option("--people", type=_PATH, help="Who can own a task: a CSV or YAML file."),
    click.option(
        "--label", "labels", multiple=True, metavar="TEXT", help="A label for every task; repeatable."
    ),
    click.option("--timezone", "zone", metavar="ZONE", help="Where the meetings were: Europe/Berlin."),
    click.option("--notes-url", metavar="URL", help="Where the notes are published, for links to them."),
    click.option("--review", is_flag=True, help="Show what would be put there, and ask."),
    click.option("--yes", is_flag=True, help="With --review: accept all."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
    click.option(
        "--in-doubt",
        type=click.Choice(["redo", "fail"]),
        default="redo",
        help="For webhooks: send again what may have arrived, with the same key [default], or leave it to you.",
    ),
    click.option("--recreate", is_flag=True, help="Make tasks again that somebody deleted in the tracker."),
    click.option(
        "--ledger", type=_PATH, help="Where onward remembers what it made [default: in the store's folder]."
    ),
)

_policies = options.together(
    click.option("--run", "run", metavar="NAME", help="Name of the run [default: the tracker's]."),
    options.store,
    click.option("--workers", type=int, metavar="N", help="Tasks at a time [default: 1]."),
    click.option("--rate", metavar="RATE", help='At most so many tasks: "30/min".'),
    click.option("--limit", type=int, metavar="N", help="Place N more, then stop, to be resumed."),
    click.option("--retry-failed", is_flag=True, help="Try the tasks again that failed."),
    click.option("--again", is_flag=True, help="Compare a finished run's tasks with the tracker once more."),
)


@click.command()
@click.argument("sources", type=_PATH, nargs=-1, required=True, metavar="NOTES-OR-TRANSCRIPTS...")
@_wishes
@_policies
@options.quiet
@options.as_json
def tasks(sources: tuple[Path, ...], to: str, quiet: bool, **asked: Any) -> Answer:
    """Put the action items of meetings into a tracker, each exactly once.

    Takes notes as onward notes writes them (JSON, or their folder). Running it again after the notes were edited
    renews the tasks; what people changed in the tracker stays as they want it. Running the same command again
    after an interruption is the resume.

    \b
    Example:
      onward tasks notes/ --to tasks.md
      onward tasks notes/ --to github:OWNER/REPOSITORY --people people.csv --review
    """
    from onward.recipes import meeting_tasks as recipe

    context = click.get_current_context()
    given = {name: value for name, value in options.overrides(context).items() if name not in _OWN}
    if asked["review"] and not (asked["yes"] or asked["dry_run"]):
        reviewing.check_terminal()
    meetings = _meetings(sources, asked["notes_url"], to)
    people = recipe.read_people(asked["people"]) if asked["people"] else None
    tracker = recipe.open_tracker(to)
    ledger = recipe.Ledger(asked["ledger"] or _ledger_path(given.get("store")), tracker.name)
    words = resuming(context.obj)
    name = given.setdefault("run", recipe.run_name(tracker))
    started = Started(words, recipe.JOB, name, given.get("store"), quiet)
    try:
        plan = recipe.make_plan(
            meetings, tracker, ledger, recipe.Wishes(people, tuple(asked["labels"]), asked["zone"])
        )
        return _answer(plan, tracker, ledger, people, started, asked, {**given, "command": written(words)})
    except recipe.AccessRefused as error:
        return halted(error, started)
    finally:
        ledger.close()
        tracker.close()


def _answer(
    plan: Plan,
    tracker: Tracker,
    ledger: Ledger,
    people: People | None,
    started: Started,
    asked: dict[str, Any],
    given: dict[str, Any],
) -> Answer:
    from onward.recipes.meeting_tasks import Desk

    doing = {"in_doubt": asked["in_doubt"], "recreate": asked["recreate"]}
    desk = Desk(tracker, ledger, plan, **doing)
    if asked["dry_run"]:
        return _preview(plan, desk, tracker)
    chosen: Sequence[Task] | None = plan.tasks
    if asked["review"]:
        chosen = reviewing.ask(plan, tracker, ledger, desk, people, accept_all=asked["yes"])
    if chosen is None:
        return _left_off(started)
    return _place(chosen, tracker, ledger, plan, started, {**doing, **given})


def _place(
    chosen: Sequence[Task],
    tracker: Tracker,
    ledger: Ledger,
    plan: Plan,
    started: Started,
    given: dict[str, Any],
) -> Answer:
    from onward.recipes import meeting_tasks as recipe

    try:
        report = recipe.place(chosen, tracker, ledger, plan, progress=not started.quiet, **given)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, started)
    placed: list[Placed] = list(report.results())
    skipped = [task for task in (*plan.tasks, *plan.skipped) if task not in chosen]
    answer = finished(report, started)
    document = {**_document(placed, plan, tracker), "left_out": [task.title for task in skipped]}
    lines = [] if report.already_finished else _lines(placed, plan)
    lines = [] if started.quiet else [*lines, *_remarks(placed, plan, skipped)]
    return answer._replace(document=lambda: {**answer.document(), **document}, lines=lines)


def _preview(plan: Plan, desk: Any, tracker: Tracker) -> Answer:
    placed = [desk.preview(task) for task in plan.tasks]
    would = {"created": "would be created", "updated": "would be updated"}
    return Answer(
        lambda: {
            **_document(placed, plan, tracker),
            "left_out": [task.title for task in plan.skipped],
            "dry_run": True,
        },
        lines=[*_lines(placed, plan, would), *_remarks(placed, plan, plan.skipped)],
        notes=["nothing was done"],
    )


def _left_off(started: Started) -> Answer:
    resume = shown(started.words)
    note = f"nothing was put there, and your answers are kept. Go on with:  {resume}"
    document = {"job": started.job, "run": started.run, "exit_code": INTERRUPTED, "resume": resume}
    return Answer(lambda: document, notes=[note], exit_code=INTERRUPTED)


def _document(placed: Sequence[Placed], plan: Plan, tracker: Tracker) -> dict[str, Any]:
    from dataclasses import asdict

    vanished = [{"key": s.key, "meeting": s.meeting, "what": s.what} for s in plan.vanished]
    return {"tracker": tracker.name, "tasks": [asdict(one) for one in placed], "vanished": vanished}


def _lines(placed: Sequence[Placed], plan: Plan, words: dict[str, str] | None = None) -> list[str]:
    tasks = {task.key: task for task in plan.tasks}
    rows = []
    for one in placed:
        task = tasks.get(one.key)
        owner, due = (task.owner, task.due) if task else ("", "")
        texts = [(words or {}).get(one.action, one.action), one.title, owner, due, one.meeting, one.url]
        rows.append([printable(text) for text in texts])
    return list(table(("", "TASK", "OWNER", "DUE", "MEETING", ""), rows)) if rows else ["no action items"]


def _remarks(placed: Sequence[Placed], plan: Plan, skipped: Sequence[Task]) -> list[str]:
    """What a human may want to look at."""
    checks = {task.key: task.checks for task in plan.tasks}
    lines = [
        f"to check: {printable(one.title)}: {printable(check)}"
        for one in placed
        for check in checks.get(one.key, [])
    ]
    lines += [
        f"changed by hand, left as it is: {printable(one.title)} ({', '.join(one.left)})"
        for one in placed
        if one.left
    ]
    lines += [f"no longer in the notes, left as it is: {printable(stamp.what)}" for stamp in plan.vanished]
    if skipped:
        lines.append(f"left out in a review: {counted(len(skipped), 'task')}")
    return lines


def _ledger_path(store: str | None) -> Path:
    """Beside the runs, where these are in a folder."""
    place = store or os.environ.get(VARIABLE) or DEFAULT_FOLDER
    folder = Path(place).parent if place.endswith(".db") else Path(place)
    return (Path(DEFAULT_FOLDER) if "://" in place or ":" in place[2:] else folder) / "meeting-tasks.ledger"


def _meetings(sources: Sequence[Path], notes_url: str | None, to: str) -> list[Any]:
    from onward.recipes.meeting_tasks import Meeting
    from onward.recipes.meetings import read_notes

    return [Meeting(read_notes(path), _link(path, notes_url, to)) for path in _notes_files(sources)]


def _notes_files(sources: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for source in sources:
        files = sorted(source.glob("*.json")) if source.is_dir() else [source]
        if not files:
            raise click.UsageError(f"{source}: there are no notes (JSON) in this folder")
        found += [path for path in files if path not in found]
    return found


def _link(path: Path, notes_url: str | None, to: str) -> str:
    """Where people find the notes: the page beside the JSON, if there is one."""
    from urllib.parse import quote

    page = next((p for p in (path.with_suffix(".md"), path.with_suffix(".html")) if p.exists()), path)
    if notes_url:
        return f"{notes_url.rstrip('/')}/{quote(page.name)}"
    if ":" in to[2:]:
        return page.as_posix()
    return Path(os.path.relpath(page, Path(to).parent)).as_posix()
