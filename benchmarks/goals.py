"""What onward costs, measured against what one would write by hand, and written to benchmarks/RESULTS.md.

    python benchmarks/goals.py [--quick]

Every row is a ratio of two things done in turn by the same process tree (A B A B ...), after a warm-up where noted, or
a time from the start of a process. The median of the rounds is given, and in brackets the lowest and the highest.
Absolute times drift by a factor of two and more on a shared machine; ratios do so less. Where processor time is the
fairer measure, because others use the machine too, it is what is compared.
"""

# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from overhead import bare, jsonl_by_hand, sqlite_by_hand, with_onward, work

import onward

HERE = Path(__file__).parent


@dataclass
class Row:
    """One line of the table: measured values, how to write them, and the goal."""

    what: str
    goal: str
    values: list[float] = field(default_factory=list)
    unit: str = ""
    met: Callable[[float], bool] | None = None

    def shown(self) -> str:
        middle, low, high = statistics.median(self.values), min(self.values), max(self.values)
        spread = f" ({low:.2f} to {high:.2f})" if len(self.values) > 1 else ""
        return f"{middle:.2f}{self.unit}{spread}"

    def verdict(self) -> str:
        if self.met is None:
            return ""
        return "yes" if self.met(statistics.median(self.values)) else "no"


def at_most(limit: float) -> Callable[[float], bool]:
    return lambda found: found <= limit


@contextmanager
def folder() -> Iterator[Path]:
    found = Path(tempfile.mkdtemp(prefix="onward-bench-"))
    try:
        yield found
    finally:
        shutil.rmtree(found)


def timed(call: Callable[[Path], Any], clock: Callable[[], float]) -> float:
    with folder() as place:
        began = clock()
        call(place)
        return clock() - began


# One item after the other


def with_everything(items: list[dict[str, Any]], place: Path) -> None:
    def total(state: dict[str, Any], item: Any, value: Any) -> None:
        state["score"] = state.get("score", 0) + value["score"]

    events: list[str] = []
    onward.map(
        work,
        items,
        job="overhead",
        store=place / "store",
        key="id",
        on_result=total,
        observers=[lambda event: events.append(type(event).__name__)],
        progress=False,
    )


def overhead(count: int, rounds: int) -> list[Row]:
    items = [{"id": number, "name": f"item {number}"} for number in range(count)]
    named = {"bare": bare, "jsonl": jsonl_by_hand, "sqlite": sqlite_by_hand, "onward": with_onward}
    named["everything"] = with_everything
    what = f"overhead per item, {count:,} items"
    rows = [
        Row(f"{what}: onward / JSONL by hand", "0.8", met=at_most(0.8)),
        Row(f"{what}: onward / SQLite by hand", "0.5", met=at_most(0.5)),
        Row(f"{what}: with on_result, observer, key / JSONL by hand", "1.2", met=at_most(1.2)),
    ]
    for number in range(rounds + 1):
        spent = {
            name: timed(lambda place, run=run: run(items, place), time.process_time)  # type: ignore[misc]
            for name, run in named.items()
        }
        over = {name: seconds - spent["bare"] for name, seconds in spent.items()}
        if number:  # the first was the warm-up
            rows[0].values.append(over["onward"] / over["jsonl"])
            rows[1].values.append(over["onward"] / over["sqlite"])
            rows[2].values.append(over["everything"] / over["jsonl"])
    return rows


def each_on_disk(count: int, rounds: int) -> Row:
    items = [{"id": number} for number in range(count)]

    def by_hand(place: Path) -> None:
        descriptor = os.open(place / "results.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for item in items:
            os.write(descriptor, json.dumps(work(item)).encode() + b"\n")
            os.fdatasync(descriptor)
        os.close(descriptor)

    def ours(place: Path) -> None:
        onward.map(work, items, job="each", store=place / "store", every=1, progress=False)

    row = Row(f"every=1, {count:,} items / append + fdatasync", "1.1", met=at_most(1.1))
    for _ in range(rounds):
        row.values.append(timed(ours, time.perf_counter) / timed(by_hand, time.perf_counter))
    return row


# Many at once


def coroutines(count: int, rounds: int) -> Row:
    async def ask(number: int) -> int:
        await asyncio.sleep(0.05)
        return number

    async def plain() -> None:
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                await ask(number)

        await asyncio.gather(*(worker() for _ in range(200)))

    def ours(place: Path) -> None:
        onward.map(ask, range(count), job="async", store=place / "store", workers=200, progress=False)

    row = Row(f"{count:,} coroutines of 50 ms, 200 at once / bare asyncio", "1.03", met=at_most(1.03))
    for _ in range(rounds):
        by_hand = timed(lambda place: asyncio.run(plain()), time.perf_counter)
        row.values.append(timed(ours, time.perf_counter) / by_hand)
    return row


def threads(count: int, rounds: int) -> Row:
    def wait(number: int) -> int:
        time.sleep(0.005)
        return number

    def plain(place: Path) -> None:
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(wait, range(count)))

    def ours(place: Path) -> None:
        onward.map(wait, range(count), job="threads", store=place / "store", workers=16, progress=False)

    row = Row(f"{count:,} calls of 5 ms in 16 threads: concurrent.futures / onward", "0.95")
    row.met = lambda found: found >= 0.95
    for _ in range(rounds):
        row.values.append(timed(plain, time.perf_counter) / timed(ours, time.perf_counter))
    return row


# Growth and resume, in processes of their own

GROWTH = """
import json, os, sys, time, onward
count, key = int(sys.argv[1]), sys.argv[2] or None
step, marks, peak = max(10_000, count // 100), [], 0
def memory():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
def work(number):
    if not number % step:
        marks.append((time.process_time(), memory()))
onward.map(work, range(count), job="growth", store="store", key=key, progress=False)
spans = [b[0] - a[0] for a, b in zip(marks, marks[1:])]
edge = max(2, len(spans) // 20)
print(json.dumps([min(spans[-edge:]) / min(spans[:edge]), max(m for _, m in marks)]))
"""

RESUME = """
import json, sys, time, onward
imported = time.process_time()
def work(item):
    if not first:
        first.append(time.process_time())
first = []
key, limit = sys.argv[1] or None, int(sys.argv[2])
onward.map(work, "items.jsonl", job="resume", store="store", key=key, limit=limit, progress=False)
# Not getrusage: its peak is inherited from the process that started this one.
(peak,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([first[0] - imported, int(peak) / 1024]))
"""


def script(text: str, place: Path, *args: object) -> list[float]:
    command = [sys.executable, "-c", text, *map(str, args)]
    found = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True)
    return list(json.loads(found.stdout))


def growth(count: int, key: str, goal: float) -> list[Row]:
    kind = "keyed" if key else "positional"
    with folder() as place:
        ratio, peak = script(GROWTH, place, count, key)
    return [
        Row(f"{kind}: an item at {count:,} / one at the beginning", str(goal), [ratio], met=at_most(goal)),
        Row(f"{kind}: memory at {count:,} items", "64 MiB", [peak], " MiB", at_most(64)),
    ]


def resume(count: int, key: str, goal: float) -> list[Row]:
    kind = "keyed" if key else "positional"
    with folder() as place:
        with (place / "items.jsonl").open("w") as file:
            file.writelines(f'{{"id":{number}}}\n' for number in range(count + 100))
        script(RESUME, place, key, count)
        found = [script(RESUME, place, key, 1) for _ in range(3)]
    seconds, memory = ([values[at] for values in found] for at in (0, 1))
    what = f"{kind}, {count:,} done in a JSONL file"
    rows = [Row(f"{what}: from import to first new item", f"{goal:.2g} s", seconds, " s", at_most(goal))]
    if key:
        rows.append(Row(f"{what}: memory", "200 MiB", memory, " MiB", at_most(200)))
    return rows


# The rest


def import_time() -> list[Row]:
    def start(code: str) -> float:
        process = subprocess.Popen([sys.executable, "-c", code])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0
        return (used.ru_utime + used.ru_stime) * 1000

    pairs = [(start("pass"), start("import onward")) for _ in range(11)]
    whole = [with_it - without for without, with_it in pairs]
    return [Row("import onward, over an empty interpreter", "30 ms", whole, " ms", at_most(30))]


def store_size() -> list[Row]:
    lines = [line for path in sorted((HERE.parent / "samples").rglob("*.txt")) for line in path.open()]
    results = [{"line": number, "text": line.strip(), "score": 0.5} for number, line in enumerate(lines)]
    with folder() as place:
        onward.map(lambda line: line, results, job="size", store=place / "one.db", progress=False)
        held = (place / "one.db").stat().st_size
    compact = sum(len(json.dumps(result, separators=(",", ":"))) for result in results)
    return [
        Row(
            f"store / compact JSON, {len(lines):,} lines of the samples",
            "1.1",
            [held / compact],
            "",
            at_most(1.1),
        )
    ]


def looking(count: int) -> list[Row]:
    with folder() as place:
        onward.map(bool, range(count), job="look", store=place / "store", limit=count - 1, progress=False)
        spans = []
        for _ in range(5):
            began = time.perf_counter()
            assert onward.load("look", store=place / "store").progress.settled == count - 1
            spans.append((time.perf_counter() - began) * 1000)
    return [Row(f"status of a run with {count:,} items, in the process", "50 ms", spans, " ms", at_most(50))]


def page(rows: list[Row], seconds: float) -> str:
    names = ("msgspec", "xxhash", "zstandard")
    return "\n".join(
        [
            "# Benchmark results",
            "",
            f"By `make bench`, in {seconds / 60:.0f} minutes, on a shared machine: Python {platform.python_version()}, "
            f"{os.cpu_count()} cores, {platform.system()}; onward {onward.__version__}, "
            + ", ".join(f"{name} {version(name)}" for name in names)
            + ". Medians, in brackets the lowest and the highest round. "
            "Overheads, growth, resumes and imports are processor time.",
            "",
            "| what | measured | goal | met |",
            "| --- | --- | --- | --- |",
            *(f"| {row.what} | {row.shown()} | {row.goal} | {row.verdict()} |" for row in rows),
            "",
        ]
    )


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a tenth of the items")
    tenth = 10 if options.parse_args().quick else 1
    began = time.monotonic()
    rows = overhead(1_000_000 // tenth, 3)
    rows.append(each_on_disk(2_000 // tenth, 3))
    rows.append(coroutines(20_000 // tenth, 3))
    rows.append(threads(4_000 // tenth, 3))
    rows += growth(10_000_000 // tenth, "", 1.1) + growth(1_000_000 // tenth, "real", 1.5)
    rows += resume(10_000_000 // tenth, "", 0.15) + resume(1_000_000 // tenth, "id", 2)
    rows += import_time() + store_size() + looking(1_000_000 // tenth)
    text = page(rows, time.monotonic() - began)
    if tenth == 1:
        (HERE / "RESULTS.md").write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
