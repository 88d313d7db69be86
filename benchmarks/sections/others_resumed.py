"""How long the others take from the start of a process to the first new item, with more and more done."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.contestants import ask, present
from benchmarks.measuring import Found, LeftOut, folder, taking_turns, tell
from benchmarks.peers.base import Way

COUNTS = (100, 1_000, 10_000, 100_000, 1_000_000)
AT_MOST_LOST = 0.1
"""Share of items that may have been lost when the process died, for a resume to count as one."""


def measure(tenth: int) -> Found:
    contestants, _ = present()
    found = Found()
    curves: dict[str, list[tuple[float, float]]] = {}
    for count in COUNTS[: -1 if tenth > 1 else None]:
        taking_part = {
            name: one
            for name, one in contestants.items()
            if one.series and count <= one.kept // min(tenth, 3)
        }
        for name, seconds in _resumed(taking_part, count, 3 if tenth == 1 else 1, found).items():
            middle = statistics.median(seconds)
            curves.setdefault(contestants[name].title, []).append((count, middle))
    found.series = [("resume", title, points) for title, points in curves.items()]
    found.tables["resumes"] = [
        {"way": title, "seconds": {f"{int(done):,}": seconds for done, seconds in points}}
        for title, points in curves.items()
    ]
    return found


def _resumed(contestants: dict[str, Way], count: int, rounds: int, found: Found) -> dict[str, list[float]]:
    """Seconds of each, in turns; who cannot is left out."""
    with folder() as place:
        ready = {}
        for name, one in contestants.items():
            tell(f"{one.title}: {count:,} items, then resumed")
            here = place / name.replace(":", "-")
            here.mkdir()
            try:
                ask(name, "fill", count, here)
                _first(name, count, here)  # the warm-up
                ready[name] = here
            except LeftOut as error:
                found.left_out.append(f"{one.title}, resumed with {count:,} items done: {error}")
        taken = taking_turns(
            {name: lambda name=name, here=here: _first(name, count, here) for name, here in ready.items()},  # type: ignore[misc]
            rounds,
            warm_up=0,
        )
    return {name: [one[name] for one in taken] for name in ready}


def _first(name: str, count: int, place: Path) -> float:
    began = time.monotonic()
    moment, reached = ask(name, "first", count, place)
    if reached < count * (1 - AT_MOST_LOST):
        raise LeftOut(f"it went on at item {reached:,} of {count:,}")
    return float(moment) - began
