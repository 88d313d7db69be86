"""Starts scripts as real processes in a folder of their own, and reads what they left behind."""

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onward
from onward.view import RunView

HERE = Path(__file__).parent
KILLED = -9
TIMEOUT = 60


@dataclass
class Ended:
    """How one start ended: its exit code, what it printed, what it reported, and what it called."""

    code: int
    out: str
    err: str
    told: dict[str, Any]
    calls: list[Any]
    times: list[float] = field(default_factory=list)

    @property
    def error(self) -> str:
        return str(self.told.get("error"))

    @property
    def message(self) -> str:
        return str(self.told.get("message"))

    def finished(self) -> "Ended":
        """Itself, if the run finished."""
        assert self.code == 0, self
        assert self.told.get("status") == "finished", self
        return self

    def refused(self, error: str, code: int, *parts: str) -> "Ended":
        """Itself, if it ended with this error, this exit code, and a message with these parts."""
        assert (self.error, self.code) == (error, code), self
        for part in parts:
            assert part in self.message, (part, self.message)
        return self


class Started:
    """A start that is still going on."""

    def __init__(self, place: "Place", process: "subprocess.Popen[str]") -> None:
        self._place = place
        self.process = process
        self._before = len(place.calls())

    def wait(self) -> Ended:
        try:
            out, err = self.process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        report = self._place.folder / "report.json"
        told = json.loads(report.read_text()) if report.exists() else {}
        calls = self._place.timed_calls()[self._before :]
        return Ended(
            self.process.returncode, out, err, told, [name for _, name in calls], [at for at, _ in calls]
        )

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait until something holds, while the process lives."""
        until = time.monotonic() + TIMEOUT
        while not condition():
            assert self.process.poll() is None, self.wait()
            assert time.monotonic() < until, "waited in vain"
            time.sleep(0.002)


class Place:
    """A folder with a script, what it calls, and its store (``.onward``) in it."""

    def __init__(self, folder: Path, script: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if script:
            self.script(script)

    def script(self, text: str) -> None:
        (self.folder / "script.py").write_text("from probe import *\n" + textwrap.dedent(text))

    def start(self, env: dict[str, str] | None = None, prefix: Iterable[str] = (), **given: Any) -> Started:
        """Start the script with these parameters and leave it running."""
        (self.folder / "report.json").unlink(missing_ok=True)
        words = [*prefix, sys.executable, "script.py", json.dumps(given)]
        return Started(self, self._open(words, env))

    def run(self, env: dict[str, str] | None = None, prefix: Iterable[str] = (), **given: Any) -> Ended:
        """Start the script with these parameters and wait for its end."""
        return self.start(env, prefix, **given).wait()

    def command(self, *words: str, env: dict[str, str] | None = None) -> Ended:
        """Run the onward command."""
        return self.start_command(*words, env=env).wait()

    def start_command(self, *words: str, env: dict[str, str] | None = None) -> Started:
        """Start the onward command and leave it running."""
        return Started(self, self._open([sys.executable, "-m", "onward.cli", *words], env))

    def _open(self, words: list[str], env: dict[str, str] | None) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            words,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**_environment(), **(env or {})},
        )

    # What was left behind

    def timed_calls(self) -> list[tuple[float, Any]]:
        path = self.folder / "calls.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(float(line.split(" ", 1)[0]), json.loads(line.split(" ", 1)[1])) for line in lines]

    def calls(self) -> list[Any]:
        return [name for _, name in self.timed_calls()]

    def notes(self) -> list[Any]:
        path = self.folder / "notes.log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def view(self, job: str = "job", run: str = "default", store: str = ".onward") -> RunView:
        return onward.load(job, run, store=self.folder / store)

    def saved(self, job: str = "job") -> set[Any]:
        """The keys of what is durable now."""
        return {outcome.key for outcome in self.view(job).outcomes()}

    @property
    def store(self) -> Path:
        return self.folder / ".onward" / "job" / "default.db"

    def read(self, name: str = "out.jsonl") -> bytes:
        return (self.folder / name).read_bytes()

    def lines(self, name: str = "out.jsonl") -> list[Any]:
        return [json.loads(line) for line in self.read(name).splitlines()]

    def has(self, name: str) -> bool:
        return (self.folder / name).exists()

    def temporaries(self) -> list[Path]:
        return sorted(self.folder.glob(".*.onward-tmp"))


def write_jsonl(path: Path, values: Iterable[Any]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    path = os.pathsep.join(filter(None, [str(HERE), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
