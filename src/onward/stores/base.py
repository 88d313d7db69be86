"""The seam to where runs live.

A store keeps, for one run, four things that are bytes to it: a document ``info``, a document ``head``, an
append-only sequence of blocks, and the steps of unsettled items. It knows nothing of what they mean.

The contract, which the conformance suite in ``onward.testing`` checks:

* ``commit`` makes a :class:`~onward.model.Change` durable, whole or not at all, before it returns: a process
  killed or a machine without power at any moment leaves the old checkpoint or the new one.
* A commit that fails raises a :class:`~onward.errors.StoreError` and leaves the last checkpoint as it was.
* A commit costs the same however many blocks there are.
* One writer at a time: ``acquire`` raises :class:`~onward.errors.RunHeld` while another live process, or another
  ``Store`` of this one, holds the run. The kernel or the database lets go of it when the holder dies.
* Readers need no lock, see whole checkpoints only, and do not make writers wait.
* A store on a disk notices when commits that had returned are gone again, as after damage to the end of its log.
* Damage that the store notices is :class:`~onward.errors.StoreCorrupt`; what it hands out may still be damaged:
  everything it keeps carries a checksum of its own, which the layer above checks. ``salvage`` reads on behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from onward.model import Block, Change, Owner, StepRecord


class Document(Struct, frozen=True):
    """One of a run's two documents: "info" or "head"."""

    name: str
    body: bytes


class Damage(Struct, frozen=True):
    """A part of a store that cannot be read, in words."""

    what: str


Salvaged = Document | Block | StepRecord | Damage
"""What a damaged store still gives, and what it does not."""


class Reader(Protocol):
    """One run, to ask."""

    def info(self) -> bytes | None:
        """The document about the run, None if there is none yet."""

    def head(self) -> bytes | None:
        """The newest checkpoint's head, None before the first."""

    def blocks(
        self, *, payload: bool = True, marked: bool = False, by_place: bool = False
    ) -> Iterator[Block]:
        """The blocks, lazily, by ``seq``.

        Args:
            payload: read payloads too; without, they are empty.
            marked: only the marked ones.
            by_place: ordered by ``first``, then ``seq``.
        """

    def steps(self) -> Iterator[StepRecord]:
        """The kept steps."""

    def owner(self) -> Owner | None:
        """Who holds the run now; None if nobody does."""

    def close(self) -> None:
        """Let go of files and locks; may be called twice."""


class Store(Reader, Protocol):
    """One run, to write."""

    def acquire(self) -> None:
        """Become the run's one writer.

        Raises:
            RunHeld: someone else is; names host, process and since when.
        """

    def commit(self, change: Change) -> None:
        """Make the change durable, whole or not at all."""


class Runs(Protocol):
    """A place with runs in it."""

    def writer(self, job: str, run: str) -> Store:
        """The run's store, made if it is not there, not yet acquired."""

    def reader(self, job: str, run: str) -> Reader:
        """The run to ask.

        Raises:
            RunNotFound: there is none.
        """

    def names(self) -> Iterator[tuple[str, str]]:
        """Job and run name of every run, sorted."""

    def salvage(self, job: str, run: str) -> Iterator[Salvaged]:
        """Everything of a run that can be read, however damaged the rest, and what cannot: one moment's documents,
        its blocks by ``seq``, its steps. Damage that the store can find in its own structure is told as well.

        Raises:
            RunNotFound: there is none.
            StoreForeign, StoreNewer: what is there is not this version's.
        """

    def remove(self, job: str, run: str) -> None:
        """Delete a run that nobody holds.

        Raises:
            RunHeld, RunNotFound
        """
