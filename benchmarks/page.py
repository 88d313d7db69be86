"""The page of results: what was found, in words and tables."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import onward
from benchmarks.measuring import OUT, PEERS, Found, Row

MADE_OF = ("msgspec", "xxhash", "zstandard")
ALTERNATIVES = {
    "cost-per-item.svg": "Cost of an item against items done",
    "resume-time.svg": "Time to resume",
}
MANY = 20
"""Rounds of which the outermost say nothing any more."""

BY_HAND = {
    "jsonl": "JSONL by hand",
    "sqlite": "SQLite by hand",
    "onward": "onward",
    "everything": "onward with key, on_result and an observer",
    "journal": "onward in a plain file",
    "appended": "append + fdatasync",
    "overwritten": "write in place + fdatasync",
}


def text(found: Found, seconds: float, images: Path, target: Path) -> str:
    parts = [
        "# Benchmark results",
        f"By `make bench`, measured in {seconds / 60:.0f} minutes. {machine()} Medians; in brackets the lowest and the "
        f"highest round, or of {MANY} and more rounds the middle half. Contestants take turns (A B C, C B A), after "
        "a warm-up. Times on a shared machine drift by a factor of two and more; ratios within one round do so less. "
        "Overheads, growth, resumes and imports are processor time unless the clock is named.",
        *_goals(found.rows),
        *_floors(found.tables),
        *_others(found.tables.get("others", [])),
        *_plots(images, target),
        *_resumes(found.tables.get("resumes", [])),
        *_at_once(found.tables.get("at once", [])),
        *_imports(found.tables.get("imports", [])),
        *_left_out(found.left_out),
    ]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    made_of = ", ".join(f"{name} {version(name)}" for name in MADE_OF)
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.release().partition('-')[0]}, "
        f"{os.cpu_count()} cores{_processor()}, {file_system(OUT)}; onward {onward.__version__}, {made_of}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({names[0]})" if names else ""


def file_system(path: Path) -> str:
    """The kind of file system that the path is on."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "file system unknown"
    above = [(len(place), kind) for place, kind in mounts if path.is_relative_to(place)]
    return max(above)[1] if above else "file system unknown"


def _table(title: str, heads: list[str], rows: list[list[str]], before: str = "") -> list[str]:
    if not rows:
        return []
    lines = [" | ".join(heads), " | ".join("---" for _ in heads), *(" | ".join(row) for row in rows)]
    return [f"## {title}", *([before] if before else []), "\n".join(f"| {line} |" for line in lines)]


def number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 100 or value < 0.1 else f"{value:.2f}"


def spread(values: list[float], unit: str = "") -> str:
    """The median, and in brackets the lowest and the highest, or the middle half of many."""
    shown = number(statistics.median(values)) + (f" {unit}" if unit else "")
    if len(values) == 1:
        return shown
    low, high = min(values), max(values)
    if len(values) >= MANY:
        low, _, high = statistics.quantiles(values, n=4)
    return f"{shown} ({number(low)} to {number(high)})"


def _goals(rows: list[Row]) -> list[str]:
    shown = []
    for row in rows:
        goal = (
            ""
            if row.goal is None
            else f"at {'least' if row.least else 'most'} {row.goal:g} {row.unit}".strip()
        )
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        shown.append([row.what, spread(row.values, row.unit), goal, met, row.why])
    return _table("Goals", ["what", "measured", "goal", "met", ""], shown)


def _floors(tables: dict[str, list[dict[str, Any]]]) -> list[str]:
    shown = [
        [BY_HAND[one["way"]], spread(one["processor"]), spread(one["clock"])]
        for one in tables.get("floors", [])
    ]
    shown += [
        [f"{BY_HAND[one['way']]}, every item", "", spread(one["clock"])] for one in tables.get("syncs", [])
    ]
    return _table(
        "What one would write by hand",
        ["µs an item over the bare loop", "of the processor", "on the clock"],
        shown,
        "The two by hand save results and nothing else: no digests of the items, no failures, no checksums, no lock, "
        "and nothing that finds out whether items or function have changed. They sync once a second, as onward does.",
    )


def _others(table: list[dict[str, Any]]) -> list[str]:
    ours = next((one["clock"] for one in table if one["way"] == "onward"), None)
    shown = []
    for one in sorted(table, key=lambda one: statistics.median(one["clock"])):
        times = ""
        if ours and one["way"] != "onward":
            times = spread([a / b for a, b in zip(one["clock"], ours, strict=True)])
        versions = ", ".join(installed(one["packages"]))
        shown.append([one["way"], versions, f"{one['items']:,}", spread(one["clock"]), times, one["how"]])
    return _table(
        "Other ways to keep what is done",
        ["", "version", "items", "µs an item on the clock", "in terms of onward", "how"],
        shown,
        "The same items and results for all, in a process each, with all that begins and ends a run but its imports; "
        "fewer items for the slow ones. They do not promise the same: the last column says what is on disk when.",
    )


def installed(packages: list[str]) -> list[str]:
    found = []
    for package in packages:
        try:
            found.append(version(package))
        except PackageNotFoundError:
            code = f"import importlib.metadata as m; print(m.version({package!r}))"
            asked = subprocess.run([PEERS, "-c", code], capture_output=True, text=True, check=False)
            found.append(asked.stdout.strip())
    return found


def _plots(images: Path, target: Path) -> list[str]:
    return [
        f"![{alternative}]({os.path.relpath(images / name, target.parent)})"
        for name, alternative in ALTERNATIVES.items()
        if (images / name).exists()
    ]


def _resumes(table: list[dict[str, Any]]) -> list[str]:
    counts = sorted({count for one in table for count in one["seconds"]}, key=len)
    shown = [
        [one["way"], *(number(one["seconds"][c]) if c in one["seconds"] else "" for c in counts)]
        for one in table
    ]
    return _table(
        "From the start of a process to its first new item",
        ["seconds, with so many done", *counts],
        shown,
        "On the clock, imports included, items read from a JSONL file.",
    )


def _at_once(table: list[dict[str, Any]]) -> list[str]:
    shown = [
        [one["way"], spread(one["seconds"])]
        for one in sorted(table, key=lambda one: statistics.median(one["seconds"]))
    ]
    title = f"{table[0]['items']:,} coroutines of 50 ms, 200 at once" if table else ""
    return _table(title, ["", "seconds"], shown, "Without anything in between: 0.25 s for a thousand.")


def _imports(table: list[dict[str, Any]]) -> list[str]:
    return _table(
        "Imports", ["import", "ms of the processor"], [[one["way"], spread(one["ms"])] for one in table]
    )


def _left_out(reasons: list[str]) -> list[str]:
    return ["## Left out", "\n".join(f"- {reason}" for reason in dict.fromkeys(reasons))] if reasons else []
