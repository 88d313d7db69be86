"""Sessions as JSON and as a table: when, how long, how they ended, how far the run was then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onward.cli.answer import table
from onward.progress import printable
from onward.progress.text import duration, moment
from onward.view import RunView

_TITLES = ("JOB", "RUN", "SESSION", "STARTED", "TOOK", "ENDED", "DONE", "FAILED", "PROCESS")


def sessions_of(view: RunView) -> list[dict[str, Any]]:
    """The run's sessions, oldest first. One that left no word died, unless it is the one running now."""
    records = view.sessions
    live = view.owner is not None
    found = []
    for record in records:
        silent = "running" if live and record is records[-1] else "died"
        counts = record.counts if record.how else None
        found.append(
            {
                "job": view.job,
                "run": view.run,
                "number": record.number,
                "host": record.owner.host,
                "pid": record.owner.pid,
                "started": record.owner.since,
                "ended": record.ended or None,
                "seconds": record.seconds if record.how else None,
                "how": record.how or silent,
                "settled": counts.settled if counts else None,
                "failed": counts.failed if counts else None,
            }
        )
    return found


def session_table(sessions: list[dict[str, Any]], *, named: bool = True) -> Iterator[str]:
    """The sessions as lines; without the run's name where that is said already."""
    return table(_TITLES, [_row(one, named) for one in sessions])


def _row(one: dict[str, Any], named: bool) -> list[str]:
    return [
        printable(one["job"]) if named else "",
        printable(one["run"]) if named else "",
        str(one["number"]),
        moment(one["started"]),
        duration(one["seconds"]) if one["seconds"] is not None else "",
        printable(one["how"]),
        str(one["settled"]) if one["settled"] is not None else "",
        str(one["failed"]) if one["failed"] else "",
        printable(f"{one['pid']} on {one['host']}"),
    ]
