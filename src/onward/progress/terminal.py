"""The live line in a terminal: what is on it, how it fits, how it looks."""

from __future__ import annotations

import sys
import threading

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from onward.model import Progress
from onward.progress.parts import Part, ending, fit, parts, stopping
from onward.progress.screen import Screen
from onward.progress.ticker import Ticker

_BAR_WIDTHS = range(8, 31)
_ROOM_FOR_A_BAR = 60
_GAP = "  "

_drawing = threading.Lock()
"""Held by the one display that draws; a run inside another run's item, or beside it, is not shown."""


class LiveLine(Ticker):
    """A line on standard error such as ``screening  ━━━━━━━━━━━  743/1000  74%  12.1/s  0:00:21 left``.

    The cursor stays visible, so that even a killed process leaves a terminal in order.
    """

    def open(self) -> bool:
        if not _drawing.acquire(blocking=False):
            return False
        self._console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
        self._screen = Screen(sys.stderr)
        self._screen.open()
        self.draw()
        return True

    def draw(self) -> None:
        now = self.progress()
        if self.interrupt is not None:
            said = stopping(now.in_flight, self.interrupt.grace)
            line = Text(self.name).append(_GAP).append(said, style="yellow")
        else:
            line = self._line(now, parts(now), bar=True)
        self._screen.show(self._rendered(line))

    def close(self, how: str) -> None:
        now = self.progress()
        self._screen.close(self._rendered(self._line(now, ending(now, how, self.seconds), bar=False)))
        _drawing.release()

    @property
    def _width(self) -> int:
        return max(1, self._console.width - 1)  # some terminals wrap when the last column is written

    def _line(self, now: Progress, found: list[Part], bar: bool) -> Text:
        line = Text(self.name)
        line.truncate(max(8, self._width // 3), overflow="ellipsis")
        room = self._width - line.cell_len - len(_GAP)
        with_bar = bar and bool(now.total) and self._width >= _ROOM_FOR_A_BAR
        kept = fit(found, room - with_bar * (_BAR_WIDTHS.start + len(_GAP)), len(_GAP))
        if with_bar:
            spare = room - sum(cell_len(part.shown) + len(_GAP) for part in kept)
            line.append(_GAP).append_text(self._bar(now, max(1, min(spare, _BAR_WIDTHS[-1]))))
        for part in kept:
            line.append(_GAP).append(part.shown, style=part.style)
        return line

    def _bar(self, now: Progress, width: int) -> Text:
        """Reused, new, and left, in three colours; without colours, what is left is drawn thinner."""
        total = now.total or 1
        full = min(width, width * now.settled // total)
        old = min(full, width * now.reused // total)
        done, rest = ("#", "-") if self._console.options.ascii_only else ("━", "━")
        if self._console.no_color and done == rest:
            rest = "─"
        return Text.assemble(
            (done * old, "green"), (done * (full - old), "cyan"), (rest * (width - full), "bright_black")
        )

    def _rendered(self, line: Text) -> str:
        line.truncate(self._width, overflow="ellipsis")
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()
