"""The index of keys is a dict that takes less room, and the marks are a set that does."""

import hashlib
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.errors import StoreUnwritable
from onward.pending import keys
from onward.pending.keys import KeyIndex, Rising
from onward.pending.marks import Marks


def name(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def names(numbers: range) -> bytes:
    return b"".join(map(name, numbers))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "RECENT", 8)


def test_every_key_is_found_and_no_other() -> None:
    index = KeyIndex()
    for number in range(50_000):
        assert index.find(name(number)) is None
        index.add(name(number), 3 * number)
    order = list(range(50_000))
    for _ in range(2):  # in the old order, which has a way of its own, and in any other
        assert all(index.find(name(number)) == 3 * number for number in order)
        random.Random(7).shuffle(order)
    assert all(index.find(name(number)) is None for number in range(50_000, 60_000))


def test_many_at_once_are_as_one_by_one() -> None:
    index = KeyIndex()
    for start in range(0, 30_000, 7_500):
        index.extend(map(name, range(start, start + 7_500)), range(start + 5, start + 7_505))
    index.extend(map(name, range(100, 200)), range(105, 205))  # done again: the same ordinals
    assert all(index.find(name(number)) == number + 5 for number in range(30_000))
    assert index.find(name(30_000)) is None


@pytest.mark.usefixtures("small")
@given(st.lists(st.integers(0, 300)), st.integers(0, 3))
def test_it_is_a_dict(numbers: list[int], back: int) -> None:
    index, known = KeyIndex(), dict[int, int]()
    for at, number in enumerate(numbers):
        assert index.find(name(number)) == known.get(number)
        if number not in known:
            known[number] = at
            index.add(name(number), at)
        index.find(name(numbers[max(0, at - back)]))
    assert [index.find(name(number)) for number in known] == list(known.values())


@pytest.mark.usefixtures("small")
def test_a_key_is_not_taken_for_another_with_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "hash", lambda digest: 0x1234_5678, raising=False)
    index = KeyIndex()
    for number in range(100):
        assert index.find(name(number)) is None
        index.add(name(number), number)
    assert [index.find(name(number)) for number in reversed(range(100))] == list(reversed(range(100)))


@given(st.lists(st.lists(st.integers(-5, 30), min_size=1, max_size=5), max_size=8))
def test_what_rises_from_the_highest_on_is_new(chunks: list[list[int]]) -> None:
    rising, known = Rising(every=True), set[int]()
    for chunk in chunks:
        if rising.all_new(chunk):
            assert known.isdisjoint(chunk)
            assert len(set(chunk)) == len(chunk)
        for key in chunk:
            rising.note(key)
        known.update(chunk)
    if known:
        above = max(known) + 1
        assert rising.all_new([above, above + 1])
        assert not rising.all_new([above + 1, above + 2])


def test_a_key_of_a_subclass_is_the_same_key() -> None:
    class Name(str):
        __slots__ = ()

    rising = Rising(every=True)
    rising.note(Name("b"))
    assert not rising.all_new(["b", "c"])
    assert rising.all_new(["c", "d"])


def test_where_not_every_key_is_known_none_is_surely_new() -> None:
    assert not Rising(every=False).all_new([1, 2])


@pytest.mark.usefixtures("small")
def test_a_temporary_folder_that_takes_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    index = KeyIndex()
    for number in range(7):
        index.add(name(number), number)
    with pytest.raises(StoreUnwritable, match=r"gone.*TMPDIR"):
        index.add(name(7), 7)


intervals = st.lists(st.integers(0, 400), unique=True, max_size=12).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(intervals, st.lists(st.integers(0, 500)), intervals)
def test_marks_are_a_set(
    first: list[tuple[int, int]], numbers: list[int], asked: list[tuple[int, int]]
) -> None:
    marks = Marks(first)
    known = {number for start, end in first for number in range(start, end)}
    for number in numbers:
        marks.add(number)
        known.add(number)
    assert [number for number in range(520) if number in marks] == sorted(known)
    assert marks.end == max(known, default=-1) + 1
    wanted = (number for start, end in asked for number in range(start, end))
    assert list(marks.missing(asked)) == [number for number in wanted if number not in known]


def test_what_is_missing_of_a_million_is_found() -> None:
    marks = Marks([(0, 400_000), (400_001, 999_999)])
    assert list(marks.missing([(0, 1_000_001)])) == [400_000, 999_999, 1_000_000]
