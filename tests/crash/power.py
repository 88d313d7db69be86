"""Power cuts: one run is traced, and resumed from what each of many cuts may have left."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crash import disk
from crash.check import STORES, Broken, check
from crash.trace import Op, record


@dataclass
class Traced:
    """A run of which everything is known that it did to its files."""

    root: Path
    store: str
    base: disk.Base
    ops: list[Op]

    def reported(self, number: int) -> list[str]:
        """What was reported saved before the operation of that number."""
        reports = (op.data.decode().split() for op in self.ops[:number] if op.kind == "report")
        return [key for keys in reports for key in keys]


def trace(folder: Path, name: str, kind: str) -> Traced:
    """Run a job in a store of that name, beginning with what is in the folder."""
    root, witness = folder / "root", folder / "witness"
    root.mkdir(exist_ok=True)
    store = STORES[name].format(root)
    base = disk.Base.of(root)
    words = [sys.executable, "-m", "crash.job", str(root), store, kind]
    ops, _ = record(words, root, witness)
    return Traced(root, store, base, ops)


def cuts(traced: Traced, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Cut the power ``count`` times, at moments spread over the whole run, check, and yield moment and items done.

    Raises:
        Broken: with the seed that makes it happen again.
    """
    moments = len(traced.ops) + 1
    for trial in range(count):
        chance = random.Random(f"{seed} {trial}")
        moment = trial * moments // count if trial < moments else chance.randrange(moments)
        yield moment, cut_at(traced, moment, chance, f"seed {seed}, trial {trial}")


def cut_at(traced: Traced, moment: int, chance: random.Random, what: str) -> int:
    state = disk.cut(traced.base, traced.ops[:moment], chance)
    disk.put(state, traced.root)
    try:
        return check(traced.root, traced.store, traced.reported(moment))
    except Broken as error:
        done = traced.ops[moment - 1] if moment else None
        raise Broken(
            f"{error} ({what}, behind operation {moment}: {done and (done.kind, done.path)})"
        ) from None
