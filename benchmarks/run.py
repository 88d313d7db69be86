"""Measures what onward costs and writes benchmarks/RESULTS.md, with the plots: ``make bench``.

About half an hour; ``make bench BENCH=--quick`` takes some minutes with a tenth of the items, and writes into
benchmarks/out. It is a run of onward's itself, one item a section: stopped, it goes on where it was when started
again; a section that fails is named in the results, and the rest is there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import onward
from benchmarks import page
from benchmarks.measuring import OUT, PEERS, ROOT, Found, Row
from benchmarks.sections import NAMES

IMAGES = ROOT / "docs" / "images"


def section(name: str, *, quick: bool, code: str) -> dict[str, Any]:
    """What the section found, measured in a process of its own; `code` is there to begin anew when it changes."""
    print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.sections", name, *(["--quick"] if quick else [])]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=3600, check=False)
    if ended.returncode:
        raise RuntimeError(f"it ended with code {ended.returncode}; what it said is above")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return {**found, "name": name, "seconds": time.monotonic() - began}


def code() -> str:
    """A digest of onward and of what measures it."""
    digest = hashlib.sha256()
    for folder in (ROOT / "src", ROOT / "benchmarks"):
        for path in sorted(folder.rglob("*.py")):
            if not {".venv", "out"} & set(path.relative_to(folder).parts):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def merged(results: list[dict[str, Any]]) -> Found:
    """What all sections found, in one."""
    whole = Found()
    for one in results:
        whole.rows += [Row(**{field.name: row[field.name] for field in fields(Row)}) for row in one["rows"]]
        whole.series += [(plot, title, points) for plot, title, points in one["series"]]
        whole.tables |= one["tables"]
        whole.left_out += one["left_out"]
    return whole


def plots(whole: Found, images: Path) -> str | None:
    """Draw them; why not, if they cannot be drawn."""
    series = OUT / "series.json"
    series.write_text(json.dumps(whole.series))
    command = [str(PEERS), "-m", "benchmarks.plots", str(series), str(images)]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return ended.stderr.strip().splitlines()[-1] if ended.returncode else None


def measure(run: str, names: list[str], quick: bool) -> None:
    onward.map(
        section,
        names,
        job="bench",
        run=run,
        key=str,
        params={"quick": quick, "code": code()},
        store=OUT / "store",
        every=1,
        on_change="restart",
        again=True,
        progress=False,
    )


def write(run: str, images: Path, target: Path) -> int:
    """Write the page and the plots of what is kept of that run; how many sections are missing."""
    view = onward.load("bench", run=run, store=OUT / "store")
    results, failed = list(view.results()), list(view.failures())
    whole = merged(results)
    whole.left_out += [f"{one.key}: {one.error.message}" for one in failed if one.error]
    if why := plots(whole, images):
        whole.left_out.append(f"plots: {why}")
    target.write_text(page.text(whole, sum(one["seconds"] for one in results), images, target))
    print(f"{target.relative_to(ROOT)}, {images.relative_to(ROOT)}/*.svg", file=sys.stderr)
    return len(failed)


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="a tenth of the items, into benchmarks/out")
    options.add_argument("--only", action="append", choices=NAMES, help="this section alone; may be repeated")
    options.add_argument("--page", action="store_true", help="measure nothing, write the page again")
    given = options.parse_args()
    partly = given.quick or bool(given.only)
    run = "-".join(["quick" if given.quick else "full", *sorted(given.only or [])])
    OUT.mkdir(exist_ok=True)
    if not given.page:
        measure(run, [name for name in NAMES if not given.only or name in given.only], given.quick)
    images, folder = (OUT, OUT) if partly else (IMAGES, ROOT / "benchmarks")
    return 1 if write(run, images, folder / "RESULTS.md") else 0


if __name__ == "__main__":
    sys.exit(main())
