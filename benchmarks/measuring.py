"""What sections of the benchmark have in common: rows, series, rounds, and processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "out"
OURS = sys.executable
PEERS = ROOT / "benchmarks" / ".venv" / "bin" / "python"


class LeftOut(Exception):
    """What cannot be measured here, and why."""


@dataclass
class Row:
    """One line of the table of goals: what was measured in each round, and what it should be.

    Attributes:
        goal: at most that, or at least with `least`; None where there is none.
        why: what stands in the way, or how to read it.
        decides: "median", or "best" where whatever disturbs a round only makes the value worse.
    """

    what: str
    values: list[float]
    unit: str = ""
    goal: float | None = None
    least: bool = False
    why: str = ""
    decides: str = "median"

    @property
    def middle(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.middle >= self.goal if self.least else self.middle <= self.goal


@dataclass
class Found:
    """What a section found. `series` are the curves of the plots: a plot, a title, points."""

    rows: list[Row] = field(default_factory=list)
    series: list[tuple[str, str, list[tuple[float, float]]]] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def tell(text: str) -> None:
    """Say how far it is."""
    print(f"    {text}", file=sys.stderr, flush=True)


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the file system of the project: the system's own for temporary files may be memory."""
    OUT.mkdir(exist_ok=True)
    found = Path(tempfile.mkdtemp(prefix="measured-", dir=OUT))
    try:
        yield found
    finally:
        shutil.rmtree(found)


def in_folder(call: Callable[[Path], Any]) -> Any:
    with folder() as place:
        return call(place)


def taking_turns(
    contestants: Mapping[str, Callable[[], Any]], rounds: int, warm_up: int = 1
) -> list[dict[str, Any]]:
    """What each contestant returned in each round: A B C, C B A, A B C, so that none is always first or last."""
    found = []
    for number in range(rounds + warm_up):
        order = list(contestants) if number % 2 else list(contestants)[::-1]
        results = {name: contestants[name]() for name in order}
        if number >= warm_up:
            found.append(results)
    return found


def python(*words: object, python: Path | str = OURS, place: Path = ROOT, limit: float = 600) -> Any:
    """What the last line on standard output of this Python says, in JSON.

    Raises:
        LeftOut: it failed, or took longer than so many seconds.
    """
    try:
        ended = subprocess.run(
            [str(python), *map(str, words)],
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LeftOut(f"took more than {limit:.0f} s") from None
    if ended.returncode or not ended.stdout:
        last = ended.stderr.strip().splitlines()[-1:] or ["said nothing"]
        raise LeftOut(f"failed: {last[0]}")
    return json.loads(ended.stdout.splitlines()[-1])


def processor_ms(command: list[Any]) -> float:
    """Milliseconds of processor time that a command takes.

    Raises:
        LeftOut: it failed.
    """
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        said = process.stderr.read().decode()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise LeftOut(f"failed: {(said.strip().splitlines() or ['said nothing'])[-1]}")
    return (used.ru_utime + used.ru_stime) * 1000
