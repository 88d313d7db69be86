"""The reference executor: calls the function where the loop runs, one unit after the other."""

from __future__ import annotations

from collections.abc import Iterator

from onward.executors.base import Call, Unit
from onward.model import Settled


class InlineExecutor:
    """Runs calls in the consumer's thread."""

    concurrent = False

    def outcomes(self, call: Call, units: Iterator[Unit]) -> Iterator[Settled | None]:
        for unit in units:
            yield from call(unit)

    def wake(self) -> None:
        """Nothing waits here: the consumer is in the call itself, or about to look around."""
