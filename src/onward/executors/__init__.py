"""Where the function runs: from what ``executor=`` says to the back end."""

from __future__ import annotations

from typing import Any

from onward.cadence import whole
from onward.errors import UsageError
from onward.executors.base import AsyncExecutor, Executor

__all__ = ["IN_LOOP", "NAMES", "AsyncExecutor", "Executor", "check_batch", "choose", "make", "make_async"]

NAMES = ("inline", "threads", "asyncio", "batch")
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


def make(executor: Any, workers: int) -> Executor:
    """The executor of that name for a plain loop."""
    if executor == "inline":
        from onward.executors.inline import InlineExecutor

        return InlineExecutor()
    if executor == "threads":
        from onward.executors.threads import ThreadsExecutor

        return ThreadsExecutor(workers)
    found: Executor = executor
    return found


def make_async(workers: int, executor: Any = "asyncio") -> AsyncExecutor:
    """The executor of that name for the running event loop."""
    from onward.executors.asyncio import AsyncioExecutor

    return AsyncioExecutor(BATCH_WINDOW if executor == "batch" and workers == 1 else workers)
