"""What must hold of the files that a crash left, whatever it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import onward
from crash import job
from onward.errors import OnwardError, RunNotFound

STORES = {"sqlite": "sqlite:{}/store", "file": "file:{}/store"}


class Broken(AssertionError):
    """A promise was not kept."""


def check(root: Path, store: str, reported: Iterable[str], **policies: object) -> int:
    """Look at what is there, go on, and look at how it ends. Returns how many items were done.

    Args:
        reported: keys of the outcomes that had been reported saved; "finished" if the run had.
        policies: those the run was begun with, as far as they count.

    Raises:
        Broken: lost, repeated or wrong.
    """
    known = set(reported)
    output = root / "out.jsonl"
    if output.exists() and output.read_bytes() != job.expected():
        raise Broken("wrong: half an output stands where the whole one belongs")
    settled, finished = _settled(store)
    if finished and not output.exists():
        raise Broken("lost: finished, and the output is not there")
    if "finished" in known and not finished:
        raise Broken("lost: it was reported finished")
    if lost := known - settled - {"finished"} if not finished else set():
        raise Broken(f"lost: {sorted(lost)} had been reported saved")
    try:
        report = job.start(root, store, **policies)
    except OnwardError as error:
        raise Broken(f"wrong: cannot go on: {error!r}") from error
    again = {f"k{n}" for n in job.calls} & settled
    if again or (finished and job.calls):
        raise Broken(f"repeated: {sorted(again)} were settled")
    if report.status != "finished" or output.read_bytes() != job.expected():
        raise Broken("wrong: the output is not that of an undisturbed run")
    if report.state != job.expected_state() or report.total != job.COUNT or report.left:
        raise Broken(f"wrong: {report}")
    return len(job.calls)


def _settled(store: str) -> tuple[set[str], bool]:
    try:
        view = onward.load("job", store=store)
        if view.status == "finished":
            return {item["id"] for item in job.ITEMS}, True
        outcomes = list(view.outcomes())
    except RunNotFound:
        return set(), False
    except OnwardError as error:
        raise Broken(f"wrong: what is stored cannot be read: {error!r}") from error
    for outcome in outcomes:
        n = int(str(outcome.key)[1:])
        if outcome.status == "succeeded" and outcome.value != job.value(n):
            raise Broken(f"wrong: {outcome}")
    return {str(outcome.key) for outcome in outcomes}, False
