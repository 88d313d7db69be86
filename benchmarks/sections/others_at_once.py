"""1,000 coroutines of 50 ms, 200 at once: 0.25 s if nothing stood in the way."""

from __future__ import annotations

from typing import Any

from benchmarks.contestants import ask, present
from benchmarks.measuring import Found, LeftOut, taking_turns, tell


def measure(tenth: int) -> Found:
    contestants, _ = present()
    able = {name: one.title for name, one in contestants.items() if one.together}
    able = {"by_hand:bare": "bare asyncio", **able}
    count = 1_000 if tenth == 1 else 400
    found = Found()
    gone: set[str] = set()

    def call(name: str) -> Any:
        if name in gone:
            return 0.0
        tell(f"{able[name]}: {count:,} coroutines")
        try:
            return ask(name, "together", count, limit=180)
        except LeftOut as error:
            gone.add(name)
            found.left_out.append(f"{able[name]}, {count:,} coroutines: {error}")
            return 0.0

    rounds = taking_turns(
        {name: lambda name=name: call(name) for name in able}, 3 if tenth == 1 else 1, warm_up=0
    )  # type: ignore[misc]
    found.tables["at once"] = [
        {"way": title, "items": count, "seconds": [one[name] for one in rounds]}
        for name, title in able.items()
        if name not in gone
    ]
    return found
