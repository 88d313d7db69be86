"""What the displays share: the life of a session, told to a thread that draws a few times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from onward.events import Event, InterruptRequested, SessionEnded, SessionStarted
from onward.model import Progress, RunInfo
from onward.progress.text import printable


class Ticker:
    """An observer that calls ``draw`` every ``pause`` seconds between the start and the end of a session.

    Events do no more than leave a note for the thread: they may come from a signal handler, which must not
    wait for a lock that the interrupted code holds.
    """

    pause = 0.1

    def __init__(self) -> None:
        self.name = ""
        self.interrupt: InterruptRequested | None = None
        self._progress: Callable[[], Progress] = Progress
        self._started = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, SessionStarted):
            self._begin(event)
        elif isinstance(event, InterruptRequested):
            self.interrupt = event
        elif isinstance(event, SessionEnded):
            self._end(event)

    @property
    def seconds(self) -> float:
        """How long the session has been going."""
        return time.monotonic() - self._started

    def progress(self) -> Progress:
        return self._progress()

    def open(self) -> bool:
        """Called once before anything is drawn; False leaves this session without a display."""
        return True

    def draw(self) -> None:
        """Show how far the session is."""
        raise NotImplementedError

    def close(self, how: str) -> None:
        """Called once, when nothing more will be drawn, with how the session ended."""
        raise NotImplementedError

    def _begin(self, event: SessionStarted) -> None:
        self.name = printable(named(event.info))
        self.interrupt = None
        self._progress = event.progress
        self._started = time.monotonic()
        self._over = threading.Event()
        if not self.open():
            return
        self._thread = threading.Thread(target=self._tick, args=(self._over,), daemon=True)
        self._thread.start()

    def _tick(self, over: threading.Event) -> None:
        while not over.wait(self.pause):
            self.draw()

    def _end(self, event: SessionEnded) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._over.set()
        thread.join()
        self.close(event.how)


def named(info: RunInfo) -> str:
    """How a run is called where people read it: the run's name only where there could be two."""
    return info.job if info.run == "default" else f"{info.job}/{info.run}"
