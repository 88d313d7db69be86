"""Looking at a run that works: how long it takes with 1,000,000 items done, and whether the run is slower for it.

The second is measured within one run: for seconds it is looked at, for seconds it is not, in turns; what is compared
is the processor time that the run itself spends on an item.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import onward
from benchmarks.measuring import OURS, ROOT, Found, LeftOut, Row, folder, processor_ms, tell

TURN = 1.5
"""Seconds for which a run is looked at, or is not."""

PAUSE = 0.25
"""Seconds between two looks."""

STEP = 2_000
"""Items between two notes of the run's own time."""


def measure(tenth: int) -> Found:
    done, turns = 1_000_000 // tenth, 32 // (4 if tenth > 1 else 1)
    with folder() as place:
        notes = place / "notes"
        process = subprocess.Popen(
            [OURS, "-m", __name__, str(place), str(notes)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            tell(f"doing {done:,} items")
            _wait(process, place / "store", done)
            tell(f"looking at it, {turns} turns")
            looks: list[float] = []
            spans = [_turn(place / "store", looks if number % 2 else None) for number in range(turns)]
            command = ["-m", "onward.cli", "status", "--store", str(place / "store")]
            commands = [processor_ms([OURS, *command]) - processor_ms([OURS, "-c", "pass"]) for _ in range(7)]
            assert process.poll() is None, "the run ended while it was looked at"
        finally:
            process.kill()
            process.wait()
        costs = _costs(notes, spans)
    pairs = list(zip(costs[1::2], costs[::2], strict=True))
    what = f"status of a live run with {done:,} done"
    return Found(
        rows=[
            Row(f"{what}, in a process", looks, "ms", goal=50),
            Row(
                f"{what}: the whole command, over an empty interpreter",
                commands,
                "ms",
                why="processor time; nearly all of it imports the command line",
            ),
            Row(
                f"an item of that run: looked at {1 / PAUSE:.0f} times a second / left alone",
                [statistics.median(looked / alone for looked, alone in pairs)],
                goal=1.01,
                why=f"median of {len(pairs)} pairs of {TURN} s, from {min(a / b for a, b in pairs):.2f} "
                f"to {max(a / b for a, b in pairs):.2f}",
            ),
        ]
    )


def _wait(process: subprocess.Popen[bytes], store: Path, done: int) -> None:
    while _settled(store) < done:
        if process.poll() is not None:
            raise LeftOut("the run ended before it was looked at")
        time.sleep(0.5)


def _settled(store: Path) -> int:
    try:
        return onward.load("live", store=store).progress.settled
    except onward.OnwardError:  # not there yet
        return 0


def _turn(store: Path, looks: list[float] | None) -> tuple[float, float]:
    """Look at the run, or not; from when to when."""
    began = time.monotonic()
    while time.monotonic() < began + TURN:
        if looks is not None:
            start = time.perf_counter()
            assert _settled(store)
            looks.append((time.perf_counter() - start) * 1000)
        time.sleep(PAUSE)
    return began, time.monotonic()


def _costs(notes: Path, spans: list[tuple[float, float]]) -> list[float]:
    """Processor time of an item within each span."""
    marks = [json.loads(line) for line in notes.read_text().splitlines() if line.endswith("]")]
    found = []
    for began, ended in spans:
        inside = [mark for mark in marks if began <= mark[0] <= ended]
        if len(inside) < 2:
            raise LeftOut("the run was too slow to be looked at")
        found.append((inside[-1][1] - inside[0][1]) / (inside[-1][2] - inside[0][2]))
    return found


# What follows runs in the process that is looked at.


def run(place: Path, notes: Path) -> None:
    from benchmarks.peers.base import work

    with notes.open("w", buffering=1) as file:

        def noting(item: dict[str, Any]) -> dict[str, Any]:
            if not item["id"] % STEP:
                file.write(f"[{time.monotonic()}, {time.process_time()}, {item['id']}]\n")
            return work(item)

        given = ({"id": number} for number in range(10**9))
        onward.map(noting, given, job="live", version=1, store=place / "store", progress=False)


if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]))
