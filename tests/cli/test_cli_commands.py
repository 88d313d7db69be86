import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onward.cli.commands import about, read, resuming, shown, ways_out, with_flag, without, written
from onward.errors import ways_of_change

words = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5)


@given(words)
def test_what_is_stored_is_read_back(line: list[str]) -> None:
    assert read(written(line)) == line


@pytest.mark.parametrize("line", ["", "rm -rf /", "onward 'unclosed"])
def test_what_is_no_command_of_ours_is_not_read(line: str) -> None:
    with pytest.raises(ValueError, match=r"not a command|closing|No closing"):
        read(line)


@given(words)
def test_what_is_shown_is_one_harmless_line(line: list[str]) -> None:
    assert not any(ord(char) < 32 or ord(char) == 127 for char in shown(line))


def test_what_is_shown_means_the_same_to_a_shell() -> None:
    line = ["run", "it's $HOME", "a\nb\x1b[31m\\n", "", "naïve 日本", "tab\there", "\U000e0001"]
    command = shown(line).replace("onward", "printf '%s\\0'", 1)
    received = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    assert received.decode().split("\0")[:-1] == line


def test_plain_words_are_shown_plainly() -> None:
    assert (
        shown(["run", "app.py:screen", "--input", "my file"]) == "onward run app.py:screen --input 'my file'"
    )


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("run a --limit 10 --input b", "run a --input b"),
        ("run a --limit=10 --input b", "run a --input b"),
        ("run a --limits 10", "run a --limits 10"),
        ("run a --limit", "run a"),
    ],
)
def test_without_an_option_with_a_value(line: str, kept: str) -> None:
    assert without(shlex.split(line), valued={"--limit"}) == shlex.split(kept)


def test_going_on_never_starts_again() -> None:
    assert resuming(["run", "a", "--again", "--limit", "5"]) == ["run", "a", "--limit", "5"]


def test_with_a_flag() -> None:
    assert with_flag(["run", "a"], "--again") == ["run", "a", "--again"]
    assert with_flag(["run", "--again", "a"], "--again") == ["run", "--again", "a"]
    assert with_flag(["run", "--", "a"], "--again") == ["run", "--again", "--", "a"]


def test_about_says_no_more_than_it_must() -> None:
    assert about("errors", "screening") == "onward errors screening"
    assert about("errors", "a b", "second", "x.db") == "onward errors 'a b' --run second --store x.db"


@pytest.mark.parametrize(
    ("ways", "ends"),
    [
        (ways_of_change("keep", "redo", "restart"), ["keep", "redo", "restart"]),
        (({"duplicates": "skip"},), ["skip"]),
        (({"force": True},), ["--force"]),
        (({"again": True},), ["--again"]),
        ((), []),
    ],
)
def test_ways_out(ways: tuple[dict[str, object], ...], ends: list[str]) -> None:
    proposed = ways_out(ways, ["run", "a", "--on-change", "stop"])
    assert [shlex.split(way)[-1] for way in proposed] == ends
    assert all(way.count("--on-change") <= 1 for way in proposed)
