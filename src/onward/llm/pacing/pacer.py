"""One pace for all requests of a process to one model, from whatever threads and event loops they are made.

Requests wait in line. The first of the line waits for the pace, the others for the first. What was learnt is a note
of every run that asks, so a resume begins where the session before it was.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeGuard

from onward.attempts.context import RunContext
from onward.errors import QuotaExhausted
from onward.llm.base import Completion, RateLimits, Throttled
from onward.llm.pacing.pace import Call, Pace
from onward.stop import Abandoned

PATIENCE = 600.0
"""Seconds for which a request that was answered 429 is asked again before it counts as failed. A provider that
itself asks for a longer wait stops the run."""

LOOK, LOOK_IN_LINE = 0.1, 1.0
"""Seconds between two looks whether the session stops: of the first of the line, who wakes the next when he leaves,
and of the others, who may belong to another run than he."""


class Pacer:
    """See the module.

    Args:
        name: of the note that runs keep.
        rpm, tpm, concurrency: see :class:`~onward.llm.pacing.pace.Pace`.
    """

    def __init__(
        self,
        name: str,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        concurrency: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._note = f"pacing {name}"
        self._name = name
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._line: deque[_Waiting] = deque()
        self._pace = Pace(rpm=rpm, tpm=tpm, concurrency=concurrency, now=clock())
        self._fresh = True

    async def paced(
        self, send: Callable[[], Awaitable[Completion]], expected: float, run: RunContext | None
    ) -> Completion:
        """Send a request when its turn has come, and again for as long as it is refused for being one too many.

        Args:
            send: makes the one request.
            expected: tokens it may use at most.
            run: keeps what is learnt, and says when to give up because it stops.

        Raises:
            Throttled: refused for longer than :data:`PATIENCE`.
            QuotaExhausted: the provider asks for a pause longer than that.
            Abandoned: the run's session stops while the request waits.
        """
        if run is not None:
            self._attach(run)
        give_up = math.inf
        while True:
            call = await self._turn(expected, run)
            try:
                completion = await send()
            except Throttled as refusal:
                now = self._refused(call, refusal)
                give_up = min(give_up, now + PATIENCE)
                if now >= give_up:
                    raise
            except BaseException as error:
                self._failed(call, getattr(error, "retry_after", None))
                raise
            else:
                self._answered(call, completion)
                return completion

    # Waiting

    async def _turn(self, expected: float, run: RunContext | None) -> Call:
        me = _Waiting()
        with self._lock:
            self._line.append(me)
        try:
            while True:
                with self._lock:
                    call, seconds = self._try(me, expected)
                if call is not None:
                    return call
                if run is not None and run.stopping:
                    raise Abandoned
                await me.sleep(seconds)
        finally:
            with self._lock:
                if me in self._line:
                    self._line.remove(me)
                self._call_next()

    def _try(self, me: _Waiting, expected: float) -> tuple[Call | None, float]:
        if self._line[0] is not me:
            return None, LOOK_IN_LINE
        now = self._clock()
        seconds = self._pace.wait(expected, now)
        if seconds > 0:
            return None, min(seconds, LOOK)
        self._line.popleft()
        return self._pace.start(expected, now), 0.0

    def _call_next(self) -> None:
        if self._line:
            self._line[0].call()

    # Answers

    def _answered(self, call: Call, completion: Completion) -> None:
        used = completion.usage.input_tokens + completion.usage.output_tokens
        with self._lock:
            now = self._clock()
            self._told(completion.limits, now)
            self._pace.succeeded(call, used, now)
            self._call_next()

    def _refused(self, call: Call, refusal: Throttled) -> float:
        asked = refusal.retry_after
        with self._lock:
            now = self._clock()
            self._told(refusal.limits, now)
            self._pace.refused(call, 0.0 if _is_long(asked) else asked, now)
            self._call_next()
        if _is_long(asked):
            raise QuotaExhausted(self._long(asked)) from refusal
        return now

    def _failed(self, call: Call, retry_after: float | None) -> None:
        with self._lock:
            if retry_after is None or _is_long(retry_after):
                self._pace.failed(call, self._clock())
            else:
                self._pace.overloaded(call, retry_after, self._clock())
            self._call_next()

    def _told(self, limits: RateLimits | None, now: float) -> None:
        if limits is not None:
            self._pace.state(limits.requests_per_minute, limits.tokens_per_minute, now)

    def _long(self, seconds: float) -> str:
        until = time.strftime("%Y-%m-%d %H:%M", time.localtime(self._wall() + seconds))
        return (
            f"{self._name} asks to wait until {until} ({seconds / 60:.0f} min): its limit is used up. "
            "Run the same again then"
        )

    # Across sessions

    def _attach(self, run: RunContext) -> None:
        """Have the run keep what is learnt, and begin with what it kept."""
        with self._lock:
            if self._fresh and (noted := run.note(self._note)) is not None:
                self._pace.recall(noted, self._clock(), self._wall())
            self._fresh = False
        run.keep_note(self._note, self._noted)

    def _noted(self) -> object:
        with self._lock:
            return self._pace.note(self._clock(), self._wall())


def _is_long(seconds: float | None) -> TypeGuard[float]:
    return seconds is not None and seconds > PATIENCE


class _Waiting:
    """A place in the line, for the event loop it was taken in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._called = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """Until called, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._called.wait()
        except TimeoutError:
            return
        self._called.clear()

    def call(self) -> None:
        """Wake it, from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._called.set)
