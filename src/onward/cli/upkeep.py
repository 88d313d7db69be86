"""``onward verify``, ``onward copy`` and ``onward repair``: whether stores are sound, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from onward.cli import options
from onward.cli.answer import Answer
from onward.cli.faults import described
from onward.errors import OnwardError, StoreCorrupt
from onward.progress import printable
from onward.progress.text import counted
from onward.stores import Runs, open_runs


@click.command()
@click.argument("job", required=False)
@click.option("--run", "run", metavar="NAME", help="Which run of the job [default: all].")
@options.store
@options.as_json
def verify(job: str | None, run: str | None, store: str | None) -> Answer:
    """Check whole runs: structure, checksums, counts, and outputs against what was published.

    Reads everything and changes nothing. Exits with 7 if anything is wrong.

    \b
    Example:
      onward verify
      onward verify screening --run may
    """
    runs = open_runs(store)
    names = _asked_for(runs, job, run)
    checked = [_checked(runs, *name) for name in names]
    sound = all(not found["problems"] for found in checked)
    notes = [] if checked else ["no such run here; onward status lists what is there"]
    return Answer(
        lambda: {"runs": checked, "sound": sound},
        [line for found in checked for line in _verdict(found)],
        notes,
        exit_code=0 if sound else StoreCorrupt.exit_code,
    )


def _asked_for(runs: Runs, job: str | None, run: str | None) -> list[tuple[str, str]]:
    """The runs of these names, and a single file that cannot be read, not even for its names: it may be one of them."""
    return [
        name
        for name in runs.names()
        if name == ("", "") or (job in (None, name[0]) and run in (None, name[1]))
    ]


def _checked(runs: Any, job: str, run: str) -> dict[str, Any]:
    from onward.upkeep.inspection import inspect

    try:
        found = inspect(runs, job, run)
    except OnwardError as error:
        return {"job": job, "run": run, "blocks": 0, "outcomes": 0, "problems": [described(error)["message"]]}
    problems = [*found.problems, *found.output_problems]
    return {"job": job, "run": run, "blocks": found.blocks, "outcomes": found.outcomes, "problems": problems}


def _verdict(found: dict[str, Any]) -> Iterator[str]:
    name = printable(f"{found['job']}, run {found['run']}")
    size = f"{counted(found['outcomes'], 'outcome')} in {counted(found['blocks'], 'block')}"
    yield f"{name}: {'damaged' if found['problems'] else 'sound'} ({size})"
    yield from (f"  {printable(problem)}" for problem in found["problems"])


@click.command()
@click.argument("source")
@click.argument("target")
@click.option("--job", metavar="NAME", help="Only the runs of this job [default: all].")
@click.option("--run", "run", metavar="NAME", help="Only the runs of this name [default: all].")
@options.as_json
def copy(source: str, target: str, job: str | None, run: str | None) -> Answer:
    """Copy runs from one store to another, of the same kind or not, and check what has arrived.

    SOURCE and TARGET are what --store takes. The source stays as it is; a run that is there already is not replaced.

    \b
    Example:
      onward copy .onward file:readable
      onward copy .onward screening.db --job screening
    """
    from onward.upkeep.copying import copy as copy_run

    come, go = open_runs(source), open_runs(target)
    names = _asked_for(come, job, run)
    copied: list[dict[str, Any]] = []
    for name in names:
        with _bar(f"{name[0]} ({name[1]})") as on_block:
            done = copy_run(come, go, *name, on_block=on_block)
        copied.append({"job": name[0], "run": name[1], "blocks": done.blocks, "outcomes": done.outcomes})
    lines = [
        f"copied {printable(one['job'])}, run {printable(one['run'])}: {counted(one['outcomes'], 'outcome')}, checked"
        for one in copied
    ]
    return Answer(
        lambda: {"copied": copied}, lines, [] if copied else [f"no such run in {printable(source)}"]
    )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """Shows on a terminal how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(printable(what))
        yield lambda done, total: progress.update(task, completed=done, total=total)


@click.command()
@options.one_run
@click.option(
    "--to", "target", metavar="PLACE", required=True, help="The new store: a folder, a file or a URL."
)
def repair(job: str, run: str, store: str | None, target: str) -> Answer:
    """Save what is good of a damaged run of JOB into a new store, and list what is lost.

    The damaged store is only read. Resume from the new one: what is lost is done again.

    \b
    Example:
      onward repair screening --to repaired
      onward run app.py:screen --input resumes.jsonl --store repaired
    """
    from onward.upkeep.repairing import repair as repair_run

    done = repair_run(open_runs(store), open_runs(target), job, run)
    document = {
        "job": job,
        "run": run,
        "kept": done.kept,
        "again": done.again,
        "steps": done.steps,
        "lost": done.lost,
    }
    again = f", {counted(done.again, 'item')} to be done again" if done.again else ""
    lines = [f"{printable(job)}, run {printable(run)}: {counted(done.kept, 'outcome')} kept{again}"]
    lines += [f"  lost: {printable(what)}" for what in done.lost]
    return Answer(lambda: document, lines, [f"go on with --store {printable(target)}"])
