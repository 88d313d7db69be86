"""``onward export`` and ``onward rm``: what becomes of a run's results, and of the run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from onward.cli import options
from onward.cli.answer import Answer
from onward.errors import StoreCorrupt, UsageError
from onward.progress import printable
from onward.progress.text import done_of
from onward.view import export as write_results
from onward.view import load, remove


@click.command()
@options.one_run
@click.argument("output")
@click.option(
    "--format",
    "output_format",
    metavar="NAME",
    help="jsonl, csv, tsv or json, if OUTPUT's name does not tell.",
)
@click.option("--force", is_flag=True, help="Replace OUTPUT if it exists.")
def export(
    job: str, output: str, output_format: str | None, run: str, store: str | None, force: bool
) -> Answer:
    """Write the results of a run of JOB so far to OUTPUT. The run may go on.

    \b
    Example:
      onward export screening so-far.csv
    """
    view = load(job, run, store=store)
    size = write_results(view, output, output_format, force=force)
    now = view.progress
    document = {
        "job": view.job,
        "run": view.run,
        "status": view.status,
        "total": now.total,
        "settled": now.settled,
        "output": {"path": str(Path(output).absolute()), "bytes": size},
    }
    done = done_of(now.settled, now.total)
    return Answer(lambda: document, notes=[f"results so far ({done} done) in {printable(output)}"])


@click.command()
@options.one_run
@click.option("--yes", is_flag=True, help="Do not ask.")
def rm(job: str, run: str, store: str | None, yes: bool) -> Answer:
    """Delete a run of JOB: its outcomes, state and history. Its output files stay; a live run is not deleted.

    \b
    Example:
      onward rm screening --yes
    """
    name = printable(f"{job}, run {run}")
    document = {"job": job, "run": run}
    what = f"{name} ({_standing(job, run, store)})"
    if not yes and not sys.stdin.isatty():
        raise UsageError(f"this deletes {what}; to do it without being asked, give --yes")
    if not yes and not click.confirm(f"Delete {what}?", err=True):
        return Answer(lambda: {**document, "removed": False}, notes=["kept"])
    remove(job, run, store=store)
    return Answer(lambda: {**document, "removed": True}, notes=[f"deleted {name}"])


def _standing(job: str, run: str, store: str | None) -> str:
    try:
        view = load(job, run, store=store)
        now = view.progress
        return f"{view.status}, {done_of(now.settled, now.total)} done"
    except StoreCorrupt:
        return "damaged"
