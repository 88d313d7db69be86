"""The two loops that drive a session: a plain one, and one for an event loop.

    for outcome in executor.outcomes(units):     bounded window, any order
        session.settle(outcome)                  the cadence decides when it is durable

All they decide together is in :class:`~onward.session.Session`; here is only how to wait.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from typing import Any

from onward.executors import AsyncExecutor, Executor
from onward.executors.base import Unit
from onward.opening import InputDigest, needs_input
from onward.session import Session
from onward.sources.base import is_async


def units(session: Session, batch: int) -> Iterator[Unit]:
    """The work that is to be done, read from the source no faster than it is asked for."""
    place = session.open_intake(batch=batch)
    intake, stop = session.intake, session.stop
    assert intake is not None and session.source is not None and not is_async(session.source)
    reading = session.source.read(place)
    with closing(reading):
        stop.interruptible = True  # waiting for the next value is waiting for the user's code
        for value in reading:
            stop.interruptible = False
            unit = intake.push(value, lambda: reading.place)
            if unit:
                yield unit
            if intake.closed:
                break
            stop.interruptible = True
        else:
            stop.interruptible = False
            session.exhausted()
        rest = intake.rest()
        if rest:
            yield rest


async def units_async(session: Session, batch: int) -> AsyncIterator[Unit]:
    """As :func:`units`, from a source of either kind."""
    if session.source is not None and not is_async(session.source):
        for unit in units(session, batch):
            yield unit
        return
    session.open_intake(batch=batch)
    intake, source = session.intake, session.source
    assert intake is not None and source is not None and is_async(source)
    async with aclosing(source.read()) as reading:
        async for value in reading:
            unit = intake.push(value, lambda: None)
            if unit:
                yield unit
            if intake.closed:
                break
        else:
            session.exhausted()
        rest = intake.rest()
        if rest:
            yield rest


def same_input(session: Session) -> bool | None:
    """Whether a finished run's input is given again, where only reading it can tell; None where not asked."""
    source = session.source
    assert source is not None and not is_async(source)
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
    async with aclosing(session.source.read()) as reading:  # type: ignore[type-var]
        async for value in reading:
            digest.add(value)
    return _matches(session, digest)


def _digest_wanted(session: Session) -> InputDigest | None:
    assert session.source is not None
    if not needs_input(session.found, session.asked, session.source):
        return None
    key = session.settings.terms.key or session.source.key if session.keyed else None
    return InputDigest(session.source, key, session.settings.duplicates)  # type: ignore[arg-type]


def _matches(session: Session, digest: InputDigest) -> bool:
    marker = session.found.info.marker
    return marker is not None and digest.matches(marker)


def drive(session: Session, call: Any, executor: Executor, batch: int) -> Iterator[None]:
    """Work until the units end or the session is forced to stop; pauses after each outcome."""
    session.stop.listeners.append(executor.wake)
    session.on_saved = executor.wake
    with closing(units(session, batch)) as work, closing(executor.outcomes(call, work)) as settled:  # type: ignore[type-var]
        for outcome in settled:
            session.settle(outcome)
            yield
            if session.stop.forced:
                return


async def drive_async(
    session: Session, call: Any, executor: AsyncExecutor, batch: int
) -> AsyncIterator[None]:
    """As :func:`drive`, in the running event loop."""
    session.stop.listeners.append(executor.wake)
    session.on_saved = executor.wake
    async with (
        aclosing(units_async(session, batch)) as work,  # type: ignore[type-var]
        aclosing(executor.outcomes(call, work)) as settled,  # type: ignore[type-var]
    ):
        async for outcome in settled:
            session.settle(outcome)
            yield
            if session.stop.forced:
                return
