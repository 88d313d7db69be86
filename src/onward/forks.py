"""Processes that user code forks off the one that holds a run: they have all of its memory, and none of its rights.

A forked child has no lock and none of its parent's other threads. Were it to come back out of the function it was
forked in, it would go on with the run beside its parent: call the function for items, and write.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback

from onward.errors import RunHeld

generation = 0
"""Forks between the first process and this one, so that what runs for each item need not ask who it is."""


def _child() -> None:
    global generation  # noqa: PLW0603 - a fact of the process
    generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_child)


def refuse(pid: int) -> None:
    """Refuse to write in a child of the process that may.

    Raises:
        RunHeld: this is not that process.
    """
    if os.getpid() != pid:
        raise RunHeld(
            f"process {os.getpid()} was forked from process {pid}, which holds the run, and may not write to it; "
            "leave a forked child with os._exit()"
        )


def end_if_child(pid: int) -> None:
    """End here a child that comes out of the function it was forked in, by whatever way.

    Without what Python does on exit, which would wait for threads and finish files that are the parent's.
    """
    if os.getpid() == pid:
        return
    error = sys.exc_info()[1]
    code = 1
    with contextlib.suppress(BaseException):
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        else:
            if error is not None:
                traceback.print_exception(error)
            said = (
                f"onward: process {os.getpid()}, forked in a job's function, came out of it and ends here; "
            )
            os.write(2, f"{said}leave a forked child with os._exit()\n".encode())
    os._exit(code)
