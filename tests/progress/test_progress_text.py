import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.progress import text

HOSTILE = [
    ("plain", "plain"),
    ("naïve 日本 👩‍💻", "naïve 日本 👩‍💻"),
    ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
    ("a\nb\rc\td", r"a\nb\rc\td"),
    ("\x9b31m", r"\x9b31m"),
    ("abc\u202egpj.exe", r"abc\u202egpj.exe"),
    ("line\u2028separator", r"line\u2028separator"),
    ("\udcff", r"\udcff"),
    ("\U000e0001", r"\U000e0001"),
]


@pytest.mark.parametrize(("raw", "shown"), HOSTILE)
def test_printable_escapes_what_steers_a_terminal(raw: str, shown: str) -> None:
    assert text.printable(raw) == shown


@given(st.text())
def test_printable_leaves_no_control_and_no_reordering(raw: str) -> None:
    shown = text.printable(raw)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(char) for char in shown} & {
        "RLO",
        "LRO",
        "RLE",
        "LRE",
        "RLI",
        "LRI",
    }
    assert text.printable(shown) == shown
    shown.encode()


def test_printable_takes_anything() -> None:
    assert text.printable(7) == "7"


def test_printable_lines_keeps_the_lines() -> None:
    assert text.printable_lines("Traceback:\r\n\tin f\x1b[0m\n") == "Traceback:\n        in f\\x1b[0m\n"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00:00"),
        (-1, "0:00:00"),
        (21.4, "0:00:21"),
        (59.6, "0:01:00"),
        (3723, "1:02:03"),
        (183845, "2 d 03:04:05"),
        (math.inf, "?"),
        (math.nan, "?"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-0.1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (99, "99 s"),
        (99.6, "2 min"),
        (180, "3 min"),
        (7200, "2 h"),
        (5 * 86400, "5 d"),
        (math.nan, "?"),
    ],
)
def test_age(seconds: float, shown: str) -> None:
    assert text.age(seconds) == shown


@pytest.mark.parametrize(
    ("per_second", "shown"),
    [
        (1234.4, "1234/s"),
        (99.96, "100/s"),
        (12.14, "12.1/s"),
        (1, "1.0/s"),
        (3.2 / 60, "3.2/min"),
        (5.1 / 3600, "5.1/h"),
        (0, ""),
        (-1, ""),
        (math.inf, ""),
        (math.nan, ""),
    ],
)
def test_rate(per_second: float, shown: str) -> None:
    assert text.rate(per_second) == shown


def test_percent_never_says_all_too_early() -> None:
    assert text.percent(9999, 10000) == "99%"
    assert text.percent(10000, 10000) == "100%"
    assert text.percent(0, 0) == "100%"


def test_small_words() -> None:
    assert (text.done_of(743, 1000), text.done_of(743, None)) == ("743/1000", "743")
    assert (text.counted(1, "item"), text.counted(0, "item")) == ("1 item", "0 items")
    assert (text.shortened("abcdef", 4), text.shortened("abcd", 4)) == ("abc…", "abcd")


def test_moment_is_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert text.moment(0) == "1970-01-01 09:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
