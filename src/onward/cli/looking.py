"""``onward status``, ``onward show`` and ``onward errors``: a run as it stands, live, dead or finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
import msgspec

from onward.cli import options, shapes
from onward.cli.answer import Answer, table
from onward.cli.sessions import session_table
from onward.model import Outcome
from onward.progress import printable
from onward.progress.text import (
    age,
    amounts,
    counted,
    done_of,
    moment,
    percent,
    printable_lines,
    rate,
    shortened,
    spent_of,
)
from onward.view import RunView, list_runs, load

SHORT = 100
"""Characters of a state, a parameter or a message that a table shows; --json shows all."""


@click.command()
@click.argument("job", required=False)
@options.store
@options.as_json
def status(job: str | None, store: str | None) -> Answer:
    """List the runs of a store, or those of one JOB.

    \b
    Example:
      onward status
      onward status screening --json
    """
    views = [view for view in list_runs(store) if job is None or view.job == job]
    runs = [run for run in map(shapes.run_or_damage, views) if run is not None]
    notes = [] if runs else [f"no runs{f' of {printable(job)}' if job else ''} here; onward run starts one"]
    notes += [f"onward: {run['error']['message']}" for run in runs if "error" in run]
    return Answer(lambda: {"runs": runs}, table(_STATUS, list(map(_status_row, runs))) if runs else (), notes)


_STATUS = ("JOB", "RUN", "STATUS", "DONE", "", "FAILED", "SKIPPED", "RATE", "SPENT", "SAVED", "OWNER")


def _status_row(run: dict[str, Any]) -> list[str]:
    names = [printable(run["job"]), printable(run["run"]), run["status"]]
    if "error" in run:
        return names + [""] * (len(_STATUS) - len(names))
    total, settled, saved, owner = run["total"], run["settled"], run["saved_age"], run["owner"]
    return [
        *names,
        done_of(settled, total),
        percent(settled, total) if total is not None else "",
        str(run["failed"] or ""),
        str(run["skipped"] or ""),
        rate(run["rate"]) if run["status"] == "running" else "",
        spent_of(run["spent"]),
        f"{age(saved)} ago" if saved is not None else "",
        _process(owner) if owner else "",
    ]


def _process(owner: dict[str, Any]) -> str:
    return printable(f"pid {owner['pid']} on {owner['host']}")


@click.command()
@options.one_run
@click.option("--results", type=click.IntRange(min=0), metavar="N", help="The first N results too.")
def show(job: str, run: str, store: str | None, results: int | None) -> Answer:
    """Tell all there is to tell of one run of JOB.

    \b
    Example:
      onward show screening --results 3
    """
    view = load(job, run, store=store)
    found = shapes.details(view)
    if results is not None:
        found["results"] = list(islice(view.results(), results))
    return Answer(lambda: found, _details(found))


def _details(found: dict[str, Any]) -> Iterator[str]:
    yield f"{printable(found['job'])}, run {printable(found['run'])}: {found['status']}"
    yield from (f"  {name:<9} {text}" for name, text in _facts(found) if text)
    if found["identity"]:
        yield "made with"
        width = max(map(len, found["identity"]))
        for name, part in found["identity"].items():
            yield f"  {printable(name):<{width}}  {_short(part['shown'] or part['digest'])}"
    yield "sessions"
    yield from (f"  {line}" for line in session_table(found["sessions"], named=False))
    if "results" in found:
        yield "results"
        yield from (f"  {printable(msgspec.json.encode(value).decode())}" for value in found["results"])


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    done = done_of(found["settled"], found["total"])
    counts = f"{found['succeeded']} succeeded, {found['failed']} failed, {found['skipped']} skipped"
    return [
        ("created", moment(found["created"])),
        ("done", f"{done}: {counts}"),
        ("saved", f"{age(found['saved_age'])} ago" if found["saved_age"] is not None else ""),
        ("spent", _spent(found)),
        ("owner", _process(found["owner"]) if found["owner"] else ""),
        ("output", printable(found["output"]["path"]) if found["output"] else ""),
        ("state", _json(found["state"]) if found["state"] else ""),
        ("counters", _json(found["counters"]) if found["counters"] else ""),
        ("in doubt" if found["status"] != "running" else "under way", _acts(found["in_doubt"])),
        ("command", printable(found["command"] or "")),
    ]


def _acts(found: list[dict[str, Any]]) -> str:
    named = ", ".join(f"{act['name']} of {act['key']}" for act in found[:3])
    return _short(f"{counted(len(found), 'act')}: {named}{', ...' if found[3:] else ''}") if found else ""


def _spent(found: dict[str, Any]) -> str:
    said = amounts(found["spent"])
    to_go = found["forecast"]
    return f"{said}, about {amounts({'usd': to_go})} to go" if to_go is not None else said


def _json(value: Any) -> str:
    return _short(msgspec.json.encode(value).decode())


def _short(text: str) -> str:
    return shortened(printable(text), SHORT)


@click.command()
@options.one_run
@click.option("--traceback", is_flag=True, help="The traceback of every error too.")
def errors(job: str, run: str, store: str | None, traceback: bool) -> Answer:
    """List the failed items of a run of JOB, by kind and one by one.

    \b
    Example:
      onward errors screening --traceback
    """
    view = load(job, run, store=store)
    kinds = Counter(_kind(outcome) for outcome in view.failures())

    def document() -> dict[str, Any]:
        return {
            "job": view.job,
            "run": view.run,
            "failed": kinds.total(),
            "by_type": [{"type": kind, "count": count} for kind, count in kinds.most_common()],
            "items": [shapes.failure(outcome, traceback) for outcome in view.failures()],
        }

    return Answer(document, _error_lines(view, kinds, traceback))


def _error_lines(view: RunView, kinds: Counter[str], traceback: bool) -> Iterator[str]:
    yield f"{printable(view.job)}: {kinds.total()} failed"
    yield from (f"  {count:>6}  {printable(kind)}" for kind, count in kinds.most_common())
    for outcome in view.failures():
        attempts = counted(outcome.attempts, "attempt")
        yield f"{printable(outcome.key)}  {_short(str(outcome.error or 'failed'))}  ({attempts})"
        if traceback and outcome.error is not None and outcome.error.traceback:
            yield from (
                f"    {line}" for line in printable_lines(outcome.error.traceback.rstrip()).split("\n")
            )


def _kind(outcome: Outcome) -> str:
    return outcome.error.type if outcome.error is not None else "failed"
