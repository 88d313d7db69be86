"""How many saves were on the disk stands beside a store: fewer are damage, more are not, and nothing depends on it."""

import os
import random
import shutil
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onward.errors import StoreCorrupt
from onward.model import Block, Change
from onward.stores import Store, open_runs, watermark
from onward.stores import file as file_module
from onward.stores.base import Damage
from onward.stores.watermark import Saves, Watermark, lost

RELEASED = Path(__file__).parent / "released"
bounded = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=["one.db", "one.journal"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def beside(path: Path) -> Path:
    return path.with_name(path.name + watermark.SUFFIX)


def saved(path: Path, first: int, last: int) -> None:
    """Save so many blocks, in a session of its own."""
    with closing(opened(path)) as store:
        for seq in range(first, last):
            store.commit(save(seq))


def save(seq: int, size: int = 10) -> Change:
    return Change(head=b"head %d" % seq, block=Block(seq, seq, seq, False, b"index", b"x" * size))


def opened(path: Path) -> Store:
    store = open_runs(path).writer("job", "run")
    store.acquire()
    return store


def count(path: Path) -> int:
    with closing(open_runs(path).reader("job", "run")) as reader:
        return len(list(reader.blocks()))


def damages(path: Path) -> list[str]:
    return [part.what for part in open_runs(path).salvage("job", "run") if isinstance(part, Damage)]


def earlier(path: Path) -> None:
    """A store of five saves, put back to what it was after three; what stands beside it stays."""
    saved(path, 0, 3)
    kept = path.read_bytes()
    saved(path, 3, 5)
    path.write_bytes(kept)


# What is said


def test_a_store_that_is_behind_is_refused_however_it_is_opened(path: Path) -> None:
    earlier(path)
    before = path.read_bytes(), beside(path).read_bytes()
    with pytest.raises(StoreCorrupt, match=r"2 of 5.*onward repair.*remove .*one\.\w+\.watermark"):
        count(path)
    with closing(open_runs(path).writer("job", "run")) as store, pytest.raises(StoreCorrupt):
        store.acquire()
    assert damages(path) == ["its newest saves are missing (2 of 5), though they were on the disk once"]
    assert (path.read_bytes(), beside(path).read_bytes()) == before


def test_a_store_that_is_ahead_is_as_it_should_be(path: Path) -> None:
    """As after a power cut, which the newest number did not outlive."""
    saved(path, 0, 3)
    kept = beside(path).read_bytes()
    saved(path, 3, 5)
    beside(path).write_bytes(kept)
    assert count(path) == 5
    assert damages(path) == []
    saved(path, 5, 6)
    assert count(path) == 6


def test_without_it_nothing_is_known(path: Path) -> None:
    earlier(path)
    beside(path).unlink()
    assert count(path) == 3
    assert damages(path) == []
    saved(path, 3, 4)
    assert count(path) == 4


def test_a_session_that_saves_nothing_makes_none(path: Path) -> None:
    opened(path).close()
    assert not beside(path).exists()


def test_it_can_be_read_by_eye(path: Path) -> None:
    saved(path, 0, 5)
    first, second = beside(path).read_text().splitlines()
    assert [line.split()[0] for line in (first, second)] == ["saved", "saved"]
    assert [int(line.split()[2]) for line in (first, second)] == [4, 5]
    assert beside(path).stat().st_size == len(first) + len(second) + 2


# What it is not to be taken for


def test_what_another_store_left_says_nothing(path: Path, tmp_path: Path) -> None:
    other = tmp_path / f"other{path.suffix}"
    saved(other, 0, 9)
    saved(path, 0, 2)
    shutil.copy(beside(other), beside(path))
    assert count(path) == 2
    saved(path, 2, 3)
    assert count(path) == 3


def test_a_store_begun_anew_is_another(path: Path) -> None:
    """Its file was removed by hand, or its removal broken off."""
    saved(path, 0, 5)
    path.unlink()
    saved(path, 0, 2)
    assert count(path) == 2


def test_clearing_takes_no_saves_back(path: Path) -> None:
    saved(path, 0, 5)
    with closing(opened(path)) as store:
        store.commit(Change(info=b"anew", clear=True))
    kept = path.read_bytes()
    saved(path, 0, 1)
    assert count(path) == 1
    path.write_bytes(kept)
    with pytest.raises(StoreCorrupt):
        count(path)


def test_a_journal_that_is_written_anew_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "COMPACT_FROM", 2000)
    path = tmp_path / "one.journal"
    size = []
    with closing(opened(path)) as store:
        for number in range(60):
            store.commit(Change(head=b"%d" % number * 200))
            size.append(path.stat().st_size)
            with closing(open_runs(path).reader("job", "run")) as reader:
                assert reader.head() == b"%d" % number * 200
    assert sorted(size) != size, "it was"
    os.truncate(path, path.stat().st_size - 10)
    with pytest.raises(StoreCorrupt):
        count(path)


@bounded
@given(body=st.binary(max_size=200), at=st.integers(0, 120))
def test_whatever_stands_there_it_is_harmless(tmp_path: Path, body: bytes, at: int) -> None:
    path = tmp_path / "one.journal"
    if not path.exists():
        saved(path, 0, 5)
        beside(path).rename(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    for left in (body, whole[:at], whole[:at] + body + whole[at + len(body) :]):
        beside(path).write_bytes(left)
        assert count(path) == 5


def test_a_line_that_is_damaged_leaves_the_other(path: Path) -> None:
    earlier(path)
    whole = beside(path).read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        beside(path).write_bytes(damaged)
        with pytest.raises(StoreCorrupt):
            count(path)


@pytest.mark.skipif(os.name != "posix", reason="POSIX")
def test_where_it_cannot_be_written_saves_go_on(path: Path) -> None:
    beside(path).mkdir()
    saved(path, 0, 3)
    assert count(path) == 3
    beside(path).rmdir()
    beside(path).symlink_to("/dev/full")
    saved(path, 3, 5)
    assert count(path) == 5


def test_it_goes_with_the_run(path: Path) -> None:
    saved(path, 0, 3)
    open_runs(path).remove("job", "run")
    assert list(path.parent.iterdir()) == []


def test_two_runs_in_a_folder_have_their_own(tmp_path: Path) -> None:
    runs = open_runs(tmp_path / "store")
    for run, saves in (("a", 5), ("b", 2)):
        with closing(runs.writer("job", run)) as store:
            store.acquire()
            for seq in range(saves):
                store.commit(save(seq))
    for run, saves in (("a", 5), ("b", 2)):
        with closing(runs.reader("job", run)) as reader:
            assert len(list(reader.blocks())) == saves


# Stores that were made before saves were counted


def test_an_older_store_is_counted_from_its_next_save(tmp_path: Path) -> None:
    path = Path(shutil.copy(RELEASED / "sqlite-1" / "interrupted.db", tmp_path / "one.db"))
    before = path.read_bytes()
    opened(path).close()
    assert (path.read_bytes(), beside(path).exists()) == (before, False), "not before"
    blocks = count(path)
    saved(path, blocks, blocks + 2)
    assert count(path) == blocks + 2
    path.write_bytes(before)
    with pytest.raises(StoreCorrupt, match="its number of saves is missing"):
        count(path)


# While it is written


def test_who_reads_meanwhile_is_never_told_of_damage(path: Path) -> None:
    code = """
        import sys
        from onward.model import Block, Change
        from onward.stores import open_runs
        store = open_runs(sys.argv[1]).writer("job", "run")
        store.acquire()
        for number in range(300):
            clear = number % 50 == 0
            store.commit(Change(head=b"head", block=Block(number, 0, 0, False, b"", b"x"), clear=clear))
        store.close()
    """
    saved(path, 0, 1)
    words = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    with subprocess.Popen(words) as process:
        while process.poll() is None:
            assert count(path) >= 1
            assert damages(path) == []
    assert process.returncode == 0


def test_a_log_that_was_begun_anew_many_times(tmp_path: Path) -> None:
    """SQLite writes its log from the beginning again once it is in the database; what is behind is old."""
    path, chance = tmp_path / "one.db", random.Random(20)
    store = opened(path)
    for seq in range(40):
        store.commit(save(seq, 300_000))
    kept, folder = tmp_path / "kept", tmp_path / "trial"
    shutil.copytree(tmp_path, kept, ignore=shutil.ignore_patterns("kept"))
    store.close()
    whole = (kept / "one.db-wal").read_bytes()
    assert 300_000 < len(whole) < 20 * 300_000
    told = 0
    for _ in range(40):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(kept, folder)
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        (folder / "one.db-wal").write_bytes(damaged)
        try:
            assert count(folder / "one.db") == 40
        except StoreCorrupt:
            told += 1
            assert damages(folder / "one.db")
    assert told


# The parts


@pytest.mark.parametrize(
    ("found", "marks", "told"),
    [
        (Saves(1, 5), [], False),
        (Saves(1, 5), [Saves(1, 5), Saves(1, 4)], False),
        (Saves(1, 5), [Saves(1, 6), Saves(1, 5)], True),
        (Saves(1, 5), [Saves(2, 60), Saves(1, 5)], False),
        (Saves(1, 5), [Saves(2, 4), Saves(1, 6)], True),
        (None, [], False),
        (None, [Saves(1, 5)], True),
    ],
)
def test_what_is_lost(found: Saves | None, marks: list[Saves], told: bool) -> None:
    assert bool(lost(found, marks)) is told


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    mark = Watermark(path)
    assert watermark.read(path) == []
    for number in (1, 2, 3, 10**11):
        mark.rise(Saves(2**64 - 1, number))
        assert Saves(2**64 - 1, number) in watermark.read(path)
    mark.close()
    mark.close()
