"""What attempts leave in a run's checkpoints beside outcomes: what they spent, and notes for later sessions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from onward.attempts.spending import Spending
from onward.codec import decode, encode


class Notes:
    """Small values by name, such as what was learnt of a server's limits."""

    def __init__(self) -> None:
        self._stored: dict[str, msgspec.Raw] = {}
        self._sources: dict[str, Callable[[], Any]] = {}

    def load(self, stored: Mapping[str, msgspec.Raw]) -> None:
        """Go on from a checkpoint."""
        self._stored = dict(stored)

    def get(self, name: str) -> Any | None:
        """What the newest checkpoint holds."""
        raw = self._stored.get(name)
        return None if raw is None else decode(bytes(raw))

    def keep(self, name: str, value: Callable[[], Any]) -> None:
        """Ask for the value at every checkpoint from now on."""
        self._sources[name] = value

    def ask(self) -> None:
        """Ask for all values, for the checkpoint that follows. One that cannot be had stays as it was."""
        for name, source in list(self._sources.items()):
            try:
                self._stored[name] = msgspec.Raw(encode(source(), f"the note {name!r}"))
            except Exception as error:
                warnings.warn(f"the note {name!r} was not saved: {error!r}", RuntimeWarning, stacklevel=2)

    def snapshot(self) -> dict[str, msgspec.Raw]:
        return dict(self._stored)


class Stored(Protocol):
    """What a checkpoint holds of it."""

    @property
    def spent(self) -> Mapping[str, float]: ...
    @property
    def spent_settled(self) -> Mapping[str, float]: ...
    @property
    def notes(self) -> Mapping[str, msgspec.Raw]: ...
    @property
    def effects(self) -> bool: ...


class Ledger:
    """Both, as attempts write them and the journal saves them.

    Attributes:
        changed: called when there is something new to save.
        effects: whether any item acted on the world outside.
    """

    def __init__(self, spending: Spending | None = None) -> None:
        self.spending = spending or Spending()
        self.notes = Notes()
        self.changed: Callable[[], None] = lambda: None
        self.effects = False

    def load(self, stored: Stored, changed: Callable[[], None]) -> None:
        """Go on from a checkpoint."""
        self.spending.load(stored.spent, stored.spent_settled)
        self.notes.load(stored.notes)
        self.effects = stored.effects
        self.changed = changed

    def close(self) -> None:
        """The session ends: what is noted from now on is not saved."""
        self.changed = lambda: None

    @property
    def unsaved(self) -> bool:
        return self.spending.unsaved
