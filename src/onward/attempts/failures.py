"""The durable record of what the user's code raised."""

from __future__ import annotations

import time
import traceback
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from onward.model import Failure

E = TypeVar("E", bound=BaseException)

TRACEBACK = 8000
"""Characters of a traceback that are kept, from its end."""

_OWN = tuple(str(Path(__file__).parents[1] / part) for part in ("attempts", "executors"))


class Reported(Exception):
    """What the user's code raised in another process, as far as this one is to know it.

    Attributes:
        record: its durable record.
        permanent: another attempt cannot mend it.
        retry_after: seconds that a server asked to wait.
    """

    def __init__(self, record: Failure, permanent: bool, retry_after: float | None) -> None:
        super().__init__(str(record))
        self.record = record
        self.permanent = permanent
        self.retry_after = retry_after


def crashed(count: int, how: str = "") -> Failure:
    """The record of an item that ended the process it was alone in, so many times."""
    ended = f" ({how})" if how else ""
    again = "to try it again, retry the failed items"
    return Failure("Crashed", f"crashed the process {count} times while it ran alone{ended}; {again}")


def failure(error: BaseException) -> Failure:
    """The durable record of an exception."""
    if isinstance(error, Reported):
        return error.record
    text = "".join(traceback.format_exception(type(error), error, _from_user_code(error.__traceback__)))
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Failure(name, _clean(_message(error)), _clean(text[-TRACEBACK:]), time.time())


def leaf(error: BaseException, kind: type[E]) -> E | None:
    """The error, or the first in its groups, that is of a kind."""
    if isinstance(error, kind):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := leaf(inner, kind)) is not None), None)
    return None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message cannot be made)"


def _from_user_code(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that is not onward's own."""
    found = trace
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_OWN):
        found = found.tb_next
    return found if found is not None else trace


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
