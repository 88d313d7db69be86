"""Bringing a run into a store, so that what a crash leaves half-way is never taken for a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

import msgspec

from onward.errors import Refused
from onward.journal import records
from onward.journal.records import Head
from onward.model import Block, Change, RunInfo, StepRecord
from onward.stores.base import Runs, Store

STEPS_AT_ONCE = 1000


class Incoming:
    """A run that is coming into a store; see :func:`incoming`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def block(self, block: Block) -> None:
        """The next block."""
        self._store.commit(Change(block=block))

    def steps(self, steps: Iterable[StepRecord]) -> int:
        """Steps, and how many they were."""
        kept, count = list[StepRecord](), 0
        for step in steps:
            kept.append(step)
            count += 1
            if len(kept) >= STEPS_AT_ONCE:
                self._store.commit(Change(steps=kept))
                kept = []
        if kept:
            self._store.commit(Change(steps=kept))
        return count

    def complete(self, info: RunInfo, head: Head | None) -> None:
        """It is all there: from now on it is a run."""
        sealed = records.write_head(head) if head is not None else None
        self._store.commit(Change(info=records.write_info(info), head=sealed))


@contextmanager
def incoming(runs: Runs, info: RunInfo) -> Iterator[Incoming]:
    """While open, the run's place in a store is held, and marked as not yet a run until ``complete``.

    Raises:
        Refused: another run of this name is there.
        RunHeld: a live process holds it.
    """
    with closing(runs.writer(info.job, info.run)) as store:
        store.acquire()
        _refuse_taken(store, info)
        begun = msgspec.structs.replace(info, phase="copying")
        store.commit(Change(info=records.write_info(begun), clear=True))
        yield Incoming(store)


def _refuse_taken(store: Store, info: RunInfo) -> None:
    sealed = store.info()
    if sealed is None or records.is_broken_off(sealed):
        return
    raise Refused(
        f"there is a run {info.run!r} of job {info.job!r} where this is to go already; remove it first (onward rm), or "
        "give another place"
    )
