"""Every error onward raises on purpose. Each names the thing it is about and the way out.

    OnwardError                     exit code 1
    ├── UsageError                  2   an argument that cannot be meant
    ├── ValueRefused                1   a result or state that JSON would not give back equal
    ├── BatchMismatch               1   a batch function returned another number of results than it got items
    ├── SourceError                 1   the input cannot be read
    ├── InDoubt                     1   an act that may have been done before; its item fails
    ├── Refused                     4   what is stored and what is asked do not fit
    │   ├── InputChanged
    │   ├── FunctionChanged
    │   ├── DuplicateKey
    │   ├── OutputExists
    │   ├── OutputMissing
    │   └── StateNotRebuildable         a change that hand-kept state cannot follow
    ├── RunHeld                     5   another live process holds the run
    ├── Stopped                     6   a limit was reached; the run can be resumed; has .report
    │   ├── BudgetReached
    │   ├── DeadlineReached
    │   ├── FailureLimitReached
    │   ├── KeyRefused                  a server does not accept the key
    │   └── QuotaExhausted              a server gives no more until its quota is raised or renewed
    ├── StoreError                  1   the store cannot be used as it is
    │   ├── StoreUnwritable         1   full disk, read-only folder, no permission
    │   ├── StoreCorrupt            7
    │   ├── StoreForeign            7   a file that is not an onward store, or holds another run
    │   └── StoreNewer              7   written by a later version of onward
    └── RunNotFound                 2

Three classes stand outside the tree on purpose: ``Interrupted`` is a ``KeyboardInterrupt``, so that a broad
``except Exception`` cannot swallow a Ctrl-C; ``Skip`` is not an error but a way to settle an item, and ``NotDone`` is
what a function says that acts by ``onward.once``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onward.model import ReportLike


class OnwardError(Exception):
    """The root of onward's errors. ``exit_code`` is what the command line exits with."""

    exit_code = 1


class UsageError(OnwardError, ValueError):
    """An argument has a value that cannot be meant."""

    exit_code = 2


class ValueRefused(OnwardError, TypeError):
    """A value cannot go into a checkpoint, because it would not come back equal."""


class BatchMismatch(OnwardError):
    """A batch function returned another number of results than it was given items."""


class SourceError(OnwardError):
    """The input cannot be read; names the file and the line or record."""


class InDoubt(OnwardError):
    """An act of ``onward.once`` may have been done before, and nothing tells; it was not done again."""

    permanent = True
    """Another attempt would not know more."""


class Refused(OnwardError):
    """What is stored and what is asked do not fit; nothing was touched.

    ``ways`` are settings, such as ``{"on_change": "keep"}``, each of which goes on.
    """

    exit_code = 4

    def __init__(self, message: str, ways: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.ways = tuple(ways)


def ways_of_change(*names: str) -> tuple[Mapping[str, Any], ...]:
    """``on_change`` set to each of these."""
    return tuple({"on_change": name} for name in names)


class StateNotRebuildable(Refused):
    """The change needs the state computed anew, and hand-kept state cannot be."""


class InputChanged(Refused):
    """Items that are settled differ from the input given now."""


class FunctionChanged(Refused):
    """The function, a declared parameter or the keying differs from what the settled items were made with."""


class DuplicateKey(Refused):
    """Two items of one input have the same key."""


class OutputExists(Refused):
    """The output file exists and was not written by this run."""


class OutputMissing(Refused):
    """A finished run's output is gone or was changed since."""


class RunHeld(OnwardError):
    """Another live process holds the run."""

    exit_code = 5


class Stopped(OnwardError):
    """The run reached a limit after a clean save and can be resumed; ``report`` says how far it came.

    A job function may raise one too, where going on is pointless: its item stays left, those in flight settle and
    are saved, and the same error is raised with its report.
    """

    exit_code = 6

    def __init__(self, message: str, report: ReportLike | None = None) -> None:
        super().__init__(message)
        self.report = report


class BudgetReached(Stopped):
    """``budget=`` is spent, or the next call might exceed it. A larger budget goes on.

    ``budget`` are the amounts that were allowed.
    """

    def __init__(
        self, message: str, report: ReportLike | None = None, budget: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(message, report)
        self.budget = dict(budget or {})


class DeadlineReached(Stopped):
    """``deadline=`` has passed."""


class FailureLimitReached(Stopped):
    """More items failed than ``max_failures`` allows."""


class KeyRefused(Stopped):
    """A server does not accept the key it was called with."""


class QuotaExhausted(Stopped):
    """A server gives no more until its quota is raised or renewed."""


class StoreError(OnwardError):
    """The store cannot be used as it is."""


class StoreUnwritable(StoreError):
    """A save could not be made durable; the last checkpoint is untouched."""


class StoreCorrupt(StoreError):
    """The store's content is damaged."""

    exit_code = 7


class StoreForeign(StoreError):
    """The file is not an onward store, or it holds another run."""

    exit_code = 7


class StoreNewer(StoreError):
    """The store was written by a later version of onward."""

    exit_code = 7

    @classmethod
    def told(cls, what: object, form: str, known: int, onward: str = "") -> StoreNewer:
        """The error, with what to install.

        Args:
            what: the thing that was written.
            form: what of it is newer, such as "schema 2"; ``known`` is the newest this onward knows.
            onward: the version that wrote it, as it says itself; left out unless it is one.
        """
        later = re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}[a-z0-9.]{0,12}", onward, re.ASCII)
        package = f"'onward>={onward}'" if later else "onward"
        return cls(
            f"{what} was written by a later onward ({form}, this one knows {known}); "
            f"upgrade with: pip install --upgrade {package}"
        )


class RunNotFound(OnwardError):
    """No run of that name in that store."""

    exit_code = 2


class Interrupted(KeyboardInterrupt):
    """The run was interrupted by a signal and saved; ``report`` says how far it came."""

    exit_code = 75

    def __init__(self, message: str = "interrupted", report: ReportLike | None = None) -> None:
        super().__init__(message)
        self.report = report


class Skip(Exception):
    """Raise inside a job function to settle the item as skipped.

    Args:
        reason: why, for the record.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class NotDone(Exception):
    """Raise inside a function called by ``onward.once`` to say that it has done nothing, so that it may be tried again.

    Args:
        reason: why, for the record.
        retry_after: seconds after which to try again, if the other side named some.
    """

    def __init__(self, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
