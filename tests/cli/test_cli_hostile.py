"""What comes from data steers no terminal: names, keys, errors, results with escapes in them, in every command."""

import json
import re
from pathlib import Path

import pytest

from cli.processes import Command
from cli.test_cli_terminal import Terminal

EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202etxt\r"
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

FOREIGN = re.compile(r"\x1b\]|\x1b\[2J|\x07|[\x80-\x9f\u202a-\u202e\u2066-\u2069]")
"""What onward itself never writes to a terminal."""

APP = """
import onward

EVIL = %r

@onward.job("evil", key="id")
def evil(item):
    if item["n"] == 2:
        raise ValueError("no" + EVIL)
    if item["n"] == 3:
        raise onward.Skip("skip" + EVIL)
    return {"id": item["id"], "said": EVIL}

def unlucky(item):
    raise type("Bad" + EVIL, (Exception,), {})(EVIL)
"""


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """A run full of what an enemy named; gives the job's name, in which control characters are refused."""
    (tmp_path / "app.py").write_text(APP % EVIL)
    lines = [json.dumps({"id": f"k{number}{EVIL}", "n": number}) for number in range(1, 5)]
    (tmp_path / f"in{EVIL}.jsonl").write_text("\n".join(lines) + "\n")
    return "evil"


def test_no_command_lets_an_escape_through(hostile: str, onward: Command, tmp_path: Path) -> None:
    source = ["--input", f"in{EVIL}.jsonl", "--run", "may"]
    one = [hostile, "--run", "may"]
    commands = [
        ["plan", "app.py:evil", *source],
        ["run", "app.py:evil", *source, "--output", f"out{EVIL}.jsonl"],
        ["run", "app.py:evil", *source, "--output", f"out{EVIL}.jsonl"],
        ["run", "app.py:evil", *source, "--output", f"other{EVIL}.jsonl"],
        ["run", "app.py:unlucky", "--input", f"in{EVIL}.jsonl", "--max-failures", "1"],
        ["run", f"app.py:{EVIL}", *source],
        ["run", f"{EVIL}.py:x", *source],
        ["run", "app.py:evil", "--input", f"gone{EVIL}.jsonl"],
        ["run", "app.py:evil", *source, f"--{EVIL}"],
        ["run", "app.py:evil", *source, "--every", EVIL],
        ["run", "app.py:evil", *source, "--store", f"{EVIL}:x"],
        ["status"],
        ["show", *one, "--results", "5"],
        ["errors", *one, "--traceback"],
        ["errors", "unlucky", "--traceback"],
        ["history"],
        ["verify"],
        ["show", EVIL],
        ["copy", ".onward", f"file:copied{EVIL}"],
        ["copy", ".onward", f"file:copied{EVIL}"],
        ["repair", *one, "--to", f"repaired{EVIL}"],
        ["crash-test", "app.py:evil", "--input", f"in{EVIL}.jsonl", "--kills", "1"],
        ["screen", f"gone{EVIL}"],
        ["notes", f"gone{EVIL}"],
        ["tasks", f"gone{EVIL}"],
        ["rm", *one, "--yes"],
        [f"what{EVIL}"],
    ]
    leaks, seen = {}, []
    for words in commands:
        ended = onward(*words)
        assert "Traceback (most recent" not in ended.err, (words, ended.err)
        told = ended.out + ended.err
        seen.append((ended.code, told))
        if found := STEERING.findall(told):
            leaks[" ".join(map(ascii, words))] = (found, told)
    assert leaks == {}
    shown = [told for code, told in seen if code in (0, 3) and "\\x1b]0;pwned" in told]
    assert len(shown) > 5, seen  # what an enemy named is there, as what it is


def test_names_never_leave_the_folder(onward: Command, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "app.py").write_text("def f(item): return item\n")
    (inside / "in.txt").write_text("a\nb\n")
    for name in ("../../up", "/tmp/absolute", "..", ".", "a/../../b", "", "con\0trol", "~root", "x" * 400):
        if "\0" in name:
            continue  # no shell passes one
        ended = onward(
            "run", f"{inside}/app.py:f", "--input", f"{inside}/in.txt", "--job", name or "empty", "--run", name,
            "--store", str(inside / "store"),
        )  # fmt: skip
        assert ended.code in (0, 2), (name, ended)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    assert sorted(path.name for path in inside.iterdir()) in (
        ["app.py", "in.txt", "store"],
        ["__pycache__", "app.py", "in.txt", "store"],
    )


def test_on_a_terminal_neither_the_live_line_nor_what_follows_it(hostile: str, tmp_path: Path) -> None:
    """Where onward's own colours and movements are; of what is foreign, nothing is left that is none of these."""
    named = ["--job", "evil\x9b31m\u202e", "--run", "may\x9b2J\u2066"]
    source = ["--input", f"in{EVIL}.jsonl"]
    one = [named[1], *named[2:]]
    for words in (
        ["plan", "app.py:evil", *source, *named],
        ["run", "app.py:evil", *source, *named, "-o", f"out{EVIL}.jsonl"],
        ["run", "app.py:evil", *source, *named, "-o", f"other{EVIL}.jsonl"],
        ["run", "app.py:unlucky", *source, "--max-failures", "1"],
        ["run", f"{EVIL}.py:x", *source],
        ["status"],
        ["show", *one, "--results", "5"],
        ["errors", *one, "--traceback"],
        ["history"],
        ["verify"],
        ["copy", ".onward", f"file:copied{EVIL}"],
        ["repair", *one, "--to", f"repaired{EVIL}"],
        ["export", *one, f"exported{EVIL}.csv"],
        ["retry", *one],
        ["screen", "--job", f"gone{EVIL}.md", "x", "-o", f"x{EVIL}.csv"],
        ["rm", *one, "--yes"],
    ):
        terminal = Terminal(*words)
        code = terminal.end(60)
        assert "Traceback (most recent" not in terminal.plain or "--traceback" in words
        assert FOREIGN.findall(terminal.received) == [], (words, code, terminal.received)
        if words[0] == "run" and words[1] == "app.py:evil":
            assert r"evil\x9b31m\u202e" in terminal.plain
        assert code in (0, 1, 2, 3, 4, 6), (words, terminal.plain)
