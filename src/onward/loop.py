"""The loop face: ``with onward.run(job) as run: for item in run.pending(items): ...``"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import msgspec

from onward import forks
from onward.attempts.context import Attempt, current
from onward.attempts.failures import failure
from onward.codec import encode
from onward.errors import FunctionChanged, UsageError
from onward.events import InterruptRequested
from onward.executors.base import Unit
from onward.identity import keying
from onward.model import Item, Progress, Settled, Status
from onward.pending.admission import RestartNeeded
from onward.report import Report
from onward.session import drive
from onward.session.execution import make_session
from onward.session.home import SessionHome
from onward.settings import Settings
from onward.sources import AsyncSource, Source, is_async, open_source
from onward.stop import Abandoned, signals


class Run:
    """A run that a loop of the caller's drives.

    Leaving the block finishes the run if the source was read to its end and every item has settled; ``break``, an
    exception and a signal leave it interrupted, to go on at the next start. A signal is raised as
    :class:`~onward.errors.Interrupted` between two items.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = make_session(settings, None, None, background=False)
        self._home = SessionHome(self._session, asynchronous=False)
        self._pid = os.getpid()
        self._work = False
        self._given: Pending | None = None
        self._attempt: Attempt | None = None
        self._outer = current.get()  # of an item whose body or function started this run
        self._began = 0.0
        self._settled = True
        self._decided: Settled | None = None
        self._signals = signals(self._session.stop, settings.terms.grace, self._announce_interrupt)
        self.report: Report | None = None

    # The block

    def __enter__(self) -> Run:
        session = self._session
        try:
            session.look()
            found = session.found
            session.keyed = session.keyed or keying(found.info.identity)
            session.ask_keyed()
            if found.info.phase != "finished" or session.asked.again:
                self._work = session.begin(None)
        except BaseException:
            session.close()
            raise
        self._signals.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if os.getpid() != self._pid:
            return  # of a forked child nothing is taken, and all that could be closed is its parent's
        current.set(self._outer)
        session = self._session
        session.stop.interruptible = False
        try:
            with session:
                self._pass_on()
                if error is not None and not isinstance(error, Abandoned):
                    session.fail(error)
                elif session.opened:
                    self._conclude()
        finally:
            self._signals.__exit__(None, None, None)

    def _conclude(self) -> None:
        if self._settled:  # what the block made of the state behind its loop
            self._session.journal.state.boundary()
        self.report = self._session.conclude()

    async def __aenter__(self) -> Run:
        self._home.asynchronous = True
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _announce_interrupt(self) -> None:
        self._session.announcer(InterruptRequested(int(not self._settled), self._settings.terms.grace))

    # The loop

    def pending(self, items: Any) -> Pending:
        """The values of the source that are not settled, for ``for`` or ``async for``, once a session.

        Raises:
            UsageError: called twice, or outside the block.
        """
        if self._given is not None:
            raise UsageError("run.pending() is called once in a session; a run has one source")
        self._given = Pending(self, open_source(items, format=self._settings.source_format))
        return self._given

    def _adopt(self, source: Source | AsyncSource) -> bool:
        """Take up the source; False if the run was already finished with it."""
        session = self._session
        session.take_source(source)
        by_source = bool(getattr(source, "keyed", False))
        keyed = by_source or self._settings.terms.key is not None
        if keyed != session.keyed:
            if session.opened and session.journal.settled:
                raise FunctionChanged(
                    f"{source.name}: what is settled was told apart {'by key' if session.keyed else 'by position'}, "
                    f"this input is {'by key' if keyed else 'by position'}; begin anew with again=True",
                    ({"again": True},),
                )
            session.keyed = keyed
            session.ask_keyed()
        return session.opened

    def _hand_out(self, item: Item) -> Any:
        self._attempt = Attempt([item], self._home)
        current.set(self._attempt)
        flight = self._session.suspects.flight
        if flight is not None and flight.on:
            self._attempt.depart(flight)
        self._settled = False
        self._began = time.perf_counter()
        self._session.stop.interruptible = True
        return item.value

    def _come_round(self) -> None:
        """The body has ended: what it did not settle has succeeded, with None."""
        forks.refuse(self._pid)
        self._session.stop.interruptible = False
        if self._attempt is not None:
            self._attempt.arrive()
        if not self._settled:
            self.succeed(None)
        self._pass_on()
        current.set(self._outer)
        self._session.raise_if_interrupted()

    # Settling

    def succeed(self, value: Any = None) -> None:
        """Settle the current item with a result.

        Raises:
            ValueRefused: the result cannot be saved; the item stays left.
            UsageError: no item is current, or it is settled.
        """
        item = self._current("succeed")
        self._settle("succeeded", encode(value, f"the result of item {item.key!r}"))

    def fail(self, error: BaseException | str) -> None:
        """Settle the current item as failed."""
        self._current("fail")
        found = failure(error if isinstance(error, BaseException) else Exception(error))
        if isinstance(error, str):
            found = msgspec.structs.replace(found, traceback="")
        self._settle("failed", b"null", found)

    def skip(self, reason: str = "") -> None:
        """Settle the current item as skipped."""
        self._current("skip")
        self._settle("skipped", encode(reason))

    def _current(self, what: str) -> Item:
        forks.refuse(self._pid)
        if self._attempt is None or self._settled:
            raise UsageError(f"run.{what}() settles the current item of run.pending(), once")
        return self._attempt.item

    def _settle(self, status: Status, raw: bytes, error: Any = None) -> None:
        assert self._attempt is not None
        spent = time.perf_counter() - self._began
        self._decided = Settled(self._attempt.item, status, raw, error, 1, spent, self._attempt.counters)
        self._settled = True

    def _pass_on(self) -> None:
        """Give the journal what the body decided, only now: what it does to the state after that belongs to it."""
        decided, self._decided = self._decided, None
        if decided is not None:
            with self._shielded():
                self._session.settle(decided)

    def checkpoint(self) -> None:
        """Make everything settled so far durable; returns after the fsync."""
        forks.refuse(self._pid)
        self._pass_on()
        with self._shielded():
            self._session.journal.checkpoint()

    @contextmanager
    def _shielded(self) -> Iterator[None]:
        """A forced stop may break off the user's code, not a save."""
        stop = self._session.stop
        was, stop.interruptible = stop.interruptible, False
        try:
            yield
        finally:
            stop.interruptible = was

    def count(self, name: str, amount: float = 1) -> None:
        """Add to one of the run's counters; it counts once the current item settles."""
        self._current("count")
        assert self._attempt is not None
        self._attempt.count(name, amount)

    # What it looks like

    @property
    def state(self) -> Any:
        """The run's own calculations, a dict to change; what an item's body changed is saved with its outcome."""
        if not self._session.opened:
            marker = self._session.found.info.marker
            return marker.state if marker is not None else {}
        return self._session.journal.state.value

    @state.setter
    def state(self, value: Any) -> None:
        self._session.journal.state.value = value

    @property
    def progress(self) -> Progress:
        """How far the run is."""
        return self._session.progress()


class Pending:
    """What ``run.pending`` gives: iterate over it once, with ``for`` or ``async for``."""

    def __init__(self, run: Run, source: Source | AsyncSource) -> None:
        self._run = run
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        run, session = self._run, self._run._session
        if is_async(self._source):
            raise UsageError(
                f"{self._source.name} is asynchronous; write async for, inside async with onward.run()"
            )
        if not run._adopt(self._source):
            run._work = session.begin(drive.same_input(session))
        if not run._work:
            return
        try:
            yield from self._values(drive.units(session, 1))
        except RestartNeeded:
            session.restart()
            yield from self._values(drive.units(session, 1))

    def _values(self, units: Iterator[Unit]) -> Iterator[Any]:
        for unit in units:
            if not self._run._session.stopping.within_budget():
                return
            yield self._run._hand_out(unit[0])
            self._run._come_round()
        self._run._session.raise_if_interrupted()  # while it waited for the source

    async def __aiter__(self) -> AsyncIterator[Any]:
        run, session = self._run, self._run._session
        run._home.asynchronous = True
        if not run._adopt(self._source):
            run._work = session.begin(await drive.same_input_async(session))
        if not run._work:
            return
        try:
            async for value in self._values_async(drive.units_async(session, 1)):
                yield value
        except RestartNeeded:
            session.restart()
            async for value in self._values_async(drive.units_async(session, 1)):
                yield value

    async def _values_async(self, units: AsyncIterator[Unit]) -> AsyncIterator[Any]:
        async for unit in units:
            if not self._run._session.stopping.within_budget():
                return
            yield self._run._hand_out(unit[0])
            self._run._come_round()
