"""What a start finds and decides: begin, go on, begin anew, or nothing to do because it is finished.

Deciding touches nothing; the session carries it out, and ``plan`` only shows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import xxhash

from onward import identity
from onward.codec import decode
from onward.errors import (
    FunctionChanged,
    InputChanged,
    OutputMissing,
    SourceError,
    StateNotRebuildable,
    StoreForeign,
    ways_of_change,
)
from onward.journal import records
from onward.journal.blocks import key_digest
from onward.journal.records import Head
from onward.model import Key, Marker, RunInfo
from onward.pending.keys import KeyIndex
from onward.publish.actions import Output, intact
from onward.settings import OnChange
from onward.sources.base import AsyncSource, Source
from onward.stores.base import Reader

Move = Literal["begin", "resume", "restart", "reopen", "publish", "already"]


@dataclass(frozen=True)
class Asked:
    """What a start asks for, as far as the decision needs it.

    Attributes:
        folds: the state is computed by ``on_result``, not kept by hand.
    """

    job: str
    run: str
    identity: identity.Identity
    output: Output | None
    on_change: OnChange
    again: bool
    retry_failed: bool
    folds: bool
    command: str | None = None


@dataclass(frozen=True)
class Found:
    """What a store says.

    Attributes:
        fresh: nothing was saved yet that a change could spoil.
    """

    info: RunInfo
    head: Head
    fresh: bool = False


def look(reader: Reader, asked: Asked) -> Found:
    """What is there.

    Raises:
        StoreCorrupt, StoreForeign
    """
    info = records.info_of(reader)
    if info is None:
        info = RunInfo(asked.job, asked.run, time.time(), identity=asked.identity, command=asked.command)
        return Found(info, Head(), fresh=True)
    if (info.job, info.run) != (asked.job, asked.run):
        raise StoreForeign(
            f"this store holds the run {info.run!r} of job {info.job!r}, not {asked.run!r} of {asked.job!r}; "
            "give store= another file, or a folder, which holds many runs"
        )
    head = records.head_of(reader)
    fresh = info.phase == "open" and not head.settled and next(reader.steps(), None) is None
    return Found(info, head, fresh)


def needs_input(found: Found, asked: Asked, source: Source | AsyncSource) -> bool:
    """Whether only reading the whole input can tell if a finished run is asked for again."""
    marker = found.info.marker
    if found.info.phase != "finished" or marker is None or asked.again:
        return False
    if asked.retry_failed and marker.counts.failed:
        return False  # the run is taken up again, which compares item by item
    fingerprint = source.fingerprint()
    return fingerprint is None or fingerprint != marker.fingerprint


class InputDigest:
    """Takes the digest of a whole input, as the completion marker holds it.

    Args:
        digest: gives a value's digest.
        key: gives an item's key; None in positional runs.
        duplicates: "skip" leaves out items with a key that occurred before.
    """

    def __init__(
        self, digest: Callable[[Any], int], key: Callable[[Any], Key] | None, duplicates: str
    ) -> None:
        self._digest = digest
        self._key = key
        self._seen = KeyIndex() if key and duplicates == "skip" else None
        self._hasher = xxhash.xxh3_128()
        self.total = 0

    def add(self, value: Any) -> None:
        name = key_digest(self._key(value)) if self._key else b""
        if self._seen is not None:
            if self._seen.find(name) is not None:
                return
            self._seen.add(name, self.total)
        self._hasher.update(name + self._digest(value).to_bytes(8, "little"))
        self.total += 1

    def matches(self, marker: Marker) -> bool:
        return self._hasher.hexdigest() == marker.input_digest


def decide(found: Found, asked: Asked, same_input: bool | None, repeatable: bool) -> Move:
    """What a start does.

    Args:
        same_input: whether a finished run's input is given again; None if it was not read to tell.
        repeatable: whether the source can still be read from the beginning.

    Raises:
        FunctionChanged, InputChanged, OutputMissing, StateNotRebuildable
    """
    move = _move(found, asked, same_input, repeatable)
    if move in ("resume", "reopen"):
        _refuse_incomplete_state(found, asked)
        if asked.retry_failed:
            _refuse_hand_kept(found, asked)
    return move


def _refuse_incomplete_state(found: Found, asked: Asked) -> None:
    """A repaired run's state may hold outcomes that were lost."""
    head = found.head
    if head.state_stale and head.folded is None and not asked.folds and decode(bytes(head.state)):
        raise StateNotRebuildable(
            f"{found.info.job} ({found.info.run}) was repaired, and its state, kept by hand, counts outcomes that were "
            "lost; begin anew with again=True, or compute the state with on_result=",
            ({"again": True},),
        )


def _refuse_hand_kept(found: Found, asked: Asked) -> None:
    """A retry needs a state that can be computed anew."""
    head = found.head
    if head.counts.failed and not asked.folds and decode(bytes(head.state)):
        raise StateNotRebuildable(
            "retrying failed items needs a state that can be computed anew, and this one was kept by hand; begin "
            "anew with again=True, or compute the state with on_result=",
            ({"again": True},),
        )


def _move(found: Found, asked: Asked, same_input: bool | None, repeatable: bool) -> Move:
    if found.fresh:
        return "begin"
    if asked.again:
        return "restart"
    changed = _identity_move(found, asked)
    if changed is not None:
        return changed
    if found.info.phase != "finished":
        return "resume"
    return _finished(found, asked, same_input, repeatable)


def check_repeatable(source: Source | AsyncSource | None) -> None:
    """Before a source is read again from its beginning.

    Raises:
        SourceError: it can be read only once, and was.
    """
    if source is not None and not source.repeatable:
        raise SourceError(f"{source.name} can be read only once; begin anew with again=True (--again)")


def _identity_move(found: Found, asked: Asked) -> Move | None:
    """What a changed function or parameter asks for; None if nothing changed, or what is settled is kept."""
    lines = identity.differences(found.info.identity, asked.identity)
    if not lines:
        return None
    keying = any(line.startswith("key:") for line in lines)
    if asked.on_change in ("redo", "restart"):
        return "restart"
    if asked.on_change == "keep" and not keying:
        return None
    names = ("restart",) if keying else ("keep", "redo", "restart")
    ways = (
        '"restart"' if keying else '"keep" (use what is settled), "redo" (do everything again) or "restart"'
    )
    finished = found.info.phase == "finished"
    state = "is finished" if finished else f"has {found.head.counts.settled} settled items"
    raise FunctionChanged(
        f"{found.info.job} ({found.info.run}) {state}, but what it was made with has changed: {'; '.join(lines)}. "
        f"Go on with on_change={ways}",
        ways_of_change(*names),
    )


def _finished(found: Found, asked: Asked, same_input: bool | None, repeatable: bool) -> Move:
    marker = found.info.marker
    assert marker is not None
    if asked.retry_failed and marker.counts.failed:
        return "reopen"
    if same_input is False:
        if not repeatable:
            raise InputChanged(
                f"{found.info.job} ({found.info.run}) is finished, with another input than this one, which can be read "
                "only once and has been read to tell; run again with again=True (--again)",
                ({"again": True},),
            )
        _refuse_effects(found, asked, marker)
        return "restart"
    return _output_move(found, asked, marker)


def _refuse_effects(found: Found, asked: Asked, marker: Marker) -> None:
    """To begin anew because of another input would do again what was to be done once."""
    if marker.effects and asked.on_change != "restart":
        raise InputChanged(
            f"{found.info.job} ({found.info.run}) is finished, with another input than this one, and its items have "
            "acted on the world outside (onward.once), which beginning anew would do again. Give this round a run of "
            "its own with run= (--run), or begin anew with again=True (--again)",
            ({"again": True},),
        )


def _output_move(found: Found, asked: Asked, marker: Marker) -> Move:
    """An input that is finished is asked for again: whether its results are where they are wanted."""
    record = marker.output
    wanted = asked.output is None or (record is not None and record.path == str(asked.output.path))
    if wanted and (record is None or intact(record)):
        return "already"
    if found.head.blocks:
        return "publish"
    name = f"{found.info.job} ({found.info.run})"
    if record is not None and intact(record):
        raise OutputMissing(
            f"{name} is finished, and its results are in {record.path}: copy them with onward export, or run from "
            "the beginning with again=True (--again)",
            ({"again": True},),
        )
    raise OutputMissing(
        f"{name} is finished, and its results went to {record.path if record else 'nowhere'}, which is gone or was "
        "changed since. Put it back, or run from the beginning with again=True (--again)",
        ({"again": True},),
    )
