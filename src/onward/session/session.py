"""One process's share of a run: source, pending, executor, journal, publish.

A session opens the store, decides with :mod:`onward.session.opening` what there is to do, feeds units of work to an
executor, gives what comes back to the journal, and finishes the run when everything has settled. It is driven
from a plain loop or from an event loop; both drivers are in :mod:`onward.session.drive`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from typing import Any

from onward.attempts.ledger import Ledger
from onward.attempts.spending import Spending
from onward.cadence import Cadence
from onward.codec import Restore
from onward.errors import Interrupted, OnwardError, Stopped
from onward.events import Announcer, SessionEnded, SessionStarted
from onward.identity import keying_part
from onward.journal.journal import Journal
from onward.journal.records import Head
from onward.journal.register import Register
from onward.journal.state import make as make_state
from onward.model import Progress, RunStatus, Settled
from onward.pending.intake import Intake, open_intake
from onward.publish import actions, finishing
from onward.report import Report
from onward.session import standing
from onward.session.delivery import Delivery
from onward.session.opening import Asked, Found, Move, check_repeatable, decide, look
from onward.session.stopping import Stopping
from onward.session.suspects import Suspects
from onward.settings import Settings
from onward.sources.base import AsyncSource, Source
from onward.stop import Stop
from onward.stores.base import Store
from onward.view import RunView


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
        self.ledger = Ledger(Spending(settings.terms.budget))
        self.stopping = Stopping(settings, self.stop, self.ledger.spending)
        self.suspects = Suspects(settings.max_crashes, self.settle)
        self.already = False
        self.finished = False
        self._publishes = False
        self.started = time.monotonic()
        self.ended: float | None = None
        self.opened = False
        self._over = False
        self._total: int | None = None
        self._background = background
        self.found: Found
        self.register: Register
        self.journal: Journal
        self.delivery = Delivery(announcer, restore)
        self.intake: Intake | None = None

    def ask_keyed(self) -> None:
        """Ask for what ``keyed`` says, where that was learnt late."""
        parts = {**self.asked.identity, "key": keying_part(self.keyed)}
        self.asked = dataclasses.replace(self.asked, identity=parts)
        if self.opened:
            self.journal.keyed = self.keyed
            self.register.ask(parts, None)
            self.register.write()  # blocks must never be there without what says how to read them

    # Opening

    def look(self) -> None:
        """Become the run's writer and see what is there; what a crash left half finished is finished first."""
        self.store.acquire()
        self.found = look(self.store, self.asked)
        self.register = Register(self.store, self.found.info)
        if self.found.info.phase == "finishing":
            finishing.complete(self.register, self.found.head)
            self.found = look(self.store, self.asked)

    def begin(self, same_input: bool | None) -> bool:
        """Carry out what the start asks for; False if nothing is left to work on.

        Raises:
            Refused, StoreError
        """
        self._check_output()
        repeatable = self.source is None or self.source.repeatable
        move = decide(self.found, self.asked, same_input, repeatable)
        self.already = move == "already"
        if self.already:
            self._open_journal(self.found.head)
            finishing.remove_outcomes(self.register, self.found.head)
            return False
        if self.asked.output is not None and move != "publish":
            actions.refuse_foreign(self.asked.output, self.found.info.marker)
        self._open_journal(self._carry_out(move))
        self.stop.listeners.append(self.suspects.stopping)
        counted = self.suspects.look(self.store, self.journal, self.settings, anew=move == "restart")
        self.register.enter(self.journal.totals.counts, self.ledger.spending.at_start)
        if counted:
            self.journal.checkpoint()
        self._total = self._first_total()
        self.stopping.start_deadline()
        self.announcer(SessionStarted(self.register.info, self.progress, self.asked.command))
        self._publishes = move == "publish"
        return not self._publishes

    def take_source(self, source: Source | AsyncSource) -> None:
        """The source, where it is known only after the session was opened."""
        self.source = source
        self._check_output()
        if self.opened:
            self._total = self._first_total()

    def _check_output(self) -> None:
        actions.refuse_input(self.asked.output, getattr(self.source, "path", None))

    def _first_total(self) -> int | None:
        """Items in the input, before it is read: what the source says, or the checkpoint of the same source."""
        source, head = self.source, self.journal.head
        if source is None:
            return head.total
        fingerprint = source.fingerprint() if head.total is not None else None
        if fingerprint is not None and fingerprint == head.fingerprint:
            return head.total  # counting would read all of a file that is not read again
        return source.total()

    def _carry_out(self, move: Move) -> Head:
        self.register.ask(self.asked.identity, self.asked.command)
        if move == "restart":
            self.register.begin_anew()
        if move == "reopen":
            self.register.turn("open")
        if move == "begin":  # what earlier sessions spent and noted before anything was settled
            return Head(notes=self.found.head.notes, spent=self.found.head.spent)
        return Head() if move == "restart" else self.found.head

    def restart(self) -> None:
        """Begin anew in the middle, because a settled item has changed; what is in flight must be dropped.

        Raises:
            SourceError: the source can be read only once, and was.
        """
        check_repeatable(self.source)
        self.journal.close()
        self.register.begin_anew()
        self._open_journal(Head())

    def _open_journal(self, head: Head) -> None:
        fresh = not head.saved_at
        state = make_state(self.settings.on_result, self.settings.state, None if fresh else bytes(head.state))
        self.journal = Journal(
            self.store,
            head,
            cadence=Cadence(self.settings.terms.every, time.perf_counter()),
            state=state,
            restore=self.restore,
            keyed=self.keyed,
            background=self._background,
            on_saved=self.delivery.saved,
            ledger=self.ledger,
        )
        if state.folded and not fresh and head.folded != state.identity:
            self.journal.folding.stale = True
        self.opened = True

    def open_intake(self, batch: int) -> Intake:
        """Prepare for reading the source, from where the resume rule says."""
        assert self.source is not None
        self.intake = open_intake(
            self.source,
            self.journal,
            self.settings,
            keyed=self.keyed,
            batch=batch,
            halted=lambda: self.stop.requested,
            at_work=lambda: self.stop.interruptible,
            total=self.total,
        )
        return self.intake

    # Outcomes

    def settle(self, settled: Settled | None) -> None:
        """Take what an executor yields: an outcome, or None to look around."""
        if settled is not None:
            self.journal.settle(settled)
            if self.intake is not None:
                self.intake.done(settled.item)
            self.stopping.judge(settled, self.journal.taken)
        if self.delivery.arrived:
            self.delivery.hand_on()

    # Ending

    @property
    def complete(self) -> bool:
        """Whether the source has ended and every item of it has settled."""
        if self._publishes:
            return True
        return self.intake is not None and self.intake.exhausted and not self.intake.in_flight

    def _finish(self) -> None:
        finishing.finish(
            self.journal,
            self.register,
            self.asked.output,
            seconds=self.run_seconds,
            leave=lambda: self._leave("finished"),
        )
        self.finished = True

    def save(self) -> None:
        """Take a last checkpoint.

        Raises:
            StoreError: it failed, or one before it did.
        """
        if not self.already:  # what finishing left stays as it is
            self.journal.save()
        self.delivery.hand_on()

    def _save_as_it_is(self) -> None:
        """After an error: what is settled, unless saving itself is what failed."""
        if self.journal.error is None and not (self.already or self.finished):
            self.journal.checkpoint()
            self.delivery.hand_on()

    def _leave(self, how: str) -> None:
        self.ended = self.ended or time.monotonic()
        self.register.leave(how, self.journal.totals.counts, self.session_seconds)

    def conclude(self) -> Report:
        """Finish the run if all is settled, else leave it interrupted; the report.

        Raises:
            Interrupted: a signal asked for it.
            Stopped: a limit did.
        """
        if self.complete and not self.stop.forced:
            self._finish()
        if self.already or self.finished:
            return self._end("finished")
        self.save()
        stopped = self.stopping.error
        if stopped is not None:
            stopped.report = self._end("stopped")
            raise stopped
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
            self._save_as_it_is()
        how = "failed" if isinstance(error, Exception) else "interrupted"
        how = "stopped" if isinstance(error, Stopped) else how
        report = None
        with contextlib.suppress(OnwardError):
            report = self._end(how)
        if isinstance(error, Stopped):
            error.report = error.report or report
        elif isinstance(error, Interrupted):  # raised before the last save; how far it came is known now
            error.report, error.args = report, self._interrupted(report).args
        elif isinstance(error, KeyboardInterrupt):
            raise self._interrupted(report) from error

    def raise_if_interrupted(self) -> None:
        """Between two items of a loop: a signal ends it here.

        Raises:
            Interrupted
        """
        if self.stop.requested and self.stopping.error is None:
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
        self.stopping.cancel()
        if how != "finished" and self.journal.error is None:
            self._leave(how)
            self.register.write()
        self._over = True
        self.delivery.hand_on()  # what the last save of a finished run made durable
        report = self.report("finished" if how == "finished" else "interrupted")
        self.announcer(SessionEnded(how, report))
        self.stopping.check_spending(self.journal.account.new)
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
        self.stopping.cancel()
        self.suspects.close()
        self.stop.listeners.clear()  # an attempt may outlive the session, and knows of the stop and the ledger
        self.ledger.close()
        if self.opened:
            self.journal.close()
        self.store.close()

    # What it looks like from outside

    @property
    def total(self) -> int | None:
        """Items in the input, None while unknown."""
        return self.intake.total if self.intake is not None else self._total

    @property
    def session_seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.started

    @property
    def run_seconds(self) -> float:
        """Seconds of all sessions."""
        return self.register.seconds_before() + (0.0 if self.already else self.session_seconds)

    def progress(self) -> Progress:
        """How far the run is; may be asked from any thread."""
        in_flight = self.intake.in_flight if self.intake else 0
        return standing.progress(
            self.journal, total=self.total, in_flight=in_flight, seconds=self.session_seconds
        )

    def report(self, status: RunStatus) -> Report:
        """What the session gives back."""
        return standing.report(
            self.register,
            self.journal,
            self.view,
            status=status,
            total=self.total,
            already=self.already,
            run_seconds=self.run_seconds,
            session_seconds=self.session_seconds,
        )
