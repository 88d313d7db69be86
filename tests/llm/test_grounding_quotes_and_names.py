"""A quote against its source, a name against those who were there."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.llm.grounding import find_name, find_quote

SOURCE = "Anna said:\n  “We’ll ship  it on\tFriday” — not before. The ﬁrst batch…\nStart-up costs: 5 €."


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("We'll ship it on Friday", "We’ll ship  it on\tFriday"),
        ('"We\'ll ship it on Friday" - not before.', "“We’ll ship  it on\tFriday” — not before."),
        ("The first batch...", "The ﬁrst batch…"),
        ("  Start‑up costs:\n5 € ", "Start-up costs: 5 €"),
        ("Anna said: “We’ll", "Anna said:\n  “We’ll"),
        ('"The ﬁrst batch"', "The ﬁrst batch"),
    ],
)
def test_a_quote_is_found_whatever_the_typography(quote: str, passage: str) -> None:
    found = find_quote(quote, SOURCE)
    assert found is not None
    assert found.text == passage
    assert SOURCE[found.start : found.end] == passage


@pytest.mark.parametrize(
    "quote",
    [
        "",
        " ",
        '""',
        "we'll ship it on friday",
        "We'll ship it Friday",
        "hip it on Friday",
        "5 $",
        "not before. And",
        "tart-up",
    ],
)
def test_what_the_source_does_not_say_is_not_found(quote: str) -> None:
    assert find_quote(quote, SOURCE) is None


def test_accents_count_however_they_are_composed() -> None:
    assert find_quote("cafe\u0301 Müller", "im café Mu\u0308ller") is not None
    assert find_quote("cafe Muller", "im café Müller") is None


WORDS = st.lists(st.text("abcdeé'’“—1 \u00a0", min_size=1, max_size=8), min_size=1, max_size=30)


@given(WORDS, st.data())
def test_every_run_of_words_is_found_with_its_blanks_changed(words: list[str], data: st.DataObject) -> None:
    source = " ".join(words)
    tokens = [(m.start(), m.end()) for m in re.finditer(r"\S+", source)]
    if not tokens:
        return
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    quote = re.sub(
        r"\s+", data.draw(st.sampled_from([" ", "\n", "  \t"])), source[tokens[first][0] : tokens[last][1]]
    )
    found = find_quote(quote, source)
    assert found is not None
    assert source[found.start : found.end] == found.text
    assert re.sub(r"\W", "", found.text) == re.sub(r"\W", "", quote)


@given(st.text(max_size=40), st.text(max_size=200))
def test_what_is_found_is_in_the_source(quote: str, source: str) -> None:
    found = find_quote(quote, source)
    if found:
        assert found.text
        assert source[found.start : found.end] == found.text
        assert find_quote(found.text, source) is not None


# --------------------------------------------------------------------------------------- names

PEOPLE = [
    "Dr. Lena Hartwig",
    "Sam Okoro",
    "Sam Pillai",
    "José Núñez",
    "Hui Min Lau",
    "Mary O'Brien",
    "Priyanka Rao",
]


@pytest.mark.parametrize(
    ("name", "kind", "person"),
    [
        ("Sam Okoro", "exact", "Sam Okoro"),
        ("okoro, sam", "exact", "Sam Okoro"),
        ("Lena Hartwig", "exact", "Dr. Lena Hartwig"),
        ("Jose Nunez", "exact", "José Núñez"),
        ("mary o’brien", "exact", "Mary O'Brien"),
        ("Lena", "partial", "Dr. Lena Hartwig"),
        ("Dr. Hartwig", "partial", "Dr. Lena Hartwig"),
        ("Sam P.", "partial", "Sam Pillai"),
        ("H. Lau", "partial", "Hui Min Lau"),
        ("Hui Min", "partial", "Hui Min Lau"),
        ("Mary Jane O'Brien", "partial", "Mary O'Brien"),
        ("Priyanca", "similar", "Priyanka Rao"),
        ("Lena Hartwick", "similar", "Dr. Lena Hartwig"),
        ("Sam", "ambiguous", None),
        ("Bettina", "none", None),
        ("S.", "none", None),
        ("Som", "none", None),
        ("Doctor", "none", None),
        ("", "none", None),
        ("?!", "none", None),
    ],
)
def test_who_is_meant(name: str, kind: str, person: str | None) -> None:
    match = find_name(name, PEOPLE)
    assert (match.kind, match.name) == (kind, person)
    assert bool(match) == (person is not None)
    assert match.index == (None if person is None else PEOPLE.index(person))


def test_who_could_be_meant_is_said() -> None:
    assert find_name("Sam", PEOPLE).candidates == ("Sam Okoro", "Sam Pillai")


def test_a_name_that_stands_twice_is_nobody_in_particular() -> None:
    match = find_name("Daniel Kim", ["Daniel Kim", "Anna Lind", "Daniel Kim"])
    assert (match.kind, match.name, match.index) == ("ambiguous", None, None)


def test_the_whole_name_goes_before_a_part_of_another() -> None:
    assert find_name("Sam", ["Sam Okoro", "Sam"]).index == 1


@given(
    st.lists(st.text("abcdef ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=6), st.data()
)
def test_everyone_is_found_by_their_own_name_or_shares_it(names: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(names) - 1))
    match = find_name(names[index].upper(), names)
    assert match.kind == "exact" or names[index] in match.candidates
    if match.kind == "exact":
        assert match.index == index
