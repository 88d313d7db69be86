"""onward makes a long run over many items survive anything: run it again, and it goes on where it stopped.

The names here are the whole public interface; everything is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from onward._version import __version__

if TYPE_CHECKING:
    from onward.attempts.effects import Done, once
    from onward.attempts.retry import Retry
    from onward.attempts.steps import count, spend, step
    from onward.cadence import Every
    from onward.errors import Interrupted, NotDone, OnwardError, Skip, Stopped
    from onward.faces import amap, astream, map, run, stream  # noqa: A004
    from onward.jobs import Job, job
    from onward.model import Item, Outcome
    from onward.report import Report
    from onward.view import load

__all__ = [
    "Done",
    "Every",
    "Interrupted",
    "Item",
    "Job",
    "NotDone",
    "OnwardError",
    "Outcome",
    "Report",
    "Retry",
    "Skip",
    "Stopped",
    "__version__",
    "amap",
    "astream",
    "count",
    "job",
    "load",
    "map",
    "once",
    "run",
    "spend",
    "step",
    "stream",
]

_HOMES = {
    "cadence": ("Every",),
    "errors": ("Interrupted", "NotDone", "OnwardError", "Skip", "Stopped"),
    "faces": ("amap", "astream", "map", "run", "stream"),
    "jobs": ("Job", "job"),
    "model": ("Item", "Outcome"),
    "report": ("Report",),
    "attempts.effects": ("Done", "once"),
    "attempts.retry": ("Retry",),
    "attempts.steps": ("count", "spend", "step"),
    "view": ("load",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module 'onward' has no attribute {name!r}")
    found = getattr(import_module(f"onward.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
