"""What work may ask of its run while it is under way, and one try at one unit of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any, Protocol

from msgspec import Struct

from onward.attempts.home import Home
from onward.attempts.reservation import Reservation, reserved
from onward.attempts.spending import checked
from onward.errors import UsageError
from onward.flight import Flight
from onward.model import Item


class Held(AbstractContextManager["Held"], AbstractAsyncContextManager["Held"], Protocol):
    """Amounts that are promised while the block runs."""


class RunContext(Protocol):
    """The run, as the work in it sees it. Every method may be called from any thread."""

    @property
    def job(self) -> str:
        """The job's name."""

    @property
    def run(self) -> str:
        """The run's name."""

    @property
    def item(self) -> Item:
        """The item that is worked on.

        Raises:
            UsageError: a batch is worked on.
        """

    @property
    def stopping(self) -> bool:
        """Whether the session begins nothing more."""

    @property
    def shelf(self) -> dict[object, Any]:
        """For what all work of one session shares; gone with it."""

    @property
    def batching(self) -> bool:
        """Whether requests to others are to be collected, and may take hours."""

    def nth(self, what: str) -> int:
        """How many times the attempt at this item has said so, this time included."""

    def finished(self, step: str) -> bytes | None:
        """What is stored of a step of the item, None if nothing is."""

    def keep(self, step: str, raw: bytes, /, **spent: float) -> None:
        """Store it until the item settles; the cadence decides when it is durable.

        Args:
            spent: amounts as of :meth:`spend`, in the same checkpoint: both are durable, or neither is.
        """

    @property
    def budget(self) -> Mapping[str, float]:
        """What the run may spend, by the name of the amount; empty without a budget."""

    def spend(self, **amounts: float) -> None:
        """Count what was spent, such as ``usd``, ``tokens``, ``input_tokens``, ``output_tokens``, ``requests``.

        It counts at once and whatever becomes of the attempt, and is durable with the next checkpoint.
        """

    def reserve(self, **amounts: float) -> Held:
        """A block for a call that may take up to so much; what it really took, ``spend`` says inside the block.

        If it does not fit into the budget beside what calls under way may take, it waits for those; if it does not
        fit at all, the session stops with ``BudgetReached`` and the item stays left. Written ``with``, in an event
        loop, it cannot wait, and stops at once; ``async with`` waits everywhere.

        Raises:
            Abandoned: the session stops.
        """

    def elsewhere(self) -> AbstractContextManager[None]:
        """A block that waits for somebody else's work: if the process dies in it, the item is not suspected."""

    def pause(self, seconds: float) -> None:
        """Sleep.

        Raises:
            Abandoned: the session stops.
        """

    async def apause(self, seconds: float) -> None:
        """As :meth:`pause`, in an event loop."""

    def note(self, name: str) -> Any | None:
        """What earlier sessions, or this one, have saved under a name."""

    def keep_note(self, name: str, value: Callable[[], Any]) -> None:
        """Ask ``value`` at every checkpoint from now on, and save what it gives with the run, as JSON.

        It is called from any thread, must be quick, and must not save.
        """

    def save(self) -> None:
        """Return when everything settled, spent, noted and stepped so far is durable; many who wait share a save.

        Raises:
            StoreError: it cannot be saved.
        """

    async def asave(self) -> None:
        """As :meth:`save`, in an event loop, which it does not block."""


class Attempt(Struct, eq=False):
    """One try at one unit: what ``step`` and ``count`` know of it, and its :class:`RunContext`."""

    _unit: Sequence[Item]
    home: Home
    counters: dict[str, float] | None = None
    _flight: Flight | None = None
    _slot: int = 0
    _used: set[str] | None = None
    _said: dict[str, int] | None = None

    @property
    def item(self) -> Item:
        return self._unit[0]

    @property
    def unit(self) -> Sequence[Item]:
        """The items of this call."""
        return self._unit

    # Whether it is under way

    def depart(self, flight: Flight) -> None:
        """It is under way, as ``flight`` notes."""
        self._flight, self._slot = flight, flight.enter(self._unit)

    def arrive(self) -> None:
        """It is not any more."""
        if self._flight is not None:
            self._flight.leave(self._slot)
            self._flight = None

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        flight = self._flight
        self.arrive()
        try:
            yield
        finally:
            if flight is not None:
                self.depart(flight)

    # Steps and counters

    def claim(self, name: str, what: str = "step") -> None:
        """Take the name of a step or an act.

        Raises:
            UsageError: it was taken in this attempt.
        """
        used = self._used = self._used or set()
        if name in used:
            raise UsageError(
                f"{what} {name!r} occurs twice in item {self.item.key!r}; give each {what} its own name"
            )
        used.add(name)

    def nth(self, what: str) -> int:
        said = self._said = self._said or {}
        said[what] = said.get(what, 0) + 1
        return said[what]

    def finished(self, step: str) -> bytes | None:
        return self.home.finished_step(self.item, step)

    def keep(self, step: str, raw: bytes, /, **spent: float) -> None:
        if not spent:
            self.home.keep_step(self.item, step, raw)
            return
        with self.home.one_checkpoint():
            self.spend(**spent)
            self.home.keep_step(self.item, step, raw)

    def count(self, name: str, amount: float) -> None:
        counters = self.counters = self.counters or {}
        counters[name] = counters.get(name, 0) + amount

    # The run context

    @property
    def job(self) -> str:
        return self.home.job

    @property
    def run(self) -> str:
        return self.home.run

    @property
    def shelf(self) -> dict[object, Any]:
        return self.home.shelf

    @property
    def batching(self) -> bool:
        return self.home.batching

    @property
    def stopping(self) -> bool:
        return self.home.stop.requested

    @property
    def budget(self) -> Mapping[str, float]:
        return self.home.ledger.spending.budget

    def spend(self, **amounts: float) -> None:
        spent = checked(amounts)
        ledger = self.home.ledger
        if ledger.spending.add(spent, [item.ordinal for item in self._unit]):
            ledger.changed()
        held = reserved.get()
        if held is not None and held.ledger is ledger:
            held.use(spent)  # only now: in between, others must not find room that is not there

    def reserve(self, **amounts: float) -> Reservation:
        return Reservation(self.home, checked(amounts))

    def pause(self, seconds: float) -> None:
        self.home.stop.pause(seconds)

    async def apause(self, seconds: float) -> None:
        await self.home.stop.pause_async(seconds)

    def note(self, name: str) -> Any | None:
        return self.home.ledger.notes.get(name)

    def keep_note(self, name: str, value: Callable[[], Any]) -> None:
        self.home.ledger.notes.keep(name, value)

    def save(self) -> None:
        box: SimpleQueue[BaseException | None] = SimpleQueue()
        self.home.when_saved(box.put)
        error = box.get()
        if error is not None:
            raise error

    async def asave(self) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        saved: asyncio.Future[BaseException | None] = loop.create_future()

        def answer(error: BaseException | None) -> None:
            if not saved.done():
                saved.set_result(error)

        def done(error: BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(answer, error)

        self.home.when_saved(done)
        error = await saved
        if error is not None:
            raise error


class BatchAttempt(Attempt, eq=False):
    """One try at a batch, which has no one item, not even when it holds but one."""

    @property
    def item(self) -> Item:
        raise UsageError("a batch is worked on; steps, counters and the like belong to one item")


class Desk:
    """Where items are worked on one after the other: an attempt is made only for who asks, which most items never do.

    Attributes:
        asked: the attempts there are, by ordinal.
    """

    __slots__ = ("_home", "asked")

    def __init__(self, home: Home) -> None:
        self._home = home
        self.asked: dict[int, Attempt] = {}

    def attempt(self, item: Item) -> Attempt:
        """The one attempt at an item, whatever thread asks."""
        return self.asked.setdefault(item.ordinal, Attempt((item,), self._home))


current: ContextVar[Attempt | tuple[Desk, Item] | None] = ContextVar("onward_attempt", default=None)
"""The attempt that the code works for, or where it is made of what item."""


def current_attempt() -> Attempt | None:
    """The attempt that the calling code works for, None outside a job function or loop."""
    found = current.get()
    if isinstance(found, tuple):
        desk, item = found
        return desk.attempt(item)
    return found


def current_run() -> RunContext | None:
    """The run that the calling code works for, None outside a job function or loop."""
    return current_attempt()


def attempt_for(what: str) -> Attempt:
    """The attempt that the calling code belongs to.

    Raises:
        UsageError: there is none.
    """
    attempt = current_attempt()
    if attempt is None:
        raise UsageError(
            f"onward.{what}() works inside a job function or a loop over run.pending(), in the thread or task that "
            "runs it"
        )
    return attempt
