"""Ranking and choosing sentences, on vectors made by hand."""

import numpy as np
import pytest

from onward.llm.extractive import rank, select


def unit(*rows: tuple[float, ...]) -> np.ndarray:
    vectors = np.array(rows, dtype=float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


THREE_ALIKE_AND_ONE_APART = unit((1, 0.1, 0), (1, 0, 0.1), (1, 0.1, 0.1), (0, 0, 1))


def test_what_stands_for_the_others_comes_first() -> None:
    scores = rank(THREE_ALIKE_AND_ONE_APART)
    assert scores.sum() == pytest.approx(1)
    assert scores.argmin() == 3


def test_weights_count() -> None:
    alike = unit((1, 0), (1, 0), (1, 0))
    assert rank(alike, [1, 1, 5]).argmax() == 2
    assert rank(alike) == pytest.approx([1 / 3] * 3)


def test_the_second_choice_is_unlike_the_first() -> None:
    two_subjects = unit((1, 0.1, 0), (1, 0, 0.1), (1, 0.1, 0.1), (0, 0.1, 1), (0.1, 0, 1))
    first, second = select(two_subjects, rank(two_subjects), 2)
    assert first < 3 <= second


def test_choices_come_in_the_order_of_the_text_and_are_no_more_than_there_are() -> None:
    assert select(THREE_ALIKE_AND_ONE_APART, rank(THREE_ALIKE_AND_ONE_APART), 9) == [0, 1, 2, 3]
    assert select(np.zeros((0, 3)), np.zeros(0), 3) == []
