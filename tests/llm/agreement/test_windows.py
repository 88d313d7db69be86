"""Windows: every sentence is in one, what is said around it too, and spans are of the words they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.llm.agreement import Named, Said, Timed
from onward.llm.agreement.windows import BEGIN, END, LONGEST, Window, windows

WORDS = ["I", "will", "send", "you", "the", "list", "on", "Friday", "then", "Ada"]


def pieces(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """A token a word, numbered by its length."""
    found, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return [1000 + end - start for start, end in found], found


def said(text: str, speaker: str = "Ada Byron", floor: int = 0) -> Said:
    return Said(text, speaker, floor, (0.0,))


def words(window: Window, start: int, end: int) -> list[int]:
    return window.tokens[start:end]


def test_a_floor_is_the_first_name_and_what_is_said() -> None:
    (window,) = windows([said("I will."), said("You too?"), said("Yes.", "Bob Hall", 1)], pieces)
    assert window.tokens == [BEGIN, 1004, 1001, 1005, 1003, 1004, END, 1004, 1004, END]
    assert [(one.start, one.end, one.sentence) for one in window.sentences] == [
        (2, 4, 0),
        (4, 6, 1),
        (8, 9, 2),
    ]
    assert [(one.start, one.end, one.sentence, one.of) for one in window.people] == [
        (1, 2, 0, None),
        (7, 8, 2, None),
    ]


def test_names_and_times_are_where_their_words_are() -> None:
    text = "Then Ada sends it on Friday."
    one = Said(text, "Bob", 0, (), (Named(5, 8, ("Ada Byron",)),), (Timed(21, 27),))
    (window,) = windows([one], pieces)
    (_, ada), (friday,) = window.people, window.times
    assert words(window, ada.start, ada.end) == [1003]
    assert words(window, friday.start, friday.end) == [1007]
    assert (ada.of, friday.of) == (0, 0)


def test_nobody_speaks_where_the_transcript_does_not_say_who() -> None:
    (window,) = windows([said("Yes.", "")], pieces)
    assert window.tokens == [BEGIN, 1002, 1004, END]


def test_no_sentences_have_no_windows() -> None:
    assert windows([], pieces) == []


@given(st.lists(st.lists(st.integers(1, 150), min_size=1, max_size=9), min_size=1, max_size=30))
def test_every_sentence_is_in_a_window_and_windows_share_what_is_said_at_their_ends(
    floors: list[list[int]],
) -> None:
    meeting = [said("word " * length, floor=n) for n, floor in enumerate(floors) for length in floor]
    found = windows(meeting, pieces)
    numbers = [[span.sentence for span in window.sentences] for window in found]
    assert sorted({n for inside in numbers for n in inside}) == list(range(len(meeting)))
    for window in found:
        assert len(window.tokens) < 512
        assert (
            len(window.tokens) <= LONGEST
            or len({meeting[span.sentence].floor for span in window.sentences}) == 1
        )
        assert all(0 < span.start < span.end < len(window.tokens) for span in window.sentences)
    begins = [inside[0] for inside in numbers]
    assert begins == sorted(set(begins))


def test_who_speaks_for_an_hour_is_heard_to_the_end() -> None:
    meeting = [said("word " * 12) for _ in range(400)]
    found = windows(meeting, pieces)
    assert {span.sentence for window in found for span in window.sentences} == set(range(400))


def test_a_name_may_be_anything() -> None:
    (window,) = windows(
        [said("Yes.", "A" * 10_000), said("No.", " \t", 1)],
        lambda text: ([1] * len(text), [(0, 1)] * len(text)),
    )
    assert len(window.tokens) < 100


@pytest.mark.parametrize("words_in_it", [99, 100, 300])
def test_a_sentence_longer_than_a_window_keeps_its_beginning(words_in_it: int) -> None:
    (window,) = windows([said("word " * words_in_it)], pieces)
    (span,) = window.sentences
    assert span.end - span.start == min(words_in_it, 100)
