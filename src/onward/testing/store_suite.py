"""The conformance suite for stores: what :mod:`onward.stores.base` promises, as tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from onward.errors import RunHeld, RunNotFound
from onward.journal.records import write_info
from onward.model import Block, Change, RunInfo, StepRecord
from onward.stores.base import Reader, Runs, Store

HOSTILE_NAMES = [
    ".",
    "..",
    "../up",
    "/absolute",
    "a/b",
    "a\\b",
    "a.db",
    "a.b",
    "trailing.",
    "trailing...",
    " spaces ",
    "-dash",
    "~home",
    "$VARIABLE",
    "%2e%2e",
    "%",
    "*?[]",
    "quote'\"",
    "; DROP TABLE block; --",
    "Ünïcödé",
    "名前",
    "😀",
    "con",
    "C:",
]


class StoreSuite:
    """Derive, override :meth:`make`, and have pytest collect the class.

    A place that can hold one run only says so with ``many = False``.
    """

    many = True

    def make(self, folder: Path) -> Runs:
        """A place for runs. The same for the same folder, which is empty at first."""
        raise NotImplementedError

    @contextmanager
    def held(self, runs: Runs, job: str = "job", run: str = "run") -> Iterator[Store]:
        """A store that is ready to write."""
        with closing(runs.writer(job, run)) as store:
            store.acquire()
            yield store

    # Documents and blocks

    def test_a_new_run_is_empty(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            assert store.info() is None
            assert store.head() is None
            assert list(store.blocks()) == []
            assert list(store.steps()) == []

    def test_what_was_committed_is_there(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs) as store:
            store.commit(CHANGE)
            check(store)
            with closing(runs.reader("job", "run")) as reader:
                check(reader)

    def test_reopening_gives_the_same(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs) as store:
            store.commit(CHANGE)
        with self.held(runs) as store:
            check(store)

    def test_none_leaves_the_documents_as_they_are(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(Change(info=b"info", head=b"head"))
            store.commit(Change())
            store.commit(Change(info=b"info 2"))
            assert (store.info(), store.head()) == (b"info 2", b"head")
            store.commit(Change(head=b"head 2"))
            assert (store.info(), store.head()) == (b"info 2", b"head 2")

    def test_any_bytes_come_back(self, tmp_path: Path) -> None:
        for number, content in enumerate((b"", b"\x00", bytes(range(256)), b"x" * 2_000_000)):
            with self.held(self.make(tmp_path)) as store:
                store.commit(Change(info=content, head=content, block=block(number, payload=content)))
                assert (store.info(), store.head()) == (content, content)
                assert list(store.blocks())[-1].payload == content

    def test_blocks_come_in_order(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            places = [(5, 9), (0, 4), (7, 8), (0, -1), (2, 2), (0, 100)]
            for seq, (first, last) in enumerate(places):
                store.commit(Change(block=block(seq, first, last)))
            assert [b.seq for b in store.blocks()] == list(range(len(places)))
            by_place = [(b.first, b.seq) for b in store.blocks(by_place=True)]
            assert by_place == sorted((first, seq) for seq, (first, _) in enumerate(places))

    def test_blocks_can_be_asked_for_in_part(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            for seq in range(6):
                store.commit(Change(block=block(seq, first=10 - seq, marked=seq % 2 == 1)))
            marked = list(store.blocks(marked=True))
            assert [b.seq for b in marked] == [1, 3, 5]
            assert all(b.marked for b in marked)
            assert [b.seq for b in store.blocks(marked=True, by_place=True)] == [5, 3, 1]
            for found in store.blocks(payload=False):
                assert found.payload == b""
                assert found.index == block(found.seq).index

    def test_ordinals_may_be_large(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(Change(block=block(0, first=2**60, last=2**62)))
            assert next(iter(store.blocks())) == block(0, first=2**60, last=2**62)

    def test_a_reading_sees_one_moment_and_may_be_left(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            for seq in range(5):
                store.commit(Change(block=block(seq)))
            reading = iter(store.blocks())
            next(reading)
            for seq in range(5, 8):
                store.commit(Change(block=block(seq)))
            assert [b.seq for b in reading] == [1, 2, 3, 4]
            unfinished = iter(store.blocks())
            next(unfinished)
            del unfinished
            store.commit(Change(clear=True))
            assert list(store.blocks()) == []

    # Steps

    def test_steps_are_kept_and_forgotten(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(Change(steps=[step("a", "one"), step("a", "two"), step("b", "one")]))
            store.commit(Change(steps=[step("a", "one", b"newer")]))
            assert steps(store) == {("a", "one"): b"newer", ("a", "two"): b"raw", ("b", "one"): b"raw"}
            store.commit(Change(forget=["a", "unknown"]))
            assert steps(store) == {("b", "one"): b"raw"}

    def test_forgetting_comes_before_keeping(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(Change(steps=[step("a", "old"), step("b", "old")]))
            store.commit(Change(forget=["a"], steps=[step("a", "new")]))
            assert steps(store) == {("a", "new"): b"raw", ("b", "old"): b"raw"}

    # All or nothing

    def test_clearing_comes_first_and_leaves_the_description(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(CHANGE)
            store.commit(Change(clear=True))
            assert store.info() == b"info"
            assert store.head() is None
            assert list(store.blocks()) == []
            assert steps(store) == {}
            store.commit(CHANGE)
            anew = Change(info=b"2", head=b"3", block=block(0, first=7), steps=[step("z", "z")], clear=True)
            store.commit(anew)
            assert (store.info(), store.head()) == (b"2", b"3")
            assert list(store.blocks()) == [block(0, first=7)]
            assert steps(store) == {("z", "z"): b"raw"}

    def test_a_commit_that_fails_changes_nothing(self, tmp_path: Path) -> None:
        with self.held(self.make(tmp_path)) as store:
            store.commit(CHANGE)
            bad = Change(
                info=b"bad",
                head=b"bad",
                block=block(1),
                steps=[step("a", "b"), None],  # type: ignore[list-item]
                forget=["item"],
            )
            with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the back end says of nonsense
                store.commit(bad)
            check(store)
            store.commit(Change(block=block(1)))
            assert [b.seq for b in store.blocks()] == [0, 1]

    def test_readers_see_whole_checkpoints(self, tmp_path: Path) -> None:
        """Every head says how many blocks there are; a reader must find at least as many."""
        runs = self.make(tmp_path)
        problems: list[str] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                with closing(runs.reader("job", "run")) as reader:
                    head = int(reader.head() or b"0")
                    found = [b.seq for b in reader.blocks(payload=False)]
                if len(found) < head or found != list(range(len(found))):
                    problems.append(f"head {head}, blocks {found}")

        with self.held(runs) as store:
            store.commit(Change(head=b"1", block=block(0)))
            readers = [threading.Thread(target=read) for _ in range(2)]
            for reader in readers:
                reader.start()
            for seq in range(1, 60):
                store.commit(Change(head=b"%d" % (seq + 1), block=block(seq)))
            done.set()
            for reader in readers:
                reader.join()
        assert not problems

    # One writer

    def test_two_writers_are_refused(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs), closing(runs.writer("job", "run")) as second:
            with pytest.raises(RunHeld) as refusal:
                second.acquire()
            second.close()
            with closing(runs.writer("job", "run")) as third, pytest.raises(RunHeld):
                third.acquire()
        assert "job" in str(refusal.value)

    def test_closing_lets_go(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        for _ in range(3):
            with self.held(runs) as store:
                store.commit(Change(info=b"info"))
                store.close()

    def test_the_owner_is_known_while_there_is_one(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs) as store:
            store.commit(CHANGE)
            owner = store.owner()
            assert owner is not None
            assert owner.pid > 0
            with closing(runs.reader("job", "run")) as reader:
                assert reader.owner() == owner
        with closing(runs.reader("job", "run")) as reader:
            assert reader.owner() is None

    def test_readers_do_not_keep_a_writer_out(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs) as store:
            store.commit(CHANGE)
        with closing(runs.reader("job", "run")) as reader:
            reader.owner()
            with self.held(runs) as store:
                store.commit(Change(head=b"newer"))
                assert reader.head() == b"newer"

    # Names

    def test_an_unknown_run_is_not_found(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        assert list(runs.names()) == []
        with pytest.raises(RunNotFound):
            runs.reader("job", "run")
        with pytest.raises(RunNotFound):
            runs.remove("job", "run")

    def test_a_removed_run_is_gone(self, tmp_path: Path) -> None:
        runs = self.make(tmp_path)
        with self.held(runs) as store:
            store.commit(CHANGE)
            with pytest.raises(RunHeld):
                runs.remove("job", "run")
            check(store)
        runs.remove("job", "run")
        assert list(runs.names()) == []
        with pytest.raises(RunNotFound):
            runs.reader("job", "run")
        with self.held(runs) as store:
            assert store.info() is None
            assert list(store.blocks()) == []

    def test_runs_of_any_name_stand_beside_one_another(self, tmp_path: Path) -> None:
        if not self.many:
            return
        inside = tmp_path / "deep" / "inside"
        inside.mkdir(parents=True)
        runs = self.make(inside)
        names = [(name, "run") for name in HOSTILE_NAMES] + [("job", name) for name in HOSTILE_NAMES]
        for job, run in names:
            with self.held(runs, job, run) as store:
                store.commit(Change(info=f"{job} {run}".encode()))
        assert list(runs.names()) == sorted(names)
        for job, run in names:
            with closing(runs.reader(job, run)) as reader:
                assert reader.info() == f"{job} {run}".encode()
            runs.remove(job, run)
        assert list(runs.names()) == []
        assert {path.name for path in tmp_path.rglob("*") if inside not in path.parents} == {"deep", "inside"}

    def test_long_names_are_taken(self, tmp_path: Path) -> None:
        if not self.many:
            return
        runs = self.make(tmp_path)
        names = sorted((character * 200)[: 200 // len(character.encode())] for character in "x./é")
        for name in names:
            with self.held(runs, name, name) as store:
                store.commit(Change(info=write_info(RunInfo(name, name, created=0.0)), head=name.encode()))
        assert list(runs.names()) == [(name, name) for name in names]
        for name in names:
            with closing(runs.reader(name, name)) as reader:
                assert reader.head() == name.encode()


def block(
    seq: int, first: int = 0, last: int = 0, *, marked: bool = False, payload: bytes | None = None
) -> Block:
    """A block as a store sees one: bytes and where they belong."""
    found = b"payload %d" % seq if payload is None else payload
    return Block(seq, first, last, marked, b"index %d" % seq, found)


def step(item: str, name: str, raw: bytes = b"raw") -> StepRecord:
    return StepRecord(item, name, raw)


def steps(reader: Reader) -> dict[tuple[str, str], bytes]:
    return {(record.item, record.name): record.raw for record in reader.steps()}


CHANGE = Change(info=b"info", head=b"head", block=block(0, 3, 5, marked=True), steps=[step("item", "step")])


def check(reader: Reader) -> None:
    """Everything is there that :data:`CHANGE` put there, and nothing else."""
    assert (reader.info(), reader.head()) == (b"info", b"head")
    assert list(reader.blocks()) == [block(0, 3, 5, marked=True)]
    assert steps(reader) == {("item", "step"): b"raw"}
