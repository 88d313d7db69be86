"""What the others cost an item, and how that changes along a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.contestants import ask, present
from benchmarks.measuring import Found, LeftOut, taking_turns, tell


def measure(tenth: int) -> Found:
    contestants, left_out = present()
    found = Found(left_out=left_out)
    gone: set[str] = set()

    def contestant(name: str, task: str, count: int) -> Callable[[], Any]:
        def call() -> Any:
            if name in gone:
                return None
            tell(f"{contestants[name].title}: {task}, {count:,} items")
            try:
                return ask(name, task, count)
            except LeftOut as error:
                gone.add(name)
                found.left_out.append(f"{contestants[name].title}: {error}")
                return None

        return call

    counts = {name: max(50, one.many // tenth) for name, one in contestants.items()}
    rounds = taking_turns(
        {name: contestant(name, "overhead", count) for name, count in counts.items()},
        3 if tenth == 1 else 1,
        warm_up=0,  # each warms up in its own process
    )
    found.tables["others"] = [
        {
            "way": contestants[name].title,
            "how": contestants[name].how,
            "packages": contestants[name].packages,
            "items": count,
            "clock": [one[name]["clock"] for one in rounds],
            "processor": [one[name]["processor"] for one in rounds],
        }
        for name, count in counts.items()
        if name not in gone
    ]
    for name, one in contestants.items():
        grown = max(counts[name], one.kept // tenth)
        if not one.series or name.startswith("onward_") or name in gone:  # onward's own is measured at length
            continue
        points = contestant(name, "growth", grown)()
        if points:
            found.series.append(("growth", one.title, points))
    return found
