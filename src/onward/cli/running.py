"""``onward run`` and ``onward plan``."""

from __future__ import annotations

from typing import Any

import click

from onward.cli import options, shapes, target
from onward.cli.answer import Answer
from onward.cli.commands import resuming, ways_out, written
from onward.cli.endings import Started, finished, halted
from onward.jobs import Job
from onward.plan import Plan
from onward.progress import printable
from onward.progress.text import counted, printable_lines
from onward.settings import Settings

work = options.together(options.source, options.identity, options.policies)
"""What ``run`` takes; ``plan`` takes all of it too, so that it is the same line with one word changed."""


@click.command()
@work
@options.quiet
@options.as_json
def run(quiet: bool, **_: Any) -> Answer:
    """Run TARGET over the items of a file, or go on where that stopped.

    TARGET is FILE.py:NAME or MODULE:NAME, a job or a plain function. Running the same command again is the
    resume: what is settled is not run again. Options given here go before the job's own policies.

    \b
    Example:
      onward run app.py:screen --input resumes.jsonl --output scores.jsonl --limit 10   # try ten, look
      onward run app.py:screen --input resumes.jsonl --output scores.jsonl              # then the rest
    """
    context = click.get_current_context()
    job, items, given = _asked(context)
    words = resuming(context.obj)
    started = Started(
        words=words,
        job=given.get("job", job.settings.job),
        run=given.get("run", job.settings.run),
        store=given.get("store", job.settings.store),
        quiet=quiet,
    )
    try:
        report = job.map(items, command=written(words), progress=not quiet, **given)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - each of them is answered
        return halted(error, started)
    return finished(report, started)


@click.command()
@work
@options.quiet
@options.as_json
def plan(**_: Any) -> Answer:
    """Say what run would do with the same options, and why. Runs nothing.

    Exits with what the run would be refused with, if it would: 4 mostly.

    \b
    Example:
      onward plan app.py:screen --input resumes.jsonl
    """
    context = click.get_current_context()
    job, items, given = _asked(context)
    words = ["run", *resuming(context.obj)[1:]]
    found: Plan = job.plan(items, command=written(words), **given)
    name = given.get("job", job.settings.job)
    ways = ways_out(found.ways, words)
    return Answer(
        lambda: shapes.plan(found, name, given.get("run", job.settings.run), ways),
        lines=_refusal_lines(found.refusal, ways) if found.refusal else _plan_lines(found, name),
        exit_code=found.exit_code,
    )


def _asked(context: click.Context) -> tuple[Job, Any, dict[str, Any]]:
    """The job, its items, and the policies that go before its own."""
    found, name = target.load(context.params["target"])
    job = found if isinstance(found, Job) else Job(found, Settings(job=name))
    given = options.overrides(context)
    if "params" in given:
        given["params"] = {**(job.settings.params or {}), **given["params"]}
    return job, context.params["items"], given


def _plan_lines(found: Plan, name: str) -> list[str]:
    succeeded = found.reuse - found.failed - found.skipped
    counts = [(found.failed, "failed (kept)"), (found.skipped, "skipped"), (found.retired, "retired")]
    parts = [
        f"reuse {succeeded}",
        *(f"{count} {word}" for count, word in counts if count),
        f"do {found.todo}",
    ]
    kinds = [(found.new, "new"), (found.changed, "changed"), (found.retry, "to retry")]
    which = ", ".join(f"{count} {word}" for count, word in kinds if count)
    return [
        f"{printable(name)}: {counted(found.total, 'item')}",
        "  " + ", ".join(parts) + (f" ({which})" if found.todo > found.new else ""),
        *(f"  {printable(reason)}" for reason in found.reasons),
    ]


def _refusal_lines(refusal: str, ways: list[str]) -> list[str]:
    return [f"would be refused: {printable_lines(refusal)}", *(f"  {way}" for way in ways)]
