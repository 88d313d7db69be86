"""The functions that callers use, with every policy spelled out."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any

from onward import streams
from onward.attempts.limits import DEFAULT, Default
from onward.attempts.retry import Retry
from onward.cadence import Every
from onward.errors import UsageError
from onward.events import Observer
from onward.loop import Run
from onward.model import Key, OnResult, Outcome
from onward.report import Report
from onward.session import execution
from onward.settings import Duplicates, InDoubtPolicy, OnChange, Settings, check_names


def map(  # noqa: A001 - the name of the idea
    fn: Callable[..., Any],
    items: Any,
    *,
    job: str,
    run: str = "default",
    store: Any = None,
    key: str | Callable[[Any], Key] | None = None,
    params: Mapping[str, Any] | None = None,
    every: int | str | Every | None = "auto",
    workers: int = 1,
    executor: Any = None,
    rate: str | None = None,
    budget: str | Mapping[str, float] | None = None,
    retries: int | Retry = 0,
    timeout: float | str | None = None,
    grace: float | str = 30,
    deadline: float | str | None = None,
    limit: int | None = None,
    batch: int | None = None,
    max_failures: int | str | Default | None = DEFAULT,
    max_crashes: int = 3,
    retry_failed: bool = False,
    on_change: OnChange = "stop",
    duplicates: Duplicates = "refuse",
    on_result: OnResult | None = None,
    state: Any = None,
    output: str | os.PathLike[str] | None = None,
    force: bool = False,
    again: bool = False,
    version: str | int | None = None,
    reconcile: Callable[[Any, str, str], Any] | None = None,
    in_doubt: InDoubtPolicy = "fail",
    observers: Sequence[Observer] = (),
    progress: bool | None = None,
) -> Report:
    """Call a function for every item, and save what it returns, so that the same call goes on after any crash.

    Args:
        fn: takes an item's value (and ``params`` as keywords) and returns its result: plain JSON, a dataclass, a
            pydantic model. It may be a coroutine function. What it raises is recorded as the item's failure;
            ``raise onward.Skip(reason)`` skips the item.
        items: a list, any iterable with a stable order, a function that gives one, an async iterator; or a path: a
            JSONL, CSV, TSV or text file, a folder of files.
        job: name under which the run is stored.
        run: name of this run of the job, where there are several.
        store: a folder, a ``.db`` file for this run alone, or a URL. Default: ``$ONWARD_STORE``, or ``./.onward``.
        key: field or function that identifies an item; without, its position does.
        params: what else the function depends on, such as prompt and model: passed as keywords, and part of the
            run's identity.
        every: cadence of saving: a number of items, "5s", "100 items or 5s", or "auto": as often as costs less than
            1 % of the time, and at least once a second.
        workers: how many calls at a time.
        executor: "inline", "threads", "asyncio"; by default what the function and ``workers`` ask for. "processes" are
            worker processes, for plain functions that keep a processor busy; a ``concurrent.futures.Executor`` is
            used as it is. "batch" is for coroutine functions that ask a model: what they ask goes into the
            provider's batches.
        rate: most attempts in a time, such as "500/min".
        budget: most that may be spent (:func:`onward.spend`) over all sessions of the run: "5 USD", "200000 tokens",
            "5 USD or 2M tokens", or a mapping. The run stops with :class:`~onward.errors.BudgetReached` before it is
            exceeded, as far as calls say beforehand what they may take, and goes on with a larger one.
        retries: attempts after a failed one, with exponential back-off and jitter; or a :class:`Retry`.
        timeout: seconds, or "2 min", for one attempt.
        grace: seconds that items in flight get when the run is interrupted.
        deadline: seconds, or "2h", after which the session stops with :class:`~onward.errors.DeadlineReached`.
        limit: settle so many more items, then return the report of an interrupted run.
        batch: the function takes a list of up to so many items, and returns as many results.
        max_failures: failed items this session tolerates, or "5%" of the settled ones, or None for any number. By
            default it stops when its first 20 items all fail with one error type.
        max_crashes: an item that was alone when the process, or its worker, died, so many times without getting on
            by a step, fails, and the run goes on. What was in flight beside others at two deaths runs alone after that.
        retry_failed: take up again what failed in earlier sessions.
        on_change: what to do when settled items do not fit the input or function given now: "stop", "keep",
            "redo" or "restart".
        duplicates: "refuse" items with a key that occurred before, or "skip" them.
        on_result: ``on_result(state, item, value)`` is called for every success, in settlement order, and changes
            the state or returns a new one; ``item`` has ``position`` and ``key``. It may be called again for stored
            outcomes, to compute the state anew.
        state: what the state begins with; a dict by default.
        output: file for the results: ``.jsonl``, ``.csv``, ``.tsv`` or ``.json``, written in one step at the end.
        force: replace an output that another program wrote.
        again: start from the beginning, finished or not.
        version: the function's identity, in place of its source.
        reconcile: ``reconcile(item, name, idempotency_key)`` is asked about an act of :func:`onward.once` that is in
            doubt: it looks whether it was done, and gives ``onward.Done(value)``, "redo", or "leave", which fails the
            item. It may be a coroutine function if the job's is one.
        in_doubt: what to do about such an act without ``reconcile``: "fail" the item, or "redo" the act.
        observers: called with each :mod:`event <onward.events>`.
        progress: True shows it everywhere, False nowhere, None on a terminal and in notebooks.

    Returns:
        The report of a finished run; with ``limit``, maybe of an interrupted one.

    Raises:
        Interrupted: a signal stopped it, after a last save.
        Stopped: a deadline, a budget, a failure limit or the function itself did; ``report`` says how far it came.
        Refused: what is stored does not fit what is asked; nothing was touched.
        RunHeld: another live process holds the run.
        StoreError: the store cannot be used, or a save failed; the last checkpoint is untouched.
        UsageError: an argument cannot be meant.
    """
    policies = {name: value for name, value in locals().items() if name not in ("fn", "items")}
    return execution.execute(Settings(**policies), fn, items)


async def amap(fn: Callable[..., Any], items: Any, *, job: str, **policies: Any) -> Report:
    """As :func:`map`, in the running event loop.

    Cancelling it from outside is an interrupt: it pulls no more, gives the items in flight ``grace`` seconds,
    saves, and lets the cancellation pass.
    """
    return await execution.execute_async(_settings(job, policies), fn, items)


def stream(
    fn: Callable[..., Any],
    items: Any,
    *,
    job: str,
    ordered: bool = False,
    replay: bool = True,
    **policies: Any,
) -> Iterator[Outcome]:
    """As :func:`map`, but yields each outcome once it is saved: first those stored before, then the new ones.

    Args:
        ordered: yield by position instead.
        replay: False leaves the stored ones out. They are yielded by default because a crash may have fallen between
            saving and what the caller does with them.
    """
    return streams.stream(_settings(job, policies), fn, items, ordered=ordered, replay=replay)


def astream(
    fn: Callable[..., Any],
    items: Any,
    *,
    job: str,
    ordered: bool = False,
    replay: bool = True,
    **policies: Any,
) -> AsyncIterator[Outcome]:
    """As :func:`stream`, in the running event loop."""
    return streams.astream(_settings(job, policies), fn, items, ordered=ordered, replay=replay)


def run(job: str, **policies: Any) -> Run:
    """A run that a loop of your own drives: ``with onward.run(job) as run: for item in run.pending(items): ...``

    Takes those policies of :func:`map` that do not concern the calling of a function. There is no function to
    identify: give ``version=`` where a change of the loop's body should count.
    """
    for name in _NOT_FOR_LOOPS & policies.keys():
        raise UsageError(
            f"{name}= is for functions that onward calls; in a loop of your own, the body decides"
        )
    return Run(_settings(job, policies))


_NOT_FOR_LOOPS = frozenset({"workers", "executor", "rate", "retries", "timeout", "batch", "on_result"})


def _settings(job: str, policies: Mapping[str, Any]) -> Settings:
    check_names(policies)
    return Settings(job=job, **policies)
