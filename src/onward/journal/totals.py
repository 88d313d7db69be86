"""Running totals of a run, over all its sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

from onward.journal.batch import Batch
from onward.journal.records import Head
from onward.model import Counts, Settled, Status


@dataclass
class Totals:
    """How many items settled each way, and what they took: ``duration`` is seconds of work, ``bytes`` of results.

    ``reused`` are seconds of work done before this session.
    """

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    attempts: int = 0
    duration: float = 0.0
    bytes: int = 0
    counters: dict[str, float] = field(default_factory=dict)
    reused: float = 0.0

    @classmethod
    def of(cls, head: Head) -> Totals:
        """The totals at a checkpoint."""
        c = head.counts
        return cls(
            c.succeeded,
            c.failed,
            c.skipped,
            head.attempts,
            head.duration,
            head.bytes,
            dict(head.counters),
            head.duration,
        )

    def add(self, batch: Batch, start: int, end: int) -> None:
        """These outcomes of a batch have settled."""
        self.succeeded += end - start
        self.attempts += end - start
        self.duration += sum(batch.seconds[start:end])
        self.bytes += sum(map(len, batch.raws[start:end]))
        for number, settled in batch.others.items():
            if number >= start:
                self._add_other(settled)

    def _add_other(self, settled: Settled) -> None:
        """What one outcome is beside a success at the first try."""
        self.succeeded -= 1
        self.move(settled.status, 1)
        self.attempts += settled.attempts - 1
        for name, amount in (settled.counters or {}).items():
            self.counters[name] = self.counters.get(name, 0) + amount

    def move(self, status: Status, by: int) -> None:
        """An outcome counts, or counts no more."""
        setattr(self, status, getattr(self, status) + by)

    @property
    def counts(self) -> Counts:
        return Counts(self.succeeded, self.failed, self.skipped)
