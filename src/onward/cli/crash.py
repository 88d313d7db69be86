"""``onward crash-test``: whether a job survives being killed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import click

from onward.cli import options, target
from onward.cli.answer import Answer, tell
from onward.progress import printable
from onward.progress.text import counted

SHOWN = 10
"""Items of a kind that are listed; --json has all."""


@click.command("crash-test")
@options.source
@click.option(
    "--kills", type=click.IntRange(1), default=20, show_default=True, help="How many times to kill it."
)
@click.option("--seed", type=int, help="For the same moments again.")
@click.option("--patience", type=float, default=600.0, help="Seconds that a session may take [default: 600].")
@options.crashing
@options.quiet
@options.as_json
def crash_test(kills: int, seed: int | None, patience: float, quiet: bool, **_: Any) -> Answer:
    """Kill TARGET's process again and again, resume it each time, and compare how it ends.

    Kills with SIGKILL, right behind saves and at random moments, in a temporary folder, and compares results, state and
    calls of every item with those of a run that was left alone. What the function does to the world outside, it does
    for real, and more than once: use a test account, and few items. Exits with 1 if killing made a difference.

    \b
    Example:
      onward crash-test app.py:screen --input resumes.jsonl --kills 5
    """
    from onward.testing.crash import crash_test as test

    context = click.get_current_context()
    given = options.overrides(context)
    for own in ("kills", "seed", "patience", "source_format"):
        given.pop(own, None)
    job, _name = target.load(context.params["target"])
    found = test(
        job,
        context.params["items"],
        kills=kills,
        seed=seed,
        patience=patience,
        on_kill=lambda number, at: None if quiet else tell(f"killed {number} of {kills}, at {at}"),
        **given,
    )
    document = {**dataclasses.asdict(found), "safe": found.safe}
    return Answer(lambda: document, list(_lines(document)), exit_code=0 if found.safe else 1)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    runs = counted(found["rounds"], "run")
    yield f"{counted(found['items'], 'item')}, {counted(found['kills'], 'kill')}, {runs} to the end"
    yield f"  lost       {len(found['lost'])}"
    yield f"  repeated   {len(found['repeated'])}"
    yield f"  different  {len(found['different'])}"
    yield f"  refused    {len(found['refused'])}"
    for kind in ("lost", "repeated"):
        yield from (f"{kind}: {printable(key)}" for key in found[kind][:SHOWN])
    differing = list(found["different"].items())[:SHOWN]
    yield from (f"different: {printable(key)}: {printable(how)}" for key, how in differing)
    yield from (f"refused: {printable(why)}" for why in found["refused"])
    yield from (f"note: {printable(note)}" for note in found["notes"])
    yield "safe: killing it changed nothing" if found["safe"] else "NOT safe"
