"""The seam to where the function runs.

An executor takes *units* (lists of items, pulled from a lazy iterator) and a *call* that turns a unit into
settled outcomes, and yields what comes back, in any order.

The contract, which the conformance suite in ``onward.testing`` checks:

* A unit is pulled only when a slot is free for it: never more in flight than ``workers``.
* Every outcome of every call is yielded, once. What a call raises is raised by ``outcomes``, at once.
* What has come back takes up a slot until it is yielded.
* When the units end, ``outcomes`` ends after what is in flight. When its consumer leaves early it returns
  without waiting; what was in flight is dropped.
* ``wake`` may be called from any thread and from a signal handler, and makes ``outcomes`` yield None soon,
  unless the function runs in the consumer's own thread.

A call for threads may have two methods more. ``grouped`` makes of the units what the call takes at a time; after it
gave none, it may have more once something is yielded. ``free_slot`` is called in the worker's thread after the call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Protocol

from onward.model import Item, Settled

Unit = Sequence[Item]
Call = Callable[[Unit], list[Settled]]
AsyncCall = Callable[[Unit], Awaitable[list[Settled]]]


class Executor(Protocol):
    """Runs calls from a plain loop."""

    concurrent: bool
    """Whether calls run outside the consumer's thread, so that the consumer must not be kept waiting."""

    def outcomes(self, call: Any, units: Iterator[Unit]) -> Iterator[Settled | None]:
        """What the calls return, as they return; None after ``wake``."""

    def wake(self) -> None:
        """Make ``outcomes`` yield None soon."""


class AsyncExecutor(Protocol):
    """Runs calls from an event loop."""

    def outcomes(self, call: AsyncCall, units: AsyncIterator[Unit]) -> AsyncIterator[Settled | None]:
        """What the calls return, as they return; None after ``wake``."""

    def wake(self) -> None:
        """Make ``outcomes`` yield None soon."""
