"""What durable progress costs: onward against the two things one would write by hand, in one process.

    python benchmarks/overhead.py [--items 100000] [--rounds 7]

A free function returns a dict of 200 bytes of JSON for each of many small dicts. Measured is the time that
saving adds to the bare loop, per item, with all that starts and finishes a run:

* ``onward``: ``onward.map(fn, items, job=...)`` as it comes: inline, cadence ``auto``, nothing else given.
* ``JSONL by hand``: a line of JSON per item, the file flushed every 100 items and fsynced once a second.
* ``SQLite by hand``: a row per item, WAL, a commit every 100 items, synced once a second.

The two by hand save results and nothing else: no digests of the items, no failures, no checksums, no lock,
and nothing that resumes. All sync once a second, so all promise the same after a power cut. Rounds are
interleaved (A B C A B C ...), the first one is a warm-up, and of the rest the median of the ratios within a
round is printed: absolute times drift with the machine. The second column counts processor time alone, which
other programs on the machine disturb less.
"""

# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onward

BY_HAND = ("JSONL by hand", "SQLite by hand")
TEXT = "x" * 157


def work(item: dict[str, Any]) -> dict[str, Any]:
    return {"id": item["id"], "score": 0.5, "label": "ok", "text": TEXT}


def bare(items: list[dict[str, Any]], folder: Path) -> None:
    for item in items:
        work(item)


def with_onward(items: list[dict[str, Any]], folder: Path) -> None:
    report = onward.map(work, items, job="overhead", store=folder / "store", progress=False)
    assert report.succeeded == len(items)


def jsonl_by_hand(items: list[dict[str, Any]], folder: Path) -> None:
    with (folder / "results.jsonl").open("w", encoding="utf-8") as file:
        synced = time.monotonic()
        for number, item in enumerate(items, 1):
            file.write(json.dumps(work(item)) + "\n")
            if number % 100 == 0:
                file.flush()
                if time.monotonic() - synced >= 1:
                    os.fsync(file.fileno())
                    synced = time.monotonic()
        file.flush()
        os.fsync(file.fileno())


def sqlite_by_hand(items: list[dict[str, Any]], folder: Path) -> None:
    path = folder / "results.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL").fetchone()
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE result (position INTEGER PRIMARY KEY, value TEXT)")
    synced = time.monotonic()
    database.execute("BEGIN")
    for number, item in enumerate(items, 1):
        database.execute("INSERT INTO result VALUES (?, ?)", (number, json.dumps(work(item))))
        if number % 100 == 0:
            database.execute("COMMIT")
            if time.monotonic() - synced >= 1:
                _sync(path.with_name(path.name + "-wal"))
                synced = time.monotonic()
            database.execute("BEGIN")
    database.execute("COMMIT")
    _sync(path.with_name(path.name + "-wal"))
    database.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


CONTESTANTS: dict[str, Callable[[list[dict[str, Any]], Path], None]] = {
    "bare loop": bare,
    "onward": with_onward,
    "JSONL by hand": jsonl_by_hand,
    "SQLite by hand": sqlite_by_hand,
}


Round = dict[str, tuple[float, float]]


def measure(items: list[dict[str, Any]]) -> Round:
    """Seconds on the clock and of the processor, of each contestant, one after the other in folders of their own."""
    found = {}
    for name, contestant in CONTESTANTS.items():
        folder = Path(tempfile.mkdtemp(prefix="onward-bench-"))
        clock, processor = time.perf_counter(), time.process_time()
        contestant(items, folder)
        found[name] = (time.perf_counter() - clock, time.process_time() - processor)
        shutil.rmtree(folder)
    return found


def ratio(rounds: list[Round], name: str, kind: int) -> str:
    """onward's overhead over the bare loop in terms of another's: median, lowest, highest."""
    ratios = sorted(
        (r["onward"][kind] - r["bare loop"][kind]) / (r[name][kind] - r["bare loop"][kind]) for r in rounds
    )
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--items", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    items = [{"id": number, "name": f"item {number}"} for number in range(given.items)]
    size = len(json.dumps(work(items[-1]), separators=(",", ":")))
    rounds = [measure(items) for _ in range(given.rounds + 1)][1:]
    print(
        f"{given.items:,} items, results of {size} bytes, {given.rounds} interleaved rounds after a warm-up; "
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}\n"
    )
    print("| overhead per item over the bare loop | on the clock | of the processor |")
    print("| --- | --- | --- |")
    for name in BY_HAND:
        print(f"| onward / {name} | {ratio(rounds, name, 0)} | {ratio(rounds, name, 1)} |")
    print("\nMicroseconds per item, medians; they drift with the machine and the hour, the ratios less:\n")
    for name in CONTESTANTS:
        print(f"- {name}: {statistics.median(r[name][0] for r in rounds) / given.items * 1e6:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
