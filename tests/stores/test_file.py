"""What holds for journals of text beyond the suite: cut-off writes, damage, snapshots, being readable."""

import errno
import os
import random
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward._version import __version__
from onward.errors import StoreCorrupt, StoreError, StoreForeign, StoreNewer, StoreUnwritable
from onward.journal.records import seal
from onward.model import Block, Change, StepRecord
from onward.stores import file as file_module
from onward.stores import text, watermark
from onward.stores.file import FileStore, file_run
from onward.stores.replay import SNAPSHOT_SUFFIX

Everything = tuple[bytes | None, bytes | None, list[Block], list[StepRecord]]

CHANGES = [
    Change(info=seal(b'{"job":"job"}'), head=seal(b'{"blocks":0}')),
    Change(
        head=seal(b'{"blocks":1}'),
        block=Block(0, 0, 1, False, b"\x00\xff" * 20, b"\x00" + seal(b'["a","\xc3\xa9"]')),
    ),
    Change(steps=[StepRecord("item", "first\nline", seal(b'"step"')), StepRecord("item", "second", b"")]),
    Change(
        head=seal(b'{"blocks":2}'), block=Block(1, 2, 2, True, b"index", seal(b"x" * 900)), forget=["item"]
    ),
    Change(head=seal(b'{"blocks":3}'), block=Block(2, 3, 4, False, b"", b"\x01\x02" * 300)),
]


def everything(path: Path) -> Everything:
    with closing(file_run(path).reader("job", "run")) as reader:
        return reader.info(), reader.head(), list(reader.blocks()), list(reader.steps())


def written(path: Path, changes: list[Change] = CHANGES) -> list[Everything]:
    """Commit the changes; what the store held after each, the empty beginning first."""
    with closing(file_run(path).writer("job", "run")) as store:
        store.acquire()
        states = [everything(path)]
        for change in changes:
            store.commit(change)
            states.append(everything(path))
    return states


def crashed(path: Path) -> list[Everything]:
    """As :func:`written`, and nothing stands beside it of how much was on the disk: so a power cut may leave it."""
    states = written(path)
    forget(path)
    return states


def forget(path: Path) -> None:
    path.with_name(path.name + watermark.SUFFIX).unlink(missing_ok=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.journal"


@pytest.fixture
def snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """One after every commit."""
    monkeypatch.setattr(file_module, "SNAPSHOT_EVERY", 0)


# The file


def test_it_can_be_read(path: Path) -> None:
    written(path)
    lines = path.read_bytes().split(b"\n")
    assert lines[0].startswith(b"onward journal 1 ")
    assert lines[0].endswith(b' ["job","run"] ' + __version__.encode())
    assert any(line.startswith(b"head 0 8 ") and line.endswith(b' {"blocks":1}') for line in lines)
    assert any(line.startswith(b"payload 1 8 ") and line.endswith(' ["a","é"]'.encode()) for line in lines)
    assert not any(byte < 32 for line in lines for byte in line)


def test_it_is_for_the_owner_alone(path: Path, snapshots: None) -> None:
    written(path)
    for found in (path, path.with_name(path.name + SNAPSHOT_SUFFIX)):
        assert stat.S_IMODE(found.stat().st_mode) == 0o600


@given(st.binary())
def test_any_bytes_become_a_line_and_come_back(body: bytes) -> None:
    line = text.write_bytes(body)
    assert not any(byte < 32 for byte in line)
    assert text.read_bytes(line) == body


@given(st.binary(max_size=60))
def test_any_line_is_read_or_refused(line: bytes) -> None:
    for read in (text.read_bytes, text.read_header, lambda found: text.read_lines([found], 1)):
        with suppress(text.Damaged):
            read(line)


# Writes that were cut off


def test_cut_anywhere_it_is_an_earlier_checkpoint(path: Path) -> None:
    states = crashed(path)
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        assert everything(path) in states


def test_a_cut_off_write_is_forgotten_by_the_next_writer(path: Path) -> None:
    states = crashed(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with closing(file_run(path).writer("job", "run")) as store:
        store.acquire()
        assert path.stat().st_size < len(whole) - 10
        store.commit(CHANGES[-1])
    assert everything(path) == states[-1]


def test_sectors_that_never_reached_the_disk(path: Path) -> None:
    """Of the last commit any sectors may be missing, which then read as zeros."""
    states = crashed(path)
    whole = path.read_bytes()
    begin = whole.rindex(b"\ncommit ") + 1
    first = begin // text.SECTOR
    sectors = range(first, len(whole) // text.SECTOR + 1)
    for lost in range(1, 2 ** len(sectors)):
        torn = bytearray(whole)
        for number, sector in enumerate(sectors):
            if lost >> number & 1:
                start, end = max(begin, sector * text.SECTOR), min(len(whole), (sector + 1) * text.SECTOR)
                torn[start:end] = bytes(end - start)
        path.write_bytes(torn)
        assert everything(path) == states[-2]


def test_a_zeroed_sector_in_the_middle_is_damage(path: Path) -> None:
    written(path)
    whole = bytearray(path.read_bytes())
    whole[512:1024] = bytes(512)
    path.write_bytes(whole)
    with pytest.raises(StoreCorrupt, match=r"one\.journal is damaged"):
        everything(path)


def test_what_a_snapshot_knows_to_be_there_cannot_be_cut_off(path: Path, snapshots: None) -> None:
    written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(StoreCorrupt, match="truncated"):
        everything(path)


# Damage


@pytest.mark.parametrize("bit", [0, 3, 5, 7])
def test_every_flipped_bit_is_found(path: Path, bit: int) -> None:
    written(path)
    whole = path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises((StoreCorrupt, StoreForeign, StoreNewer)):
            everything(path)


def test_a_damaged_snapshot_is_passed_over(path: Path, snapshots: None) -> None:
    states = written(path)
    snapshot = path.with_name(path.name + SNAPSHOT_SUFFIX)
    whole = snapshot.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << (at % 8)
        snapshot.write_bytes(damaged)
        assert everything(path) == states[-1]
    snapshot.unlink()
    assert everything(path) == states[-1]


def test_a_snapshot_of_another_journal_is_passed_over(tmp_path: Path, path: Path, snapshots: None) -> None:
    written(path)
    other = tmp_path / "other.journal"
    states = written(other, CHANGES[:2])
    path.with_name(path.name + SNAPSHOT_SUFFIX).replace(other.with_name(other.name + SNAPSHOT_SUFFIX))
    assert everything(other) == states[-1]


def test_commits_cannot_be_taken_out_or_swapped(path: Path) -> None:
    written(path)
    first, *commits = path.read_bytes().split(b"\ncommit ")
    for order in ([0, 1, 3, 4], [0, 2, 1, 3, 4], [1, 2, 3, 4], [0, 1, 2, 2, 3, 4]):
        path.write_bytes(b"\ncommit ".join([first, *(commits[n].rstrip(b"\n") for n in order)]) + b"\n")
        with pytest.raises(StoreCorrupt):
            everything(path)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", StoreCorrupt),
        (b"a diary\n", StoreForeign),
        (b"onward journal 2 what comes later\n", StoreNewer),
        (b"onward journal x\n", StoreCorrupt),
        (b"onward journal 1 5f [1]\n", StoreCorrupt),
    ],
)
def test_what_is_no_journal_is_refused_and_left(path: Path, content: bytes, error: type[StoreError]) -> None:
    path.write_bytes(content)
    with closing(file_run(path).writer("job", "run")) as store, pytest.raises(error, match=r"one\.journal"):
        store.acquire()
    with pytest.raises(error):
        file_run(path).reader("job", "run")
    assert path.read_bytes() == content


# A snapshot and a new journal


def test_a_snapshot_spares_what_is_before_it(path: Path, snapshots: None) -> None:
    states = written(path)
    whole = bytearray(path.read_bytes())
    whole[200] ^= 1  # unseen, until the blocks themselves are read
    path.write_bytes(whole)
    with closing(file_run(path).reader("job", "run")) as reader:
        assert (reader.info(), reader.head()) == states[-1][:2]
        with pytest.raises(StoreCorrupt):
            list(reader.blocks())


def test_outdated_documents_do_not_fill_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "COMPACT_FROM", 20_000)
    with closing(file_run(path).writer("job", "run")) as store:
        store.acquire()
        for number in range(200):
            store.commit(
                Change(
                    head=b"%d" % number + b"h" * 1000, block=Block(number, number, number, False, b"", b"p")
                )
            )
            assert path.stat().st_size < 25_000
        assert [block.seq for block in store.blocks()] == list(range(200))
    assert everything(path)[1] == b"199" + b"h" * 1000


# Errors of the system


def test_after_a_failed_write_nothing_more_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = written(path, CHANGES[:2])
    with closing(file_run(path).writer("job", "run")) as store:
        assert isinstance(store, FileStore)
        store.acquire()

        def fails(descriptor: int) -> None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patched:
            patched.setattr(file_module, "sync", fails)
            with pytest.raises(StoreUnwritable, match="untouched"):
                store.commit(CHANGES[2])
        with pytest.raises(StoreError, match="has failed"):
            store.commit(CHANGES[2])
    assert everything(path) == states[-1]


def test_random_changes_are_all_or_nothing(path: Path) -> None:
    """Cut at a random place, opened, written on, cut again: always the old one or the new one."""
    random.seed(20)
    states = written(path)
    for _ in range(60):
        cut = path.stat().st_size - random.choice([0, 0, random.randrange(1, 60)])
        forget(path)
        os.truncate(path, cut)
        assert everything(path) in states
        with closing(file_run(path).writer("job", "run")) as store:
            store.acquire()
            for number in range(random.randrange(4)):
                store.commit(
                    Change(
                        head=random.randbytes(random.randrange(2000)),
                        steps=[StepRecord("i", str(number), b"x")],
                    )
                )
                states.append(everything(path))
