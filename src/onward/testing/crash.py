"""Whether a job of yours survives being killed: it is, again and again, and compared with a run that was not."""

from __future__ import annotations

import inspect
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

import onward
from onward.errors import OnwardError, UsageError
from onward.jobs import Job
from onward.settings import Settings
from onward.testing.crash_child import Task

PATIENCE = 600.0
"""Seconds that one session may take, unless told otherwise."""


class CrashTestFailed(OnwardError):
    """The job cannot be tested: it does not even run to its end when it is left alone."""


@dataclass
class CrashReport:
    """What came of killing a job.

    Attributes:
        items: items in the input; ``saves``: checkpoints of the run that was left alone.
        kills: how often it was killed; ``rounds``: runs that were killed and finished all the same.
        lost: keys of items whose outcome was saved, or which an undisturbed run has, and which were missing.
        repeated: keys of items that were saved, and called again.
        different: keys of items with another outcome, and how.
        in_flight: calls that were made again because they were under way, or not saved, at a kill.
        refused: what a resume was refused with.
        notes: what about the job makes it unsafe.
    """

    items: int = 0
    saves: int = 0
    kills: int = 0
    rounds: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    different: dict[str, str] = field(default_factory=dict)
    in_flight: int = 0
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def safe(self) -> bool:
        """Whether killing changed nothing."""
        return not (self.lost or self.repeated or self.different or self.refused)


def crash_test(
    job: Job | Callable[..., Any],
    items: Any,
    *,
    kills: int = 20,
    seed: int | None = None,
    patience: float = PATIENCE,
    on_kill: Callable[[int, str], None] = lambda *_: None,
    **policies: Any,
) -> CrashReport:
    """Kill a job's process at saves and at random moments, resume it each time, and compare how it ends.

    It runs in processes and stores of its own, in a temporary folder. What the function does to the rest of the world,
    it does for real, and for items in flight at a kill more than once.

    Args:
        job: a job, or a function, at the top level of a file or module.
        items: a path, or a list of values that JSON gives back as they are.
        kills: how many times to kill it: half of them right behind a save, the others at any moment.
        seed: for the same moments again; printed nowhere, so choose one.
        patience: seconds that a session may take before it counts as hanging.
        on_kill: told after each kill how many there were, and at what.
        policies: as for :func:`onward.map`; only those that JSON can hold.

    Raises:
        UsageError: the job cannot be found by another process, or a policy is no JSON.
        CrashTestFailed: it fails when left alone.
    """
    with tempfile.TemporaryDirectory(prefix="onward-crash-test-") as folder:
        bench = _Bench(_task(job, items, Path(folder), policies), Path(folder), patience)
        return _Trial(bench, kills, random.Random(seed), on_kill).run()


def _task(job: Job | Callable[..., Any], items: Any, folder: Path, policies: Mapping[str, Any]) -> Task:
    fn = job.fn if isinstance(job, Job) else job
    settings = job.settings if isinstance(job, Job) else Settings(job=getattr(fn, "__name__", "job"))
    settings = settings.with_(**policies)
    name = getattr(fn, "__qualname__", "<lambda>")
    try:
        file = inspect.getfile(fn)
    except TypeError as error:
        raise UsageError(
            f"{fn!r} has no file; a crash test needs a function that another process can import"
        ) from error
    if "<" in name:
        raise UsageError(
            f"{name} is defined inside a function; a crash test needs it at the top level of its file"
        )
    if not isinstance(items, str | os.PathLike):
        path = folder / "items.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(value) + b"\n" for value in items))
        items = path
    try:
        encoded = msgspec.json.decode(msgspec.json.encode(dict(policies)))
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"a policy of a crash test must be JSON, the others belong into @job: {error}"
        ) from error
    return Task(
        file=str(Path(file).resolve()),
        module=fn.__module__,
        name=name,
        job=settings.job,
        run=settings.run,
        items=str(Path(items).absolute()),
        policies=encoded,
        search=[*sys.path],
    )


@dataclass
class _Session:
    """One process: how it ended, and what it called."""

    code: int
    said: str
    called: list[str]


class _Bench:
    """Where sessions run."""

    def __init__(self, task: Task, folder: Path, patience: float) -> None:
        self.task = task
        self._folder = folder
        self._patience = patience
        self._number = 0

    def session(self, store: str, *, at_save: int = 0, after: float | None = None) -> _Session:
        """A process that begins or goes on; killed right behind a save, or after so many seconds, or never."""
        self._number += 1
        witness = self._folder / f"calls-{self._number}"
        task = msgspec.structs.replace(
            self.task, store=self._store(store), witness=str(witness), at_save=at_save
        )
        plan = self._folder / "task.json"
        plan.write_bytes(msgspec.json.encode(task))
        words = [sys.executable, "-m", "onward.testing.crash_child", str(plan)]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, said = process.communicate(timeout=self._patience if after is None else after)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
            if after is None:
                raise CrashTestFailed(
                    f"a session took more than {self._patience:g} s; give patience="
                ) from None
        called = witness.read_text("utf-8").split("\n")[:-1] if witness.exists() else []
        return _Session(process.returncode, said.decode("utf-8", "replace").strip(), called)

    def _store(self, name: str) -> str:
        return str(self._folder / name)

    def outcomes(self, store: str) -> dict[str, Any]:
        """What is saved, by key."""
        try:
            view = onward.load(self.task.job, run=self.task.run, store=self._store(store))
            return {str(each.key): _shown(each) for each in view.outcomes()}
        except OnwardError:  # nothing yet
            return {}

    def state(self, store: str) -> Any:
        return onward.load(self.task.job, run=self.task.run, store=self._store(store)).state


def _shown(outcome: onward.Outcome) -> Any:
    told = outcome.error.type if outcome.error is not None else outcome.value
    return [outcome.status, told]


ENDED_WELL = (0, 3)


class _Trial:
    def __init__(
        self, bench: _Bench, kills: int, chance: random.Random, on_kill: Callable[[int, str], None]
    ) -> None:
        self._bench = bench
        self._kills = kills
        self._chance = chance
        self._on_kill = on_kill
        self._found = CrashReport()

    def run(self) -> CrashReport:
        began = time.monotonic()
        alone = self._bench.session("alone")
        self._seconds = time.monotonic() - began
        if alone.code not in ENDED_WELL:
            raise CrashTestFailed(f"left alone, the job does not finish: {alone.said or alone.code}")
        self._want = self._bench.outcomes("alone")
        self._found.items = len(self._want)
        self._found.saves = sum(line == "" for line in alone.called)
        while self._found.kills < self._kills and not self._found.refused:
            self._round(f"round-{self._found.rounds}")
        self._explain()
        return self._found

    def _round(self, store: str) -> None:
        """Kill one run until it finishes, or enough was killed."""
        saved: set[str] = set()
        calls: Counter[str] = Counter()
        while True:
            session, what = self._next(store)
            called = [key for key in session.called if key]
            calls.update(called)
            self._found.repeated += sorted(saved.intersection(called))
            if session.code == -signal.SIGKILL:
                self._found.kills += 1
                self._on_kill(self._found.kills, what)
            elif session.code not in ENDED_WELL:
                self._found.refused.append(session.said or f"exit code {session.code}")
                return
            now = self._bench.outcomes(store)
            self._found.lost += sorted(saved - now.keys())
            saved = set(now)
            if session.code in ENDED_WELL:
                break
        self._found.rounds += 1
        self._found.in_flight += sum(calls.values()) - len(calls)
        self._compare(store, now)

    def _next(self, store: str) -> tuple[_Session, str]:
        if self._found.kills >= self._kills:
            return self._bench.session(store), ""
        if self._found.kills % 2 == 0:
            at = self._chance.randint(1, max(1, self._found.saves // 2))
            return self._bench.session(store, at_save=at), f"its save {at}"
        after = self._chance.uniform(0, self._seconds)
        return self._bench.session(store, after=after), f"{after:.2f} s"

    def _compare(self, store: str, got: Mapping[str, Any]) -> None:
        self._found.lost += sorted(self._want.keys() - got.keys())
        for key, outcome in got.items():
            if outcome != self._want.get(key):
                self._found.different[key] = f"{self._want.get(key)} without kills, {outcome} with"
        want, state = self._bench.state("alone"), self._bench.state(store)
        if state != want:
            self._found.different["state"] = f"{want} without kills, {state} with"

    def _explain(self) -> None:
        """What about the job makes it unsafe."""
        found = self._found
        if found.different:
            self._bench.session("again")
            other = self._bench.outcomes("again")
            chance = [
                key for key in found.different if key != "state" and other.get(key) != self._want.get(key)
            ]
            if chance:
                found.notes.append(
                    f"the results of {_few(chance)} differ from run to run without any kill: they depend on time, "
                    "chance, order or something remembered"
                )
        if any("changed" in text for text in found.refused):
            found.notes.append("the input or the keys are not the same when they are read again")
        if found.in_flight:
            found.notes.append(
                f"{found.in_flight} calls were made again, because they were in flight or not saved at a kill: what "
                "the function does to the world outside, let onward.once do"
            )


def _few(keys: Iterable[str]) -> str:
    listed = list(keys)
    return ", ".join(listed[:5]) + (f" and {len(listed) - 5} more" if len(listed) > 5 else "")
