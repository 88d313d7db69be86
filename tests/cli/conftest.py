import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.processes import APP, PROGRAM, Command, Ended, Starter, environment, items


@pytest.fixture
def start() -> Iterator[Starter]:
    """Starts a command and leaves it running; what still runs at the end of the test is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [*PROGRAM, *words],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            env=environment(**(env or {})),
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def onward(start: Starter) -> Command:
    """Runs a command to its end."""

    def run(*words: str, typed: str = "", env: dict[str, str] | None = None) -> Ended:
        process = start(*words, env=env)
        out, err = process.communicate(typed, timeout=60)
        return Ended(process.returncode, out, err)

    return run


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """app.py with functions and jobs, and items.jsonl with twenty items."""
    (tmp_path / "app.py").write_text(textwrap.dedent(APP))
    items(tmp_path / "items.jsonl", 20)
    return tmp_path
