"""What is settled, and when it becomes durable.

The journal takes outcomes one by one, keeps those not saved yet in memory, and commits them together with state,
statistics and the source's place as one checkpoint when the cadence says so. While the user's code is busy a
*flusher* thread does it; what settles while a save is under way goes into the next.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from onward import outcomes, records
from onward.blocks import pack
from onward.cadence import Cadence
from onward.codec import Restore, decode
from onward.errors import StateNotRebuildable
from onward.intervals import IntervalSet
from onward.model import Change, Counts, Item, Outcome, RunInfo, Settled, StepRecord
from onward.records import Head
from onward.state import ItemRef, State
from onward.stores.base import Store

FLUSHER_PAUSE = 0.001
"""Seconds the flusher leaves to others between two saves."""


@dataclass
class Statistics:
    """Running totals over all sessions; ``duration`` is seconds of work, ``bytes`` of results."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    attempts: int = 0
    duration: float = 0.0
    bytes: int = 0
    counters: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, head: Head) -> Statistics:
        c = head.counts
        return cls(
            c.succeeded, c.failed, c.skipped, head.attempts, head.duration, head.bytes, dict(head.counters)
        )

    def add(self, settled: Settled) -> None:
        setattr(self, settled.status, getattr(self, settled.status) + 1)
        self.attempts += settled.attempts
        self.duration += settled.duration
        self.bytes += len(settled.raw)
        for name, amount in (settled.counters or {}).items():
            self.counters[name] = self.counters.get(name, 0) + amount

    def replace(self, old: str) -> None:
        """An item that had settled so is about to settle anew."""
        setattr(self, old, getattr(self, old) - 1)

    def restore(self, status: str) -> None:
        """An outcome counts again."""
        setattr(self, status, getattr(self, status) + 1)

    @property
    def counts(self) -> Counts:
        return Counts(self.succeeded, self.failed, self.skipped)


class Journal:
    """The run's one writer.

    Args:
        store: acquired.
        head: the newest checkpoint.
        background: leave all saving to the flusher, because the coordinator must not wait.
        on_saved: called after each save, from whatever thread saved.
    """

    def __init__(
        self,
        store: Store,
        head: Head,
        *,
        cadence: Cadence,
        state: State,
        restore: Restore | None,
        keyed: bool,
        background: bool,
        on_saved: Callable[[list[Settled]], None] | None,
    ) -> None:
        self.store = store
        self.head = head
        self.state = state
        self.state_stale = head.state_stale
        self.statistics = Statistics.of(head)
        self.settled = head.settled_set()
        self.retired = head.retired_set()
        self.epoch = head.epoch
        self._moved = head.moved
        self.place: Callable[[], tuple[dict[str, int | str] | None, int]] = lambda: (
            head.place,
            head.place_position,
        )
        self.fingerprint = head.fingerprint
        self.total = head.total
        self.exhausted = False
        self.moves: list[tuple[int, int]] = []
        self.new = 0
        self._cadence = cadence
        self._restore = restore
        self.keyed = keyed
        self._background = background
        self._on_saved = on_saved
        self._unsaved: list[Settled] = []
        self._superseding = False
        self._steps: dict[str, dict[str, bytes]] = {}
        self._new_steps: list[StepRecord] = []
        self._forget: list[str] = []
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._wake = threading.Event()
        self._flusher: threading.Thread | None = None
        self._closed = False
        self.error: BaseException | None = None
        self.saved_monotonic: float | None = None
        for record in store.steps():
            self._steps.setdefault(record.item, {})[record.name] = records.read_step(record)

    # What settles

    def settle(self, settled: Settled) -> None:
        """Take an outcome; it becomes durable when the cadence says so.

        Raises:
            StoreError: a save failed, now or in the flusher; the last checkpoint is untouched.
        """
        if self.error is not None:
            raise self.error
        with self._lock:
            self._take(settled)
        self._after(time.monotonic())

    def _take(self, settled: Settled) -> None:
        item = settled.item
        if not self.settled.add(item.ordinal):
            self._superseding = True
            self.statistics.replace(self.old_status(item.ordinal))
        self.statistics.add(settled)
        self.new += 1
        if settled.status == "succeeded":
            self.state.settled(ItemRef(item.position, item.key), lambda: self.value(settled.raw))
        self.state.boundary()
        if self._steps and settled.status != "failed":  # a retry reuses a failed item's steps
            self._drop_steps(item)
        self._unsaved.append(settled)

    @functools.cached_property
    def _unsuccessful(self) -> tuple[IntervalSet, IntervalSet]:
        return outcomes.unsuccessful(self.store)

    @property
    def failed(self) -> IntervalSet:
        """The ordinals that had failed when the session began."""
        return self._unsuccessful[0]

    def old_status(self, ordinal: int) -> str:
        """How an item had settled before this session."""
        failed, skipped = self._unsuccessful
        return "failed" if ordinal in failed else "skipped" if ordinal in skipped else "succeeded"

    def retire(self, ordinal: int) -> None:
        """The item is not in the input any more: its outcome stays, but counts no more."""
        with self._lock:
            self.retired.add(ordinal)
            status = self.old_status(ordinal)
            self.statistics.replace(status)
            self._outdate(status)

    def readmit(self, ordinal: int) -> None:
        """A retired item is back."""
        with self._lock:
            self.retired.discard(ordinal)
            self.statistics.restore(self.old_status(ordinal))
            self.state_stale = self.state.folded

    def move(self, ordinal: int, position: int) -> None:
        """The item stands at another position than its ordinal."""
        with self._lock:
            self.moves.append((ordinal, position))

    def new_epoch(self) -> None:
        """The input is read anew from its beginning: positions are as this reading finds them."""
        with self._lock:
            self.epoch += 1
            self._moved = False

    def redo(self, item: Item) -> None:
        """A settled item will be done again; its finished steps do not count."""
        with self._lock:
            self._outdate(self.old_status(item.ordinal))
            self._drop_steps(item)

    def _outdate(self, status: str) -> None:
        """The state holds an outcome that does not count any more.

        Raises:
            StateNotRebuildable: it was kept by hand.
        """
        if self.state.folded:
            self.state_stale = self.state_stale or status == "succeeded"
        elif self.state.value:
            raise StateNotRebuildable(
                "an item that the run's state was computed from has changed or is gone, and state kept by hand cannot "
                'be computed anew; give on_change="restart", or compute the state with on_result='
            )

    def value(self, raw: bytes) -> Any:
        """A stored result as callers see it."""
        plain = decode(raw)
        return self._restore(plain) if self._restore is not None else plain

    def _after(self, now: float) -> None:
        unsaved = len(self._unsaved)
        if unsaved and self._cadence.due(unsaved, now) and not self._background:
            self.checkpoint()
        elif unsaved and (unsaved == 1 or self._cadence.due(unsaved, now)):
            self._wake_flusher()

    def boundary(self) -> None:
        """A hand-kept state counts as it is now."""
        with self._lock:
            self.state.boundary()

    # Steps

    def finished_step(self, item: Item, name: str) -> bytes | None:
        """The stored result of a step of an unsettled item."""
        with self._lock:
            return self._steps.get(_step_key(item), {}).get(name)

    def keep_step(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""
        key = _step_key(item)
        with self._lock:
            self._steps.setdefault(key, {})[name] = raw
            self._new_steps.append(records.write_step(key, name, raw))
        self._wake_flusher()

    def _drop_steps(self, item: Item) -> None:
        key = _step_key(item)
        if self._steps.pop(key, None) is not None:
            self._forget.append(key)
            self._new_steps = [step for step in self._new_steps if step.item != key]

    # What becomes durable

    def checkpoint(self) -> None:
        """Make everything settled so far durable; returns after the fsync.

        Raises:
            StoreError: it could not be; the last checkpoint is untouched.
        """
        with self._saving:
            if self.error is not None:
                raise self.error
            started = time.monotonic()
            with self._lock:
                change, saved, head = self._collect()
            try:
                self.store.commit(change)
            except BaseException as error:
                self.error = error  # never tried again as if nothing had happened
                raise
            self.head = head
            now = time.monotonic()
            self._cadence.saved(now, now - started)
            self.saved_monotonic = now
        if self._on_saved is not None and saved:
            self._on_saved(saved)

    def _collect(self) -> tuple[Change, list[Settled], Head]:
        """Everything not saved yet, as one change."""
        saved, moves, steps, forget = self._unsaved, self.moves, self._new_steps, self._forget
        self._unsaved, self.moves, self._new_steps, self._forget = [], [], [], []
        block = None
        if saved or moves:
            block = pack(
                self.head.blocks,
                saved,
                keyed=self.keyed,
                superseding=self._superseding,
                moves=moves,
                epoch=self.epoch,
            )
            self._moved = self._moved or bool(moves)
        self._superseding = False
        head = self._new_head(self.head.blocks + (block is not None))
        return Change(head=records.write_head(head), block=block, steps=steps, forget=forget), saved, head

    def _new_head(self, blocks: int) -> Head:
        place, position = self.place()
        statistics = self.statistics
        return Head(
            blocks=blocks,
            settled=self.settled.intervals(),
            retired=self.retired.intervals(),
            epoch=self.epoch,
            moved=self._moved,
            counts=statistics.counts,
            attempts=statistics.attempts,
            duration=statistics.duration,
            bytes=statistics.bytes,
            counters=statistics.counters.copy(),
            state=msgspec.Raw(self.state.snapshot()),
            state_stale=self.state_stale,
            folded=self.state.identity,
            place=place,
            place_position=position,
            fingerprint=self.fingerprint,
            total=self.total,
            exhausted=self.exhausted,
            saved_at=time.time(),
        )

    @property
    def unsaved(self) -> int:
        return len(self._unsaved)

    def write_info(self, info: RunInfo, *, clear: bool = False) -> None:
        """Replace the run's description; ``clear`` removes the outcomes with it."""
        with self._saving:
            self.store.commit(Change(info=records.write_info(info), clear=clear))

    def refold(self, entries: Iterable[tuple[Outcome, bytes]]) -> None:
        """Compute a folded state anew from the stored outcomes, in input order."""
        self.state.reset()
        for outcome, raw in entries:
            if outcome.status == "succeeded":
                self.state.settled(ItemRef(outcome.position, outcome.key), lambda raw=raw: self.value(raw))  # type: ignore[misc]
        self.state_stale = False

    # The flusher

    def _wake_flusher(self) -> None:
        if self._flusher is None:
            self._flusher = threading.Thread(target=self._flush, name="onward-flusher", daemon=True)
            self._flusher.start()
        self._wake.set()

    def _flush(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            while not self._closed and (self._unsaved or self._new_steps):
                wait = self._seconds_until_due()
                if wait is None:
                    break  # only the number of items counts
                if wait > 0:
                    self._wake.wait(wait) and self._wake.clear()
                    continue
                try:
                    self.checkpoint()
                except BaseException:
                    return  # kept in self.error; the coordinator raises it
                time.sleep(FLUSHER_PAUSE)

    def _seconds_until_due(self) -> float | None:
        now = time.monotonic()
        if self._cadence.due(max(1, len(self._unsaved)), now):
            return 0.0
        limit = self._cadence.wait if self._background else self._cadence.longest
        return None if limit is None else max(0.0, self._cadence.saved_at + limit - now)

    def close(self) -> None:
        """Save what is unsaved, if nothing failed, and end the flusher."""
        self._closed = True
        self._wake.set()
        if self._flusher is not None and self._flusher is not threading.current_thread():
            self._flusher.join()


def _step_key(item: Item) -> str:
    return msgspec.json.encode(item.key).decode()
