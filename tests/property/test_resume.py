"""A run is started, crashed, resumed, changed and finished in any order, and compared with a plain model of the rules.

The model sees every commit that takes effect (through the store's wrapper), and knows the input and the function
that were given; from that it says what a start must execute, what it must refuse, and what the run must hold.
"""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import onward
from onward.errors import FunctionChanged, InputChanged, Refused, StateNotRebuildable
from onward.events import Saved
from onward.journal.blocks import read_outcomes
from onward.journal.records import read_head, read_info
from onward.model import Change, RunInfo
from onward.stores.memory import MemoryRuns
from onward.stores.sqlite import sqlite_runs

Content = dict[str, int]


class Crash(BaseException):
    """The process dies here."""


class BodyError(Exception):
    """The body of a loop raises."""


@dataclass
class Record:
    """A settled item: how, with what result, and what it was made from."""

    status: str
    value: Any
    content: Content


class Durable:
    """What is durable, learnt from the commits that took effect."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.retired: set[int] = set()
        self.info: RunInfo | None = None
        self.closings: list[dict[int, Record]] = []
        self._keys: dict[int, int] = {}

    def take(self, change: Change, contents: dict[int, Content]) -> None:
        if change.clear:
            self.records, self.retired, self._keys = {}, set(), {}
        for ordinal, _, outcome, raw in read_outcomes(change.block) if change.block else ():
            key = int(outcome.key)
            self._keys[ordinal] = key
            self.records[key] = Record(outcome.status, json.loads(raw), contents[key])
        if change.head is not None:
            self.retired = {self._keys[ordinal] for ordinal in read_head(change.head).retired_set()}
        if change.info is not None:
            before, self.info = self.info, read_info(change.info)
            if before is not None and (before.phase, self.info.phase) == ("open", "finishing"):
                self.closings.append(self.counting())

    def counting(self) -> dict[int, Record]:
        return {key: record for key, record in self.records.items() if key not in self.retired}


class CrashingRuns:
    """A place for runs whose writer dies at a given commit, before or after it takes effect."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._left: int | None = None
        self._after = False
        self.dead = False
        self.saved = Durable()
        self.contents: dict[int, Content] = {}

    def arm(self, commits: int | None, after: bool) -> None:
        self._left, self._after, self.dead = commits, after, False

    def writer(self, job: str, run: str) -> Any:
        return CrashingStore(self, self._inner.writer(job, run))

    def reader(self, job: str, run: str) -> Any:
        return self._inner.reader(job, run)

    def commit(self, store: Any, change: Change) -> None:
        if self._left == 0:
            if self._after and not self.dead:
                self._commit(store, change)
            self.dead = True
            raise Crash
        self._left = self._left if self._left is None else self._left - 1
        self._commit(store, change)

    def _commit(self, store: Any, change: Change) -> None:
        store.commit(change)
        self.saved.take(change, self.contents)


class CrashingStore:
    def __init__(self, runs: CrashingRuns, inner: Any) -> None:
        self._runs = runs
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, change: Change) -> None:
        self._runs.commit(self._inner, change)


class Log:
    """A list that threads write to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.values: list[Any] = []

    def add(self, *values: Any) -> None:
        with self._lock:
            self.values.extend(values)


@dataclass
class Start:
    """How a session is started, and how it ends if nothing else ends it."""

    face: str
    workers: int
    every: int | str
    on_change: str
    again: bool
    retry: bool
    limit: int | None
    crash: int | None
    after: bool
    leave: tuple[str, int] | None


STARTS = st.builds(
    Start,
    face=st.sampled_from(["map", "loop"]),
    workers=st.sampled_from([1, 1, 3]),
    every=st.sampled_from([1, 3, "auto"]),
    on_change=st.sampled_from(["stop", "stop", "keep", "redo", "restart"]),
    again=st.sampled_from([False] * 9 + [True]),
    retry=st.sampled_from([False, False, True]),
    limit=st.one_of(st.none(), st.none(), st.integers(1, 4)),
    crash=st.one_of(st.none(), st.integers(0, 8)),
    after=st.booleans(),
    leave=st.one_of(st.none(), st.none(), st.tuples(st.sampled_from(["break", "raise"]), st.integers(0, 4))),
)


@dataclass
class Expected:
    """What the rules say about a start: the positions to execute, and how it ends if nothing interrupts it."""

    end: str = "interrupted"
    refused: type[Refused] | None = None
    execute: list[int] = field(default_factory=list)

    def refuse(self, error: type[Refused]) -> "Expected":
        self.end, self.refused = "refused", error
        return self


@dataclass
class Done:
    """A finished run: the input it was given, and its outcomes in the order of that input."""

    items: list[Content]
    records: list[Record]


def fold(state: dict[str, int], value: dict[str, int]) -> None:
    state["sum"] = state.get("sum", 0) + value["v"]
    state["count"] = state.get("count", 0) + 1


def times(items: list[Content]) -> Counter[int]:
    return Counter(item["id"] for item in items)


def on_result(state: dict[str, int], item: Any, value: dict[str, int]) -> None:
    fold(state, value)


def folded(records: Iterable[Record]) -> dict[str, int]:
    state: dict[str, int] = {}
    for record in records:
        if record.status == "succeeded":
            fold(state, record.value)
    return state


class Rules:
    """The rules of resuming, written plainly."""

    def __init__(self, machine: "Resume", start: Start) -> None:
        self.m, self.start = machine, start
        self.saved = machine.runs.saved

    def expected(self) -> Expected:
        m, start = self.m, self.start
        nothing = self.saved.info is None or (self.saved.info.phase == "open" and not self.saved.records)
        if nothing or start.again:
            return self.work({})
        if m.made_with() != m.version:
            if start.on_change == "stop":
                return Expected().refuse(FunctionChanged)
            if start.on_change in ("redo", "restart"):
                return self.work({})
        if m.done is None or (start.retry and any(r.status == "failed" for r in m.done.records)):
            return self.work(self.saved.records)
        return Expected("already") if m.done.items == m.items else self.work({})

    def work(self, settled: dict[int, Record]) -> Expected:
        """Pass over the input, with these items settled before."""
        m, start, found = self.m, self.start, Expected()
        by_hand = m.kept == "hand"
        has_state = by_hand and any(r.status == "succeeded" for r in settled.values())
        if start.retry and has_state and "failed" in {r.status for r in self.counting(settled)}:
            return found.refuse(StateNotRebuildable)
        for position, item in enumerate(m.items):
            record = settled.get(m.key(position))
            changed = record is not None and record.content != item
            if changed and start.on_change == "restart":
                return self.restart(found)
            if changed and start.on_change == "stop":
                return found.refuse(InputChanged)
            if changed and start.on_change == "redo" and has_state:
                return found.refuse(StateNotRebuildable)
            redo = changed and start.on_change == "redo"
            if record is not None and not redo and not (start.retry and record.status == "failed"):
                continue
            if len(found.execute) == start.limit:
                return found
            found.execute.append(position)
            has_state = has_state or (by_hand and m.outcome(item).status == "succeeded")
        return self.end(settled, found, has_state)

    def restart(self, before: Expected) -> Expected:
        """What was done before the change was met is done again."""
        found = self.work({})
        found.execute = before.execute + found.execute
        return found

    def end(self, settled: dict[int, Record], found: Expected, has_state: bool) -> Expected:
        """The input has ended: what is settled and did not come is retired."""
        keys = {self.m.key(position) for position in range(len(self.m.items))}
        gone = {key for key in settled if key not in keys and key not in self.saved.retired}
        if gone and not self.m.keyed and self.start.on_change == "restart":
            return self.restart(found)
        if gone and not self.m.keyed and self.start.on_change == "stop":
            return found.refuse(InputChanged)
        if gone and has_state:
            return found.refuse(StateNotRebuildable)
        found.end = "finished"
        return found

    def counting(self, settled: dict[int, Record]) -> list[Record]:
        return [record for key, record in settled.items() if key not in self.saved.retired]


class Resume(RuleBasedStateMachine):
    """See the module. ``kept`` says how state is kept: by ``on_result``, by the loop's body, or not at all."""

    folder: TemporaryDirectory[str] | None = None

    @initialize(
        keyed=st.booleans(),
        kept=st.sampled_from(["folded", "hand", "no"]),
        published=st.booleans(),
        on_disk=st.sampled_from([False, False, False, True]),
        contents=st.lists(st.integers(0, 20), max_size=7),
    )
    def begin(self, keyed: bool, kept: str, published: bool, on_disk: bool, contents: list[int]) -> None:
        self.folder = TemporaryDirectory()
        store = sqlite_runs(Path(self.folder.name) / "store") if on_disk else MemoryRuns()
        self.runs = CrashingRuns(store)
        self.keyed, self.kept = keyed, kept
        self.output = Path(self.folder.name) / "out.jsonl" if published else None
        self.numbers = itertools.count()
        self.items = [self.item(content) for content in contents]
        self.version = 1
        self.mended = False
        self.in_order = True
        self.done: Done | None = None

    def teardown(self) -> None:
        if self.folder is not None:
            self.folder.cleanup()

    def item(self, content: int) -> Content:
        return {"id": next(self.numbers), "n": content}

    # The input and the function change

    @rule(content=st.integers(0, 20))
    def append(self, content: int) -> None:
        self.items = [*self.items, self.item(content)]

    @precondition(lambda self: self.items)
    @rule(data=st.data(), content=st.integers(0, 20))
    def change(self, data: st.DataObject, content: int) -> None:
        at = data.draw(st.integers(0, len(self.items) - 1))
        self.items = [*self.items]
        self.items[at] = {**self.items[at], "n": content}

    @precondition(lambda self: self.items)
    @rule(data=st.data())
    def shorten(self, data: st.DataObject) -> None:
        """In keyed input any item may go, in positional input the last ones."""
        at = data.draw(st.integers(0, len(self.items) - 1))
        self.items = self.items[:at] + (self.items[at + 1 :] if self.keyed else [])
        self.in_order = self.in_order and not self.keyed

    @precondition(lambda self: self.keyed)
    @rule(data=st.data(), content=st.integers(0, 20))
    def insert(self, data: st.DataObject, content: int) -> None:
        at = data.draw(st.integers(0, len(self.items)))
        self.items = [*self.items[:at], self.item(content), *self.items[at:]]
        self.in_order = False

    @precondition(lambda self: self.keyed)
    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        self.items = data.draw(st.permutations(self.items))
        self.in_order = False

    @rule()
    def change_function(self) -> None:
        self.version = 3 - self.version

    @rule()
    def mend_or_break(self) -> None:
        """What fails succeeds from now on, or the other way round."""
        self.mended = not self.mended

    # What the model knows

    def key(self, position: int) -> int:
        return self.items[position]["id"] if self.keyed else position

    def outcome(self, item: Content) -> Record:
        content = item["n"]
        if content % 5 == 3 and not self.mended:
            return Record("failed", None, item)
        if content % 7 == 5:
            return Record("skipped", "odd", item)
        return Record("succeeded", {"v": content * 10 + self.version}, item)

    def made_with(self) -> int:
        assert self.runs.saved.info is not None
        return int(self.runs.saved.info.identity["function"].shown.removeprefix("version "))

    def learn(self, closings: int) -> None:
        """Whether the run is finished, or so far that the next start completes it."""
        info = self.runs.saved.info
        if info is None or info.phase == "open":
            self.done = None
        elif len(self.runs.saved.closings) > closings:
            records = self.runs.saved.closings[-1]
            assert records.keys() == {self.key(p) for p in range(len(self.items))}
            self.done = Done(self.items, [records[self.key(p)] for p in range(len(self.items))])

    # A session

    @rule(start=STARTS)
    def session(self, start: Start) -> None:
        self.run_session(start)

    @rule(starts=st.lists(STARTS, min_size=1, max_size=3))
    def sessions(self, starts: list[Start]) -> None:
        """Crash, resume, crash, resume: most of what can go wrong needs several in a row."""
        for start in starts:
            self.run_session(start)

    @rule(face=st.sampled_from(["map", "loop"]))
    def finish(self, face: str) -> None:
        """Nothing is in the way of finishing but what has changed."""
        self.run_session(Start(face, 1, "auto", "redo", False, False, None, None, False, None))

    def run_session(self, start: Start) -> None:
        face = {"folded": "map", "hand": "loop"}.get(self.kept, start.face)
        start.leave = start.leave if face == "loop" else None
        expected = Rules(self, start).expected()
        executed, confirmed = Log(), Log()
        self.runs.contents = {self.key(p): item for p, item in enumerate(self.items)}
        self.runs.arm(start.crash, start.after)
        closings = len(self.runs.saved.closings)
        report, raised = None, None
        try:
            report = (self.by_map if face == "map" else self.by_loop)(start, executed, confirmed)
        except (Crash, Refused, BodyError) as error:
            raised = error
        self.runs.arm(None, False)
        self.learn(closings)
        self.check_executed(start, face, expected, executed.values)
        self.check_confirmed(confirmed.values)
        left = start.leave is not None and len(executed.values) > start.leave[1]
        self.check_end(expected, executed.values, report, raised, left)

    def by_map(self, start: Start, executed: Log, confirmed: Log) -> Any:
        def work(item: Content) -> Any:
            executed.add(item)
            found = self.outcome(item)
            if found.status == "failed":
                raise OSError("not today")
            if found.status == "skipped":
                raise onward.Skip(found.value)
            return found.value

        policies = self.policies(start, confirmed)
        if self.kept == "folded":
            policies["on_result"] = on_result
        return onward.map(work, self.items, workers=start.workers, **policies)

    def by_loop(self, start: Start, executed: Log, confirmed: Log) -> Any:
        with onward.run(**self.policies(start, confirmed)) as run:
            for number, item in enumerate(run.pending(self.items)):
                executed.add(item)
                if start.leave == ("break", number):
                    break
                if start.leave == ("raise", number):
                    if self.kept == "hand":
                        run.state["sum"] = -1
                    raise BodyError
                self.settle(run, self.outcome(item))
        return run.report

    def settle(self, run: Any, found: Record) -> None:
        if found.status == "failed":
            run.fail(OSError("not today"))
        elif found.status == "skipped":
            run.skip(found.value)
        else:
            if self.kept == "hand":
                fold(run.state, found.value)
            run.succeed(found.value)

    def policies(self, start: Start, confirmed: Log) -> dict[str, Any]:
        def observe(event: Any) -> None:
            if isinstance(event, Saved):
                confirmed.add(*(int(outcome.key) for outcome in event.outcomes))

        return {
            "job": "model",
            "store": self.runs,
            "key": "id" if self.keyed else None,
            "every": start.every,
            "on_change": start.on_change,
            "again": start.again,
            "retry_failed": start.retry,
            "limit": start.limit,
            "version": self.version,
            "max_failures": None,
            "output": self.output,
            "observers": [observe],
            "progress": False,
        }

    # What must hold afterwards

    def check_executed(self, start: Start, face: str, expected: Expected, executed: list[Content]) -> None:
        wanted = [self.items[position] for position in expected.execute]
        if face == "map" and start.workers > 1:
            assert times(executed) <= times(wanted), "settled, or not to be reached, or executed twice"
        else:
            assert executed == wanted[: len(executed)]
            every = start.every if isinstance(start.every, int) else len(executed)
            in_flight = start.leave is not None
            lost = [item for item in executed if item not in self.durable()]
            assert len(lost) <= every + in_flight, "more is lost than a cadence interval"

    def durable(self) -> list[Content]:
        done = [record.content for record in self.done.records] if self.done else []
        return [record.content for record in self.runs.saved.records.values()] + done

    def check_confirmed(self, keys: list[int]) -> None:
        durable = self.durable()
        for key in keys:
            assert self.runs.contents[key] in durable, "reported as saved, but is not"

    def check_end(
        self, expected: Expected, executed: list[Content], report: Any, raised: Any, left: bool
    ) -> None:
        if isinstance(raised, Crash):
            self.check_view()
            return
        if isinstance(raised, Refused) or (expected.refused and not left):
            assert type(raised) is expected.refused
            self.check_view()
            return
        if raised is None:
            self.check_report(expected, executed, report)
        self.check_view()
        if self.done is None:
            self.check_state()

    def check_report(self, expected: Expected, executed: list[Content], report: Any) -> None:
        left_early = len(executed) < len(expected.execute) or report.status == "interrupted"
        assert report.status == "interrupted" if left_early else "finished"
        if not left_early:
            assert expected.end in ("finished", "already")
            assert report.already_finished == (expected.end == "already")
        settled = report.succeeded + report.failed + report.skipped
        if report.total is None:  # some of what is settled is gone, which only the end of the input tells
            assert report.status == "interrupted"
            assert settled > len(self.items)
            return
        assert report.left is not None
        assert report.left >= 0
        assert report.total == len(self.items) == settled + report.left

    def check_view(self) -> None:
        """What a reader sees, whatever happened: all that is saved and counts, once, in input order."""
        if self.runs.saved.info is None:
            return
        view = onward.load("model", store=self.runs)
        if self.done is not None and view.status == "finished":
            self.check_finished(view, self.done)
            return
        counting = self.runs.saved.counting()
        seen = {outcome.key: outcome for outcome in view.outcomes()}
        assert len(seen) == len(list(view.outcomes()))
        assert {key: (o.status, o.value) for key, o in seen.items()} == {
            key: (record.status, record.value) for key, record in counting.items()
        }
        if self.in_order:
            assert list(seen) == sorted(seen)

    def check_finished(self, view: Any, done: Done) -> None:
        by_status = {status: [r for r in done.records if r.status == status] for status in STATUSES}
        progress = view.progress
        assert [getattr(progress, status) for status in STATUSES] == [len(by_status[s]) for s in STATUSES]
        assert progress.total == len(done.items)
        results = [record.value for record in by_status["succeeded"]]
        assert list(view.results()) == results
        assert [o.position for o in view.failures()] == [
            position for position, record in enumerate(done.records) if record.status == "failed"
        ]
        if self.kept != "no":
            assert view.state == folded(done.records)
        if self.output is not None:
            assert [json.loads(line) for line in self.output.read_text().splitlines()] == results

    def check_state(self) -> None:
        """After a clean end state is what the outcomes that count make of it."""
        if self.kept != "no" and self.runs.saved.info is not None:
            assert onward.load("model", store=self.runs).state == folded(self.runs.saved.counting().values())


STATUSES = ("succeeded", "failed", "skipped")

TestResume = Resume.TestCase
TestResume.settings = settings(max_examples=200, stateful_step_count=20)
