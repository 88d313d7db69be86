"""Many items at once: coroutines, threads and processes, against the same without onward."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import onward
from benchmarks.measuring import Found, Row, in_folder, taking_turns, tell
from benchmarks.peers import by_hand
from benchmarks.peers.base import Item, items, work
from onward.errors import OnwardError


async def ask(item: Item) -> Item:
    await asyncio.sleep(0.05)
    return work(item)


def wait(number: int) -> int:
    time.sleep(0.005)
    return number


def compute(number: int) -> int:
    """Some milliseconds of Python that only one processor can do."""
    total = 0
    for value in range(60_000):
        total += value * value % 7
    return total + number


def clock(call: Callable[[Path], Any]) -> float:
    began = time.perf_counter()
    in_folder(call)
    return time.perf_counter() - began


def run(work: Any, given: Any, place: Path, **policies: Any) -> None:
    onward.map(work, given, job="bench", store=place / "store", progress=False, **policies)


def coroutines(count: int, rounds: int) -> Row:
    given = items(count)
    found = taking_turns(
        {
            "bare": lambda: clock(lambda place: by_hand.bare_together(ask, given, 200, place)),
            "onward": lambda: clock(lambda place: run(ask, given, place, workers=200)),
        },
        rounds,
    )
    return Row(
        f"{count:,} coroutines of 50 ms, 200 at once: onward / bare asyncio",
        [one["onward"] / one["bare"] for one in found],
        goal=1.03,
    )


def threads(count: int, rounds: int) -> Row:
    def bare(place: Path) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(wait, range(count)))

    found = taking_turns(
        {
            "bare": lambda: clock(bare),
            "onward": lambda: clock(lambda place: run(wait, range(count), place, workers=16)),
        },
        rounds,
    )
    return Row(
        f"{count:,} calls of 5 ms in 16 threads: concurrent.futures / onward",
        [one["bare"] / one["onward"] for one in found],
        goal=0.95,
        least=True,
    )


def processes(count: int, rounds: int) -> Row:
    # Both start processes alike: one that is forked off a process with threads may find its locks held for ever.
    started = get_context("spawn")

    def bare(place: Path) -> None:
        with ProcessPoolExecutor(2, mp_context=started) as pool:
            list(pool.map(compute, range(count), chunksize=10))

    def ours(place: Path) -> None:
        run(compute, range(count), place, workers=2, executor="processes")

    found = taking_turns({"bare": lambda: clock(bare), "onward": lambda: clock(ours)}, rounds)
    return Row(
        f"{count:,} calls that compute, in 2 processes: concurrent.futures in chunks of 10 / onward",
        [one["bare"] / one["onward"] for one in found],
        goal=0.95,
        least=True,
    )


def measure(tenth: int) -> Found:
    found = Found()
    rounds = 5 if tenth == 1 else 3
    for kind, count, few in ((coroutines, 20_000, 4_000), (threads, 8_000, 2_000), (processes, 2_000, 400)):
        tell(kind.__name__)
        try:
            found.rows.append(kind(count if tenth == 1 else few, rounds))
        except OnwardError as error:
            found.left_out.append(f"{kind.__name__}: {error}")
    return found
