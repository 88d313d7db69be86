"""What the scripts of the acceptance tests import: they note what they do, so that the test can see it.

Runs inside the processes that are killed; everything is written with one O_APPEND write, which a kill cannot tear.
"""

import asyncio
import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onward

given: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
"""The parameters the test gave this start."""


def _append(name: str, line: str) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


def called(name: Any) -> None:
    """Note that the function was called for this item, and when."""
    _append("calls.log", f"{time.monotonic():.6f} {json.dumps(name)}")


def note(name: Any) -> None:
    """Note anything else."""
    _append("notes.log", json.dumps(name))


def kill() -> None:
    """Die as if the power had failed."""
    os.kill(os.getpid(), signal.SIGKILL)


def first_time(name: str) -> bool:
    """Whether no process came here before."""
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def wait_for(name: str) -> None:
    """Wait until the test makes a file."""
    while not Path(name).exists():
        time.sleep(0.005)


def numbers(count: int, start: int = 1) -> list[dict[str, int]]:
    return [{"id": number} for number in range(start, start + count)]


def told(report: Any) -> dict[str, Any]:
    """A report as JSON."""
    names = ("status", "total", "succeeded", "failed", "skipped", "reused", "retired", "attempts", "state")
    found = {name: getattr(report, name) for name in names}
    return {**found, "left": report.left, "already": report.already_finished, "counters": report.counters}


def main(start: Callable[[], Any]) -> None:
    """Run it, write down how it ended, and exit as the command line would."""
    began = time.monotonic()
    answer: dict[str, Any] = {}
    code = 0
    try:
        found = start()
        if inspect.isawaitable(found):
            found = asyncio.run(_awaited(found))
        answer = told(found) if isinstance(found, onward.Report) else {"value": found}
    except BaseException as error:
        code = getattr(error, "exit_code", error.code if isinstance(error, SystemExit) else 1)
        answer = {"error": type(error).__name__, "message": str(error), "exit_code": code}
        report = getattr(error, "report", None)
        if report is not None:
            answer["report"] = told(report)
        if os.environ.get("PROBE_DEBUG"):
            raise
    answer["seconds"] = time.monotonic() - began
    Path("report.json").write_text(json.dumps(answer))
    sys.stdout.flush()
    sys.exit(code)


async def _awaited(found: Any) -> Any:
    return await found
