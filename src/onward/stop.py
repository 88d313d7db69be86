"""The wish to stop, as the parts of a session share it, and the signals that express it."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

PIECE = 0.1
"""Seconds that are slept at a time in an event loop."""


class Abandoned(BaseException):
    """Raised where an attempt waits and the session stops: the item stays left."""


class Stop:
    """Whether to stop: ``requested`` after the items in flight, ``forced`` without them.

    Attributes:
        out_of_grace: forced by the end of the grace period, not by a second signal.
        interruptible: the main thread is in the user's code, which a forced stop may break off.
        pulling: the main thread waits for the source's next value, which any stop breaks off.
    """

    def __init__(self) -> None:
        # A queue, because its put may interrupt its own get: an Event's lock would stay shut behind a signal handler.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self.requested = False
        self.forced = False
        self.signal: int | None = None
        self.out_of_grace = False
        self.interruptible = False
        self.pulling = False
        self.listeners: list[Callable[[], None]] = []

    def request(self, number: int | None = None) -> None:
        """Ask to stop after what is in flight. Safe in a signal handler."""
        self.requested = True
        self.signal = self.signal or number
        self._wake()

    def force(self) -> None:
        """Ask to stop at once."""
        self.requested = self.forced = True
        self._wake()

    @contextmanager
    def user_code(self) -> Iterator[None]:
        """Around the user's code in the main thread."""
        self.interruptible = True
        try:
            yield
        finally:
            self.interruptible = False

    def _wake(self) -> None:
        self._bell.put(None)
        for listener in self.listeners:
            listener()

    def pause(self, seconds: float) -> None:
        """Sleep, unless the session stops.

        Raises:
            Abandoned: it does.
        """
        try:
            self._bell.get(timeout=seconds)
        except Empty:
            return
        self._bell.put(None)  # for the next who waits
        raise Abandoned

    async def pause_async(self, seconds: float) -> None:
        """As :meth:`pause`, in an event loop: in short pieces, so that a stop is noticed without a task per waiter."""
        import asyncio

        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.requested:
                raise Abandoned
            await asyncio.sleep(min(left, PIECE))


@contextmanager
def signals(stop: Stop, grace: float, announce: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask ``stop``; a second one, or ``grace`` seconds, forces it; a third goes to the old handler.

    Does nothing outside the main thread, where Python allows no handlers.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _Handler(stop, grace, announce)
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handler.old = old
    try:
        for number in old:
            signal.signal(number, handler)
        yield
    finally:
        handler.cancel()
        for number, previous in old.items():
            # None: set by something other than Python; it cannot be put back.
            signal.signal(number, previous if previous is not None else signal.SIG_DFL)


class _Handler:
    def __init__(self, stop: Stop, grace: float, announce: Callable[[], None]) -> None:
        self._stop = stop
        self._grace = grace
        self._announce = announce
        self._timer: threading.Timer | None = None
        self.old: dict[Any, Any] = {}

    def __call__(self, number: int, frame: FrameType | None) -> None:
        stop = self._stop
        if stop.signal is None:  # a deadline may have asked before
            self._first(number)
        elif not stop.forced:
            self._second()
        else:
            self._third(number, frame)

    def _first(self, number: int) -> None:
        self._stop.request(number)
        self._timer = threading.Timer(self._grace, self._out_of_grace, [number])
        self._timer.daemon = True
        self._timer.start()
        self._announce()
        if self._stop.pulling:
            raise KeyboardInterrupt

    def _out_of_grace(self, number: int) -> None:
        # Only the main thread can break off the main thread's code: send it the signal again.
        self._stop.out_of_grace = True
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, number)
        else:
            _thread.interrupt_main(signal.Signals(number))

    def _second(self) -> None:
        self._stop.force()
        if self._stop.interruptible or self._stop.pulling:
            raise KeyboardInterrupt

    def _third(self, number: int, frame: FrameType | None) -> None:
        previous = self.old.get(number)
        if callable(previous):
            previous(number, frame)
        elif previous is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            if self._timer.is_alive():  # a second signal may have broken off its start
                self._timer.join()  # what it sends must not reach the old handler
