"""The small documents a store keeps beside its blocks, and the checksum that everything stored ends in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import xxhash
from msgspec import Struct, field

from onward.errors import StoreCorrupt
from onward.journal.formats import Part, brought_up, format_of, marked
from onward.journal.intervals import IntervalSet
from onward.model import Counts, RunInfo, StepRecord
from onward.stores.base import Reader

T = TypeVar("T")
_SUM = 8


class Head(Struct, frozen=True):
    """The newest checkpoint, less its outcomes: what a resume reads first.

    Attributes:
        blocks: how many blocks there are.
        settled: intervals of settled ordinals, retired ones included.
        retired: intervals of ordinals whose items are not in the input any more.
        epoch: which reading of keyed input the stored positions belong to; ``moved``: in it, some differ from
            the ordinals.
        counts, attempts, duration, bytes, counters: statistics over all sessions; ``duration`` is seconds of
            work, ``bytes`` of results.
        spent: amounts of all attempts, lost ones too; ``spent_settled``: of that, for succeeded and skipped items.
        notes: what attempts keep for later sessions, by name.
        effects: items have acted on the world outside, by ``onward.once``.
        state: the run's state, as JSON.
        state_stale: an outcome that is in the state is not valid any more.
        folded: identity of the ``on_result`` the state was made by; None: kept by hand.
        place: where the source continues, None if it cannot seek.
        place_position: the position of the item at ``place``.
        fingerprint: the source's, when it was last read.
        total: items in the input, once known.
        exhausted: the source was read to its end.
        saved_at: Unix seconds.
    """

    blocks: int = 0
    settled: list[tuple[int, int]] = []
    retired: list[tuple[int, int]] = []
    epoch: int = 0
    moved: bool = False
    counts: Counts = Counts()
    attempts: int = 0
    duration: float = 0.0
    bytes: int = 0
    counters: dict[str, float] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    spent_settled: dict[str, float] = field(default_factory=dict)
    notes: dict[str, msgspec.Raw] = field(default_factory=dict)
    effects: bool = False
    state: msgspec.Raw = msgspec.Raw(b"{}")
    state_stale: bool = False
    folded: str | None = None
    place: dict[str, int | str] | None = None
    place_position: int = 0
    fingerprint: dict[str, Any] | None = None
    total: int | None = None
    exhausted: bool = False
    saved_at: float = 0.0

    def settled_set(self) -> IntervalSet:
        return IntervalSet(self.settled)

    def retired_set(self) -> IntervalSet:
        return IntervalSet(self.retired)


def seal(body: bytes, seed: int = 0) -> bytes:
    """The bytes with a 64-bit XXH3 checksum behind them; ``seed`` ties them to their place."""
    return body + xxhash.xxh3_64_intdigest(body, seed=seed).to_bytes(_SUM, "little")


def unseal(sealed: bytes, what: str, seed: int = 0) -> bytes:
    """The bytes of :func:`seal`.

    Raises:
        StoreCorrupt: they are not what was written; names ``what``.
    """
    body = sealed[:-_SUM]
    if len(sealed) < _SUM or sealed[-_SUM:] != xxhash.xxh3_64_intdigest(body, seed=seed).to_bytes(
        _SUM, "little"
    ):
        raise StoreCorrupt(f"{what} is damaged: it does not match its checksum")
    return body


def write_info(info: RunInfo) -> bytes:
    return seal(marked(msgspec.json.encode(info)))


def read_info(sealed: bytes) -> RunInfo:
    """The run's description.

    Raises:
        StoreCorrupt: it is not what was written, or the run is a copy that was broken off.
        StoreNewer: a later onward wrote it.
    """
    info = _read(sealed, RunInfo, "info", "the run's description")
    if info.phase == "copying":
        raise StoreCorrupt(
            f"{info.job} ({info.run}) is not all here: copying it was broken off. Copy it again, or remove it with "
            "onward rm"
        )
    return info


def info_of(reader: Reader) -> RunInfo | None:
    """The run's description as a store has it; None before the first save.

    Raises:
        StoreCorrupt, StoreNewer: as :func:`read_info`; or it is missing.
    """
    sealed = _unless_lost("the run's description", reader.info, lambda: reader.head() is not None)
    return None if sealed is None else read_info(sealed)


def head_of(reader: Reader) -> Head:
    """The newest checkpoint's head as a store has it; an empty one before the first.

    Raises:
        StoreCorrupt, StoreNewer: as :func:`read_head`; or it is missing.
    """
    blocks = functools.partial(reader.blocks, payload=False)
    return read_head(
        _unless_lost("the newest checkpoint", reader.head, lambda: next(blocks(), None) is not None)
    )


def _unless_lost(what: str, read: Callable[[], bytes | None], followed: Callable[[], bool]) -> bytes | None:
    """A document; refuses its absence where there is what is only saved after it."""
    sealed = read()
    if sealed is not None or not followed():
        return sealed
    sealed = read()  # both may have been saved in between
    if sealed is None:
        raise StoreCorrupt(
            f"{what} is missing in the store, though there is what was saved after it; restore a copy, or put what is "
            "good into a new store with `onward repair JOB --to PLACE`"
        )
    return sealed


def is_broken_off(sealed: bytes) -> bool:
    """Whether a description is of a run of which only a part is here."""
    return _read(sealed, RunInfo, "info", "the run's description").phase == "copying"


def write_head(head: Head) -> bytes:
    return seal(marked(msgspec.json.encode(head)))


def read_head(sealed: bytes | None) -> Head:
    """The head; an empty one where nothing was saved yet."""
    return Head() if sealed is None else _read(sealed, Head, "head", "the newest checkpoint")


def write_step(item: str, name: str, raw: bytes) -> StepRecord:
    return StepRecord(item, name, seal(raw))


def read_step(record: StepRecord) -> bytes:
    return unseal(record.raw, f"step {record.name} of item {record.item}")


def _read(sealed: bytes, kind: type[T], part: Part, what: str) -> T:
    body = unseal(sealed, what)
    try:
        return msgspec.json.decode(brought_up(body, part, format_of(body, what)), type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreCorrupt(f"{what} is damaged: {error}") from error
