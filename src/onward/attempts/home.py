"""What attempts need of the session that they belong to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

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
    batching: bool
    shelf: dict[object, Any]
    asynchronous: bool
    """The job's function, or the loop, is a coroutine's."""
    reconcile: Callable[[Any, str, str], Any] | None
    in_doubt: str

    def finished_step(self, item: Item, name: str) -> bytes | None:
        """The stored result of a step, None if it has not finished."""

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""

    def one_checkpoint(self) -> AbstractContextManager[object]:
        """A block whose spending and steps go into one and the same checkpoint."""

    def effect_of(self, item: Item) -> str:
        """What the item's acts are known by: its key, or position and content."""

    def effect(self, item: Item, name: str) -> bytes | None:
        """What is stored of an act."""

    def keep_effect(self, item: Item, name: str, raw: bytes) -> None:
        """Keep something of an act; the cadence decides when it is durable."""

    def redone(self, item: Item) -> bool:
        """Whether the item had settled well, acts and all, before its content changed and it was taken up again."""

    def when_saved(self, done: Done) -> None:
        """Save soon, and call ``done`` when all that is there now is durable, or with the error that it cannot be."""

    def halt(self, error: Stopped) -> None:
        """Stop the session resumably: nothing more is begun, and ``error`` is raised after the last save."""
