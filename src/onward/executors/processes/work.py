"""What happens in a worker process: the function is called for the items it is sent, and the results are encoded here.

Only plain facts go back, never an exception: what raises in one process may not even be importable in another.
"""

from __future__ import annotations

import functools
import os
import pickle
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NoReturn

from msgspec import Struct

from onward import errors
from onward.attempts import retry
from onward.attempts.context import current
from onward.attempts.course import Policy, Tally
from onward.attempts.failures import failure, leaf
from onward.attempts.home import Home
from onward.codec import encode, restorer
from onward.errors import BatchMismatch, Skip, Stopped, UsageError, ValueRefused
from onward.forks import end_if_child
from onward.model import Failure, Item, Key, Status
from onward.stop import Stop

PATIENCE = 0.2
"""Seconds after which a worker gives back what it has, where the items of a group take longer than was thought."""

Result = tuple[Status, bytes, Failure | None]
Entry = tuple[Sequence[Key], Any]
"""The keys of a unit, and what the function gets."""


class Told(Struct):
    """What became of a unit, where it is more than one result.

    Attributes:
        results: by item; None where a batch gave a reason to stop instead, which ``stop`` is.
        name: the class of an error of onward's own, or of what ends the run.
        asked: seconds after which a server said to try again.
    """

    kind: Literal["done", "failed", "skipped", "stopped", "ends"]
    seconds: float = 0.0
    results: Sequence[Result | None] = ()
    counters: dict[str, float] | None = None
    failure: Failure | None = None
    permanent: bool = False
    asked: float | None = None
    name: str = ""
    message: Any = ""
    stop: Told | None = None


Reply = tuple[bytes, float] | Told
"""A result as JSON and the seconds it took; or what else there is to say."""


class Order(Struct):
    """What a worker is to do, apart from the items."""

    fn: Callable[..., Any]
    params: Mapping[str, Any]
    batch: bool
    retries: retry.Retry
    job: str
    run: str


class NotHere(UsageError):
    """What only the coordinator can do."""


class Away:
    """The home of attempts in another process than the run's: it knows the names, and refuses the rest."""

    asynchronous = batching = False
    reconcile = None
    in_doubt = "fail"

    def __init__(self, order: Order) -> None:
        self.job = order.job
        self.run = order.run
        self.shelf: dict[object, Any] = {}
        self._halted: Stopped | None = None

    def halt(self, error: Stopped) -> None:
        self._halted = self._halted or error

    def take_halt(self) -> Stopped | None:
        """The first reason to stop that there was since this was asked."""
        found, self._halted = self._halted, None
        return found

    def _refuse(self, *_: Any) -> NoReturn:
        raise NotHere(
            "onward.step, once and spend, notes, waits and saves of the run, and questions to models need the process "
            'that holds the run; executor="processes" and pools run the function in others. Use threads or a '
            "coroutine function, or leave them to on_result; onward.count works everywhere"
        )

    ledger = stop = property(_refuse)
    finished_step = keep_step = one_checkpoint = when_saved = _refuse
    effect_of = effect = keep_effect = redone = _refuse


class Work:
    """Calls the function that was ordered."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._pid = os.getpid()
        self._away = Away(order)
        home: Home = self._away  # type: ignore[assignment]
        self._policy = Policy(
            order.fn, order.params, home, Stop(), batch=order.batch, restore=restorer(order.fn, order.batch)
        )

    def through(self, entries: Sequence[Entry]) -> list[Reply]:
        """What becomes of the units, one after the other; of fewer where they take long, or one ends the run."""
        end = time.perf_counter() + PATIENCE
        replies: list[Reply] = []
        outer = current.get()
        try:
            for keys, argument in entries:
                reply = self._reply(keys, argument)
                replies.append(reply)
                ends = isinstance(reply, Told) and reply.kind in ("stopped", "ends")
                if ends or time.perf_counter() > end:
                    break
        finally:
            current.set(outer)
        return replies

    def _reply(self, keys: Sequence[Key], argument: Any) -> Reply:
        unit = [Item(n, key, None if self._order.batch else argument, n, 0) for n, key in enumerate(keys)]
        tally = Tally(self._policy, unit)
        tally.begin()
        try:
            returned = self._called(argument)
        except BaseException as error:
            tally.end()
            return self._raised(tally, error)
        tally.end()
        try:
            settled = tally.succeeded(returned)
        except (ValueRefused, BatchMismatch) as error:
            return Told("ends", name=type(error).__name__, message=str(error))
        counters, halted = tally.attempt.counters if tally.attempt else None, self._away.take_halt()
        if len(settled) == 1 and settled[0].status == "succeeded" and not (counters or halted):
            return settled[0].raw, tally.spent
        by_item: dict[int, Result] = {s.item.position: (s.status, s.raw, s.error) for s in settled}
        told = Told("done", tally.spent, [by_item.get(n) for n in range(len(unit))], counters)
        told.stop = _stopped(halted) if halted else None
        return told

    def _called(self, argument: Any) -> Any:
        try:
            return self._order.fn(argument, **self._order.params)
        finally:
            end_if_child(self._pid)

    def _raised(self, tally: Tally, error: BaseException) -> Told:
        counters = tally.attempt.counters if tally.attempt else None
        if isinstance(error, Skip):
            return Told("skipped", tally.spent, message=encode(error.reason), counters=counters)
        stopped = leaf(error, Stopped)
        if stopped is not None:
            return _stopped(stopped)
        if isinstance(error, NotHere):
            return Told("ends", name="UsageError", message=str(error))
        if isinstance(error, ValueRefused | BatchMismatch):
            return Told("ends", name=type(error).__name__, message=str(error))
        if isinstance(error, SystemExit):
            code = error.code
            return Told(
                "ends", name="SystemExit", message=code if isinstance(code, int | None) else str(code)
            )
        if not isinstance(error, Exception):
            return Told("ends", name=type(error).__name__, message=str(error))
        return Told(
            "failed",
            tally.spent,
            counters=counters,
            failure=failure(error),
            permanent=self._order.retries.is_permanent(error),
            asked=retry.retry_after(error),
        )


def _stopped(error: Stopped) -> Told:
    known = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
    return Told("stopped", name=next(known), message=str(error))


def answered(work: Work, message: bytes) -> bytes:
    """The replies to a group of entries; a text where they cannot even be read."""
    try:
        entries = pickle.loads(message)  # noqa: S301 - from the coordinator
    except Exception as error:
        return pickle.dumps(f"items cannot be read in a worker process: {type(error).__name__}: {error}")
    return pickle.dumps(work.through(entries), pickle.HIGHEST_PROTOCOL)


def begun(order: bytes) -> Work | str:
    """The work; why it cannot begin, where it cannot."""
    try:
        return Work(pickle.loads(order))  # noqa: S301 - from the coordinator
    except Exception as error:
        return (
            f"the function cannot be had in a worker process: {type(error).__name__}: {error}. Workers import it by "
            "its name: it must be in a module that they can import"
        )


@functools.lru_cache(maxsize=64)
def _begun(order: bytes, process: int, thread: int) -> Work | str:
    """As :func:`begun`, once for each thread, and anew in a process that was forked off."""
    return begun(order)


def answer(order: bytes, message: bytes) -> bytes:
    """As :func:`answered`, in a worker of somebody else's pool, which knows of nothing beforehand."""
    work = _begun(order, os.getpid(), threading.get_ident())
    return pickle.dumps(work) if isinstance(work, str) else answered(work, message)
