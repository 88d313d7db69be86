"""Does an item cost more when many are done? Time and memory along one long run.

The machine's own speed changes along the way, so that at every mark some plain Python is timed as well; what is
compared is the cost of items in terms of it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.measuring import Found, Row, folder, python, tell

PARTS = 100
"""Into so many a run is cut."""

SMALL = 10_000
"""Items of the parts at its beginning, which are cut finer."""

EDGE = 10
"""Parts that are compared at either end, but for the very first, in which a run begins."""


def measure(tenth: int) -> Found:
    found = Found()
    for kind, whole, goal in (("positional", 10_000_000, 1.1), ("keyed", 1_000_000, 1.5)):
        count = whole // tenth
        tell(f"{kind}, {count:,} items")
        with folder() as place:
            parts, curve, memory = python("-m", __name__, place, count, kind, limit=900)
        costs = [cost / yard for _, cost, yard in parts]
        begin, end = statistics.median(costs[1 : EDGE + 1]), statistics.median(costs[-EDGE:])
        found.rows += [
            Row(
                f"{kind}: an item at {count:,} / at {parts[0][0]:,}",
                [end / begin],
                goal=goal,
                why=f"processor time in terms of plain Python timed along the way; medians of {EDGE} parts",
            ),
            Row(f"{kind}: memory at {count:,} items", [memory], "MiB", goal=64),
        ]
        found.series.append(("growth", "onward" if kind == "positional" else "onward, keyed", curve))
    return found


# What follows runs in the process that is measured.


def run(place: Path, count: int, kind: str) -> tuple[list[Any], list[Any], float]:
    """The parts (items done, processor time of an item and of the yardstick), the plot's curve, the most memory."""
    from benchmarks.peers.base import Counted, work
    from benchmarks.peers.child import timeline
    from benchmarks.peers.onward_ import run as with_onward

    step = count // PARTS
    small = min(SMALL, step)
    marks = {*range(0, (EDGE + 2) * small, small), *range(step * (EDGE + 2), count + 1, step)}
    seen: list[tuple[int, float, float, float, float]] = []

    def noting(item: dict[str, Any]) -> dict[str, Any]:
        if item["id"] in marks:
            before = time.process_time()
            seen.append((item["id"], before, yardstick(), time.process_time(), _memory()))
        return clocked(item)

    clocked, curve = timeline(work, count)
    policies = {"key": "id"} if kind == "keyed" else {}
    with_onward(noting, Counted(count + 1), place, **policies)
    parts = [(b[0], (b[1] - a[3]) / (b[0] - a[0]) * 1e6, b[2]) for a, b in pairwise(seen)]
    return parts, curve(), max(mark[4] for mark in seen)


def yardstick() -> float:
    """Microseconds that a small piece of plain Python takes, the best of some."""
    return min(_piece() for _ in range(3)) * 1e6


def _piece() -> float:
    began = time.process_time()
    held: dict[int, str] = {}
    for number in range(1_000):
        held[number] = f"{number:x}"
    assert len("".join(held.values())) > 0
    return (time.process_time() - began) / 1_000


def _memory() -> float:
    resident = int(Path("/proc/self/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    import json

    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
