"""Years of work as the dates in a resume prove them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.recipes.resume_screening import Years, find_years
from onward.recipes.resume_screening.years import covered

TODAY = date(2026, 11, 25)


def years(text: str) -> Years:
    return find_years(text.splitlines())


@pytest.mark.parametrize(
    ("line", "proven"),
    [
        ("Engineer, Acme, 2015 - 2019", 4.0),
        ("Engineer (2018 to present)", 8.8),
        ("2021-now  senior engineer", 5.8),
        ("Python developer, March 2023 - present", 3.7),
        ("Engineer, 03/2019 – 05/2021", 2.2),
        ("Engineer, 01.03.2019 - 31.05.2021", 2.2),
        ("Dateningenieurin, Hafenlogistik, 2018 bis heute", 8.8),
        ("Engineer, Jan 2020 — Dec 2020", 1.0),
        ("Engineer | 2016 - 2020", 4.0),
        ("**Engineer, 2012 - 2017**", 5.0),
        ("Engineer, 2019 - 2015", 0.0),
        ("Engineer, 1066 - 2020", 0.0),
        ("Call 2010 - 2019 555", 9.0),
        ("since 2012", 0.0),
        ("Reduced errors in 2019", 0.0),
    ],
)
def test_a_line_with_dates_proves_a_period(line: str, proven: float) -> None:
    assert years(line).proven(TODAY) == proven


def test_overlaps_count_once_and_education_does_not() -> None:
    found = years(
        """Experience
Engineer, A, 2015 - 2020
Adviser, B, 2018 - 2022

Education
MSc, University, 2010 - 2015

WORK
Clerk, C, 2001 - 2002
"""
    )
    assert found.proven(TODAY) == 8.0
    assert [p.line for p in found.periods] == [
        "Clerk, C, 2001 - 2002",
        "Engineer, A, 2015 - 2020",
        "Adviser, B, 2018 - 2022",
    ]


def test_what_is_said_without_dates_is_kept_apart() -> None:
    found = years("Data engineer with nine years in freight.\nBorn 45 years old\n")
    assert found.proven(TODAY) == 0
    assert found.said == ("Data engineer with nine years in freight.",)


spans = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=12)


@given(spans)
def test_covered_months_are_those_in_at_least_one_span(found: list[tuple[int, int]]) -> None:
    assert covered(found) == len({month for start, end in found for month in range(start, end)})


@given(spans, st.randoms())
def test_the_order_of_lines_does_not_count(found: list[tuple[int, int]], random: object) -> None:
    shuffled = sorted(found, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert covered(shuffled) == covered(found)


@given(st.lists(st.tuples(st.integers(1960, 2025), st.integers(0, 30)), max_size=8))
def test_a_resume_of_periods_proves_at_most_their_sum_and_at_least_the_longest(
    posts: list[tuple[int, int]],
) -> None:
    posts = [(start, min(length, 2026 - start)) for start, length in posts]
    text = "\n".join(f"Clerk, Acme, {start} - {start + length}" for start, length in posts)
    proven = years(text).proven(TODAY)
    assert max((length for _, length in posts), default=0) <= proven <= sum(length for _, length in posts)


@given(st.integers(1960, 2020), st.integers(1, 12), st.integers(0, 6), st.integers(1, 12))
def test_months_named_count_whole(start: int, month: int, length: int, last: int) -> None:
    found = years(f"Clerk, {month:02}/{start} - {last:02}/{start + length}").proven(TODAY)
    assert found == round(max(0, 12 * length + last - month + 1) / 12, 1)
