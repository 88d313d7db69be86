"""From the start of a process to its first new item, with very many done, by processor time."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.measuring import Found, Row, folder, python, tell


def measure(tenth: int) -> Found:
    found = Found()
    for kind, whole, goal in (("positional", 10_000_000, 0.15), ("keyed", 1_000_000, 2.0)):
        count = whole // tenth
        with folder() as place:
            tell(f"{kind}: doing {count:,} items")
            with (place / "items.jsonl").open("w", encoding="utf-8") as file:
                file.writelines(f'{{"id":{number}}}\n' for number in range(count + 100))
            python("-m", __name__, kind, count, place=place, limit=900)
            tell("resuming")
            rounds = [python("-m", __name__, kind, 1, place=place) for _ in range(5)]
        what = f"{kind}, {count:,} done, a JSONL file"
        found.rows += [
            Row(f"{what}: import to first new item", [one[0] for one in rounds], "s", goal=goal),
            Row(f"{what}: the same on the clock", [one[1] for one in rounds], "s"),
            Row(
                f"{what}: memory",
                [one[2] for one in rounds],
                "MiB",
                goal=200 if kind == "keyed" else None,
            ),
        ]
    return found


# What follows runs in the process that is measured.


def run(kind: str, limit: int) -> list[float]:
    import onward

    imported, clock = time.process_time(), time.perf_counter()
    first: list[float] = []

    def work(item: dict[str, int]) -> None:
        if not first:
            first.extend((time.process_time() - imported, time.perf_counter() - clock))

    onward.map(
        work,
        "items.jsonl",
        job="resume",
        version=1,
        store="store",
        key="id" if kind == "keyed" else None,
        limit=limit,
        progress=False,
    )
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return [*first, int(peak) / 1024]


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
