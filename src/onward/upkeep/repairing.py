"""Saving what is provably good of a damaged run into a new store. The damaged one is only read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import msgspec

from onward.errors import OnwardError, RunHeld, StoreCorrupt
from onward.identity import keying_part
from onward.journal import records
from onward.journal.batch import Batch
from onward.journal.blocks import Header, pack, read_index, read_outcomes
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.journal.totals import Totals
from onward.model import Block, Counts, Item, Outcome, RunInfo, Settled, Status, StepRecord
from onward.stores.base import Runs, Salvaged
from onward.upkeep.inspection import Inspection, inspect
from onward.upkeep.transfer import incoming


@dataclass(frozen=True)
class Repaired:
    """What was saved of a run, and what was not.

    Attributes:
        kept: items whose outcome is in the new store.
        again: items known to have settled whose outcome is lost: they are done again.
        steps: finished steps of unsettled items.
        lost: what is lost, in words.
    """

    kept: int
    again: int
    steps: int
    lost: list[str]


def repair(source: Runs, target: Runs, job: str, run: str) -> Repaired:
    """Put what is good of a run into another store, from where it can be resumed: what is lost is done again.

    An outcome is kept if its checksums hold, unless a lost block may have held a later one of the same item.

    Raises:
        RunNotFound: there is none.
        RunHeld: a live process holds it.
        Refused: there is a run of that name where it is to go.
        StoreForeign, StoreNewer
    """
    _refuse_live(source, job, run)
    found = inspect(source, job, run)
    lost = _lost_blocks(source.salvage(job, run))
    info = found.info or RunInfo(job, run, time.time())
    rebuilt = _Rebuilt(lost)
    with incoming(target, info) as arriving:
        for block in rebuilt.blocks(source.salvage(job, run)):
            arriving.block(block)
        steps = arriving.steps(_good_steps(source.salvage(job, run)))
        arriving.complete(rebuilt.info(info, found), rebuilt.head(found))
    return Repaired(
        len(rebuilt.settled), len(rebuilt.again(found)), steps, [*found.problems, *rebuilt.losses(found)]
    )


def _refuse_live(source: Runs, job: str, run: str) -> None:
    owner = None
    with suppress(OnwardError), closing(source.reader(job, run)) as reader:  # too damaged to open, perhaps
        owner = reader.owner()
    if owner is not None:
        raise RunHeld(f"{job} ({run}) is being run by process {owner.pid} on {owner.host}; stop it first")


@dataclass(frozen=True)
class _Lost:
    """A block that cannot be kept, and the ordinals of which it may have held the newest outcome."""

    seq: int
    ordinals: IntervalSet


def _lost_blocks(parts: Iterator[Salvaged]) -> list[_Lost]:
    return [_Lost(part.seq, _held(part)) for part in parts if isinstance(part, Block) and _read(part) is None]


def _held(block: Block) -> IntervalSet:
    with suppress(StoreCorrupt):
        return IntervalSet.of(read_index(block).header.ordinals())
    # Only marked blocks hold outcomes of items that had one before.
    return IntervalSet([(block.first, block.last + 1)]) if block.marked else IntervalSet()


def _read(block: Block) -> list[tuple[int, int, Outcome, bytes]] | None:
    with suppress(StoreCorrupt):
        return list(read_outcomes(block))
    return None


def _good_steps(parts: Iterator[Salvaged]) -> Iterator[StepRecord]:
    for part in parts:
        if isinstance(part, StepRecord):
            with suppress(StoreCorrupt):
                records.read_step(part)
                yield part


@dataclass
class _Rebuilt:
    """The outcomes that are kept, as blocks numbered anew, and what follows from them."""

    lost: list[_Lost]
    settled: IntervalSet = field(default_factory=IntervalSet)
    statuses: dict[int, Status] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    count: int = 0
    epoch: int = 0
    moved: bool = False
    keyed: bool = False

    def blocks(self, parts: Iterator[Salvaged]) -> Iterator[Block]:
        for part in parts:
            outcomes = _read(part) if isinstance(part, Block) else None
            if outcomes is not None:
                assert isinstance(part, Block)
                index = read_index(part)
                moves = list(zip(index.moves[::2], index.moves[1::2], strict=True))
                yield self._block(index.header, moves, [self._settled(*row) for row in outcomes], part.seq)

    def _settled(self, ordinal: int, digest: int, outcome: Outcome, raw: bytes) -> Settled:
        item = Item(ordinal, outcome.key, None, ordinal, digest)
        return Settled(item, outcome.status, raw, outcome.error, outcome.attempts, outcome.duration)

    def _block(self, header: Header, moves: list[tuple[int, int]], rows: list[Settled], seq: int) -> Block:
        later = [lost.ordinals for lost in self.lost if lost.seq > seq]
        kept = [row for row in rows if not any(row.item.ordinal in ordinals for ordinals in later)]
        superseding = sum(self._count(row) for row in kept) > 0  # all of them are counted
        number, self.count = self.count, self.count + 1
        self.keyed = header.keyed
        self.moved = self.moved or bool(moves)
        self.epoch = max(self.epoch, header.epoch)
        return pack(
            number, Batch(kept), keyed=header.keyed, superseding=superseding, moves=moves, epoch=header.epoch
        )

    def _count(self, settled: Settled) -> bool:
        """Count an outcome; True if it takes the place of an earlier one."""
        ordinal = settled.item.ordinal
        new = self.settled.add(ordinal)
        if not new:
            self.totals.move(self.statuses.pop(ordinal, "succeeded"), -1)
        self.totals.add(Batch([settled]), 0, 1)
        if settled.status != "succeeded":
            self.statuses[ordinal] = settled.status
        return not new

    def again(self, found: Inspection) -> IntervalSet:
        """The ordinals that had settled and are lost."""
        known = [found.head.settled_set()] if found.head is not None else []
        known += [lost.ordinals for lost in self.lost]
        return IntervalSet.of(n for numbers in known for n in numbers if n not in self.settled)

    def incomplete(self, found: Inspection) -> bool:
        return found.head is None or bool(self.again(found))

    def losses(self, found: Inspection) -> Iterator[str]:
        """What of the documents is lost, in words."""
        if found.info is None:
            yield 'what the run was made with: the next start asks for on_change="keep"'
        if found.head is None and self.count:
            yield "the run's state and counters: a state computed by on_result is computed anew, others begin empty"
        elif self.incomplete(found):
            yield "the state where it was kept by hand: it counts outcomes that are lost"

    def info(self, info: RunInfo, found: Inspection) -> RunInfo:
        identity = info.identity or {"key": keying_part(self.keyed)}
        whole = info.phase == "finished" and (found.head is None or not self.incomplete(found))
        return msgspec.structs.replace(info, identity=identity, phase="finished" if whole else "open")

    def head(self, found: Inspection) -> Head | None:
        if not self.count and found.head is None:
            return None
        base = found.head or Head(
            attempts=self.totals.attempts,
            duration=self.totals.duration,
            bytes=self.totals.bytes,
            epoch=self.epoch,
            moved=self.moved,
        )
        retired = IntervalSet.of(n for n in base.retired_set() if n in self.settled)
        return msgspec.structs.replace(
            base,
            blocks=self.count,
            settled=self.settled.intervals(),
            retired=retired.intervals(),
            counts=self._counts(retired),
            state_stale=base.state_stale or self.incomplete(found),
            place=None,  # the input is read from its beginning, and compared
            place_position=0,
            fingerprint=None,
            exhausted=False,
            saved_at=time.time(),
        )

    def _counts(self, retired: IntervalSet) -> Counts:
        for ordinal in retired:
            self.totals.move(self.statuses.get(ordinal, "succeeded"), -1)
        return self.totals.counts
