"""One measurement of one way, in a process of its own: ``python -m benchmarks.peers.child WAY TASK FOLDER COUNT``.

Prints one line of JSON. The folder must be on a disk; what is below it is left there.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.peers import way
from benchmarks.peers.base import Counted, Item, Items, Lines, Way, Work, items, work
from benchmarks.peers.by_hand import bare

AT_ONCE = 200
SECONDS = 0.05
MARKS = (1, 2, 5)
"""Where the cost of an item is looked at, in each power of ten."""


def overhead(contestant: Way, place: Path, count: int) -> dict[str, Any]:
    """Microseconds that keeping adds to an item, with all that begins and ends a run."""
    contestant.run(work, items(max(10, count // 20)), _folder(place, "warm"))
    listed = items(count)
    before = _spent(lambda: bare(work, listed, place))
    after = _spent(lambda: contestant.run(work, listed, _folder(place, "run")))
    return dict(
        zip(
            ("clock", "processor"),
            ((b - a) / count * 1e6 for a, b in zip(before, after, strict=True)),
            strict=True,
        )
    )


def growth(contestant: Way, place: Path, count: int) -> list[tuple[int, float]]:
    """Microseconds of an item along a run, each with the items done by then."""
    clocked, curve = timeline(work, count)
    contestant.run(clocked, Counted(count), _folder(place, "run"))
    return curve()


def timeline(work: Work, count: int) -> tuple[Work, Callable[[], list[tuple[int, float]]]]:
    """The function, clocked at some of its items; and what asks for the curve once they are done."""
    marks = [mark * 10**power for power in range(2, 9) for mark in MARKS if mark * 10**power < count]
    due = dict.fromkeys(marks)
    seen: list[float] = []

    def clocked(item: Item) -> Any:
        if item["id"] in due:
            seen.append(time.perf_counter())
        return work(item)

    def curve() -> list[tuple[int, float]]:
        return [
            (later, (b - a) / (later - earlier) * 1e6)
            for (earlier, a), (later, b) in pairwise(zip(marks, seen, strict=True))
        ]

    return clocked, curve


def fill(contestant: Way, place: Path, count: int) -> int:
    """Leave the folder as a process would that stopped after so many items; one more is there to do."""
    _stopping(contestant, contestant.run, Lines.write(place / "items.jsonl", count + 1), place, count)
    return count


def first(contestant: Way, place: Path, count: int) -> float:
    """The moment at which a resumed run gets to its first new item, by the clock that all processes share."""
    _stopping(contestant, contestant.go_on, Lines(place / "items.jsonl"), place, 0)
    raise AssertionError("no item was left")


def _stopping(contestant: Way, run: Callable[..., None], given: Items, place: Path, after: int) -> None:
    """Work on so many items; then say when that was, and stop."""
    done = 0

    def stopping(item: Item) -> Item:
        nonlocal done
        if done == after:
            print(json.dumps([time.monotonic(), item["id"]]), flush=True)
            if contestant.dies:
                os._exit(0)
            raise KeyboardInterrupt
        done += 1
        return work(item)

    try:
        run(stopping, given, place)
    except KeyboardInterrupt:
        sys.stdout.flush()
        raise SystemExit(0) from None


def together(contestant: Way, place: Path, count: int) -> float:
    """Seconds for so many calls of 50 ms, 200 at once."""

    async def ask(item: Item) -> Item:
        await asyncio.sleep(SECONDS)
        return work(item)

    assert contestant.together
    listed, here = items(count), _folder(place, "run")
    began = time.perf_counter()
    contestant.together(ask, listed, AT_ONCE, here)
    return time.perf_counter() - began


def _folder(place: Path, name: str) -> Path:
    found = place / name
    found.mkdir()
    return found


def _spent(call: Callable[[], None]) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - processor


TASKS: dict[str, Callable[[Way, Path, int], Any]] = {
    "overhead": overhead,
    "growth": growth,
    "fill": fill,
    "first": first,
    "together": together,
}


def main() -> None:
    name, task, place, count = sys.argv[1:]
    logging.disable(logging.WARNING)
    print(json.dumps(TASKS[task](way(name), Path(place), int(count))), flush=True)


if __name__ == "__main__":
    main()
