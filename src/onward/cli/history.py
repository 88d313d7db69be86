"""``onward history``."""

from __future__ import annotations

import click

from onward.cli import options
from onward.cli.answer import Answer
from onward.cli.sessions import session_table, sessions_of
from onward.errors import RunNotFound, StoreError
from onward.view import list_runs, load


@click.command()
@click.argument("job", required=False)
@click.option("--run", "run", metavar="NAME", default=None, help="Only this run of the job.")
@options.store
@options.as_json
def history(job: str | None, run: str | None, store: str | None) -> Answer:
    """List the sessions of runs: when, how long, how each ended, how far.

    \b
    Example:
      onward history screening
    """
    if job is not None and run is not None:
        sessions = sessions_of(load(job, run, store=store))
    else:
        sessions = _all_sessions(job, store)
    lines = session_table(sessions) if sessions else ()
    notes = () if sessions else ("no sessions here; onward run begins one",)
    return Answer(lambda: {"sessions": sessions}, lines, notes)


def _all_sessions(job: str | None, store: str | None) -> list[dict[str, object]]:
    found = []
    for view in list_runs(store):
        if job is None or view.job == job:
            try:
                found += sessions_of(view)
            except (StoreError, RunNotFound):
                continue  # `onward status` tells of it
    return found
