"""Putting the parts of a session together, and running it: from a thread, or in an event loop."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, aclosing, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from onward import executors
from onward.attempts import limits
from onward.attempts.calls import is_async, make_call
from onward.attempts.course import Policy
from onward.codec import restorer
from onward.events import Announcer, AttemptFailed, InterruptRequested
from onward.model import Failure, Item
from onward.pending.admission import RestartNeeded
from onward.progress import display
from onward.publish.actions import output_at
from onward.report import Report
from onward.session.drive import drive, drive_async, drive_straight, same_input, same_input_async
from onward.session.home import SessionHome
from onward.session.opening import Asked
from onward.session.session import Session
from onward.settings import Settings, check_function, identity_of
from onward.sources import AsyncSource, Source, open_source
from onward.sources import is_async as is_async_source
from onward.stop import Abandoned, signals
from onward.stores import open_runs
from onward.view import RunView


@dataclass
class Execution:
    """A session with all that drives it."""

    session: Session
    policy: Policy
    executor: Any
    workers: int
    batch: int

    @property
    def in_loop(self) -> bool:
        return self.executor in executors.IN_LOOP

    def signals(self) -> AbstractContextManager[None]:
        """Around all of the session, its last save too: handlers that ask it to stop."""
        return signals(self.session.stop, self.session.settings.terms.grace, self._announce_interrupt)

    @property
    def _policy(self) -> Policy:
        """With the record of what is in flight, which there is once the session has begun."""
        return replace(self.policy, flight=self.session.suspects.flight)

    def _announce_interrupt(self) -> None:
        session = self.session
        in_flight = session.intake.in_flight if session.intake else 0
        session.announcer(InterruptRequested(in_flight, session.settings.terms.grace))

    # The two drivers. Each pauses when the session is open, and then after every outcome, so that a stream can
    # hand on what was saved.

    def steps(self) -> Generator[None]:
        session = self.session
        session.look()
        work = session.begin(same_input(session))
        yield
        if not work:
            return
        try:
            yield from self._drive()
        except RestartNeeded:
            session.restart()
            yield from self._drive()

    def _drive(self) -> Iterator[None]:
        if self.policy.straight:
            yield from drive_straight(self.session, self._policy)
            return
        executor, single = (
            executors.make(self.executor, executors.slots(self.executor, self.workers)),
            partial(executors.make, self.executor, 1),
        )
        if not executors.is_away(self.executor):
            call = make_call(self._policy, in_loop=False, workers=self.workers)
            yield from drive(self.session, call, executor, self.batch, single=single)
            return
        with closing(self._call_away()) as away:
            yield from drive(self.session, away, executor, self.batch, single=single)

    def _call_away(self) -> Any:
        from onward.executors.processes import make_call as make_call_away

        return make_call_away(self._policy, self.session.settings, self.executor, self.workers)

    async def steps_async(self) -> AsyncGenerator[None]:
        session = self.session
        session.look()
        work = session.begin(await same_input_async(session))
        yield
        if not work:
            return
        try:
            async with aclosing(self._drive_async()) as driven:
                async for _ in driven:
                    yield
        except RestartNeeded:
            session.restart()
            async with aclosing(self._drive_async()) as driven:
                async for _ in driven:
                    yield

    def _drive_async(self) -> AsyncGenerator[None]:
        call = make_call(self._policy, in_loop=True, workers=self.workers)
        executor, single = executors.make_async(self.workers, self.executor), partial(executors.make_async, 1)
        return drive_async(self.session, call, executor, self.batch, single=single)


def prepare(
    settings: Settings, fn: Callable[..., Any], source: Source | AsyncSource, *, in_loop: bool
) -> Execution:
    """Put the parts of a session together; nothing is touched yet."""
    check_function(fn)
    needs_loop = in_loop or is_async(fn) or is_async_source(source)
    executor = executors.choose(
        settings.executor, is_async=needs_loop, workers=settings.workers, timeout=settings.terms.timeout
    )
    if executor == "batch":
        executors.check_batch(coroutine=is_async(fn), timeout=settings.terms.timeout, batch=settings.batch)
    if executors.is_away(executor):
        executors.check_away(fn, settings)
    session = make_session(settings, fn, source, background=executor != "inline")
    policy = Policy(
        fn=fn,
        params=dict(settings.params or {}),
        home=SessionHome(session, asynchronous=is_async(fn)),
        stop=session.stop,
        retries=settings.terms.retries,
        timeout=settings.terms.timeout,
        permission=_permission(session),
        batch=settings.batch is not None,
        inline=executor == "inline",
        restore=session.restore,
        announce=_announce_attempt(session.announcer),
    )
    workers = executors.width(executor, settings.workers)
    return Execution(session, policy, executor, workers, settings.batch or 1)


def _permission(session: Session) -> Callable[[], bool] | None:
    """What is asked before each attempt; None if there is nothing to ask."""
    settings = session.settings
    limiter = limits.limiter(settings.rate) if settings.rate else None
    if not settings.terms.budget:
        return limiter

    def permission() -> bool:
        if not session.stopping.within_budget():
            raise Abandoned
        return limiter is None or limiter()

    return permission


def _announce_attempt(announcer: Announcer) -> Callable[[Item, Failure, int, float], None]:
    def announce(item: Item, error: Failure, attempt: int, wait: float) -> None:
        announcer(AttemptFailed(item.position, item.key, error, attempt, wait))

    return announce


def make_session(
    settings: Settings,
    fn: Callable[..., Any] | None,
    source: Source | AsyncSource | None,
    *,
    background: bool,
) -> Session:
    """A session for a job; its run is not touched yet."""
    keyed = is_keyed(settings, source)
    runs = open_runs(settings.store)
    restore = restorer(fn, batch=settings.batch is not None) if fn is not None else None
    shown = display(settings.progress)
    return Session(
        settings,
        asked_of(settings, fn, keyed=keyed),
        source,
        runs.writer(settings.job, settings.run),
        keyed=keyed,
        background=background,
        restore=restore,
        announcer=Announcer([*settings.observers, *([shown] if shown else [])]),
        view=RunView(runs, settings.job, settings.run, restore),
    )


def is_keyed(settings: Settings, source: Source | AsyncSource | None) -> bool:
    """Whether items are told apart by key: by one the caller gives, or the source has."""
    return settings.terms.key is not None or bool(getattr(source, "keyed", False))


def asked_of(settings: Settings, fn: Callable[..., Any] | None, *, keyed: bool) -> Asked:
    """What a start with these settings asks for."""
    return Asked(
        job=settings.job,
        run=settings.run,
        identity=identity_of(settings, fn, keyed=keyed),
        output=output_at(settings.output, force=settings.force, format_name=settings.output_format),
        on_change=settings.on_change,
        again=settings.again,
        retry_failed=settings.retry_failed,
        folds=settings.on_result is not None,
        command=settings.command,
    )


def execute(settings: Settings, fn: Callable[..., Any], items: Any) -> Report:
    """Run a job over items, from a thread."""
    execution = prepare(settings, fn, open_source(items, format=settings.source_format), in_loop=False)
    session = execution.session
    with execution.signals(), session:
        if execution.in_loop:
            _run_loop(execution)
        else:
            for _ in execution.steps():
                pass
        return session.conclude()


def _run_loop(execution: Execution) -> None:
    """Drive a session in an event loop of its own; in a thread of its own where one is running here (notebooks)."""
    import asyncio

    async def drain() -> None:
        async for _ in execution.steps_async():
            pass

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(drain())
        return
    box: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(drain())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=work, name="onward-loop", daemon=True)
    thread.start()
    thread.join()
    if box:
        raise box[0]


async def execute_async(settings: Settings, fn: Callable[..., Any], items: Any) -> Report:
    """Run a job over items, in the running event loop."""
    import asyncio

    execution = prepare(settings, fn, open_source(items, format=settings.source_format), in_loop=True)
    session = execution.session

    async def drain() -> None:
        async for _ in execution.steps_async():
            pass

    with session:
        work = asyncio.ensure_future(drain())
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await _wind_down(work, session, settings.terms.grace)
            raise
        return session.conclude()


async def _wind_down(work: Any, session: Session, grace: float) -> None:
    """Cancelled from outside: stop pulling, let what is in flight settle for ``grace`` seconds."""
    import asyncio

    session.stop.request()
    try:
        await asyncio.wait([work], timeout=grace)
    finally:  # cancelled once more, too: nothing may go on behind a closed session
        work.cancel()
        await asyncio.wait([work])
    if not work.cancelled() and work.exception() is not None:
        raise work.exception()
