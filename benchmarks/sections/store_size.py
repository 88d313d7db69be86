"""How large a store is, against its results as compact JSON: the sample resumes screened, by the recipe itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import onward
from benchmarks.measuring import ROOT, Found, LeftOut, Row, folder, tell


def measure(tenth: int) -> Found:
    tell("screening the samples")
    with folder() as place:
        results = screened(place)
        what = f"store / compact JSON: the {len(results)} sample resumes, screened"
        return Found(
            rows=[
                Row(what, [kept(results, place / "whole.db")], goal=0.4, why="as it comes: compressed"),
                Row(
                    f"{what}, one checkpoint an item",
                    [kept(results, place / "each.db", every=1)],
                    goal=1.1,
                    why="each result compressed by itself",
                ),
            ]
        )


def screened(place: Path) -> list[dict[str, Any]]:
    """What the recipe kept of each sample, as JSON."""
    store = place / ".onward"
    command = [sys.executable, "-m", "onward.cli", "screen", "samples/resumes", "--job", "samples/job.md"]
    command += ["--output", str(place / "ranking.csv"), "--store", str(store), "--quiet"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise LeftOut(f"the samples were not screened: {ended.stderr.strip().splitlines()[-1:]}")
    kept = onward.load("resume-screening", run="job-resumes", store=store)
    return [json.loads(raw) for raw in kept.raw_results()]


def kept(results: list[dict[str, Any]], path: Path, **policies: Any) -> float:
    """Bytes of a store that holds them, in terms of their bytes."""
    onward.map(lambda result: result, results, job="size", store=path, progress=False, **policies)
    compact = sum(len(json.dumps(result, separators=(",", ":")).encode()) for result in results)
    return path.stat().st_size / compact
