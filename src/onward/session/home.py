"""A session as the attempts in it see it."""

from __future__ import annotations

from onward.attempts.home import Done
from onward.errors import Stopped
from onward.model import Item
from onward.session.session import Session


class SessionHome:
    """See :class:`onward.attempts.home.Home`. The journal is asked for late: there is one only once it is open."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.job = session.settings.job
        self.run = session.settings.run
        self.ledger = session.ledger
        self.stop = session.stop

    def finished_step(self, item: Item, name: str) -> bytes | None:
        return self._session.journal.steps.get(item, name)

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        self._session.journal.steps.keep(item, name, raw)

    def when_saved(self, done: Done) -> None:
        self._session.journal.when_saved(done)

    def halt(self, error: Stopped) -> None:
        self._session.stopping.halt(error)
