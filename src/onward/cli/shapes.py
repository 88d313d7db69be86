"""The JSON that ``--json`` answers. Stable: fields may be added, none is renamed or taken away."""

from __future__ import annotations

import time
from typing import Any

from onward.cli.faults import described
from onward.cli.sessions import sessions_of
from onward.codec import decode, encode
from onward.errors import RunNotFound, StoreError
from onward.model import Outcome, OutputRecord, Owner
from onward.plan import Plan
from onward.report import Report
from onward.view import RunView

_REPORT = (
    "status",
    "already_finished",
    "total",
    "succeeded",
    "failed",
    "skipped",
    "reused",
    "retired",
    "attempts",
    "duration",
    "session_duration",
    "state",
    "counters",
    "spent",
    "reused_spent",
    "reused_seconds",
)
_PLAN = ("total", "reuse", "failed", "skipped", "todo", "new", "changed", "retry", "retired", "finished")


def report(found: Report | None) -> dict[str, Any]:
    """How a run stands at the end of a session; nulls where it never began."""
    shape = {name: getattr(found, name, None) for name in _REPORT}
    shape["state"] = decode(encode(shape["state"]))  # dataclasses and the like as what they are stored as
    return {**shape, "output": output(found.output if found is not None else None)}


def plan(found: Plan, job: str, run: str, ways: list[str]) -> dict[str, Any]:
    """What a run would do, or what it would stop with and the commands that go on."""
    shape = {name: getattr(found, name) for name in _PLAN}
    reasons = {"reasons": list(found.reasons), "refusal": found.refusal, "ways_out": ways}
    return {"job": job, "run": run, **shape, **reasons}


def run(view: RunView) -> dict[str, Any]:
    """A run as ``status`` lists it.

    Raises:
        StoreError: what is stored cannot be read.
    """
    info, now = view.info, view.progress
    finished_ago = time.time() - info.marker.at if info.phase == "finished" and info.marker else None
    return {
        "job": view.job,
        "run": view.run,
        "status": view.status,
        "created": info.created,
        "total": now.total,
        "settled": now.settled,
        "succeeded": now.succeeded,
        "failed": now.failed,
        "skipped": now.skipped,
        "left": now.left,
        "rate": now.rate,
        "seconds_left": now.seconds_left,
        "spent": now.spent,
        "forecast": now.forecast,
        "saved_age": now.saved_age if now.saved_age is not None else finished_ago,
        "owner": owner(view.owner),
    }


def run_or_damage(view: RunView) -> dict[str, Any] | None:
    """As :func:`run`; where that cannot be read, what is known; None for a run that never saved anything."""
    try:
        return run(view)
    except RunNotFound:
        return None
    except StoreError as error:
        return {"job": view.job, "run": view.run, "status": "damaged", "error": described(error)}


def details(view: RunView) -> dict[str, Any]:
    """A run as ``show`` tells of it."""
    info = view.info
    return {
        **run(view),
        "generation": info.generation,
        "identity": {
            name: {"digest": part.digest, "shown": part.shown} for name, part in info.identity.items()
        },
        "state": view.state,
        "counters": view.counters,
        "in_doubt": [{"key": key, "name": name, "at": at} for key, name, at in view.in_doubt],
        "output": output(info.marker.output if info.marker else None),
        "command": info.command,
        "sessions": sessions_of(view),
    }


def output(found: OutputRecord | None) -> dict[str, Any] | None:
    """A published file."""
    if found is None:
        return None
    return {"path": found.path, "format": found.format, "items": found.items, "bytes": found.bytes}


def owner(found: Owner | None) -> dict[str, Any] | None:
    """The process that holds a run."""
    return None if found is None else {"host": found.host, "pid": found.pid, "since": found.since}


def failure(found: Outcome, traceback: bool) -> dict[str, Any]:
    """A failed item."""
    error = found.error
    shape = {
        "position": found.position,
        "key": found.key,
        "type": error.type if error else None,
        "message": error.message if error else None,
        "attempts": found.attempts,
        "duration": found.duration,
        "at": error.at if error else None,
    }
    return {**shape, "traceback": error.traceback if error else None} if traceback else shape
