"""Items: sentences of the same thing become one item, with the likeliest owner and day."""

import pytest

from onward.llm.agreement import Pointing, Reading, items
from onward.llm.agreement.items import ITEM, SENTENCE, groups

ADA, BOB = ("Ada",), ("Bob",)


def pointing(agreed: float, telling: float = 0.5, **more: dict) -> Pointing:  # type: ignore[type-arg]
    return Pointing(agreed, telling, more.get("people", {None: 1.0}), more.get("times", {None: 1.0}))


def test_sentences_of_the_same_thing_are_one_item() -> None:
    reading = Reading(
        [pointing(0.9, 0.9, people={ADA: 0.6, BOB: 0.4}), pointing(0.9, 0.1, people={ADA: 0.2, BOB: 0.8})],
        {(0, 1): 0.9},
    )
    (item,) = items(reading)
    assert (item.sentences, item.best) == ((0, 1), 0)
    assert item.likely == pytest.approx(0.99)
    assert item.people == pytest.approx({ADA: 0.4, BOB: 0.6})
    assert item.times == pytest.approx({None: 1.0})


def test_others_are_items_of_their_own_in_the_order_they_are_said() -> None:
    reading = Reading([pointing(0.9), pointing(0.1), pointing(0.8)], {(0, 1): 0.9, (0, 2): 0.2, (1, 2): 0.9})
    assert [item.sentences for item in items(reading)] == [(0,), (2,)]


def test_what_is_not_likely_is_no_item() -> None:
    assert items(Reading([pointing(ITEM - 0.01), pointing(0.3)], {(0, 1): 0.1})) == []
    assert items(Reading([], {})) == []


def test_two_that_are_hardly_likely_make_a_likely_one_together() -> None:
    just = pointing(SENTENCE)
    assert len(items(Reading([just, just], {(0, 1): 0.9}))) == 1
    assert items(Reading([just, just], {(0, 1): 0.1})) == []


def test_what_makes_no_item_may_still_say_of_one_who_and_when() -> None:
    reading = Reading([pointing(0.9, people={ADA: 1.0}), pointing(0.3, people={BOB: 1.0})], {(0, 1): 0.9})
    (item,) = items(reading)
    assert item.sentences == (0, 1)
    assert item.people == pytest.approx({ADA: 0.75, BOB: 0.25})
    apart = Reading(reading.sentences, {(0, 1): 0.1})
    assert [one.sentences for one in items(apart)] == [(0,)]


def test_groups_are_as_alike_as_their_sentences_on_average() -> None:
    same = {(1, 2): 0.9, (1, 3): 0.8, (2, 3): 0.1, (3, 4): 0.7, (1, 4): 0.0, (2, 4): 0.0}
    assert sorted(groups([1, 2, 3, 4], same)) == [(1, 2), (3, 4)]
    assert sorted(groups([1, 2, 3], {(1, 2): 0.9, (2, 3): 0.6})) == [
        (1, 2, 3)
    ]  # 1 and 3 are too far apart to tell


def test_a_long_meeting_is_no_trouble() -> None:
    count = 450
    same = {
        (a, b): 0.9 if a // 3 == b // 3 else 0.1
        for a in range(count)
        for b in range(a + 1, min(count, a + 20))
    }
    assert len(groups(range(count), same)) == count // 3
