"""Every item on disk before the next: onward with ``every=1``, and a line appended and synced by hand.

All are on one file system and take turns in short rounds, since how long a sync takes changes from second to second.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import onward
from benchmarks.measuring import Found, Row, in_folder, taking_turns, tell
from benchmarks.peers.base import Item, Items, items, work


def appended(given: Items, place: Path) -> float:
    descriptor = os.open(place / "results.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, b"\n")
    os.fsync(descriptor)
    moments = [_written(descriptor, item) for item in given]
    os.close(descriptor)
    return _usual(moments)


def overwritten(given: Items, place: Path) -> float:
    """The same into a file whose blocks are there before, as a log's are that is used again."""
    descriptor = os.open(place / "results.jsonl", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(descriptor, bytes(256 * len(given)))  # type: ignore[arg-type]
    os.fsync(descriptor)
    os.lseek(descriptor, 0, os.SEEK_SET)
    moments = [_written(descriptor, item) for item in given]
    os.close(descriptor)
    return _usual(moments)


def with_onward(given: Items, place: Path, store: str = "store") -> float:
    """From item to item, so that what begins and ends a run is not counted."""
    moments: list[float] = []

    def noted(item: dict[str, int]) -> dict[str, object]:
        moments.append(time.perf_counter())
        return work(item)

    onward.map(noted, given, job="bench", version=1, store=place / store, every=1, progress=False)
    return _usual(moments)


def _written(descriptor: int, item: Item) -> float:
    now = time.perf_counter()
    os.write(descriptor, json.dumps(work(item)).encode() + b"\n")
    os.fdatasync(descriptor)
    return now


def _usual(moments: list[float]) -> float:
    """Microseconds from an item to the next, in the middle: one sync that others delay says nothing of the rest."""
    return statistics.median(later - earlier for earlier, later in pairwise(moments)) * 1e6


def in_journal(given: Items, place: Path) -> float:
    return with_onward(given, place, "run.journal")


def measure(tenth: int) -> Found:
    count = 100
    given = items(count)

    def contestant(call: Callable[[Items, Path], float]) -> Callable[[], float]:
        return lambda: float(in_folder(lambda place: call(given, place)))

    tell(f"{count} items, each on disk, in turns")
    calls = {"onward": with_onward, "journal": in_journal, "appended": appended, "overwritten": overwritten}
    rounds = taking_turns({name: contestant(call) for name, call in calls.items()}, 40 if tenth == 1 else 10)
    what = f"every=1, {count} items: onward"
    return Found(
        rows=[
            Row(
                f"{what} / append + fdatasync",
                [one["onward"] / one["appended"] for one in rounds],
                goal=1.1,
                why="the clock; a commit of SQLite writes some pages of 4 KiB, a line is 205 bytes",
            ),
            Row(
                f"{what}, in a plain file / append + fdatasync",
                [one["journal"] / one["appended"] for one in rounds],
                why='`store="FILE.journal"`, which appends lines as well',
            ),
            Row(
                f"{what} / write in place + fdatasync",
                [one["onward"] / one["overwritten"] for one in rounds],
                why="the least that a sync can cost",
            ),
        ],
        tables={"syncs": [{"way": name, "clock": [one[name] for one in rounds]} for name in calls]},
    )
