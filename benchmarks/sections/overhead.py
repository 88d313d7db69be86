"""What keeping adds to an item that does nothing, against what one would write by hand, in one process.

Processor time decides, since others use the machine too; the clock is given beside it. Both sides sync once a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onward
from benchmarks.measuring import Found, Row, in_folder, taking_turns, tell
from benchmarks.peers import by_hand, onward_
from benchmarks.peers.base import Items, Work, items, work


def everything(work: Work, given: Items, place: Path) -> None:
    def total(state: dict[str, Any], item: Any, value: Any) -> None:
        state["score"] = state.get("score", 0) + value["score"]

    events: list[str] = []
    onward.map(
        work,
        given,
        job="bench",
        store=place / "store",
        key="id",
        on_result=total,
        observers=[lambda event: events.append(type(event).__name__)],
        progress=False,
    )


CONTESTANTS = {
    "bare": by_hand.bare,
    "jsonl": by_hand.jsonl,
    "onward": onward_.run,
    "sqlite": by_hand.sqlite,
    "everything": everything,
}


def measure(tenth: int) -> Found:
    count = 1_000_000 // tenth
    given = items(count)

    def contestant(name: str) -> Callable[[], tuple[float, float]]:
        def timed(place: Path) -> tuple[float, float]:
            processor, clock = time.process_time(), time.perf_counter()
            CONTESTANTS[name](work, given, place)
            return time.process_time() - processor, time.perf_counter() - clock

        def call() -> tuple[float, float]:
            tell(f"{count:,} items: {name}")
            found: tuple[float, float] = in_folder(timed)
            return found

        return call

    rounds = taking_turns({name: contestant(name) for name in CONTESTANTS}, 4)

    def over(name: str, kind: int) -> list[float]:
        return [one[name][kind] - one["bare"][kind] for one in rounds]

    def ratios(name: str, floor: str, kind: int) -> list[float]:
        return [a / b for a, b in zip(over(name, kind), over(floor, kind), strict=True)]

    what = f"overhead per item, {count:,} items"
    found = Found()
    for kind, suffix in ((0, ""), (1, ", on the clock")):
        goals: list[float | None] = [0.8, 0.5, 1.2] if kind == 0 else [None] * 3
        found.rows += [
            Row(f"{what}: onward / JSONL by hand{suffix}", ratios("onward", "jsonl", kind), goal=goals[0]),
            Row(f"{what}: onward / SQLite by hand{suffix}", ratios("onward", "sqlite", kind), goal=goals[1]),
            Row(
                f"{what}: with key, on_result, observer / JSONL by hand{suffix}",
                ratios("everything", "jsonl", kind),
                goal=goals[2],
            ),
        ]
    found.tables["floors"] = [
        {
            "way": name,
            "processor": [seconds / count * 1e6 for seconds in over(name, 0)],
            "clock": [seconds / count * 1e6 for seconds in over(name, 1)],
        }
        for name in CONTESTANTS
        if name != "bare"
    ]
    return found
