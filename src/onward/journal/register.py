"""The run's description in the store, written at the few moments that change it: who works on it, and how far
finishing has come."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

import msgspec

from onward.journal.records import write_info
from onward.model import Change, Counts, Marker, Owner, Part, RunInfo, SessionRecord
from onward.stores.base import Store

SESSIONS_KEPT = 200
"""Sessions whose record is kept; of older ones only the time is."""


class Register:
    """Holds the description and writes it.

    Attributes:
        info: as it stands in the store, or will with the next write.
    """

    def __init__(self, store: Store, info: RunInfo) -> None:
        self._store = store
        self._entered = False
        self.info = info

    def write(self, *, clear: bool = False) -> None:
        """Make the description durable; ``clear`` removes the outcomes with it."""
        self._store.commit(Change(info=write_info(self.info), clear=clear))

    def ask(self, identity: Mapping[str, Part], command: str | None) -> None:
        """Note what the run is worked on with; durable with the next write."""
        command = command or self.info.command
        self.info = msgspec.structs.replace(self.info, identity=dict(identity), command=command)

    def begin_anew(self) -> None:
        """Start from the beginning; the last marker stays, for what it published."""
        self.info = msgspec.structs.replace(self.info, generation=self.info.generation + 1, phase="open")
        self.write(clear=True)

    def turn(self, phase: Literal["open", "finishing", "finished"], marker: Marker | None = None) -> None:
        """Change the phase; durable with the next write."""
        self.info = msgspec.structs.replace(self.info, phase=phase, marker=marker or self.info.marker)

    # Sessions

    def enter(self, counts: Counts, spent: Mapping[str, float]) -> None:
        """A session begins, with so much settled and spent."""
        sessions = self.info.sessions
        number = sessions[-1].number + 1 if sessions else 1
        owner = self._store.owner() or Owner("", 0, time.time())
        record = SessionRecord(number, owner, before=counts, counts=counts, spent_before=dict(spent))
        dropped = sessions[: max(0, len(sessions) + 1 - SESSIONS_KEPT)]
        self.info = msgspec.structs.replace(
            self.info,
            sessions=[*sessions[len(dropped) :], record],
            earlier_seconds=self.info.earlier_seconds + sum(s.seconds for s in dropped),
        )
        self._entered = True
        self.write()

    def leave(self, how: str, counts: Counts, seconds: float) -> None:
        """It ends, with so much settled; durable with the next write."""
        if not self._entered:
            return
        *earlier, mine = self.info.sessions
        mine = msgspec.structs.replace(mine, ended=time.time(), how=how, counts=counts, seconds=seconds)
        self.info = msgspec.structs.replace(self.info, sessions=[*earlier, mine])

    def seconds_before(self) -> float:
        """The time of all sessions but this one."""
        others = self.info.sessions[:-1] if self._entered else self.info.sessions
        return self.info.earlier_seconds + sum(s.seconds for s in others)
