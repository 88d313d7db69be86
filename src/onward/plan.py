"""What a run would do, and why, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, cast

from onward.errors import OnwardError, RunNotFound, UsageError
from onward.journal import outcomes
from onward.journal.intervals import IntervalSet
from onward.journal.records import Head
from onward.model import Item
from onward.pending.admission import Admission, Known, RestartNeeded
from onward.pending.intake import digest_function, key_function
from onward.pending.keys import KeyIndex, stored_keys
from onward.publish.actions import refuse_foreign
from onward.session.execution import asked_of, is_keyed
from onward.session.opening import Asked, Found, InputDigest, Move, decide, look, needs_input
from onward.settings import Settings
from onward.sources import Source, is_async, open_source
from onward.stores import Reader, open_runs


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        total: items in the input.
        reuse: settled items that would be used as they are, failed and skipped ones among them.
        failed, skipped: of those.
        todo: items that would be worked on; of them ``changed`` settled with another content, ``retry`` failed
            before, ``new`` never settled.
        retired: settled items that are not in the input any more.
        finished: nothing would be done, because the run is finished.
        reasons: why, in sentences.
        refusal: the error that a run would stop with, if it would.
        ways: settings, each of which goes on all the same.
        exit_code: what that error exits with.
    """

    total: int = 0
    reuse: int = 0
    failed: int = 0
    skipped: int = 0
    todo: int = 0
    changed: int = 0
    new: int = 0
    retry: int = 0
    retired: int = 0
    finished: bool = False
    reasons: list[str] = field(default_factory=list)
    refusal: str | None = None
    ways: tuple[Mapping[str, Any], ...] = ()
    exit_code: int = 0


class _Ledger:
    """A book for the resume rule that only counts."""

    def __init__(self, head: Head, reader: Reader | None) -> None:
        self.settled = head.settled_set()
        self.retired = head.retired_set()
        self.changed = 0
        self.failed = IntervalSet()
        if reader is not None and head.counts.failed:
            self.failed, _ = outcomes.unsuccessful(reader)

    def retire(self, ordinal: int) -> None:
        self.retired.add(ordinal)

    def readmit(self, ordinal: int) -> None:
        self.retired.discard(ordinal)

    def move(self, ordinal: int, position: int) -> None:
        pass

    def redo(self, item: Item) -> None:
        self.changed += 1

    def keep(self, item: Item) -> None:
        pass


def make_plan(settings: Settings, fn: Callable[..., Any], items: Any) -> Plan:
    """What a run with these settings would do; reads store and input, touches neither.

    Raises:
        UsageError: the input can be read only once, so that planning would use it up.
        StoreError: the store cannot be read.
    """
    found = open_source(items, format=settings.source_format)
    source = cast(Source, found)
    if is_async(found) or not source.repeatable:
        raise UsageError(f"{source.name} can be read only once, and planning reads it; give a list or a file")
    keyed = is_keyed(settings, source)
    asked = asked_of(settings, fn, keyed=keyed)
    try:
        reader: Reader | None = open_runs(settings.store).reader(settings.job, settings.run)
    except RunNotFound:
        reader = None
    try:
        return _plan(settings, asked, source, reader, keyed)
    except OnwardError as error:
        return Plan(refusal=str(error), ways=getattr(error, "ways", ()), exit_code=error.exit_code)
    finally:
        if reader is not None:
            reader.close()


def _plan(settings: Settings, asked: Asked, source: Source, reader: Reader | None, keyed: bool) -> Plan:
    if reader is None:
        return _count(
            settings, source, Head(), None, keyed, ["nothing is stored; it begins at the beginning"]
        )
    found = look(reader, asked)
    move = decide(found, asked, _same_input(settings, found, asked, source, keyed), True)
    if move == "already":
        return _finished(found)
    if asked.output is not None:
        refuse_foreign(asked.output, found.info.marker)
    head = Head() if move in ("begin", "restart") else found.head
    try:
        return _count(settings, source, head, reader, keyed, [_reason(move, found)])
    except RestartNeeded:
        reason = f"the input has changed; {_reason('restart', found)}"
        return _count(settings, source, Head(), reader, keyed, [reason])


def _same_input(settings: Settings, found: Found, asked: Asked, source: Source, keyed: bool) -> bool | None:
    if not needs_input(found, asked, source) or found.info.marker is None:
        return None
    key = key_function(settings, source) if keyed else None
    digest = InputDigest(digest_function(source), key, settings.duplicates)
    with closing(source.read()) as reading:
        for value in reading:
            digest.add(value)
    return digest.matches(found.info.marker)


def _finished(found: Found) -> Plan:
    marker = found.info.marker
    assert marker is not None
    counts = marker.counts
    return Plan(
        total=marker.total,
        reuse=counts.settled,
        failed=counts.failed,
        skipped=counts.skipped,
        retired=marker.retired,
        finished=True,
        reasons=["the run is finished, with this input and function; nothing would be done"],
    )


def _reason(move: Move, found: Found) -> str:
    name = f"{found.info.job} ({found.info.run})"
    return {
        "begin": f"nothing of {name} is saved yet; it begins at the beginning",
        "restart": f"{name} would begin anew, generation {found.info.generation + 1}",
        "resume": f"{name} was interrupted and goes on",
        "reopen": f"{name} is finished; its failed items are tried again",
        "publish": f"{name} is finished; its stored results are published where they are asked for",
    }.get(move, move)


def _count(
    settings: Settings, source: Source, head: Head, reader: Reader | None, keyed: bool, reasons: list[str]
) -> Plan:
    ledger = _Ledger(head, reader)
    fingerprint = source.fingerprint()
    changed = fingerprint is None or fingerprint != head.fingerprint
    stored = reader if head.blocks else None
    known = Known(
        keys=stored_keys(stored) if stored and keyed else KeyIndex(),
        digests=outcomes.digests(stored, ledger.settled.end()) if stored and changed else None,
        retry=ledger.failed if settings.retry_failed else IntervalSet(),
    )
    key = key_function(settings, source) if keyed else None
    admission = Admission(
        ledger,
        known,
        name=source.name,
        key=key,
        digest=digest_function(source),
        on_change=settings.on_change,
        duplicates=settings.duplicates,
    )
    todo = new = 0
    with closing(source.read()) as reading:
        for value in reading:
            item = admission.admit(value)
            todo += item is not None
            new += item is not None and item.ordinal not in ledger.settled
    admission.end()
    return _result(settings, head, ledger, admission, (todo, new), reasons)


def _result(
    settings: Settings,
    head: Head,
    ledger: _Ledger,
    admission: Admission,
    counted: tuple[int, int],
    reasons: list[str],
) -> Plan:
    todo, new = counted
    failed = head.counts.failed
    retry = todo - new - ledger.changed
    if admission.findings.changed:
        reasons.append(f"{admission.findings.changed} settled items have changed: {settings.on_change}")
    if failed:
        reasons.append(f"{failed} failed items are {'tried again' if settings.retry_failed else 'kept'}")
    if ledger.retired:
        reasons.append(f"{len(ledger.retired)} settled items are not in the input any more")
    return Plan(
        total=admission.position,
        reuse=admission.position - todo,
        failed=0 if settings.retry_failed else failed,
        skipped=head.counts.skipped,
        todo=todo,
        changed=ledger.changed,
        new=new,
        retry=retry,
        retired=len(ledger.retired),
        reasons=reasons,
    )
