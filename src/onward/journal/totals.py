"""Running totals of a run, over all its sessions."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    def add(self, settled: Settled) -> None:
        """An item has settled."""
        if settled.status == "succeeded":
            self.succeeded += 1
        else:
            self.move(settled.status, 1)
        self.attempts += settled.attempts
        self.duration += settled.duration
        self.bytes += len(settled.raw)
        if settled.counters:
            for name, amount in settled.counters.items():
                self.counters[name] = self.counters.get(name, 0) + amount

    def move(self, status: Status, by: int) -> None:
        """An outcome counts, or counts no more."""
        setattr(self, status, getattr(self, status) + by)

    @property
    def counts(self) -> Counts:
        return Counts(self.succeeded, self.failed, self.skipped)
