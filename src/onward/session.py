"""One process's share of a run: source, pending, executor, journal, publish.

A session opens the store, decides with :mod:`onward.opening` what there is to do, feeds units of work to an
executor, gives what comes back to the journal, and finishes the run when everything has settled. It is driven
from a plain loop or from an event loop; both drivers are in :mod:`onward.drive`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from onward import faults, outcomes, publish
from onward.admission import Admission, Known
from onward.cadence import Cadence
from onward.codec import Restore, decode
from onward.errors import (
    DeadlineReached,
    FailureLimitReached,
    Interrupted,
    OnwardError,
    StateNotRebuildable,
    Stopped,
)
from onward.events import Announcer, Saved, SessionEnded, SessionStarted
from onward.identity import keying_part
from onward.intake import Intake
from onward.journal import Journal
from onward.model import (
    Change,
    Item,
    Marker,
    Outcome,
    Owner,
    Progress,
    RunInfo,
    RunStatus,
    SessionRecord,
    Settled,
)
from onward.opening import Asked, Found, Move, begun_anew, decide, look
from onward.records import Head, write_info
from onward.report import Report
from onward.settings import Settings
from onward.sources.base import AsyncSource, Source
from onward.state import make as make_state
from onward.stop import Stop
from onward.stores.base import Store
from onward.view import RunView

SESSIONS_KEPT = 200


class Session:
    """See the module.

    Args:
        keyed: items are told apart by key.
        background: the executor's consumer must not be kept waiting by saves.
        restore: makes results what callers see.
    """

    def __init__(
        self,
        settings: Settings,
        asked: Asked,
        source: Source | AsyncSource | None,
        store: Store,
        *,
        keyed: bool,
        background: bool,
        restore: Restore | None,
        announcer: Announcer,
        view: RunView,
    ) -> None:
        self.settings = settings
        self.asked = asked
        self.source = source
        self.store = store
        self.keyed = keyed
        self.restore = restore
        self.announcer = announcer
        self.view = view
        self.stop = Stop()
        self.stopped: Stopped | None = None
        self.already = False
        self.reused = 0
        self.saved: deque[Settled] = deque()
        self.keep_saved = False
        self.on_saved: Callable[[], None] = lambda: None
        self.started = time.monotonic()
        self.ended: float | None = None
        self.opened = False
        self._over = False
        self._background = background
        self._failures = settings.terms.failure_limit()
        self._timer: threading.Timer | None = None
        self._total: int | None = None
        self._unread: deque[list[Settled]] = deque()
        self.found: Found
        self.info: RunInfo
        self.journal: Journal
        self.intake: Intake | None = None

    def ask_keyed(self) -> None:
        """Ask for what ``keyed`` says, where that was learnt late."""
        parts = {**self.asked.identity, "key": keying_part(self.keyed)}
        self.asked = dataclasses.replace(self.asked, identity=parts)
        if self.opened:
            self.journal.keyed = self.keyed
            self.info = msgspec.structs.replace(self.info, identity=parts)

    # Opening

    def look(self) -> Found:
        """Become the run's writer and see what is there."""
        self.store.acquire()
        self.found = look(self.store, self.asked)
        return self.found

    def begin(self, same_input: bool | None) -> bool:
        """Carry out what the start asks for; False if nothing is left to work on.

        Raises:
            Refused, StoreError
        """
        move: Move = decide(self.found, self.asked, same_input, self.source is None or self.source.repeatable)
        self.info, head = self.found.info, self.found.head
        if move == "complete":
            move = self._complete()
            head = self.found.head
        if move == "already":
            self.already = True
            self._open_journal(head)
            if self.info.phase == "finished":
                self._remove_outcomes()
            return False
        if move != "publish" and self.asked.output is not None:
            publish.refuse_foreign(self.asked.output, self.info.marker)
        head = self._move(move, head)
        self._open_journal(head)
        self._write_session(how="")
        self._start_deadline()
        self.announcer(SessionStarted(self.info, self.progress, self.asked.command))
        return move != "publish"

    def _move(self, move: Move, head: Head) -> Head:
        if move in ("begin", "restart"):
            if move == "restart":
                self.info = begun_anew(self.info, self.asked)
                self._clear()
            return Head()
        if move == "reopen":
            self.info = msgspec.structs.replace(self.info, phase="open")
        self.info = msgspec.structs.replace(
            self.info, identity=self.asked.identity, command=self.asked.command or self.info.command
        )
        return head

    def _clear(self) -> None:
        self.store.commit(Change(info=write_info(self.info), clear=True))

    def _open_journal(self, head: Head) -> None:
        fresh = head == Head()
        state = make_state(self.settings.on_result, self.settings.state, None if fresh else bytes(head.state))
        self.journal = Journal(
            self.store,
            head,
            cadence=Cadence(self.settings.terms.every, time.monotonic()),
            state=state,
            restore=self.restore,
            keyed=self.keyed,
            background=self._background,
            on_saved=self._note_saved,
        )
        if state.folded and not fresh and head.folded != state.identity:
            self.journal.state_stale = True
        self.reused = head.counts.settled
        self._total = head.total
        self.opened = True

    def _complete(self) -> Move:
        """Finish what a crash left half finished."""
        marker = self.info.marker
        assert marker is not None
        if publish.put_in_place(marker, publish.token_of(self.info)):
            self._open_journal(self.found.head)
            self._mark(marker)
        else:  # what was written is lost; the outcomes are not
            self.info = msgspec.structs.replace(self.info, phase="open")
        self.found = Found(self.info, self.found.head)
        return decide(self.found, self.asked, None, True)

    # Intake

    def open_intake(self, *, batch: int = 1) -> dict[str, int | str] | None:
        """Prepare for reading the source; the place to read it from, None for the beginning.

        Raises:
            StateNotRebuildable: failed items are to be retried, but the state was kept by hand.
        """
        source, head, journal = self.source, self.journal.head, self.journal
        assert source is not None
        fingerprint = source.fingerprint()
        unchanged = fingerprint is not None and fingerprint == head.fingerprint
        retry = self._to_retry()
        seek = unchanged and not retry and head.place is not None and not head.moved
        verify = bool(journal.settled) and not unchanged
        known = Known(
            keys=outcomes.keys(self.store) if self.keyed and journal.settled else {},
            digests=outcomes.digests(self.store, journal.settled.end()) if verify else None,
            retry=retry,
        )
        start = (head.place, head.place_position) if seek else (None, 0)
        admission = Admission(
            journal,
            known,
            name=source.name,
            key=self._key_of(source),
            digest=source.digest,
            on_change=self.settings.on_change,
            duplicates=self.settings.duplicates,
            start=start[1],
        )
        journal.fingerprint = None if verify else fingerprint
        if self.keyed and start[1] == 0 and journal.settled:
            journal.new_epoch()
        self._admission = admission
        self._fingerprint = fingerprint
        total = source.total()
        self._total = total if total is not None else (head.total if unchanged else None)
        self.intake = Intake(
            admission,
            batch=batch,
            limit=self.settings.limit,
            halted=lambda: self.stop.requested,
            start=start,
        )
        journal.place = self.intake.place
        return start[0]

    def _key_of(self, source: Source | AsyncSource) -> Callable[[Any], Any] | None:
        if not self.keyed:
            return None
        return self.settings.terms.key or source.key

    def _to_retry(self) -> Any:
        if not self.settings.retry_failed or not self.journal.head.counts.failed:
            return outcomes.IntervalSet()
        if not self.journal.state.folded and self.journal.state.value:
            raise StateNotRebuildable(
                "retrying failed items needs a state that can be computed anew, and this one was kept by hand; "
                'give on_change="restart" with again=True, or compute the state with on_result='
            )
        return self.journal.failed

    def exhausted(self) -> None:
        """The source has ended."""
        assert self.intake is not None
        self.intake.end()
        self._total = self._admission.position
        self.journal.total = self._total
        self.journal.fingerprint = self._fingerprint

    # Outcomes

    def settle(self, settled: Settled | None) -> None:
        """Take what an executor yields: an outcome, or None to look around.

        Raises:
            Stopped: too many items have failed, and what was in flight is settled.
        """
        if settled is not None:
            self.journal.settle(settled)
            if self.intake is not None:
                self.intake.done(settled.item)
            self._judge(settled)
        if self._unread:
            self._pass_on()

    def _judge(self, settled: Settled) -> None:
        if settled.status != "failed":
            self._failures.passed()
            return
        assert settled.error is not None
        reason = self._failures.failed(settled.error.type)
        if reason is not None and self.stopped is None:
            self.stopped = FailureLimitReached(f"{reason}; the last: {settled.error}")
            self.stop.request()

    def _note_saved(self, saved: list[Settled]) -> None:
        """Called in the thread that saved; observers and streams are served in the coordinator's."""
        if self.announcer or self.keep_saved:
            self._unread.append(saved)
            self.on_saved()

    def _pass_on(self) -> None:
        while self._unread:
            saved = self._unread.popleft()
            if self.keep_saved:
                self.saved.extend(saved)
            if self.announcer:
                self.announcer(Saved([self.outcome(s) for s in saved]))

    def outcome(self, settled: Settled) -> Outcome:
        """A newly settled item as callers see it."""
        item = settled.item
        value = self.journal.value(settled.raw) if settled.status != "failed" else None
        return Outcome(
            item.position, item.key, settled.status, value, settled.error, settled.attempts, settled.duration
        )

    def _start_deadline(self) -> None:
        seconds = self.settings.terms.deadline
        if seconds is None:
            return
        self._timer = threading.Timer(seconds, self._deadline)
        self._timer.daemon = True
        self._timer.start()

    def _deadline(self) -> None:
        self.stopped = self.stopped or DeadlineReached(f"the deadline of {self.settings.deadline} has passed")
        self.stop.request()

    # Ending

    @property
    def complete(self) -> bool:
        """Whether the source has ended and every item of it has settled."""
        return self.intake is not None and self.intake.exhausted and not self.intake.in_flight

    def finish(self) -> None:
        """Publish, mark, remove. See :mod:`onward.publish`.

        Raises:
            OutputExists, StoreError
        """
        journal = self.journal
        journal.exhausted = True
        self._refold()
        journal.checkpoint()
        survey = publish.Survey(self.store, journal.head, keyed=self.keyed)
        output, token = self.asked.output, publish.token_of(self.info)
        records: tuple[Any, Any] = (None, None)
        if output is not None:
            publish.refuse_foreign(output, self.info.marker)
            records = publish.write(survey, output, token)
        faults.point("finish.written")
        marker = self._marker(survey, *records)
        stale = msgspec.structs.replace(self.info, phase="open")
        self.info = msgspec.structs.replace(self.info, phase="finishing", marker=marker)
        journal.write_info(self.info)
        faults.point("finish.announced")
        publish.put_in_place(marker, token)
        publish.remove_stale_failures(stale, marker)
        faults.point("finish.renamed")
        self._mark(marker)

    def _mark(self, marker: Marker) -> None:
        self.info = msgspec.structs.replace(self.info, phase="finished", marker=marker)
        self._write_session(how="finished")
        faults.point("finish.marked")
        self._remove_outcomes()
        faults.point("finish.removed")

    def _remove_outcomes(self) -> None:
        """They are where the user asked for them, and none is left to retry."""
        marker = self.info.marker
        if marker and marker.output and not marker.counts.failed and self.journal.head.blocks:
            self.journal.write_info(self.info, clear=True)

    def _refold(self) -> None:
        """Compute the state anew if an outcome in it does not count any more."""
        journal = self.journal
        if not (journal.state_stale and journal.state.folded):
            return
        journal.checkpoint()
        journal.refold((e.outcome, e.raw) for e in outcomes.stored(self.store, journal.head))

    def _marker(self, survey: publish.Survey, output: Any, failures: Any) -> Marker:
        journal = self.journal
        return Marker(
            counts=survey.counts,
            retired=len(journal.retired),
            attempts=journal.statistics.attempts,
            duration=self.run_seconds,
            at=time.time(),
            input_digest=survey.input_digest,
            total=journal.total or 0,
            fingerprint=journal.fingerprint,
            state=decode(journal.state.snapshot()),
            counters=journal.statistics.counters,
            output=output,
            failures=failures,
        )

    def save(self) -> None:
        """Take a last checkpoint, unless a save has failed."""
        if self.journal.error is None:
            self._refold()
            self.journal.checkpoint()
            self._pass_on()

    def _write_session(self, how: str) -> None:
        """Put this session into the run's description."""
        sessions = self.info.sessions
        if sessions and self._number == sessions[-1].number:
            earlier, mine = sessions[:-1], sessions[-1]
        else:
            earlier, mine = (
                sessions,
                SessionRecord(self._number, self.store.owner() or Owner("", 0, time.time())),
            )
        mine = msgspec.structs.replace(
            mine,
            ended=time.time() if how else 0.0,
            how=how,
            counts=self.journal.statistics.counts,
            seconds=self.session_seconds,
        )
        dropped = earlier[: max(0, len(earlier) - SESSIONS_KEPT)]
        self.info = msgspec.structs.replace(
            self.info,
            sessions=[*earlier[len(dropped) :], mine],
            earlier_seconds=self.info.earlier_seconds + sum(s.seconds for s in dropped),
        )
        self.journal.write_info(self.info)

    @property
    def _number(self) -> int:
        before = self.found.info.sessions
        return before[-1].number + 1 if before else 1

    def conclude(self) -> Report:
        """Finish the run if all is settled, else leave it interrupted; the report.

        Raises:
            Interrupted: a signal asked for it.
            Stopped: a limit did.
        """
        if self.already:
            return self._end("finished")
        if self.complete and not self.stop.forced:
            self.finish()
            return self._end("finished")
        self.save()
        if self.stopped is not None:
            self.stopped.report = self._end("stopped")
            raise self.stopped
        report = self._end("interrupted")
        if self.stop.requested:
            raise self._interrupted(report)
        return report

    def fail(self, error: BaseException) -> None:
        """Something was raised: save what is settled, if saving is what works, and say how it ended.

        Raises:
            Interrupted: in place of a bare KeyboardInterrupt.
        """
        if not self.opened:
            return
        with contextlib.suppress(OnwardError):
            self.save()
        how = "failed" if isinstance(error, Exception) else "interrupted"
        report = None
        with contextlib.suppress(OnwardError):
            report = self._end(how)
        if isinstance(error, Interrupted):
            error.report = report
        elif isinstance(error, KeyboardInterrupt):
            raise self._interrupted(report) from error

    def raise_if_interrupted(self) -> None:
        """Between two items of a loop: a signal ends it here.

        Raises:
            Interrupted
        """
        if self.stop.requested and self.stopped is None:
            raise self._interrupted(None)

    def _interrupted(self, report: Report | None) -> Interrupted:
        progress = self.progress()
        of = "" if progress.total is None else f"/{progress.total}"
        found = Interrupted(
            f"interrupted; saved at {progress.saved}{of}. Run the same again to go on", report
        )
        if self.stop.forced and not self.stop.out_of_grace and self.stop.signal:
            found.exit_code = 128 + self.stop.signal
        return found

    def _end(self, how: str) -> Report:
        """Write down how the session ended and tell the observers."""
        if self._timer is not None:
            self._timer.cancel()
        self.ended = self.ended or time.monotonic()
        if how != "finished" and self.journal.error is None:
            self._write_session(how)
        self._over = True
        report = self.report("finished" if how == "finished" else "interrupted")
        self.announcer(SessionEnded(how, report))
        return report

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is not None and not self._over:
                self.fail(error)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of everything; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
        if self.opened:
            self.journal.close()
        self.store.close()

    def report(self, status: RunStatus) -> Report:
        """How far the run is."""
        marker = self.info.marker if self.info.phase == "finished" else None
        statistics = self.journal.statistics
        counts = marker.counts if marker else statistics.counts
        return Report(
            job=self.info.job,
            run=self.info.run,
            status=status,
            total=marker.total if marker else self._total,
            succeeded=counts.succeeded,
            failed=counts.failed,
            skipped=counts.skipped,
            reused=counts.settled if self.already else self.reused,
            retired=marker.retired if marker else len(self.journal.retired),
            attempts=marker.attempts if marker else statistics.attempts,
            duration=self.run_seconds,
            session_duration=self.session_seconds,
            state=marker.state if marker else decode(self.journal.state.snapshot()),
            counters=marker.counters if marker else statistics.counters,
            already_finished=self.already,
            output=marker.output if marker else None,
            _view=self.view,
        )

    # What it looks like from outside

    @property
    def session_seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started

    @property
    def run_seconds(self) -> float:
        """Seconds of all sessions."""
        info = self.info
        before = sum(s.seconds for s in info.sessions if s.number != self._number)
        return info.earlier_seconds + before + (0.0 if self.already else self.session_seconds)

    def progress(self) -> Progress:
        """How far the run is; may be asked from any thread."""
        journal = self.journal
        counts = journal.statistics.counts
        seconds = max(1e-9, self.session_seconds)
        rate = journal.new / seconds
        total = self._total
        left = None if total is None else max(0, total - counts.settled)
        saved_at = journal.saved_monotonic
        return Progress(
            total=total,
            succeeded=counts.succeeded,
            failed=counts.failed,
            skipped=counts.skipped,
            reused=self.reused,
            in_flight=self.intake.in_flight if self.intake else 0,
            rate=rate,
            seconds_left=left / rate if left is not None and journal.new else None,
            saved=counts.settled - journal.unsaved,
            saved_age=None if saved_at is None else time.monotonic() - saved_at,
        )
