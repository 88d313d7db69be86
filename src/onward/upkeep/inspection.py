"""Whether all that is stored of a run is what was written, and adds up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onward.errors import StoreCorrupt
from onward.journal import records
from onward.journal.blocks import Header, read_outcomes, read_placed
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.model import Block, Counts, Marker, OutputRecord, RunInfo, StepRecord
from onward.publish.actions import intact
from onward.stores.base import Damage, Document, Runs, Salvaged


@dataclass
class Inspection:
    """What was found in a store of one run.

    Attributes:
        info, head: the documents; None where they are not there or damaged.
        blocks: sound ones; ``outcomes`` in them, superseded ones too.
        problems: what is damaged, missing, or does not add up; ``output_problems`` is the same of what it published.
    """

    info: RunInfo | None = None
    head: Head | None = None
    blocks: int = 0
    outcomes: int = 0
    steps: int = 0
    problems: list[str] = field(default_factory=list)
    output_problems: list[str] = field(default_factory=list)
    settled: IntervalSet = field(default_factory=IntervalSet)
    failed: IntervalSet = field(default_factory=IntervalSet)
    skipped: IntervalSet = field(default_factory=IntervalSet)

    @property
    def sound(self) -> bool:
        return not (self.problems or self.output_problems)

    def take(self, part: Salvaged) -> None:
        """Look at one more part."""
        try:
            self._take(part)
        except StoreCorrupt as error:
            self.problems.append(str(error))

    def _take(self, part: Salvaged) -> None:
        if isinstance(part, Damage):
            self.problems.append(part.what)
        elif isinstance(part, Document) and part.name == "info":
            self.info = records.read_info(part.body)
        elif isinstance(part, Document):
            self.head = records.read_head(part.body)
        elif isinstance(part, StepRecord):
            records.read_step(part)
            self.steps += 1
        else:
            self._take_block(part)

    def _take_block(self, block: Block) -> None:
        header = read_placed(block).header
        read_outcomes(block)
        if block.seq != self.blocks:
            self.problems.append(f"block {self.blocks} is followed by block {block.seq}")
        self.blocks = block.seq + 1
        self.outcomes += header.count
        self._settle(header)

    def _settle(self, header: Header) -> None:
        for ordinal in header.ordinals():
            if not self.settled.add(ordinal):
                self.failed.discard(ordinal)
                self.skipped.discard(ordinal)
        for ordinal in header.failed:
            self.failed.add(ordinal)
        for ordinal in header.skipped:
            self.skipped.add(ordinal)

    def add_up(self) -> None:
        """Compare what the blocks hold with what the documents say of them."""
        if self.info is None and not self.problems:
            self.problems.append("the run's description is missing")
        head = self.head or Head()
        if self.head is None and self.blocks:
            self.problems.append("the newest checkpoint is missing")
            return
        self.problems += _differences(self, head)
        if self.info is not None and self.info.phase == "finished" and self.info.marker is not None:
            self._compare(self.info.marker)

    def _compare(self, marker: Marker) -> None:
        if marker.counts.settled != marker.total:
            self.problems.append(f"the marker counts {_told(marker.counts)}, of {marker.total} items")
        records = [record for record in (marker.output, marker.failures) if record is not None]
        self.output_problems += [_output_problem(record) for record in records if not intact(record)]

    def counts(self, retired: IntervalSet) -> Counts:
        """How many items have settled each way by their newest outcomes, without the retired."""
        failed = sum(ordinal not in retired for ordinal in self.failed)
        skipped = sum(ordinal not in retired for ordinal in self.skipped)
        return Counts(len(self.settled) - len(retired) - failed - skipped, failed, skipped)


def inspect(runs: Runs, job: str, run: str) -> Inspection:
    """Read everything that is stored of a run, and its output, and compare.

    Raises:
        RunNotFound, StoreForeign, StoreNewer
    """
    found = Inspection()
    for part in runs.salvage(job, run):
        found.take(part)
    found.add_up()
    return found


def _differences(found: Inspection, head: Head) -> Iterator[str]:
    if head.blocks != found.blocks:
        yield f"the checkpoint counts {head.blocks} blocks, {found.blocks} are there"
    if head.settled != found.settled.intervals():
        yield "the checkpoint and the blocks differ in which items are settled"
    counted = found.counts(head.retired_set())
    if counted != head.counts:
        yield f"the checkpoint counts {_told(head.counts)}; the blocks hold {_told(counted)}"
    if head.total is not None and head.exhausted and head.counts.settled > head.total:
        yield f"{head.counts.settled} items are settled of {head.total}"


def _told(counts: Counts) -> str:
    return f"{counts.succeeded} succeeded, {counts.failed} failed, {counts.skipped} skipped"


def _output_problem(record: OutputRecord) -> str:
    there = Path(record.path).is_file()
    return f"{record.path} {'was changed since it was published' if there else 'is gone'}"
