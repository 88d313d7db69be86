"""A bar in a notebook. Needs IPython alone, and only where it is used."""

from __future__ import annotations

from html import escape
from importlib import import_module

from onward.model import Progress
from onward.progress.parts import ending, joined, parts, stopping
from onward.progress.ticker import Ticker

_LINE = '<div style="font-family:monospace">{name}&ensp;{bar}{said}</div>'
_BAR = '<progress value="{done}" max="{total}" style="width:20em;vertical-align:middle"></progress>&ensp;'


class NotebookBar(Ticker):
    """A bar under the cell that started the run, updated in place, from whatever cell is running."""

    pause = 0.5

    def open(self) -> bool:
        # A display id, because an update must find its bar when another cell runs by then.
        now = self.progress()
        self._ipython = import_module("IPython.display")
        first = self._ipython.HTML(html(self.name, now, joined(parts(now), "  ")))
        self._shown = self._ipython.display(first, display_id=True)
        return True

    def draw(self) -> None:
        now = self.progress()
        said = joined(parts(now), "  ")
        if self.interrupt is not None:
            said = stopping(now.in_flight, self.interrupt.grace)
        self._update(now, said)

    def close(self, how: str) -> None:
        now = self.progress()
        self._update(now, joined(ending(now, how, self.seconds), "  "))

    def _update(self, now: Progress, said: str) -> None:
        if self._shown is not None:
            self._shown.update(self._ipython.HTML(html(self.name, now, said)))


def html(name: str, now: Progress, said: str) -> str:
    """The bar as HTML; every text in it escaped."""
    bar = _BAR.format(done=now.settled, total=now.total) if now.total else ""
    return _LINE.format(name=escape(name), bar=bar, said=escape(said))
