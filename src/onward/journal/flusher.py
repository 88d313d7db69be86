"""A thread that saves while the user's code is busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PAUSE = 0.001
"""Seconds left to others between two saves."""


class Flusher:
    """Calls ``save`` when it is due; the thread starts with the first :meth:`wake`.

    Args:
        due: seconds until the next save, 0 for now, None while there is nothing to wait for.
        save: keeps its own errors for the coordinator to raise; one it raises ends the thread.
    """

    def __init__(self, due: Callable[[], float | None], save: Callable[[], None]) -> None:
        self._due = due
        self._save = save
        self._wake = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def wake(self) -> None:
        """Something may be due."""
        if self._thread is None:
            self._start()
        self._wake.set()

    def _start(self) -> None:
        with self._starting:  # workers that keep steps wake it too
            if self._thread is None and not self._closed:
                thread = threading.Thread(target=self._work, name="onward-flusher", daemon=True)
                thread.start()
                self._thread = thread

    def _work(self) -> None:
        while not self._closed:
            wait = self._due()
            if wait == 0:
                try:
                    self._save()
                except BaseException:
                    return
                time.sleep(PAUSE)
                continue
            self._wake.wait(wait)
            self._wake.clear()

    def close(self) -> None:
        """End the thread, after a save under way."""
        with self._starting:
            self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
