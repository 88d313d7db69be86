"""An interval set behaves as a set of integers, and stays as small as it can be."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from onward.journal.intervals import IntervalSet

NUMBERS = st.integers(0, 30)


def smallest(numbers: set[int]) -> list[tuple[int, int]]:
    return [
        (start, next(end for end in range(start, 99) if end not in numbers))
        for start in sorted(numbers)
        if start - 1 not in numbers
    ]


@given(st.lists(st.tuples(st.booleans(), NUMBERS)))
def test_it_behaves_as_a_set(changes: list[tuple[bool, int]]) -> None:
    found, model = IntervalSet(), set[int]()
    for add, number in changes:
        if add:
            assert found.add(number) == (number not in model)
            model.add(number)
        else:
            assert found.discard(number) == (number in model)
            model.discard(number)
        assert found.intervals() == smallest(model)
        assert len(found) == len(model)
        assert bool(found) == bool(model)
    assert list(found) == sorted(model)
    assert [number in found for number in range(-1, 32)] == [number in model for number in range(-1, 32)]
    assert found.end() == max(model, default=-1) + 1
    assert found.first_gap() == next(number for number in range(99) if number not in model)


@given(st.sets(NUMBERS))
def test_it_goes_through_its_intervals_and_back(model: set[int]) -> None:
    found = IntervalSet.of(model)
    again = IntervalSet(found.intervals())
    assert again == found
    assert len(again) == len(model)
    assert list(again) == sorted(model)
    other = found.copy()
    other.add(99)
    assert 99 not in found
    assert other != found


@pytest.mark.parametrize(
    "intervals", [[(3, 3)], [(4, 2)], [(0, 2), (2, 4)], [(0, 3), (1, 5)], [(5, 6), (0, 1)]]
)
def test_intervals_that_are_not_sorted_and_apart_are_refused(intervals: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="sorted and disjoint"):
        IntervalSet(intervals)


def test_appending_keeps_one_interval() -> None:
    assert IntervalSet.of(range(10_000)).intervals() == [(0, 10_000)]
