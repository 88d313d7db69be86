"""Plain lines for logs and pipes: one at the start, one every ten seconds, one at the end."""

from __future__ import annotations

import contextlib
import sys

from onward.progress.parts import ending, joined, parts, stopping
from onward.progress.ticker import Ticker

EVERY = 10.0
"""Seconds between two lines in the first ten minutes; after that a log gets one a minute."""


class PlainLines(Ticker):
    """Lines such as ``screening: 743/1000, 74%, 12.1/s, 0:00:21 left, 2 failed`` on standard error."""

    pause = 0.2

    def open(self) -> bool:
        self._due = EVERY
        self._stopping = False
        self._say(f"started, {joined(parts(self.progress()))}")
        return True

    def draw(self) -> None:
        if self.interrupt is not None and not self._stopping:
            self._stopping = True
            self._say(stopping(self.progress().in_flight, self.interrupt.grace))
        if self.seconds >= self._due:
            self._due = self.seconds + (EVERY if self.seconds < 600 else 6 * EVERY)
            self._say(joined(parts(self.progress())))

    def close(self, how: str) -> None:
        self._say(joined(ending(self.progress(), how, self.seconds)))

    def _say(self, line: str) -> None:
        # Nobody reads any more: no reason to end a run.
        with contextlib.suppress(OSError, ValueError):
            print(f"{self.name}: {line}", file=sys.stderr, flush=True)  # noqa: T201
