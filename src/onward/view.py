"""Looking at a run, whether it is live, dead or finished; and taking its results out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from onward.attempts.effects import read as stored_act
from onward.codec import Restore, decode
from onward.errors import OutputExists, RunNotFound
from onward.journal import outcomes, records
from onward.journal.records import Head
from onward.journal.steps import effects
from onward.model import Key, Marker, Outcome, Owner, Progress, RunInfo, RunStatus, SessionRecord, forecast
from onward.outputs import files, format_for
from onward.settings import check_name
from onward.stores import Reader, Runs, open_runs


class RunView:
    """One run, to look at. Every property reads the store as it is at that moment.

    Raises (any property):
        RunNotFound, StoreError
    """

    def __init__(self, runs: Runs, job: str, run: str, restore: Restore | None = None) -> None:
        self._runs = runs
        self._restore = restore
        self.job = job
        self.run = run

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Reader]:
        reader = self._runs.reader(self.job, self.run)
        try:
            yield reader
        finally:
            reader.close()

    @property
    def info(self) -> RunInfo:
        """What the store says about the run besides its checkpoints."""
        with self._reader() as reader:
            info = records.info_of(reader)
        if info is None:
            raise RunNotFound(f"{self.job} ({self.run}): nothing has been saved yet")
        return info

    @property
    def head(self) -> Head:
        """The newest checkpoint, less its outcomes."""
        with self._reader() as reader:
            return records.head_of(reader)

    @property
    def owner(self) -> Owner | None:
        """The process that holds the run now, None if none does."""
        with self._reader() as reader:
            return reader.owner()

    @property
    def status(self) -> RunStatus:
        """One of "finished", "running" (a live process holds the run) and "interrupted"."""
        if self.info.phase == "finished":
            return "finished"
        return "running" if self.owner is not None else "interrupted"

    @property
    def sessions(self) -> list[SessionRecord]:
        """The sessions, oldest first."""
        return self.info.sessions

    @property
    def marker(self) -> Marker | None:
        """The completion marker, None while the run is not finished."""
        info = self.info
        return info.marker if info.phase == "finished" else None

    @property
    def state(self) -> Any:
        """The run's state as JSON gives it back."""
        marker = self.marker
        return marker.state if marker else decode(bytes(self.head.state))

    @property
    def counters(self) -> dict[str, float]:
        """What ``onward.count`` has counted."""
        marker = self.marker
        return marker.counters if marker else self.head.counters

    @property
    def in_doubt(self) -> list[tuple[Key, str, float]]:
        """The acts of ``onward.once`` that were begun and have no result: item key, name, and Unix seconds.

        While the run is running, these are under way.
        """
        with self._reader() as reader:
            found = [(key, name, stored_act(raw)) for key, name, raw in effects(reader)]
        return [(key, name, act.at) for key, name, act in found if act.state == "begun"]

    @property
    def spent(self) -> dict[str, float]:
        """What ``onward.spend`` has counted, over all sessions."""
        marker = self.marker
        return marker.spent if marker else self.head.spent

    @property
    def progress(self) -> Progress:
        """How far the run is, as far as it is saved."""
        info = self.info
        if info.phase == "finished" and info.marker:
            counts = info.marker.counts
            total = info.marker.total
            return Progress(
                total,
                counts.succeeded,
                counts.failed,
                counts.skipped,
                saved=counts.settled,
                spent=info.marker.spent,
            )
        return _progress(info, self.head)

    def outcomes(self) -> Iterator[Outcome]:
        """The stored outcomes in input order, read lazily; after a clean finish they are in the output only."""
        with self._reader() as reader:
            head = records.head_of(reader)
            for entry in outcomes.stored(reader, head):
                yield self._with_value(entry.outcome, entry.raw)

    def failures(self) -> Iterator[Outcome]:
        """The failed items in input order, read lazily."""
        with self._reader() as reader:
            head = records.head_of(reader)
            if head.counts.failed:
                for entry in outcomes.failed(reader, head):
                    yield entry.outcome

    def results(self) -> Iterator[Any]:
        """The results of the succeeded items in input order, read lazily: from the store, or from the output.

        Raises:
            OutputMissing: the run is finished, its outcomes are only in its output, and that is gone.
        """
        marker = self.marker
        if marker is not None and marker.output is not None and not self.head.blocks:
            plain = format_for(marker.output.path, marker.output.format).values(Path(marker.output.path))
            return (self._restored(value) for value in plain)
        return (outcome.value for outcome in self.outcomes() if outcome.status == "succeeded")

    def raw_results(self) -> Iterator[bytes]:
        """The results as JSON, as :meth:`results`."""
        return (msgspec.json.encode(value) for value in RunView(self._runs, self.job, self.run).results())

    def _with_value(self, outcome: Outcome, raw: bytes) -> Outcome:
        if outcome.status == "failed":
            return outcome
        plain = decode(raw)
        value = self._restored(plain) if outcome.status == "succeeded" else plain
        return msgspec.structs.replace(outcome, value=value)

    def _restored(self, plain: Any) -> Any:
        return self._restore(plain) if self._restore is not None else plain

    def __repr__(self) -> str:
        return f"<onward run {self.job!r} ({self.run})>"


def _progress(info: RunInfo, head: Head) -> Progress:
    counts = head.counts
    latest = info.sessions[-1] if info.sessions else None
    at_start = latest.before.settled if latest and not latest.how else counts.settled
    seconds = head.saved_at - latest.owner.since if latest else 0.0
    rate = (counts.settled - at_start) / seconds if seconds > 0 else 0.0
    left = None if head.total is None else max(0, head.total - counts.settled)
    new = counts.settled - (latest.before.settled if latest else 0)
    usd = head.spent.get("usd", 0) - (latest.spent_before.get("usd", 0) if latest else 0)
    return Progress(
        total=head.total,
        succeeded=counts.succeeded,
        failed=counts.failed,
        skipped=counts.skipped,
        reused=at_start,
        rate=rate,
        seconds_left=left / rate if left is not None and rate > 0 else None,
        saved=counts.settled,
        saved_age=time.time() - head.saved_at if head.saved_at else None,
        spent=head.spent,
        forecast=forecast(usd, new, left),
    )


def load(job: str, run: str = "default", *, store: Any = None) -> RunView:
    """A run to look at, live, dead or finished.

    Raises:
        RunNotFound: there is none of that name.
        UsageError: it cannot be a name.
        StoreError: the store cannot be read.
    """
    check_name("job", job)
    check_name("run", run)
    view = RunView(open_runs(store), job, run)
    info = view.info
    if (info.job, info.run) != (job, run):
        raise RunNotFound(f"the store holds the run {info.run!r} of job {info.job!r}, not {run!r} of {job!r}")
    return view


def list_runs(store: Any = None) -> Iterator[RunView]:
    """Every run in a store, by name; one that is damaged too, since to see it is the first step."""
    runs = open_runs(store)
    for job, run in runs.names():
        yield RunView(runs, job, run)


def export(view: RunView, path: str | Path, format_name: str | None = None, *, force: bool = False) -> int:
    """Write the results so far to a file, in one step, and return its size in bytes.

    Raises:
        UsageError: the name gives no format.
        OutputExists: the file is there and ``force`` is not given.
    """
    target = files.target_of(path)
    found = format_for(Path(path).absolute(), format_name)
    if target.exists() and not force:
        raise OutputExists(f"{target} exists; move it, or give --force")
    written = files.write_temporary(target, found.chunks(_Again(view)), "export")
    files.replace(written.path, target)
    files.sync_folder(target.parent)
    return written.bytes


class _Again:
    """Results to be iterated over as often as a format needs."""

    def __init__(self, view: RunView) -> None:
        self._view = view

    def __iter__(self) -> Iterator[bytes]:
        return self._view.raw_results()


def remove(job: str, run: str = "default", *, store: Any = None) -> None:
    """Delete a run with everything stored of it, be it damaged; its output stays.

    Raises:
        RunNotFound: there is none of that name.
        RunHeld: a live process holds it.
    """
    open_runs(store).remove(job, run)
