"""What attempts need of the session that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from onward.attempts.ledger import Ledger
from onward.errors import Stopped
from onward.model import Item
from onward.stop import Stop

Done = Callable[[BaseException | None], None]


class Home(Protocol):
    """The session, as far as attempts reach into it; all of it from any thread."""

    job: str
    run: str
    ledger: Ledger
    stop: Stop

    def finished_step(self, item: Item, name: str) -> bytes | None:
        """The stored result of a step, None if it has not finished."""

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""

    def when_saved(self, done: Done) -> None:
        """Save soon, and call ``done`` when all that is there now is durable, or with the error that it cannot be."""

    def halt(self, error: Stopped) -> None:
        """Stop the session resumably: nothing more is begun, and ``error`` is raised after the last save."""
