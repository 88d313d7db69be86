"""The two loops that drive a session: a plain one, and one for an event loop.

    for outcome in executor.outcomes(units):     bounded window, any order
        session.settle(outcome)                  the cadence decides when it is durable

All they decide together is in :class:`~onward.session.session.Session`; here is only how to wait.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, closing
from typing import Any, TypeVar, cast

from onward.attempts.course import Policy
from onward.attempts.straight import StraightCall
from onward.executors import AsyncExecutor, Executor
from onward.executors.base import Unit
from onward.model import Item
from onward.pending.intake import Intake, digest_function, key_function
from onward.session.opening import InputDigest, needs_input
from onward.session.session import Session
from onward.sources.base import Reading, Source, is_async
from onward.stop import Stop

E = TypeVar("E")
W = TypeVar("W")


def units(session: Session, batch: int, *, make_room: bool = True) -> Iterator[Unit]:
    """The work that is to be done, read from the source no faster than it is asked for.

    With a cadence by items no more is handed out while that many are unsaved: a crash must not cost more.
    """
    with closing(_read(session, batch, make_room=make_room)) as read:  # type: ignore[type-var]
        yield from session.suspects.screened(read)


def _read(session: Session, batch: int, *, make_room: bool) -> Iterator[Unit]:
    source = _plain(session)
    intake, stop = session.open_intake(batch), session.stop
    reading = source.read(intake.start)
    with closing(reading):
        for value in _pulled(reading, stop):
            if full := intake.push(value, reading.place):
                yield full
                if make_room and session.journal.crowded:
                    session.journal.make_room()
            if intake.closed:
                break
        else:
            _ended(intake)
        if rest := intake.rest():
            yield rest


def _pulled(reading: Reading, stop: Stop) -> Iterator[Any]:
    """The source's values. A signal breaks off the waiting for the next one, if it is the main thread that waits."""
    here = threading.current_thread() is threading.main_thread()
    try:
        stop.pulling = here
        for value in reading:
            stop.pulling = False
            yield value
            stop.pulling = here
    except KeyboardInterrupt:
        if not stop.requested:
            raise
    finally:
        stop.pulling = False


def _ended(intake: Intake) -> None:
    """The source gives no more; whether that is its end is unknown if the stop may have cut it off as well."""
    if not intake.closed:
        intake.end()


async def _make_room(session: Session) -> None:
    import asyncio

    if session.journal.crowded:
        await asyncio.to_thread(session.journal.make_room)


async def units_async(session: Session, batch: int) -> AsyncIterator[Unit]:
    """As :func:`units`, from a source of either kind."""
    async with aclosing(_read_async(session, batch)) as read:  # type: ignore[type-var]
        async for unit in session.suspects.screened_async(read):
            yield unit


async def _read_async(session: Session, batch: int) -> AsyncIterator[Unit]:
    if session.source is not None and not is_async(session.source):
        for unit in _read(session, batch, make_room=False):
            yield unit
            await _make_room(session)
        return
    intake, source = session.open_intake(batch), session.source
    assert source is not None
    assert is_async(source)
    async with aclosing(source.read()) as reading:
        async for value in reading:
            if full := intake.push(value, None):
                yield full
                await _make_room(session)
            if intake.closed:
                break
        else:
            _ended(intake)
        if rest := intake.rest():
            yield rest


def same_input(session: Session) -> bool | None:
    """Whether a finished run's input is given again, where only reading it can tell; None where not asked."""
    source = _plain(session)
    digest = _digest_wanted(session)
    if digest is None:
        return None
    with closing(source.read()) as reading:
        for value in reading:
            digest.add(value)
    return _matches(session, digest)


async def same_input_async(session: Session) -> bool | None:
    """As :func:`same_input`, from a source of either kind."""
    if session.source is not None and not is_async(session.source):
        return same_input(session)
    digest = _digest_wanted(session)
    if digest is None or session.source is None:
        return None
    async with aclosing(session.source.read()) as reading:
        async for value in reading:
            digest.add(value)
    return _matches(session, digest)


def _plain(session: Session) -> Source:
    assert session.source is not None
    assert not is_async(session.source)
    return cast(Source, session.source)


def _digest_wanted(session: Session) -> InputDigest | None:
    assert session.source is not None
    if not needs_input(session.found, session.asked, session.source):
        return None
    key = key_function(session.settings, session.source) if session.keyed else None
    return InputDigest(digest_function(session.source), key, session.settings.duplicates)


def _matches(session: Session, digest: InputDigest) -> bool:
    marker = session.found.info.marker
    return marker is not None and digest.matches(marker)


def drive(
    session: Session, call: Any, executor: Executor, batch: int, *, single: Callable[[], Executor]
) -> Iterator[None]:
    """Work until the units end or the session is forced to stop; pauses after each outcome.

    Args:
        single: makes an executor that works on one unit at a time, for items that may kill the process.
    """
    with closing(units(session, batch)) as work:  # type: ignore[type-var]
        for chosen, part in _parts(session, executor, single, work, session.suspects.first):
            yield from _through(session, call, chosen, part)


def _parts(
    session: Session, executor: E, single: Callable[[], E], work: W, first: Callable[[W], W]
) -> Iterator[tuple[E, W]]:
    """What may kill the process, one unit at a time, and then all the rest."""
    with session.suspects.alone() as suspected:
        if suspected:
            yield single(), first(work)
    yield executor, work


def _through(session: Session, call: Any, executor: Executor, work: Iterator[Unit]) -> Iterator[None]:
    session.stop.listeners.append(executor.wake)
    session.delivery.wake = executor.wake
    with closing(executor.outcomes(call, work)) as settled:  # type: ignore[type-var]
        for outcome in settled:
            session.settle(outcome)
            yield
            if session.stop.forced:
                return


def drive_straight(session: Session, policy: Policy) -> Iterator[None]:
    """As :func:`drive`, for one item after the other in this thread; pauses when something was handed on."""
    source = _plain(session)
    intake, journal = session.open_intake(1), session.journal
    stop, delivery, limited = session.stop, session.delivery, journal.limited
    call = StraightCall(policy, journal.successes(), session.settle, delivery.arrived)
    reading = source.read(intake.start)
    with closing(reading):
        for _ in call.through(_one_after_the_other(session, intake, source, reading), each=limited):
            if delivery.arrived:
                delivery.hand_on()
                yield
            if stop.requested:
                return
            if limited and journal.crowded:
                journal.make_room()
        if call.ended and not intake.closed:
            intake.end()


def _one_after_the_other(
    session: Session, intake: Intake, source: Source, reading: Reading
) -> Iterator[Sequence[Item]]:
    at_hand, suspects = getattr(source, "at_hand", None), session.suspects
    pulled = (
        intake.singly(_pulled(reading, session.stop), reading) if at_hand is None else intake.many(at_hand)
    )
    return suspects.screened(pulled) if suspects.crashes else pulled


async def drive_async(
    session: Session, call: Any, executor: AsyncExecutor, batch: int, *, single: Callable[[], AsyncExecutor]
) -> AsyncGenerator[None]:
    """As :func:`drive`, in the running event loop."""
    async with aclosing(units_async(session, batch)) as work:  # type: ignore[type-var]
        for chosen, part in _parts(session, executor, single, work, session.suspects.first_async):
            async with aclosing(_through_async(session, call, chosen, part)) as through:
                async for _ in through:
                    yield


async def _through_async(
    session: Session, call: Any, executor: AsyncExecutor, work: AsyncIterator[Unit]
) -> AsyncGenerator[None]:
    session.stop.listeners.append(executor.wake)
    session.delivery.wake = executor.wake
    async with aclosing(executor.outcomes(call, work)) as settled:  # type: ignore[type-var]
        async for outcome in settled:
            session.settle(outcome)
            yield
            if session.stop.forced:
                return
