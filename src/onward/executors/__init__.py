"""Where the function runs: from what ``executor=`` says to the back end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onward.cadence import whole
from onward.errors import UsageError
from onward.executors.base import AsyncExecutor, Executor

if TYPE_CHECKING:  # workers import this module, and know of no settings
    from onward.settings import Settings

__all__ = [
    "IN_LOOP",
    "NAMES",
    "AsyncExecutor",
    "Executor",
    "check_away",
    "check_batch",
    "choose",
    "is_away",
    "make",
    "make_async",
    "slots",
    "width",
]

NAMES = ("inline", "threads", "asyncio", "processes", "batch")
IN_LOOP = ("asyncio", "batch")

BATCH_WINDOW = 10_000
"""Items that ``executor="batch"`` has under way at a time where ``workers`` does not say how many."""


def choose(executor: Any, *, is_async: bool, workers: int, timeout: float | None) -> Any:
    """The name of the executor to use, or the executor given.

    Args:
        is_async: the function, the source or the caller needs an event loop.
        timeout: with one, a plain function cannot run in the coordinator's thread, which could not leave it.

    Raises:
        UsageError: there is none of that name, or it cannot do what is asked.
    """
    if not whole(workers, 1):
        raise UsageError(f"workers={workers!r}: a whole number from 1")
    if executor is not None and not isinstance(executor, str):
        if is_async:
            raise UsageError(
                "an executor of your own runs plain functions from a plain loop; leave executor= out here"
            )
        return executor
    if executor is not None and executor not in NAMES:
        raise UsageError(f"executor={executor!r}: there are {', '.join(NAMES)}")
    if is_async:
        if executor == "threads":
            raise UsageError('executor="threads" cannot run a coroutine function; leave executor= out')
        if executor == "processes":
            raise UsageError(
                'executor="processes" runs plain functions, from map or stream and a plain source; leave it out here'
            )
        return executor if executor in IN_LOOP else "asyncio"
    if executor == "inline" and workers > 1:
        raise UsageError(f'executor="inline" has one worker, not workers={workers}; use executor="threads"')
    if executor is not None and executor != "inline":
        return executor
    return "threads" if workers > 1 or timeout is not None else "inline"


def check_batch(*, coroutine: bool, timeout: float | None, batch: int | None) -> None:
    """Refuse what ``executor="batch"`` cannot do.

    Raises:
        UsageError
    """
    if not coroutine:
        raise UsageError('executor="batch" runs coroutine functions only: thousands of them wait at a time')
    if timeout is not None:
        raise UsageError('executor="batch" waits for hours; leave timeout= out')
    if batch is not None:
        raise UsageError(
            'executor="batch" makes the batches itself, of the requests of single items; leave batch= out'
        )


def is_away(executor: Any) -> bool:
    """Whether the function runs in other processes, or in a pool that may have such."""
    if executor is None or isinstance(executor, str):
        return bool(executor == "processes")
    from concurrent.futures import Executor as Pool

    return isinstance(executor, Pool)


def width(executor: Any, workers: int) -> int:
    """How many calls at a time: of a pool, as many as it has workers where ``workers`` does not say."""
    pool = is_away(executor) and not isinstance(executor, str) and workers == 1
    return (getattr(executor, "_max_workers", 1) or 1) if pool else workers


def slots(executor: Any, workers: int) -> int:
    """Threads for so many workers: one for each that is not here, and a few that have the next work ready."""
    return workers + (workers + 3) // 4 if is_away(executor) else workers


def check_away(fn: Callable[..., Any], settings: Settings) -> None:
    """Refuse what a function that runs away from the run cannot do.

    Raises:
        UsageError
    """
    from onward.executors.processes import check_not_a_worker, order_of

    check_not_a_worker()
    order_of(fn, settings)
    if settings.terms.budget:
        raise UsageError(
            "budget= counts what onward.spend says, which does not work in worker processes; leave one of both out"
        )


def make(executor: Any, workers: int) -> Executor:
    """The executor of that name for a plain loop."""
    if executor == "inline":
        from onward.executors.inline import InlineExecutor

        return InlineExecutor()
    if executor == "threads" or is_away(executor):  # a thread waits for each worker
        from onward.executors.threads import ThreadsExecutor

        return ThreadsExecutor(workers)
    found: Executor = executor
    return found


def make_async(workers: int, executor: Any = "asyncio") -> AsyncExecutor:
    """The executor of that name for the running event loop."""
    from onward.executors.asyncio import AsyncioExecutor

    return AsyncioExecutor(BATCH_WINDOW if executor == "batch" and workers == 1 else workers)
