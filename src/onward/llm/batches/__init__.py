"""A provider's batch API behind ``ask``: see :mod:`onward.llm.batches.desk`."""

from __future__ import annotations

from onward.attempts.context import RunContext
from onward.llm.batches.base import SHARE, BatchApi
from onward.llm.batches.desk import Desk

__all__ = ["SHARE", "BatchApi", "Desk", "desk_of"]


def desk_of(run: RunContext, model: str, api: BatchApi) -> Desk:
    """The desk of a run's session for a model; in the event loop that all desks live in."""
    note = f"batches {model}"
    desk: Desk | None = run.shelf.get(note)
    if desk is None:
        desk = run.shelf[note] = Desk(api, note, run)
    desk.api = api
    return desk
