"""``onward retry``."""

from __future__ import annotations

import json

import click

from onward.cli import options, target
from onward.cli.answer import Answer, tell
from onward.cli.commands import read, shown, with_flag, without
from onward.cli.faults import said
from onward.cli.running import run as run_command
from onward.errors import OnwardError
from onward.progress import printable
from onward.progress.text import counted
from onward.view import RunView, load

NOT_FROM_HERE = 2
"""The exit code where the items can only be tried again from elsewhere."""


@click.command()
@options.one_run
def retry(job: str, run: str, store: str | None) -> Answer:
    """Try the failed items of a run of JOB again.

    Repeats the command that the run was started with, from the same folder, with --retry-failed. Where that
    cannot be (the run was started from Python, or read standard input) it says what does, and exits with 2.

    \b
    Example:
      onward retry screening
    """
    view = load(job, run, store=store)
    failed = view.progress.failed
    if not failed:
        return _answer(view, "", ["nothing failed, nothing to retry"], 0)
    words = _words(view, store)
    if words is None:
        line = f"onward.map(..., job={json.dumps(view.job)}, retry_failed=True)"
        return _answer(
            view, line, ["it was started from Python; there, try again with:", f"  {printable(line)}"]
        )
    if problem := _problem(words):
        return _answer(view, shown(words), [f"onward: {problem}", f"Try again with:  {shown(words)}"])
    tell(f"trying {counted(failed, 'item')} again:  {shown(words)}")
    answer: Answer = run_command.main(words[1:], "onward run", standalone_mode=False, obj=words)
    return answer


def _answer(view: RunView, line: str, notes: list[str], code: int = NOT_FROM_HERE) -> Answer:
    """What is said where nothing is tried."""
    document = {
        "job": view.job,
        "run": view.run,
        "failed": view.progress.failed,
        "retry_with": line,
    }
    return Answer(lambda: document, notes=notes, exit_code=code)


def _words(view: RunView, store: str | None) -> list[str] | None:
    """The command that tries again; None if no command line started the run."""
    try:
        words = read(view.info.command or "")
    except ValueError:
        return None
    if words[:1] != ["run"]:
        return None
    words = without(words, valued={"--limit"})
    if store is not None and not any(word.partition("=")[0] == "--store" for word in words):
        words[1:1] = ["--store", store]
    return with_flag(words, "--retry-failed")


def _problem(words: list[str]) -> str | None:
    """Why the command cannot be repeated here; None if it can."""
    try:
        asked = run_command.make_context("onward run", words[1:], obj=words).params
        if asked["items"] == "-":
            return "the run read standard input, which is gone"
        target.load(asked["target"])
    except (OnwardError, click.UsageError) as error:
        return said(error)
    return None
