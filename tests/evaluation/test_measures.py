"""The measures, on cases that can be worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.measures import (
    Counts,
    Found,
    Spoken,
    due_right,
    ndcg,
    owner_right,
    pairs,
    points_covered,
    rouge_l,
    words_covered,
)
from evaluation.sets import Turn, Wanted


def test_ndcg_is_one_for_the_best_order_and_less_for_others() -> None:
    assert ndcg([3, 2, 2, 1, 0]) == 1
    assert ndcg([0, 0, 3]) == pytest.approx((3 / math.log2(4)) / 3)
    assert ndcg([0, 3], at=1) == 0
    assert ndcg([0, 0]) == 1


def test_rouge_l_is_that_of_the_paper() -> None:
    # Lin 2004: "police killed the gunman"; "police kill the gunman" and "the gunman kill police"
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(3 / 4)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(2 / 4)
    assert rouge_l("", "police killed the gunman") == 0
    assert rouge_l("One, TWO; three!", "one two three") == 1


@given(st.text("ab ", max_size=30), st.text("ab ", max_size=30))
def test_rouge_l_is_symmetric_and_a_share(one: str, other: str) -> None:
    assert rouge_l(one, other) == rouge_l(other, one)
    assert 0 <= rouge_l(one, other) <= 1


def test_a_key_point_needs_a_word_of_each_group() -> None:
    points = [[["backup", "backups"], ["three", "3"]], [["fire exit"]]]
    assert points_covered("The backups move to 3.", points) == 0.5
    assert points_covered("The backups move. A fire, an exit.", points) == 0
    assert points_covered("Backup at three, past the fire exit!", points) == 1


def test_content_words_count_in_any_form() -> None:
    assert words_covered("We were testing batteries", "The battery is to be tested") == 1
    assert words_covered("Nothing of it", "The battery is to be tested") == 0


# -------------------------------------------------------------------------------- found and wanted

TURNS = [
    Turn(1, "Ada", "Could you write the runbook?"),
    Turn(2, "Ben", "Yes, by Thursday."),
    Turn(3, "Ada", "And somebody should clean the kitchen."),
    Turn(4, "Ben", "Yes."),
    Turn(5, "Ada", "Yes."),
    *(Turn(n, "Ben", f"We talked of other things, number {n}.") for n in range(6, 20)),
]
SPOKEN = Spoken(TURNS)
RUNBOOK = Wanted("Write the runbook", frozenset({1, 2}), "Ben Okoro", ("2026-03-12",))
KITCHEN = Wanted("Clean the kitchen", frozenset({3}))


def matched(found: list[Found], wanted: list[Wanted]) -> list[tuple[str, str]]:
    return [(item.what, label.what) for item, label in pairs(found, wanted, SPOKEN)]


def test_a_quote_is_in_the_turns_where_it_was_said() -> None:
    assert SPOKEN.turns_of("by Thursday") == {2}
    assert SPOKEN.turns_of("Yes.") == {4, 5}
    assert SPOKEN.turns_of("write the runbook?\nYes, by Thursday.") == {1, 2}
    assert SPOKEN.turns_of("Yes, by Friday.") == frozenset()
    assert SPOKEN.turns_of("") == frozenset()


def test_an_item_quoted_in_a_labelled_turn_is_found() -> None:
    assert matched([Found("do it", "Yes, by Thursday.")], [RUNBOOK]) == [("do it", "Write the runbook")]


def test_an_item_quoted_near_by_is_found_if_it_says_the_same() -> None:
    assert matched([Found("Ben writes the runbook", "Yes.")], [RUNBOOK])
    assert not matched([Found("Ben has lunch", "Yes.")], [RUNBOOK])
    assert not matched([Found("Ben writes the runbook", "number 15")], [RUNBOOK])


def test_an_item_that_nobody_said_is_not_found() -> None:
    assert not matched([Found("Write the runbook", "I will write the runbook")], [RUNBOOK])


def test_the_same_item_twice_is_right_once() -> None:
    twice = [
        Found("write the runbook", "Yes, by Thursday."),
        Found("runbook", "Could you write the runbook?"),
    ]
    assert len(matched(twice, [RUNBOOK])) == 1


def test_as_many_items_are_matched_as_can_be() -> None:
    both = Wanted("The kitchen runbook", frozenset({1, 3}))
    found = [Found("kitchen runbook", "Could you write the runbook?"), Found("kitchen", "clean the kitchen")]
    assert len(matched(found, [RUNBOOK, both])) == 2
    assert len(matched(found[::-1], [both, RUNBOOK])) == 2


def test_counts_add_up() -> None:
    both = Counts(found=4, wanted=5, right=3) + Counts(found=0, wanted=1, right=0)
    assert (both.precision, both.recall, both.f1) == (3 / 4, 3 / 6, 6 / 10)
    assert (Counts().precision, Counts().recall, Counts().f1) == (1, 1, 1)


def test_an_owner_is_right_if_it_can_be_nobody_else() -> None:
    people = ["Ben Okoro", "Sam Pillai", "Sam Okoro"]
    assert owner_right("Ben", "Ben Okoro", people)
    assert owner_right("Sam Pillai", "Sam Pillai", people)
    assert not owner_right("Sam", "Sam Pillai", people)
    assert not owner_right("Sam Okoro", "Sam Pillai", people)
    assert owner_right("Hugo", "Hugo", people)
    assert owner_right("Hugo Ferrand", "Hugo", people)
    assert not owner_right("Ben", "Hugo", people)
    assert owner_right(None, None, people)
    assert not owner_right(None, "Hugo", people)
    assert not owner_right("Ben", None, people)


def test_a_date_is_right_if_it_is_one_of_the_labels() -> None:
    assert due_right("2026-12-24", ("2026-12-25", "2026-12-24"))
    assert due_right(None, (None,))
    assert not due_right(None, ("2026-12-25",))
