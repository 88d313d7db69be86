"""What ``onward run`` says and exits with when it ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from onward.attempts.spending import NAMES
from onward.cli import shapes
from onward.cli.answer import Answer
from onward.cli.commands import about, shown, ways_out, with_flag, with_value, without
from onward.cli.faults import described, fault
from onward.errors import BudgetReached, FailureLimitReached, Interrupted, OnwardError, Refused, Stopped
from onward.progress import printable
from onward.progress.text import age, amounts, counted, done_of
from onward.report import Report
from onward.view import load

FINISHED = 0
UNEXPECTED = 1
WITH_FAILURES = 3
INTERRUPTED = 75


class Started(NamedTuple):
    """What was asked for: the words that resume it, and the names of the run."""

    words: list[str]
    job: str
    run: str
    store: Any
    quiet: bool

    def about(self, verb: str) -> str:
        named = isinstance(self.store, str | os.PathLike)
        return about(verb, self.job, self.run, os.fspath(self.store) if named else None)


def finished(report: Report, started: Started) -> Answer:
    """The answer for a report that ``map`` returned: of a finished run, or of one that reached its limit."""
    if report.status != "finished":
        words = without(started.words, valued={"--limit"})
        notes = [f"limit reached, {_go_on(_saved(report, started), words)}"]
        return Answer(
            lambda: _document(report, started, INTERRUPTED, words), notes=notes, exit_code=INTERRUPTED
        )
    code = WITH_FAILURES if report.failed else FINISHED
    notes = [] if started.quiet and not report.failed else _finished_notes(report, started)
    return Answer(lambda: _document(report, started, code), notes=notes, exit_code=code)


def halted(error: BaseException, started: Started) -> Answer:
    """The answer for an error that ended ``map``. Whatever can be resumed says how."""
    asked_to_stop = isinstance(error, Stopped | KeyboardInterrupt | SystemExit)
    if isinstance(error, SystemExit):
        error = OnwardError(f"the function ended the process with {error!r}; its item is left to do")
    answer = fault(error)
    report: Any = getattr(error, "report", None)
    saved = _saved(report, started) if asked_to_stop or answer.exit_code == UNEXPECTED else None
    words = started.words if asked_to_stop or saved else None
    ways = ways_out(error.ways, started.words) if isinstance(error, Refused) else []
    notes = [] if isinstance(error, Interrupted) else list(answer.notes)
    notes += [f"  {way}" for way in ways]
    if isinstance(error, FailureLimitReached):
        notes.append(f"  try it again:  {shown(with_flag(started.words, '--retry-failed'))}")
    if words is not None:
        words = _with_more(words, error) if isinstance(error, BudgetReached) else words
        notes.append(_go_on(saved or "0", words))
    failed = described(error)
    return Answer(
        lambda: {**_document(report, started, answer.exit_code, words), "error": failed, "ways_out": ways},
        notes=notes,
        exit_code=answer.exit_code,
    )


def _saved(report: Report | None, started: Started) -> str | None:
    """How far the run is saved, such as ``743/1000``; None if nothing of it is."""
    if report is not None:
        return done_of(report.counts.settled, report.total)
    try:
        now = load(started.job, started.run, store=started.store).progress
    except OnwardError:
        return None
    return done_of(now.saved, now.total) if now.saved else None


def _with_more(words: list[str], error: BudgetReached) -> list[str]:
    """The words with twice the budget, since with the same they would stop again."""
    if not error.budget or not set(error.budget) <= set(NAMES):
        return words
    more = " or ".join(f"{2 * amount:.12g} {name}" for name, amount in error.budget.items())
    return with_value(words, "--budget", more)


def _go_on(saved: str | None, words: list[str]) -> str:
    return f"saved at {saved}. Go on with:  {shown(words)}"


def _finished_notes(report: Report, started: Started) -> list[str]:
    counts = [(report.succeeded, "succeeded"), (report.failed, "failed"), (report.skipped, "skipped")]
    counts += [(0 if report.already_finished else report.reused, "reused"), (report.retired, "retired")]
    said = ", ".join(f"{count} {word}" for count, word in counts if count or word == "succeeded")
    where = f"; results in {printable(near(report.output.path))}" if report.output else ""
    notes = [f"{'already finished' if report.already_finished else 'finished'}: {said}{where}"]
    notes += _costs(report)
    if report.already_finished:
        notes.append(f"  from the beginning:  {shown(with_flag(started.words, '--again'))}")
    if report.failed:
        notes.append(f"  what failed:  {started.about('errors')}")
        notes.append(f"  try it again:  {shown(with_flag(started.words, '--retry-failed'))}")
    return notes


def _costs(report: Report) -> list[str]:
    """What the run has spent, and what resuming it has saved."""
    notes = [f"  spent: {spent}"] if (spent := amounts(report.spent)) else []
    saved = [amounts(report.reused_spent), age(report.reused_seconds) if report.reused_seconds >= 1 else ""]
    if report.reused and any(saved):
        notes.append(f"  reused {counted(report.reused, 'item')}: {', '.join(filter(None, saved))}")
    return notes


def near(path: str) -> str:
    """The path from here, if it is below the current folder."""
    found = Path(path)
    return str(found.relative_to(Path.cwd())) if found.is_relative_to(Path.cwd()) else path


def _document(
    report: Report | None, started: Started, code: int, words: list[str] | None = None
) -> dict[str, Any]:
    return {
        "job": started.job,
        "run": started.run,
        "exit_code": code,
        "resume": None if words is None else shown(words),
        "error": None,
        "ways_out": [],
        **shapes.report(report),
    }
