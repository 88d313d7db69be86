"""A provider's batch API behind ``ask``: see :mod:`onward.llm.batches.desk`."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from onward.attempts.context import RunContext
from onward.llm.batches.base import SHARE, BatchApi
from onward.llm.batches.desk import Desk

__all__ = ["SHARE", "BatchApi", "Desk", "desk_of"]

_desks: WeakKeyDictionary[object, dict[str, Desk]] = WeakKeyDictionary()


def desk_of(run: RunContext, model: str, api: BatchApi) -> Desk:
    """The desk of a run's session for a model; in the event loop that all desks live in."""
    desks = _desks.setdefault(run.session, {})
    desk = desks.get(model)
    if desk is None:
        desk = desks[model] = Desk(api, f"batches {model}", run)
    desk.api = api
    return desk
