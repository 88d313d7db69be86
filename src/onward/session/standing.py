"""How far a session has come, for displays and for the report it gives back."""

from __future__ import annotations

import time
from typing import Any

from onward.codec import decode
from onward.journal.journal import Journal
from onward.journal.register import Register
from onward.model import Marker, Progress, RunStatus, forecast
from onward.report import Report
from onward.view import RunView


def progress(journal: Journal, *, total: int | None, in_flight: int, seconds: float) -> Progress:
    """How far the run is after so many seconds of this session. Rate and time left are of new work only."""
    counts, new = journal.totals.counts, journal.account.new
    failed = counts.failed - len(journal.account.retrying)  # what is to be tried again is left
    settled = counts.succeeded + failed + counts.skipped
    rate = new / max(1e-9, seconds)
    left = None if total is None else max(0, total - settled)
    saved_at = journal.saved_monotonic
    spending = journal.ledger.spending
    return Progress(
        total=total,
        succeeded=counts.succeeded,
        failed=failed,
        skipped=counts.skipped,
        reused=settled - new,
        in_flight=in_flight,
        rate=rate,
        seconds_left=left / rate if left is not None and new else None,
        saved=settled - max(0, new - journal.durable),
        saved_age=None if saved_at is None else time.perf_counter() - saved_at,
        spent=spending.snapshot(),
        forecast=forecast(spending.session().get("usd", 0), new, left),
    )


def report(
    register: Register,
    journal: Journal,
    view: RunView,
    *,
    status: RunStatus,
    total: int | None,
    already: bool,
    run_seconds: float,
    session_seconds: float,
) -> Report:
    """What the session gives back: from the marker if the run is finished, else as it stands."""
    info = register.info
    marker = info.marker if info.phase == "finished" else None
    totals, spending = journal.totals, journal.ledger.spending
    counts = marker.counts if marker else totals.counts
    if total is not None and total < counts.settled:
        total = None  # some settled items are gone from the input, which has not been read to its end
    return Report(
        job=info.job,
        run=info.run,
        status=status,
        total=marker.total if marker else total,
        succeeded=counts.succeeded,
        failed=counts.failed,
        skipped=counts.skipped,
        reused=counts.settled - journal.account.new,
        retired=marker.retired if marker else len(journal.retired),
        attempts=marker.attempts if marker else totals.attempts,
        duration=run_seconds,
        session_duration=session_seconds,
        state=marker.state if marker else decode(journal.state.snapshot()),
        counters=marker.counters if marker else totals.counters,
        spent=marker.spent if marker else spending.snapshot(),
        **_reused(marker if already else None, journal),
        already_finished=already,
        output=marker.output if marker else None,
        _view=view,
    )


def _reused(marker: Marker | None, journal: Journal) -> dict[str, Any]:
    """What was not spent and not worked again: all of a run that was finished before, else what was there before."""
    if marker is not None:
        return {"reused_spent": marker.spent_settled, "reused_seconds": marker.work}
    return {"reused_spent": journal.ledger.spending.reused, "reused_seconds": journal.totals.reused}
