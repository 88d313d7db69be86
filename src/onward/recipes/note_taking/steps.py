"""How the parts of the work are run: as saved steps of a run's item, or at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onward

Step = Callable[..., Any]
"""``step(name, function, *arguments)`` does a part of the work, or takes its result from an earlier session."""


def in_steps(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """A part of the work as a saved step of the item: once it is done, no crash repeats it.

    Raises:
        Abandoned: the session stops; the item is left, and goes on after this step.
    """
    from onward.attempts.context import current_run

    done = onward.step(f"notes: {name}", work, *arguments)
    run = current_run()
    if run is not None:
        run.save()  # before the next part is paid for
        run.pause(0)  # a session that stops need not wait for the rest of a long meeting
    return done


def at_once(_name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """A part of the work, outside of a run."""
    return work(*arguments)
