"""Named points between durable actions, where a test may kill the process. Free when not armed.

``ONWARD_FAULT=NAME`` or ``NAME:COUNT`` in the environment kills the process with SIGKILL at the point of that
name, the COUNT-th time it is reached.
"""

from __future__ import annotations

import os

VARIABLE = "ONWARD_FAULT"


def _armed() -> tuple[str, int]:
    name, _, count = os.environ.get(VARIABLE, "").partition(":")
    return name, int(count) if count.isdigit() else 1


_name, _left = _armed()


def point(name: str) -> None:
    """Die here, if a test asks for it."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        import signal

        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
