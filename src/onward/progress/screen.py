"""One line at the bottom of a terminal that steps aside for everything else that is printed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

_RETURN = "\r"
_ERASE_REST = "\x1b[K"


class Screen:
    """Draws a line on ``file`` and covers the terminal streams of this process while it is open.

    The streams' own ``write`` is covered, rather than ``sys.stdout`` replaced, so that a logging handler that
    holds the stream steps around the line as well. What is printed is never changed, delayed or sent
    elsewhere.
    """

    def __init__(self, file: TextIO) -> None:
        self._write: Callable[[str], object] = file.write
        self._flush = file.flush
        self._file = file
        # Re-entrant: a signal handler may print while the code it interrupted is printing.
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._shown = False
        self._at_margin = True
        self._covered: list[TextIO] = []

    def open(self) -> None:
        for stream in (self._file, sys.stdout, sys.stderr):
            if stream not in self._covered and _is_terminal(stream):
                self._cover(stream)

    def show(self, line: str) -> None:
        """Put the line in place of the last one; wait while somebody else is in the middle of a line."""
        with self._lock:
            if self._at_margin:
                self._write(f"{_RETURN}{line}{_ERASE_REST}")
                self._flush()
                self._shown = True

    def close(self, line: str) -> None:
        """Leave ``line`` as an ordinary line, and uncover the streams."""
        with self._lock:
            start = _RETURN if self._at_margin else "\n"
            self._write(f"{start}{line}{_ERASE_REST}\n")
            self._flush()
            for stream in self._covered:
                vars(stream).pop("write", None)
            self._covered.clear()

    def _cover(self, stream: TextIO) -> None:
        write = stream.write

        def around(text: str) -> int:
            # A forked worker inherits the cover, but not the thread that would release the lock.
            if os.getpid() != self._process:
                return write(text)
            with self._lock:
                self._step_aside(text)
                return write(text)

        try:
            vars(stream)["write"] = around
        except TypeError:  # a stream without attributes of its own: what it prints will share the line
            return
        self._covered.append(stream)

    def _step_aside(self, text: str) -> None:
        if self._shown and text:
            self._write(f"{_RETURN}{_ERASE_REST}")
            self._flush()
            self._shown = False
        if text:
            self._at_margin = text.endswith("\n")


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
