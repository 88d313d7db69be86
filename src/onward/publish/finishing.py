"""Finishing a run: results where the user asked for them, then the marker, and only then less of the run.

In order, each step durable before the next: the output written beside its place; ``finishing`` committed, with
counts and the output's digest; the rename, and the folder; the marker; the outcomes removed. What a crash left
half-way is completed from where it stands at the next start.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from onward import faults
from onward.codec import decode
from onward.journal.journal import Journal
from onward.journal.records import Head
from onward.journal.register import Register
from onward.model import Marker, RunInfo
from onward.publish import actions
from onward.publish.actions import Output

Leave = Callable[[], None]


def finish(
    journal: Journal, register: Register, output: Output | None, *, seconds: float, leave: Leave
) -> None:
    """Publish, mark, remove.

    Args:
        seconds: the time of all sessions, for the marker.
        leave: notes the end of the session in the register, before the marker is written.

    Raises:
        OutputExists: someone else's file has come to where the output goes.
        StoreError: something could not be written; the run stays as it was, to be finished at the next start.
    """
    journal.finish()
    before, token = register.info, actions.token_of(register.info)
    survey = actions.Survey(journal.store, journal.head, journal.kept)
    results, failures = None, None
    if output is not None:
        actions.refuse_foreign(output, before.marker)
        results, failures = actions.write(survey, output, token)
    faults.point("finish.written")
    totals = journal.totals
    marker = Marker(
        counts=survey.counts,
        retired=len(journal.retired),
        attempts=totals.attempts,
        duration=seconds,
        at=time.time(),
        input_digest=_input_digest(before, survey),
        total=journal.source.total or 0,
        fingerprint=journal.source.fingerprint,
        state=decode(journal.state.snapshot()),
        counters=totals.counters,
        spent=journal.head.spent,
        spent_settled=journal.head.spent_settled,
        effects=journal.head.effects,
        work=totals.duration,
        output=results,
        failures=failures,
        outdated=actions.outdated_failures(before, failures),
    )
    register.turn("finishing", marker)
    register.write()
    faults.point("finish.announced")
    actions.put_in_place(marker, token)
    actions.remove_outdated(marker)
    faults.point("finish.renamed")
    leave()
    _mark(register, journal.head)


def complete(register: Register, head: Head) -> None:
    """Carry on where a crash interrupted finishing; if what was written is lost, the run is open again."""
    marker = register.info.marker
    assert marker is not None
    if actions.put_in_place(marker, actions.token_of(register.info)):
        actions.remove_outdated(marker)
        _mark(register, head)
    else:
        register.turn("open")
        register.write()


def _input_digest(before: RunInfo, survey: actions.Survey) -> str:
    """Of the input this finish is for; the last one's where it only publishes the same outcomes elsewhere."""
    known = before.marker if before.phase == "finished" else None
    return known.input_digest if known else survey.input_digest


def _mark(register: Register, head: Head) -> None:
    register.turn("finished")
    register.write()
    faults.point("finish.marked")
    remove_outcomes(register, head)
    faults.point("finish.removed")


def remove_outcomes(register: Register, head: Head) -> None:
    """Remove what is where the user asked for it, if no failure is left to retry."""
    if head.blocks and _is_published(register.info):
        register.write(clear=True)


def _is_published(info: RunInfo) -> bool:
    marker = info.marker
    return bool(marker and marker.output and not marker.counts.failed)
