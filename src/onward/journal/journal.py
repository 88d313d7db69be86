"""What is settled, and when it becomes durable.

The journal takes outcomes one by one, keeps those not saved yet in memory, and commits them together with state,
statistics and the source's place as one checkpoint when the cadence says so. While the user's code is busy a
*flusher* thread does it; what settles while a save is under way goes into the next.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from onward.attempts.ledger import Ledger
from onward.attempts.straight import Succeed
from onward.cadence import Cadence
from onward.codec import Restore, decode
from onward.journal import outcomes, records
from onward.journal.account import Account
from onward.journal.batch import Batch
from onward.journal.blocks import pack
from onward.journal.flusher import Flusher
from onward.journal.folding import Folding
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.journal.state import State
from onward.journal.steps import Steps, effect_key
from onward.journal.totals import Totals
from onward.journal.waiting import Done, Waiting
from onward.journal.whereabouts import Intake, Whereabouts
from onward.model import Change, Item, Settled
from onward.sources.base import Place
from onward.stop import Abandoned
from onward.stores.base import Store

LARGEST = 10_000
"""Outcomes that wait for a save, whatever the cadence, so that memory is bounded."""


class Journal:
    """The run's one writer.

    Args:
        store: acquired.
        head: the newest checkpoint.
        background: leave all saving to the flusher, because the coordinator must not wait.
        on_saved: called after each save, in their order, from whatever thread saved.
        ledger: what attempts spend and note.
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
        on_saved: Callable[[Batch], None],
        ledger: Ledger | None = None,
    ) -> None:
        self.store = store
        self.head = head
        self.state = state
        self.folding = Folding(state, restore, stale=head.state_stale)
        self.account = Account(store, head)
        self.epoch = head.epoch
        self._moved = head.moved
        self.source = Whereabouts(head)
        self.moves: list[tuple[int, int]] = []
        self.kept: dict[int, int] = {}
        self.durable = 0
        self._collected = 0
        self._folded = state.folded
        self.limited = cadence.most < LARGEST
        self._cadence = cadence
        self._most = min(cadence.most, LARGEST)
        self.keyed = keyed
        self._background = background
        self._on_saved = on_saved
        self._unsaved = Batch()
        self._entered = 0
        self.ledger = ledger or Ledger()
        self._waiting = Waiting()
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._flusher = Flusher(self._seconds_until_due, lambda: self.checkpoint(if_due=True))
        self.steps = Steps(store, self._flusher.wake)
        self.ledger.load(head, self._flusher.wake)
        self.error: BaseException | None = None
        self.saved_monotonic: float | None = None

    # What settles

    def settle(self, settled: Settled) -> None:
        """Take an outcome; it becomes durable when the cadence says so.

        Raises:
            StoreError: a save failed, now or in the flusher; the last checkpoint is untouched.
        """
        if self.error is not None:
            raise self.error
        item = settled.item
        with self._lock:
            if not self.state.folded:
                self.state.boundary()  # first, since it may refuse the state, and then nothing has settled
            if self.steps.by_item and settled.status != "failed":  # a retry reuses a failed item's steps
                self.steps.drop(item)
            self._unsaved.add(settled)
            if self.state.folded and settled.status == "succeeded":
                self.folding.add(item, decode(settled.raw))
        self._save_if_due(len(self._unsaved.raws), time.perf_counter())

    def successes(self) -> Succeed:
        """What takes successes at the first try, as :meth:`settle` takes all, from one thread.

        It gets the decoded result and the time as well, which its caller has at hand. Where no state is kept by hand.
        """
        waiting, steps, cadence, most = self._unsaved, self.steps, self._cadence, self._most
        add_item, add_seconds, add_raw = waiting.items.append, waiting.seconds.append, waiting.raws.append
        raws, fold = waiting.raws, self.folding.add if self._folded else None

        def succeed(item: Item, raw: bytes, plain: Any, seconds: float, now: float) -> None:
            if fold is None and not steps.by_item:  # only one thing changes, and no lock is needed
                add_item(item)
                add_seconds(seconds)
                add_raw(raw)
            else:
                with self._lock:
                    if steps.by_item:
                        steps.drop(item)
                    add_item(item)
                    add_seconds(seconds)
                    add_raw(raw)
                    if fold is not None:
                        fold(item, plain)
            unsaved = len(raws)
            if unsaved == 1 or now >= cadence.due_at or unsaved >= most:
                self._save_if_due(unsaved, now)

        return succeed

    def _save_if_due(self, unsaved: int, now: float) -> None:
        if now >= self._cadence.due_at or unsaved >= self._most:
            self._save_soon(unsaved)
        elif unsaved == 1:
            self._flusher.wake()

    @property
    def settled(self) -> IntervalSet:
        """The ordinals that are settled, those of this session as far as they have been entered."""
        return self.account.settled

    @property
    def retired(self) -> IntervalSet:
        """The ordinals whose items are not in the input any more."""
        return self.account.retired

    @property
    def totals(self) -> Totals:
        """Over everything settled until now; may be asked from any thread."""
        with self._lock:
            self._enter()
            return self.account.totals

    def _enter(self) -> None:
        """Count what has settled since the last time."""
        start, end = self._entered, len(self._unsaved)
        if end > start:
            self._entered = end
            self.account.enter(self._unsaved, start, end)

    def retire(self, ordinal: int) -> None:
        """The item is not in the input any more: its outcome stays, but counts no more."""
        with self._lock:
            self.folding.outdate(self.account.old_status(ordinal))  # first, since it may refuse
            self.account.retire(ordinal)

    def readmit(self, ordinal: int) -> None:
        """A retired item is back."""
        with self._lock:
            self.account.readmit(ordinal)
            self.folding.stale = self.state.folded

    def move(self, ordinal: int, position: int) -> None:
        """The item stands at another position than its ordinal."""
        with self._lock:
            self.moves.append((ordinal, position))
        if len(self.moves) >= LARGEST:
            self.checkpoint()

    def new_epoch(self) -> None:
        """The input is read anew from its beginning: positions are as this reading finds them."""
        with self._lock:
            self.epoch += 1
            self._moved = False

    def redo(self, item: Item) -> None:
        """A settled item will be done again; its finished steps do not count."""
        with self._lock:
            status = self.account.old_status(item.ordinal)
            self.folding.outdate(status)
            self.steps.drop_steps(item)
            if self.ledger.effects and status != "failed":
                self.steps.mark_redone(effect_key(item, keyed=self.keyed))

    def keep(self, item: Item) -> None:
        """A settled item's outcome stands for a content it was not made from."""
        self.kept[item.ordinal] = item.digest

    def value(self, raw: bytes) -> Any:
        """A stored result as callers see it."""
        return self.folding.restored(decode(raw))

    @property
    def crowded(self) -> bool:
        """Whether as many items as the cadence lets a crash cost are not durable."""
        return self.unsaved >= self._cadence.most and self.error is None

    def make_room(self) -> None:
        """Return when it is not crowded; a save under way may be enough."""
        with self._saving:
            pass
        if self.crowded:
            self.checkpoint()

    def _save_soon(self, unsaved: int) -> None:
        if self._background and unsaved < 2 * LARGEST:
            self._flusher.wake()
        else:
            self.checkpoint()

    # What becomes durable

    def checkpoint(self, *, if_due: bool = False) -> None:
        """Make everything settled so far durable; returns after the fsync.

        Args:
            if_due: only if something still waits for it: the flusher may come late, when the run has finished.

        Raises:
            StoreError: it could not be; the last checkpoint is untouched.
        """
        with self._saving:
            if self.error is not None:
                raise self.error
            if if_due and self._seconds_until_due() is None:
                return
            started = time.perf_counter()
            self._waiting.begins()
            try:
                self.ledger.notes.ask()
                with self._lock:
                    change, saved, head = self._collect()
                self.store.commit(change)
            except BaseException as error:
                self.error = error  # never tried again as if nothing had happened
                self._cadence.due_at = -math.inf  # whoever settles next is told
                self._waiting.close(error)
                raise
            self.head = head
            self.durable += len(saved)
            now = time.perf_counter()
            self._cadence.saved(now, now - started)
            self.saved_monotonic = now
            if saved:  # within the lock: whoever finds nothing left to save finds it handed on
                self._on_saved(saved)
            self._waiting.ended()

    def one_checkpoint(self) -> AbstractContextManager[object]:
        """A block whose changes go into one and the same checkpoint; it must be short."""
        return self._lock

    def when_saved(self, done: Done) -> None:
        """Save soon, and call ``done`` once all that is there now is durable, or with the error; in any thread."""
        self._waiting.ask(done)
        self._flusher.wake()

    def _collect(self) -> tuple[Change, Batch, Head]:
        """Everything not saved yet, as one change."""
        # Before the outcomes are counted: a place must never be ahead of what is saved.
        where = self.source.look()
        self._enter()
        self._collected += self._entered  # first, so that nobody finds room that is not there
        saved, self._entered = self._unsaved.take(self._entered), 0
        moves, self.moves = self.moves, []
        block = None
        if saved or moves:
            block = pack(
                self.head.blocks,
                saved,
                keyed=self.keyed,
                superseding=self.account.superseding,
                moves=moves,
                epoch=self.epoch,
            )
            self._moved = self._moved or bool(moves)
        self.account.superseding = False
        self.ledger.spending.settle(saved)
        head = self._new_head(self.head.blocks + (block is not None), *where)
        steps, forget = self.steps.collect()
        return Change(head=records.write_head(head), block=block, steps=steps, forget=forget), saved, head

    def _new_head(self, blocks: int, place: Place | None, position: int) -> Head:
        totals = self.account.totals
        spent, spent_settled = self.ledger.spending.collect()
        return Head(
            blocks=blocks,
            settled=self.settled.intervals(),
            retired=self.retired.intervals(),
            epoch=self.epoch,
            moved=self._moved,
            counts=totals.counts,
            attempts=totals.attempts,
            duration=totals.duration,
            bytes=totals.bytes,
            counters=totals.counters.copy(),
            spent=spent,
            spent_settled=spent_settled,
            notes=self.ledger.notes.snapshot(),
            effects=self.ledger.effects,
            state=msgspec.Raw(self.state.snapshot()),
            state_stale=self.folding.stale,
            folded=self.state.identity,
            place=place,
            place_position=position,
            fingerprint=self.source.fingerprint,
            total=self.source.total,
            exhausted=self.source.exhausted,
            saved_at=time.time(),
        )

    def read_from(
        self, intake: Intake, fingerprint: dict[str, Any] | None, at_end: dict[str, Any] | None
    ) -> None:
        """See :meth:`Whereabouts.read_from`."""
        with self._lock:
            self.source.read_from(intake, fingerprint, at_end)

    @property
    def taken(self) -> int:
        """Outcomes of this session."""
        return self._collected + len(self._unsaved)

    @property
    def unsaved(self) -> int:
        """Outcomes of this session that are not durable, those being saved among them."""
        return self.taken - self.durable

    def save(self) -> None:
        """A checkpoint at the end of a session, with a state in which every outcome counts."""
        if self.folding.stale and self.state.folded:
            self.checkpoint()
            self.folding.refold(outcomes.stored(self.store, self.head))
        self.checkpoint()

    def finish(self) -> None:
        """The last checkpoint of a run whose items have all settled: what a late attempt still says comes too late."""
        self.source.exhausted = True
        self.save()
        self.close()

    def _seconds_until_due(self) -> float | None:
        """For the flusher; None while nothing is unsaved, or only the number of items counts."""
        if self.error is not None:
            return None
        if self._waiting:
            return 0.0
        if not (self._unsaved or self.steps.unsaved or self.ledger.unsaved):
            return None
        now = time.perf_counter()
        unsaved = len(self._unsaved) or self.steps.unsaved  # a step alone counts as one
        if now >= self._cadence.due_at or unsaved >= self._most:
            return 0.0
        limit = self._cadence.wait if self._background else self._cadence.longest
        return None if limit is None else max(0.0, self._cadence.saved_at + limit - now)

    def close(self) -> None:
        """End the flusher. What is unsaved stays so."""
        self._flusher.close()
        self._waiting.close(Abandoned())
