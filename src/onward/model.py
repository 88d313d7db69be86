"""Frozen values that travel between the layers. No behaviour beyond what follows from the fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NoReturn, Protocol

from msgspec import Struct, field

Key = str | int
Status = Literal["succeeded", "failed", "skipped"]
RunStatus = Literal["running", "interrupted", "finished"]


class Item(Struct, frozen=True, gc=False):
    """One input: where it stands, what identifies it, and its value.

    Attributes:
        position: place in the source, from 0.
        key: identity within the run: the position, or what ``key=`` gave.
        value: the input itself; never stored.
        ordinal: the item's number within the store; equals ``position`` unless keyed input was reordered.
        digest: 64-bit digest of the value, 0 if the value cannot be encoded.
        name: 128-bit digest of the key where it is not the position.
    """

    position: int
    key: Key
    value: Any
    ordinal: int
    digest: int
    name: bytes = b""


class Failure(Struct, frozen=True):
    """Why an item failed: the exception's type and message, its traceback, and when (Unix seconds)."""

    type: str
    message: str
    traceback: str = ""
    at: float = 0.0

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


class Outcome(Struct, frozen=True):
    """How an item settled.

    Attributes:
        position: place in the source, from 0.
        key: identity within the run.
        status: "succeeded", "failed" or "skipped".
        value: the result of a succeeded item, the reason of a skipped one.
        error: why a failed item failed.
        attempts: tries made, over all sessions.
        duration: seconds of the last session's attempts at this item.
        reused: settled before this session and taken from the checkpoint.
    """

    position: int
    key: Key
    status: Status
    value: Any = None
    error: Failure | None = None
    attempts: int = 1
    duration: float = 0.0
    reused: bool = False


class Settled(Struct, frozen=True):
    """An outcome as the journal takes it: encoded, with the item's identity beside it.

    ``raw`` is the JSON of the result (or of the skip reason), ``counters`` what the item's function counted.
    """

    item: Item
    status: Status
    raw: bytes
    error: Failure | None = None
    attempts: int = 1
    duration: float = 0.0
    counters: dict[str, float] | None = None


class StepRecord(Struct, frozen=True):
    """A finished step of an item that is not settled yet: ``item`` stands for key and content, ``raw`` is sealed."""

    item: str
    name: str
    raw: bytes


class Block(Struct, frozen=True):
    """One checkpoint's outcomes as a store keeps them: two opaque, checksummed byte strings.

    Attributes:
        seq: place in the sequence of blocks, from 0.
        first, last: lowest and highest ordinal in it (``first > last`` when it holds no outcome).
        marked: holds failures, skips, or outcomes that supersede earlier ones.
        index: what is settled here, without the results.
        payload: the results, compressed where that pays.
    """

    seq: int
    first: int
    last: int
    marked: bool
    index: bytes
    payload: bytes


class Change(Struct, frozen=True):
    """What one checkpoint changes in a store, all of it or nothing.

    Attributes:
        info, head: the new documents; None leaves the old ones.
        block: the outcomes to append.
        steps: steps to keep.
        forget: items, as in :class:`StepRecord`, whose steps go.
        clear: first remove head, blocks and steps.
    """

    info: bytes | None = None
    head: bytes | None = None
    block: Block | None = None
    steps: Sequence[StepRecord] = ()
    forget: Sequence[str] = ()
    clear: bool = False


class Counts(Struct, frozen=True):
    """How many items settled each way."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def settled(self) -> int:
        return self.succeeded + self.failed + self.skipped


class Owner(Struct, frozen=True):
    """The process that holds a run. ``since`` is Unix seconds."""

    host: str
    pid: int
    since: float


class SessionRecord(Struct, frozen=True):
    """One process's share of a run. Times are Unix seconds; ``ended`` is 0 while it runs or if it died.

    ``before`` counts what was settled when it began, ``counts`` when it ended; ``spent_before`` is what was spent when
    it began.
    """

    number: int
    owner: Owner
    ended: float = 0.0
    how: str = ""
    before: Counts = Counts()
    counts: Counts = Counts()
    seconds: float = 0.0
    spent_before: dict[str, float] = field(default_factory=dict)


class Progress(Struct, frozen=True):
    """A run at one moment.

    Attributes:
        total: items in the input, None while unknown.
        succeeded, failed, skipped: settled items, reused ones included.
        reused: of those, settled before this session.
        in_flight: items being worked on now.
        rate: newly settled items a second in this session; reused ones do not count.
        seconds_left: estimate from new work only, None while unknown.
        saved: items that are durable.
        saved_age: seconds since the last save, None before the first.
        spent: what ``onward.spend`` has counted, over all sessions.
        forecast: US dollars that what is left will take, from new work only; None while unknown or nothing costs.
    """

    total: int | None = None
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    reused: int = 0
    in_flight: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    saved: int = 0
    saved_age: float | None = None
    spent: dict[str, float] = field(default_factory=dict)
    forecast: float | None = None

    @property
    def settled(self) -> int:
        return self.succeeded + self.failed + self.skipped

    @property
    def left(self) -> int | None:
        return None if self.total is None else max(0, self.total - self.settled)


def forecast(usd: float, new: int, left: int | None) -> float | None:
    """What the items left will take, if they take what the new ones did."""
    return usd / new * left if usd and new and left is not None else None


class OutputRecord(Struct, frozen=True):
    """What was published: absolute path, format, items, bytes and BLAKE2b digest of the file."""

    path: str
    format: str
    items: int
    bytes: int
    digest: str


class Marker(Struct, frozen=True):
    """The completion marker: what is left of a run when its outcomes are gone.

    ``input_digest`` is taken over the digests of all items in order, ``fingerprint`` is the source's own.
    ``outdated`` is a failures file of an earlier finish that this one removes, ``effects`` tells that items have acted
    on the world outside. ``spent_settled`` and ``work``, in seconds, are of the items that settled.
    """

    counts: Counts
    retired: int
    attempts: int
    duration: float
    at: float
    input_digest: str
    total: int = 0
    fingerprint: dict[str, Any] | None = None
    state: Any = None
    counters: dict[str, float] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    spent_settled: dict[str, float] = field(default_factory=dict)
    effects: bool = False
    work: float = 0.0
    output: OutputRecord | None = None
    failures: OutputRecord | None = None
    outdated: OutputRecord | None = None


class RunInfo(Struct, frozen=True):
    """What a store says about a run besides its checkpoints.

    Attributes:
        job, run: the names.
        created: Unix seconds.
        generation: how many times the run was started from the beginning.
        identity: part name to :class:`Part` of what the settled items were made with.
        phase: "open", "finishing" (output written, not yet in place), "finished", or "copying" (into this store, and
            not yet all of it).
        marker: present when finishing or finished.
        sessions: the last sessions, oldest first; ``earlier_seconds`` is the time of those dropped.
        command: the command line that resumes it, if it was started by one.
    """

    job: str
    run: str
    created: float
    generation: int = 1
    identity: dict[str, Part] = field(default_factory=dict)
    phase: Literal["open", "finishing", "finished", "copying"] = "open"
    marker: Marker | None = None
    sessions: list[SessionRecord] = field(default_factory=list)
    earlier_seconds: float = 0.0
    command: str | None = None


class Part(Struct, frozen=True):
    """One part of a job's identity: its digest, and a short readable form for messages."""

    digest: str
    shown: str = ""


class ReportLike(Protocol):
    """What errors need of a report, so that this layer need not know the class."""

    @property
    def status(self) -> RunStatus: ...

    @property
    def total(self) -> int | None: ...

    def results(self) -> Iterator[Any]: ...

    @property
    def failures(self) -> Sequence[Outcome]: ...


class ItemRef(Struct, frozen=True):
    """What ``on_result`` sees of an item: what is stored of it. Inputs are not, so that state can be rebuilt."""

    position: int
    key: Key

    def __getitem__(self, name: object) -> NoReturn:
        """An input is expected here: say that there is none."""
        raise TypeError(
            f"on_result's item has position and key, no {name!r}: inputs are not stored. Put what the state needs into "
            "the result"
        )


OnResult = Callable[[Any, ItemRef, Any], Any]
"""``on_result(state, item, value)``: changes the state in place, or returns the new one."""
