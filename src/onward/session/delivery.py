"""What was saved, on its way to observers and streams.

Saves end in whatever thread saved; observers and streams are served in the coordinator's, one outcome after the
other and only once it is durable.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import overload

from onward.codec import Restore, decode
from onward.events import Announcer, Saved
from onward.journal.batch import Batch
from onward.model import Outcome, Settled


class Delivery:
    """Takes what is saved from any thread and hands it on in the coordinator's.

    Args:
        restore: makes results what callers see; None where plain JSON is.

    Attributes:
        arrived: batches saved and not handed on yet.
        streamed: someone will take the outcomes with :meth:`take`.
        wake: called when there is something to hand on.
    """

    def __init__(self, announcer: Announcer, restore: Restore | None) -> None:
        self._announcer = announcer
        self._restore = restore
        self.arrived: deque[Batch] = deque()
        self._waiting: deque[Outcome] = deque()
        self.streamed = False
        self.wake: Callable[[], None] = lambda: None

    def saved(self, outcomes: Batch) -> None:
        """These have become durable; called in the thread that saved them."""
        if self._announcer or self.streamed:
            self.arrived.append(outcomes)
            self.wake()

    def hand_on(self) -> None:
        """Tell the observers, and keep for the stream."""
        while self.arrived:
            outcomes = SavedOutcomes(self.arrived.popleft(), self._restore)
            if self._announcer:
                self._announcer(Saved(outcomes))
            if self.streamed:
                self._waiting.extend(outcomes)

    def take(self) -> Iterator[Outcome]:
        """What has been handed on since the last time."""
        while self._waiting:
            yield self._waiting.popleft()


class SavedOutcomes(Sequence[Outcome]):
    """The outcomes of a batch as callers see them, made when they are looked at: most observers only count."""

    def __init__(self, batch: Batch, restore: Restore | None) -> None:
        self._batch = batch
        self._restore = restore

    @functools.cached_property
    def _made(self) -> list[Outcome]:
        return [self._outcome(settled) for settled in self._batch]

    def __len__(self) -> int:
        return len(self._batch)

    @overload
    def __getitem__(self, number: int) -> Outcome: ...
    @overload
    def __getitem__(self, number: slice) -> list[Outcome]: ...
    def __getitem__(self, number: int | slice) -> Outcome | list[Outcome]:
        return self._made[number]

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self._made)

    def _outcome(self, settled: Settled) -> Outcome:
        item = settled.item
        value = decode(settled.raw)
        if settled.status == "succeeded" and self._restore is not None:
            value = self._restore(value)
        return Outcome(
            item.position, item.key, settled.status, value, settled.error, settled.attempts, settled.duration
        )
