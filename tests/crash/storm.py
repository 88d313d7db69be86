"""Storms: a run with workers, killed at random moments until it is through."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from crash.check import STORES, check
from crash.job import KINDS


def storm(folder: Path, name: str, chance: random.Random, longest: float = 0.5) -> int:
    """Kill one run again and again, and check what is there each time before it goes on; returns the kills.

    Raises:
        Broken
    """
    root, witness = folder / "root", folder / "witness"
    root.mkdir()
    store = STORES[name].format(root)
    words = [sys.executable, "-m", "crash.job", str(root), store, "slow"]
    kills = 0
    while kills < 12:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(0.15 + chance.random() * longest)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    reported = witness.read_text().split() if witness.exists() else []
    check(root, store, reported, params=KINDS["slow"]["params"])
    return kills
