"""``onward tasks``: put the action items of meetings into a tracker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from onward.cli import meetings, modelling, options, reviewing
from onward.cli.answer import Answer, table
from onward.cli.commands import resuming, shown, written
from onward.cli.endings import INTERRUPTED, WITH_FAILURES, Started, finished, halted
from onward.progress import printable
from onward.progress.text import counted
from onward.stores import DEFAULT_FOLDER, VARIABLE

if TYPE_CHECKING:
    from onward.recipes.meeting_tasks import Desk, Ledger, People, Placed, Plan, Task, Tracker

_PATH: Any = click.Path(path_type=Path)
_OWN = {
    "sources", "to", "people", "labels", "day", "zone", "notes", "notes_url", "review", "yes", "dry_run", "in_doubt",
    "recreate", "ledger",
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
    click.option(
        "--date", "day", metavar="DAY", help="When the meetings were, if no transcript says: 2026-11-25."
    ),
    click.option("--tz", "zone", metavar="ZONE", help="Where they were: Europe/Berlin."),
    click.option(
        "--notes", type=_PATH, default="notes", help="Folder for notes of transcripts [default: notes]."
    ),
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
    modelling.model_options(),
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

    Takes notes as onward notes writes them (JSON, or their folder), and transcripts, of which it takes notes first.
    Running it again after the notes were edited renews the tasks; what people changed in the tracker stays as
    they want it. Running the same command again after an interruption is the resume.

    \b
    Example:
      onward tasks notes/ --to tasks.md
      onward tasks notes/ --to github:OWNER/REPOSITORY --people people.csv --review
    """
    from onward.recipes import meeting_tasks as recipe

    given = _given(options.overrides(click.get_current_context()))
    if asked["review"] and not (asked["yes"] or asked["dry_run"]):
        reviewing.check_terminal()
    words = resuming(click.get_current_context().obj)
    people = recipe.read_people(asked["people"]) if asked["people"] else None
    tracker = recipe.open_tracker(to)
    ledger = recipe.Ledger(asked["ledger"] or _ledger_path(given.get("store")), tracker.name)
    started = Started(
        words, recipe.JOB, given.get("run", recipe.run_name(tracker)), given.get("store"), quiet
    )
    try:
        noted = _noted(sources, started, asked, given)
        if isinstance(noted, Answer):
            return noted
        plan = recipe.make_plan(
            meetings.read(noted.files, asked["notes_url"], to),
            tracker,
            ledger,
            recipe.Wishes(people, tuple(asked["labels"]), asked["zone"]),
        )
        doing = {"in_doubt": asked["in_doubt"], "recreate": asked["recreate"]}
        work = _Work(started, tracker, ledger, people, plan, recipe.Desk(tracker, ledger, plan, **doing))
        answer = _answer(work, asked, {**doing, **given, "command": written(words)})
        return answer._replace(exit_code=answer.exit_code or (WITH_FAILURES if noted.failed else 0))
    except recipe.AccessRefused as error:
        return halted(error, started)
    finally:
        ledger.close()
        tracker.close()


class _Work(NamedTuple):
    """All that a command is about, opened."""

    started: Started
    tracker: Tracker
    ledger: Ledger
    people: People | None
    plan: Plan
    desk: Desk


def _given(overrides: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in overrides.items() if name not in _OWN}


def _noted(
    sources: Sequence[Path], started: Started, asked: dict[str, Any], given: dict[str, Any]
) -> meetings.Noted | Answer:
    """The files of notes; of transcripts, notes are taken. The answer instead, if that did not end well."""
    model_options = meetings.take_out(given)
    files, transcripts = meetings.sort(sources)
    if not transcripts:
        return meetings.Noted(files, 0)
    noting = meetings.start(asked["notes"], started)
    where = {"store": given["store"]} if "store" in given else {}
    try:
        noted = meetings.note(
            transcripts, asked["notes"], noting, model_options,
            day=asked["day"], zone=asked["zone"], command=written(started.words), **where,
        )  # fmt: skip
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, noting)
    return noted._replace(files=[*files, *(path for path in noted.files if path not in files)])


def _answer(work: _Work, asked: dict[str, Any], given: dict[str, Any]) -> Answer:
    if asked["dry_run"]:
        return _preview(work)
    chosen: Sequence[Task] | None = work.plan.tasks
    if asked["review"]:
        chosen = reviewing.ask(
            work.plan, work.tracker, work.ledger, work.desk, work.people, accept_all=asked["yes"]
        )
    return _left_off(work.started) if chosen is None else _place(work, chosen, given)


def _place(work: _Work, chosen: Sequence[Task], given: dict[str, Any]) -> Answer:
    from onward.recipes import meeting_tasks as recipe

    quiet = work.started.quiet
    try:
        report = recipe.place(chosen, work.tracker, work.ledger, work.plan, progress=not quiet, **given)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, work.started)
    placed: list[Placed] = list(report.results())
    skipped = [task for task in (*work.plan.tasks, *work.plan.skipped) if task not in chosen]
    answer = finished(report, work.started)
    document = _document(placed, work, skipped)
    lines = [] if report.already_finished else _lines(placed, work.plan)
    return answer._replace(
        document=lambda: {**answer.document(), **document},
        lines=[] if quiet else [*lines, *_remarks(placed, work.plan, skipped)],
    )


def _preview(work: _Work) -> Answer:
    plan = work.plan
    placed = [work.desk.preview(task) for task in plan.tasks]
    would = {"created": "would be created", "updated": "would be updated"}
    return Answer(
        lambda: {**_document(placed, work, plan.skipped), "dry_run": True},
        lines=[*_lines(placed, plan, would), *_remarks(placed, plan, plan.skipped)],
        notes=["nothing was done"],
    )


def _left_off(started: Started) -> Answer:
    resume = shown(started.words)
    note = f"nothing was put there, and your answers are kept. Go on with:  {resume}"
    document = {"job": started.job, "run": started.run, "exit_code": INTERRUPTED, "resume": resume}
    return Answer(lambda: document, notes=[note], exit_code=INTERRUPTED)


def _document(placed: Sequence[Placed], work: _Work, skipped: Sequence[Task]) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "tracker": work.tracker.name,
        "tasks": [asdict(one) for one in placed],
        "vanished": [
            {"key": one.key, "meeting": one.meeting, "what": one.what} for one in work.plan.vanished
        ],
        "left_out": [task.title for task in skipped],
    }


def _lines(placed: Sequence[Placed], plan: Plan, words: dict[str, str] | None = None) -> list[str]:
    tasks = {task.key: task for task in (*plan.tasks, *plan.skipped)}
    rows = []
    for one in placed:
        task = tasks.get(one.key)  # a run that was gone on with may have settled more
        more = [task.owner, task.due, task.heading] if task else ["", "", one.meeting]
        texts = [(words or {}).get(one.action, one.action), one.title, *more, one.url]
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
        f"stands differently in the tracker, left as it is: {printable(one.title)} ({', '.join(one.left)})"
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
