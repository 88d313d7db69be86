"""A session as the attempts in it see it."""

from __future__ import annotations

import weakref
from contextlib import AbstractContextManager
from typing import Any

from onward.attempts.home import Done
from onward.errors import Stopped, UsageError
from onward.journal.steps import effect_key
from onward.model import Item
from onward.session.session import Session


class SessionHome:
    """See :class:`onward.attempts.home.Home`. The journal is asked for late: there is one only once it is open.

    It does not keep the session: what a function leaves behind, a connection to be used again for one, remembers the
    context that it was made in, with the attempt and this.
    """

    def __init__(self, session: Session, *, asynchronous: bool) -> None:
        self._known = weakref.ref(session)
        self.job = session.settings.job
        self.run = session.settings.run
        self.ledger = session.ledger
        self.stop = session.stop
        self.asynchronous = asynchronous
        self.shelf: dict[object, Any] = {}
        self.batching = session.settings.executor == "batch"
        self.reconcile = session.settings.reconcile
        self.in_doubt: str = session.settings.in_doubt

    @property
    def _session(self) -> Session:
        session = self._known()
        if session is None:
            raise UsageError(
                f"the session of run {self.run!r} of {self.job!r} is over: nothing can be saved any more by what an "
                "item left behind; wait for it in the job's function"
            )
        return session

    def finished_step(self, item: Item, name: str) -> bytes | None:
        return self._session.journal.steps.get(item, name)

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        self._session.journal.steps.keep(item, name, raw)

    def one_checkpoint(self) -> AbstractContextManager[object]:
        return self._session.journal.one_checkpoint()

    def effect_of(self, item: Item) -> str:
        return effect_key(item, keyed=self._session.keyed)

    def effect(self, item: Item, name: str) -> bytes | None:
        return self._session.journal.steps.effect(self.effect_of(item), name)

    def keep_effect(self, item: Item, name: str, raw: bytes) -> None:
        self.ledger.effects = True
        self._session.journal.steps.keep_effect(self.effect_of(item), name, raw)

    def redone(self, item: Item) -> bool:
        return self._session.journal.steps.redone(self.effect_of(item))

    def when_saved(self, done: Done) -> None:
        self._session.journal.when_saved(done)

    def halt(self, error: Stopped) -> None:
        self._session.stopping.halt(error)
