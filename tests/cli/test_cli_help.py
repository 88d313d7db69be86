import json
import re
import shlex
from pathlib import Path

import pytest

from cli.processes import Command

GENERAL = [
    "run",
    "plan",
    "status",
    "show",
    "errors",
    "retry",
    "export",
    "history",
    "rm",
    "verify",
    "copy",
    "repair",
    "crash-test",
]
SYSTEMS = ["screen", "notes", "tasks"]


def test_the_commands_in_the_order_of_use(onward: Command) -> None:
    ended = onward("--help")
    listed = re.findall(r"^  ([\w-]+)  ", ended.out.partition("Commands:")[2], re.MULTILINE)
    assert listed == GENERAL + SYSTEMS
    assert ended.code == 0


def test_without_a_command_there_is_help(onward: Command) -> None:
    ended = onward()
    assert ended.code == 2
    assert "onward run" in ended.out + ended.err


@pytest.mark.parametrize("command", ["", *GENERAL])
def test_the_examples_of_the_help_work(tmp_path: Path, onward: Command, command: str) -> None:
    Path("app.py").write_text(
        "import onward\n@onward.job('screening')\ndef screen(r): return {'n': 10 // r['n']}\n"
    )
    Path("resumes.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(20)))
    if command not in ("", "run", "plan"):
        onward("run", "app.py:screen", "--input", "resumes.jsonl")
    help_text = onward(*filter(None, [command, "--help"])).out
    examples = re.findall(r"^ +(onward (?!\[).*)$", help_text.partition("Example:")[2], re.MULTILINE)
    assert examples
    for example in examples:
        ended = onward(*shlex.split(example, comments=True)[1:])
        assert ended.code in (0, 3, 75), f"{example}: {ended.err}"


@pytest.mark.parametrize("command", GENERAL + SYSTEMS)
def test_every_option_is_explained(onward: Command, command: str) -> None:
    options = onward(command, "--help").out.partition("Options:")[2]
    found = re.findall(r"^  (-.*)$", options, re.MULTILINE)
    assert found
    assert "--json" in options


def test_every_option_is_in_the_reference(onward: Command) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "command-line.md").read_text()
    for command in GENERAL:
        options = set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", onward(command, "--help").out, re.MULTILINE))
        assert not {option for option in options - {"--help"} if f"`{option}" not in page}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_says_nothing_but_what_completes(shell: str, onward: Command) -> None:
    script = onward(env={"_ONWARD_COMPLETE": f"{shell}_source"})
    assert (script.code, script.err) == (0, "")
    assert "_ONWARD_COMPLETE" in script.out
    asked = {"COMP_WORDS": "onward run -", "COMP_CWORD": "-" if shell == "fish" else "2"}
    ended = onward(env={"_ONWARD_COMPLETE": f"{shell}_complete", **asked})
    assert (ended.code, ended.err) == (0, "")
    assert {"-o", "--output"} <= set(re.findall(r"-[\w-]+", ended.out))


def test_the_output_has_a_short_name(app: Path, onward: Command) -> None:
    line = ["run", "app.py:double", "--input", "items.jsonl", "-o", "out.jsonl", "--limit", "5"]
    stopped = onward(*line)
    assert stopped.resume == line[:-2]
    assert onward(*stopped.resume).code == 0
    assert len(Path("out.jsonl").read_text().splitlines()) == 20
    assert onward("plan", *line[1:-2]).code == 0
