"""Rates, and how many failures are too many."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from onward.attempts.limits import DEFAULT, FIRST_FAILURES, PERCENT_FROM, FailureLimit, limiter, parse_rate
from onward.errors import UsageError


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("500/min", (500, 60)),
        ("5/s", (5, 1)),
        ("3 per second", (3, 1)),
        ("10000/day", (10000, 86400)),
        ("0.5/s", (0.5, 1)),
        (" 100 / 10 s ", (100, 10)),
        ("2/500ms", (2, 0.5)),
        ("1/H", (1, 3600)),
    ],
)
def test_rates(rate: str, expected: tuple[float, float]) -> None:
    assert parse_rate(rate) == expected


@pytest.mark.parametrize(
    "rate", ["", "5", "fast", "0/s", "5/0s", "-5/s", "5/fortnight", "5/s/s", "1e3/s", 5, None, True, b"5/s"]
)
def test_what_is_no_rate(rate: Any) -> None:
    with pytest.raises(UsageError, match="rate"):
        parse_rate(rate)


@pytest.mark.parametrize(("rate", "allowed"), [("5/h", 5), ("1/day", 1), ("0.5/h", 1), ("2.5/h", 1)])
def test_a_limiter_gives_so_many_permissions_and_no_more(rate: str, allowed: int) -> None:
    ask = limiter(rate)
    assert [ask() for _ in range(allowed + 3)] == [True] * allowed + [False] * 3


def test_permissions_come_back() -> None:
    ask = limiter("2/20ms")
    assert ask()
    found = 0
    for _ in range(10_000_000):
        found += ask()
        if found == 4:
            break
    assert found == 4


# Failures


def settle(limit: FailureLimit, outcomes: str) -> str | None:
    """The first reason to stop: "F" and "G" are failures of two types, all else passes."""
    for outcome in outcomes:
        if outcome in "FG":
            reason = limit.failed(outcome)
            if reason:
                return reason
        else:
            limit.passed()
    return None


@given(st.integers(0, 5), st.text("F.", max_size=20))
def test_a_number_is_how_many_are_tolerated(allowed: int, outcomes: str) -> None:
    assert (settle(FailureLimit(allowed), outcomes) is not None) == (outcomes.count("F") > allowed)


@given(st.integers(0, 100), st.text("F...", max_size=150))
def test_a_percentage_is_judged_at_each_failure_from_the_twentieth_item(percent: int, outcomes: str) -> None:
    expected = any(
        outcome == "F" and number >= PERCENT_FROM and 100 * outcomes[:number].count("F") > percent * number
        for number, outcome in enumerate(outcomes, 1)
    )
    assert (settle(FailureLimit(f"{percent}%"), outcomes) is not None) == expected


@pytest.mark.parametrize(
    ("percent", "failures", "of"), [("29%", 29, 100), ("0.7%", 7, 1000), ("57%", 57, 100)]
)
def test_exactly_the_percentage_is_tolerated(percent: str, failures: int, of: int) -> None:
    limit = FailureLimit(percent)
    assert settle(limit, "." * (of - failures) + "F" * failures) is None
    assert settle(limit, "F") is not None


def test_none_tolerates_any_number() -> None:
    assert settle(FailureLimit(None), "F" * 1000) is None


def test_by_default_the_first_twenty_all_failing_alike_stop() -> None:
    n = FIRST_FAILURES
    assert settle(FailureLimit(DEFAULT), "F" * n) == f"the first {n} items all failed with F"
    for fine in (
        "F" * (n - 1),
        "F" * (n - 1) + "G",
        "." + "F" * 100,
        "F" * (n - 1) + "." + "F" * 100,
        "FG" * 50,
    ):
        assert settle(FailureLimit(DEFAULT), fine) is None


def test_the_reason_says_the_number_and_the_limit() -> None:
    assert settle(FailureLimit(1), "FF") == "2 items failed, max_failures=1"
    assert settle(FailureLimit("5%"), "." * 30 + "FF") == "2 of 32 items failed, max_failures=5%"


@pytest.mark.parametrize("allowed", [-1, True, "5", "many", "-5%", "101%", "%", "nan%"])
def test_what_max_failures_refuses(allowed: Any) -> None:
    with pytest.raises(UsageError, match="max_failures"):
        FailureLimit(allowed)


@pytest.mark.parametrize("allowed", [1.5, [], {}])
def test_what_max_failures_is_not_of_the_kind_of(allowed: Any) -> None:
    with pytest.raises(UsageError, match="max_failures"):
        FailureLimit(allowed)
