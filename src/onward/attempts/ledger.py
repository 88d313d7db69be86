"""What attempts leave in a run's checkpoints beside outcomes: what they spent, and notes for later sessions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

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
            except Exception as error:  # noqa: BLE001 - of whatever the caller's code may raise
                warnings.warn(f"the note {name!r} was not saved: {error!r}", RuntimeWarning, stacklevel=2)

    def snapshot(self) -> dict[str, msgspec.Raw]:
        return dict(self._stored)


class Ledger:
    """Both, as attempts write them and the journal saves them.

    Attributes:
        changed: called when there is something new to save.
    """

    def __init__(self, spending: Spending | None = None) -> None:
        self.spending = spending or Spending()
        self.notes = Notes()
        self.changed: Callable[[], None] = lambda: None

    def load(
        self,
        spent: Mapping[str, float],
        settled: Mapping[str, float],
        notes: Mapping[str, msgspec.Raw],
        changed: Callable[[], None],
    ) -> None:
        """Go on from a checkpoint."""
        self.spending.load(spent, settled)
        self.notes.load(notes)
        self.changed = changed

    @property
    def unsaved(self) -> bool:
        return self.spending.unsaved
