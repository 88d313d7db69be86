"""Outcomes one by one, as they are saved."""

from __future__ import annotations

import heapq
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, closing
from queue import Queue
from typing import Any

import msgspec

from onward.codec import decode
from onward.journal import outcomes
from onward.model import Outcome
from onward.session.execution import Execution, prepare
from onward.session.session import Session
from onward.settings import Settings
from onward.sources import open_source
from onward.stop import Stop

WAITING = 1000
"""Outcomes that may wait for a slow consumer before the loop behind them waits too."""


def stream(
    settings: Settings, fn: Callable[..., Any], items: Any, *, ordered: bool = False, replay: bool = True
) -> Iterator[Outcome]:
    """See :func:`onward.stream`."""
    execution = prepare(settings, fn, open_source(items, format=settings.source_format), in_loop=False)
    if execution.in_loop:
        return _from_thread(execution, ordered, replay)
    return _stream(execution, ordered, replay)


def _stream(execution: Execution, ordered: bool, replay: bool) -> Iterator[Outcome]:
    session = execution.session
    with execution.signals(), session, closing(execution.steps()) as steps:
        yield from _handed_out(_outcomes(session, steps, ordered, replay), session.stop)
        session.conclude()


def _outcomes(session: Session, steps: Iterator[None], ordered: bool, replay: bool) -> Iterator[Outcome]:
    next(steps, None)
    order = _order(session, ordered, replay)
    yield from order.begin()
    for _ in steps:
        yield from order.take(session)
    session.save()
    yield from order.take(session)
    yield from order.end()


def _handed_out(outcomes: Iterator[Outcome], stop: Stop) -> Iterator[Outcome]:
    """What the caller does with each is user code, which a forced stop may break off."""
    for outcome in outcomes:
        with stop.user_code():
            yield outcome


async def astream(
    settings: Settings, fn: Callable[..., Any], items: Any, *, ordered: bool = False, replay: bool = True
) -> AsyncGenerator[Outcome]:
    """See :func:`onward.astream`."""
    execution = prepare(settings, fn, open_source(items, format=settings.source_format), in_loop=True)
    with execution.session:
        async with aclosing(_astream(execution, ordered, replay)) as outcomes:
            async for outcome in outcomes:
                yield outcome


async def _astream(execution: Execution, ordered: bool, replay: bool) -> AsyncGenerator[Outcome]:
    session = execution.session
    async with aclosing(execution.steps_async()) as steps:
        await anext(steps, None)
        order = _order(session, ordered, replay)
        for outcome in order.begin():
            yield outcome
        async for _ in steps:
            for outcome in order.take(session):
                yield outcome
        session.save()
        for outcome in (*order.take(session), *order.end()):
            yield outcome
        session.conclude()


def _from_thread(execution: Execution, ordered: bool, replay: bool) -> Iterator[Outcome]:
    """A coroutine function's outcomes for a plain loop: the event loop runs in a thread of its own."""
    import asyncio

    session = execution.session
    queue: Queue[Outcome | BaseException | None] = Queue(WAITING)

    async def feed() -> None:
        async for outcome in _astream(execution, ordered, replay):
            queue.put(outcome)

    def work() -> None:
        try:
            asyncio.run(feed())
        except BaseException as error:
            queue.put(error)
        else:
            queue.put(None)

    with execution.signals(), session:
        thread = threading.Thread(target=work, name="onward-loop", daemon=True)
        thread.start()
        try:
            yield from _handed_out(_until_done(queue), session.stop)
        finally:
            session.stop.request()
            while thread.is_alive():
                _discard(queue)
                thread.join(0.02)


def _until_done(queue: Queue[Outcome | BaseException | None]) -> Iterator[Outcome]:
    while (found := queue.get()) is not None:
        if isinstance(found, BaseException):
            raise found
        yield found


def _discard(queue: Queue[Outcome | BaseException | None]) -> None:
    while not queue.empty():
        queue.get_nowait()


def _order(session: Session, ordered: bool, replay: bool) -> AsSaved:
    session.delivery.streamed = True
    stored = _stored(session) if replay else iter(())
    return InOrder(stored) if ordered else AsSaved(stored)


def _stored(session: Session) -> Iterator[Outcome]:
    """What earlier sessions settled, except what this one takes up again."""
    again = session.settings.retry_failed
    for entry in outcomes.stored(session.store, session.journal.head):
        outcome = entry.outcome
        if outcome.status == "succeeded":
            yield msgspec.structs.replace(outcome, value=session.journal.value(entry.raw))
        elif outcome.status == "skipped":
            yield msgspec.structs.replace(outcome, value=decode(entry.raw))
        elif not again:
            yield outcome


class AsSaved:
    """Stored outcomes first, then new ones as they come."""

    def __init__(self, stored: Iterator[Outcome]) -> None:
        self._stored = stored

    def begin(self) -> Iterator[Outcome]:
        return self._stored

    def take(self, session: Session) -> Iterator[Outcome]:
        """What has been saved since the last time."""
        for outcome in session.delivery.take():
            yield from self._put(outcome)

    def _put(self, outcome: Outcome) -> Iterator[Outcome]:
        yield outcome

    def end(self) -> Iterator[Outcome]:
        return iter(())


class InOrder(AsSaved):
    """By position: a new outcome waits for those before it, a stored one for the new ones before it."""

    def __init__(self, stored: Iterator[Outcome]) -> None:
        super().__init__(stored)
        self._next_stored = next(stored, None)
        self._waiting: list[tuple[int, int, Outcome]] = []
        self._expected = 0
        self._number = 0

    def begin(self) -> Iterator[Outcome]:
        return self._ready()

    def _put(self, outcome: Outcome) -> Iterator[Outcome]:
        self._number += 1
        heapq.heappush(self._waiting, (outcome.position, self._number, outcome))
        return self._ready()

    def _ready(self) -> Iterator[Outcome]:
        while (outcome := self._pop(self._expected)) is not None:
            self._expected = max(self._expected, outcome.position + 1)
            yield outcome

    def _pop(self, most: int) -> Outcome | None:
        """The next outcome at a position up to ``most``."""
        stored = self._next_stored
        first_new = self._waiting[0][0] if self._waiting else most + 1
        if stored is not None and stored.position <= min(most, first_new):
            self._next_stored = next(self._stored, None)
            return stored
        return heapq.heappop(self._waiting)[2] if first_new <= most else None

    def end(self) -> Iterator[Outcome]:
        """The rest: positions between them were not reached."""
        most = 1 << 62
        while (outcome := self._pop(most)) is not None:
            yield outcome
