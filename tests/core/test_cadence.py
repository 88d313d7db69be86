"""When a checkpoint is due, with a clock of the test's own."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from onward.cadence import AUTO_SHARE, Cadence, Every, parse, seconds
from onward.errors import UsageError


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (None, None),
        ("auto", None),
        (1, Every(items=1)),
        (100, Every(items=100)),
        ("100", Every(items=100)),
        ("1 item", Every(items=1)),
        ("100 items", Every(items=100)),
        (" 100items ", Every(items=100)),
        ("5s", Every(seconds=5)),
        ("0.5 s", Every(seconds=0.5)),
        ("250ms", Every(seconds=0.25)),
        ("2 min", Every(seconds=120)),
        ("1h", Every(seconds=3600)),
        ("100 items or 5s", Every(items=100, seconds=5)),
        ("5s or 100 items", Every(items=100, seconds=5)),
        ("100, 5 s", Every(items=100, seconds=5)),
        (Every(items=3), Every(items=3)),
    ],
)
def test_what_every_takes(every: Any, expected: Every | None) -> None:
    assert parse(every) == expected


@pytest.mark.parametrize(
    "every",
    [
        0,
        -1,
        True,
        1.5,
        "",
        "often",
        "0",
        "0s",
        "-5s",
        "5 parsecs",
        "100 items and 5s",
        "or",
        "5s or",
        [],
        {},
        b"5s",
    ],
)
def test_what_every_refuses(every: Any) -> None:
    with pytest.raises(UsageError, match="every"):
        parse(every)


@pytest.mark.parametrize(
    "given_in",
    [{}, {"items": 0}, {"seconds": 0}, {"seconds": -1}, {"seconds": float("nan")}, {"seconds": float("inf")}],
)
def test_what_the_class_refuses(given_in: Any) -> None:
    with pytest.raises(UsageError):
        Every(**given_in)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(5, 5), (0.5, 0.5), ("5", 5), ("1.5 min", 90), ("2 HOURS", 7200), ("1d", 86400), (" 3 sec ", 3)],
)
def test_durations(text: Any, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text", [0, -1, float("nan"), float("inf"), "", "s", "soon", "-1s", "1e3s", "9" * 400, None, [1], "1 2 s"]
)
def test_what_is_no_duration(text: Any) -> None:
    with pytest.raises(UsageError, match="timeout"):
        seconds(text, "timeout")


def test_every_so_many_items() -> None:
    cadence = Cadence(Every(items=3), now=0)
    assert [cadence.due(unsaved, 1e9) for unsaved in (1, 2, 3, 4)] == [False, False, True, True]
    assert cadence.wait is None
    assert cadence.longest is None


def test_every_so_many_seconds() -> None:
    cadence = Cadence(Every(seconds=5), now=100)
    assert not cadence.due(1000, 104.9)
    assert cadence.due(1, 105)
    cadence.saved(110, 1)
    assert not cadence.due(1, 114.9)
    assert cadence.due(1, 115)
    assert cadence.longest == 5


def test_whichever_comes_first() -> None:
    cadence = Cadence(Every(items=3, seconds=5), now=0)
    assert cadence.due(3, 0)
    assert cadence.due(1, 5)
    assert not cadence.due(2, 4)


def test_auto_saves_the_first_at_once_and_a_slow_item_alone() -> None:
    cadence = Cadence(None, now=0)
    assert cadence.due(1, 0)
    cadence.saved(0.001, 0.001)
    assert not cadence.due(5, 0.01)
    assert cadence.due(1, 0.2)


@given(st.floats(1e-6, 0.01), st.lists(st.floats(1e-7, 0.5), min_size=20, max_size=200))
def test_auto_costs_under_a_hundredth_and_saves_once_a_second(cost: float, work: list[float]) -> None:
    """Items of any length, saves of one cost: what saving takes, and how long anything waits for it."""
    cadence = Cadence(None, now=0)
    now = saving = 0.0
    unsaved, oldest = 0, 0.0
    for length in work:
        now += length
        oldest = oldest if unsaved else now
        unsaved += 1
        if cadence.due(unsaved, now):
            now, saving, unsaved = now + cost, saving + cost, 0
            cadence.saved(now, cost)
        assert not unsaved or now - oldest < 1 + length
    assert saving <= AUTO_SHARE * now + cost + 1e-9


def test_auto_learns_when_saving_becomes_slow() -> None:
    cadence = Cadence(None, now=0)
    now = 0.0
    for _ in range(50):
        now += 1e-4
        cadence.saved(now, 1e-4)
    assert cadence.wait == pytest.approx(0.01)
    for _ in range(20):
        cadence.saved(now, 0.005)
    assert cadence.wait == pytest.approx(0.5, rel=0.05)
    for _ in range(20):
        cadence.saved(now, 3.0)
    assert cadence.wait == 1.0, "once a second comes before one in a hundred"
