"""Progress for people: a live line in a terminal, a bar in a notebook, plain lines in a log.

A display is an observer of a run. It asks the run how far it is a few times a second, from a thread of its
own, so that showing progress costs nothing per item.
"""

from __future__ import annotations

import os
import sys

from onward.events import Observer
from onward.progress.text import printable

__all__ = ["display", "printable"]


def display(mode: bool | None = None) -> Observer | None:
    """The observer that shows a run's progress here, None if nothing is to be shown.

    Args:
        mode: None shows a live line if standard error is a terminal, a bar in a notebook, and nothing
            elsewhere; True shows plain lines elsewhere; False shows nothing.
    """
    if mode is False:
        return None
    if _in_notebook():
        from onward.progress.notebook import NotebookBar

        return NotebookBar()
    if _on_terminal():
        from onward.progress.terminal import LiveLine

        return LiveLine()
    if mode is None:
        return None
    from onward.progress.plain import PlainLines

    return PlainLines()


def _on_terminal() -> bool:
    stream = sys.stderr
    try:
        return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    except ValueError:  # closed
        return False


def _in_notebook() -> bool:
    """Asked without importing IPython: where there is a kernel, it is imported already."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
