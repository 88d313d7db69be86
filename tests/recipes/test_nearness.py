"""How near a resume comes to a job, with vectors small enough to reckon by hand."""

import importlib.util

import pytest

if importlib.util.find_spec("numpy") is None:
    pytest.skip('the extra is not installed: pip install "onward[screening]"', allow_module_level=True)

import numpy as np

from onward.recipes.resume_screening import nearness

BLOOD, CARS = np.eye(2, dtype=np.float32)
BETWEEN = (BLOOD + CARS) / np.sqrt(2).astype(np.float32)


def test_a_line_is_seen_with_the_resume_around_it() -> None:
    among_blood = nearness.in_context(np.stack([BETWEEN, BLOOD, BLOOD]), [1, 1, 1])[0]
    among_cars = nearness.in_context(np.stack([BETWEEN, CARS, CARS]), [1, 1, 1])[0]
    assert among_blood @ BLOOD > BETWEEN @ BLOOD > among_cars @ BLOOD


def test_lines_of_no_value_have_no_part_in_the_context() -> None:
    stuffed = nearness.in_context(np.stack([CARS, BLOOD, BLOOD]), [1, 0, 0])[0]
    assert stuffed @ BLOOD == 0


def test_several_lines_are_worth_more_than_one_and_no_more_than_all() -> None:
    assert nearness.depth([]) == 0
    assert nearness.depth([1]) < nearness.depth([1, 1]) < nearness.depth([1, 1, 1, 1]) == 1
    assert nearness.depth([0.2, 1, 0.5]) == nearness.depth([1, 0.5, 0.2])
    assert nearness.depth([1] * 9) == 1


def test_worth_rises_from_nothing_to_full() -> None:
    assert [nearness.worth(close) for close in (-1, nearness.NOTHING, nearness.FULL, 1)] == [0, 0, 1, 1]


def test_who_is_about_something_else_keeps_a_part_of_its_worth() -> None:
    job = np.stack([BLOOD])
    home, abroad = (nearness.at_home(np.stack([one] * 12), [1.0] * 12, job, job) for one in (BLOOD, CARS))
    assert (home, abroad) == (1, 0)
    assert nearness.standing(home) == 1
    assert nearness.standing(abroad) == nearness.ABROAD
    one = nearness.at_home(np.stack([BLOOD]), [1.0], job, job)
    assert 0 < one < home


def test_nothing_said_is_no_home() -> None:
    empty = np.zeros((0, 2), dtype=np.float32)
    assert nearness.at_home(empty, [], np.stack([BLOOD]), np.stack([BLOOD])) == 0
    assert nearness.in_context(empty, []).shape == (0, 2)
