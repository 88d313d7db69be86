"""What a session gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from onward.model import Counts, Outcome, OutputRecord, RunStatus
from onward.view import RunView


@dataclass(frozen=True)
class Report:
    """How far a run is, after a session.

    Attributes:
        job, run: the names.
        status: "finished" or "interrupted".
        total: items in the input; None if it was not read to its end.
        succeeded, failed, skipped: settled items of the input, over all sessions.
        reused: of those, the ones whose stored outcome was used; they were not run in this session.
        retired: items with a stored outcome that are not in the input any more.
        attempts: tries made, over all sessions.
        duration: seconds of all sessions; ``session_duration`` of this one.
        state: the run's state.
        counters: what ``onward.count`` has counted.
        spent: what ``onward.spend`` has counted, over all sessions, for failed attempts and lost work too.
        reused_spent: of that, for the items whose stored outcome was used; ``reused_seconds`` of work they took.
        already_finished: nothing was run, because the run was finished before.
        output: where the results were published.
    """

    job: str
    run: str
    status: RunStatus
    total: int | None
    succeeded: int
    failed: int
    skipped: int
    reused: int
    retired: int
    attempts: int
    duration: float
    session_duration: float
    state: Any
    counters: dict[str, float]
    spent: dict[str, float]
    reused_spent: dict[str, float]
    reused_seconds: float
    already_finished: bool
    output: OutputRecord | None
    _view: RunView = field(repr=False, compare=False)

    @property
    def counts(self) -> Counts:
        return Counts(self.succeeded, self.failed, self.skipped)

    @property
    def left(self) -> int | None:
        """Items not settled; None if the total is not known."""
        return None if self.total is None else self.total - self.counts.settled

    @property
    def failures(self) -> Failures:
        """The failed items, read from the store when they are asked for."""
        return Failures(self._view, self.failed)

    def results(self) -> Iterator[Any]:
        """The results of the succeeded items in input order, read lazily."""
        return self._view.results()

    def outcomes(self) -> Iterator[Outcome]:
        """The stored outcomes in input order, read lazily."""
        return self._view.outcomes()


class Failures(Sequence[Outcome]):
    """The failed items of a run in input order, read lazily and as often as it is iterated over."""

    def __init__(self, view: RunView, count: int) -> None:
        self._view = view
        self._count = count

    def __iter__(self) -> Iterator[Outcome]:
        return self._view.failures()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Outcome: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outcome]: ...
    def __getitem__(self, index: int | slice) -> Outcome | Sequence[Outcome]:
        return list(self)[index]

    def __repr__(self) -> str:
        return f"<{self._count} failures>"
