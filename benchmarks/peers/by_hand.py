"""What one would write by hand: results and nothing else.

No digests of the items, no failures, no checksums, no lock, and nothing that finds out whether items or the
function have changed.
The first two sync once a second, as onward does, so that all three promise the same after a power cut.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.peers.base import Ask, Item, Items, Way, Work


def bare(work: Work, items: Items, place: Path) -> None:
    for item in items:
        work(item)


def jsonl(work: Work, items: Items, place: Path) -> None:
    path = place / "results.jsonl"
    with path.open("a", encoding="utf-8") as file:
        synced = time.monotonic()
        for number, item in enumerate(items.after(_lines(path)), 1):
            file.write(json.dumps(work(item)) + "\n")
            if number % 100 == 0:
                file.flush()
                if time.monotonic() - synced >= 1:
                    os.fsync(file.fileno())
                    synced = time.monotonic()
        file.flush()
        os.fsync(file.fileno())


def _lines(path: Path) -> int:
    """How many whole lines there are; a torn one at the end is cut off."""
    done = whole = 0
    with path.open("rb+") as file:
        for line in file:
            if line.endswith(b"\n"):
                done += 1
                whole += len(line)
        file.truncate(whole)
    return done


def sqlite(work: Work, items: Items, place: Path) -> None:
    path = place / "results.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL").fetchone()
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("CREATE TABLE IF NOT EXISTS result (position INTEGER PRIMARY KEY, value TEXT)")
    (done,) = database.execute("SELECT coalesce(max(position), 0) FROM result").fetchone()
    synced = time.monotonic()
    database.execute("BEGIN")
    for number, item in enumerate(items.after(done), done + 1):
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


def rewritten(work: Work, items: Items, place: Path) -> None:
    """All results in one JSON document, written anew every 100 items: what a first script does."""
    path = place / "results.json"
    results = json.loads(path.read_text()) if path.exists() else []
    for item in items.after(len(results)):
        results.append(work(item))
        if len(results) % 100 == 0:
            _replace(path, results)
    _replace(path, results)


def _replace(path: Path, results: list[object]) -> None:
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(results, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def bare_together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    async def main() -> None:
        left = iter(items)

        async def worker() -> None:
            for item in left:
                await ask(item)

        await asyncio.gather(*(worker() for _ in range(workers)))

    asyncio.run(main())


WAYS = {
    "bare": Way(
        title="bare loop",
        how="saves nothing",
        run=bare,
        together=bare_together,
        many=100_000,
        kept=0,
        series=False,
    ),
    "jsonl": Way(
        title="JSONL by hand",
        how="a line an item, flushed every 100 items; on disk once a second",
        run=jsonl,
        many=100_000,
        kept=1_000_000,
    ),
    "sqlite": Way(
        title="SQLite by hand",
        how="a row an item, WAL, a commit every 100 items; on disk once a second",
        run=sqlite,
        many=100_000,
        kept=1_000_000,
    ),
    "rewritten": Way(
        title="JSON rewritten",
        how="one JSON file written anew every 100 items; on disk then",
        run=rewritten,
        many=10_000,
        kept=30_000,
    ),
}
