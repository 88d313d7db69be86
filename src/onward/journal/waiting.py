"""Who waits for a save. Whose data went along in a save that began later than they asked needs none of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

Done = Callable[[BaseException | None], None]


class Waiting:
    """Callers to be told when what they have is durable; truthy while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = 0
        self._waiting: list[tuple[int, Done]] = []
        self._over: BaseException | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def ask(self, done: Done) -> None:
        """``done`` is to be called after the next save that begins, with None or the error."""
        with self._lock:
            over = self._over
            if over is None:
                self._waiting.append((self._began, done))
        if over is not None:
            done(over)

    def begins(self) -> None:
        """A save begins; what it saves is collected after this."""
        with self._lock:
            self._began += 1

    def ended(self) -> None:
        """It is durable. Saves follow one another."""
        if self._waiting:
            with self._lock:
                ready = [done for asked, done in self._waiting if asked < self._began]
                self._waiting = [(asked, done) for asked, done in self._waiting if asked >= self._began]
            for done in ready:
                done(None)

    def close(self, error: BaseException) -> None:
        """There will be no more saves."""
        with self._lock:
            self._over = self._over or error
            waiting, self._waiting = self._waiting, []
        for _, done in waiting:
            done(error)
