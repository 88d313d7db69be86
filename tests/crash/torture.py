"""``make torture``: everything in this folder at length, and the table of it in docs/reliability.md.

python -m crash.torture [--minutes 30] [--seed N]
"""

from __future__ import annotations

import argparse
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from string import Template

from crash import disk
from crash.check import Broken
from crash.faulty import ERRORS, Bench, errors, kills
from crash.mutants import caught
from crash.power import Traced, cut_at, trace
from crash.storm import storm

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
TEMPLATE = Path(__file__).with_name("reliability.md")
STORES = ("sqlite", "file")
STATES = 2000
RECOVERIES = 60
STORMS = 30


@dataclass
class Row:
    """One kind of fault on one store."""

    kind: str
    store: str
    points: str
    trials: int = 0
    found: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def ran(self, trial: Callable[[], object]) -> None:
        self.trials += 1
        try:
            trial()
        except Broken as error:
            self.found[str(error).partition(":")[0]] += 1
            self.broken.append(str(error))


def power(store: str, seed: int, until: float) -> Iterator[Row]:
    """Cuts in a run, in one that goes on, in one that begins anew; and cuts in the recovery from a cut."""
    row = Row("power cut while running", store, "every traced operation")
    for kind in ("whole", "each", "threads"):
        _cut(row, trace(_folder(), store, kind), STATES // 4, seed, until)
    yield row
    row = Row("power cut while going on or beginning anew", store, "every traced operation")
    for before, kind in (("part", "whole"), ("whole", "again")):
        folder = _folder()
        trace(folder, store, before)
        _cut(row, trace(folder, store, kind), STATES // 8, seed, until)
    yield row
    row = Row("power cut while recovering from a power cut", store, "every traced operation of the recovery")
    chance = random.Random(seed)
    for number in range(RECOVERIES):
        if time.monotonic() > until:
            break
        _recovery(row, store, chance, f"seed {seed}, recovery {number}")
    yield row


def _cut(row: Row, traced: Traced, count: int, seed: int, until: float) -> None:
    moments = len(traced.ops) + 1
    for trial in range(count):
        if time.monotonic() > until:
            return
        chance = random.Random(f"{seed} {trial}")
        moment = trial * moments // count
        what = f"seed {seed}, trial {trial}"
        row.ran(partial(cut_at, traced, moment, chance, what))


def _recovery(row: Row, store: str, chance: random.Random, what: str) -> None:
    folder = _folder()
    first = trace(folder, store, "whole")
    moment = chance.randrange(len(first.ops) + 1)
    disk.put(disk.cut(first.base, first.ops[:moment], chance), first.root)
    (folder / "witness").unlink(missing_ok=True)
    second = trace(folder, store, "whole")
    for trial in range(8):
        at = chance.randrange(len(second.ops) + 1)
        row.ran(partial(cut_at, second, at, chance, f"{what}, trial {trial}"))


def faults(store: str, until: float) -> Iterator[Row]:
    """SIGKILL and errors at every call that changes a file or a name; what one kind leaves of its time others have."""
    kinds = sorted(ERRORS, key=lambda name: len(ERRORS[name]))
    for left, name in zip(range(len(kinds) + 1, 1, -1), kinds, strict=True):
        row = Row(f"{name} from a system call", store, "every call of " + ", ".join(ERRORS[name]))
        now = time.monotonic()
        _injected(row, errors(Bench(_folder(), store, "whole"), name), now + (until - now) / left)
        yield row
    row = Row("SIGKILL at a system call", store, "every call")
    _injected(row, kills(Bench(_folder(), store, "whole")), until)
    yield row


def _injected(row: Row, trials: Iterator[object], until: float) -> None:
    while True:
        if time.monotonic() > until:
            row.points += ", as far as the time went"
            return
        try:
            if next(trials, None) is None:
                return
        except Broken as error:
            row.trials += 1
            row.found[str(error).partition(":")[0]] += 1
            row.broken.append(str(error))
            return
        row.trials += 1


def storms(store: str, seed: int, until: float) -> Row:
    row = Row("SIGKILL at random moments, four workers", store, "until the run is through")
    chance = random.Random(seed)
    for _ in range(STORMS):
        if time.monotonic() > until:
            break
        row.ran(lambda: storm(_folder(), store, chance))
    return row


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="onward-torture-"))


def _of_one_store(store: str, seed: int, share: float) -> Iterator[Row]:
    """Every kind of fault, for so many seconds each, and what those before have left."""
    began = time.monotonic()
    yield from power(store, seed, began + share)
    yield from faults(store, began + 2 * share)
    yield storms(store, seed, began + 2.5 * share)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    given = parser.parse_args()
    began = time.monotonic()
    share = given.minutes * 60 / (2 * len(STORES) + 2)
    rows: list[Row] = []
    say(f"seed {given.seed}")
    for store in STORES:
        for row in _of_one_store(store, given.seed, share):
            rows.append(row)
            say(f"{row.store:<7} {row.kind:<45} {row.trials:>6} {dict(row.found) or ''}")
    mutants = []
    for mutant, found in caught(_folder()):
        mutants.append((mutant.name, found))
        say(f"mutant: {mutant.name}: {'caught' if found else 'NOT CAUGHT'}")
    PAGE.write_text(page(rows, mutants, given.seed, time.monotonic() - began), "utf-8")
    for row in rows:
        for what in row.broken:
            say(what)
    return int(any(row.found for row in rows) or not all(found for _, found in mutants))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def page(rows: list[Row], mutants: list[tuple[str, bool]], seed: int, seconds: float) -> str:
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        table="\n".join(map(_line, rows)),
        broken="\n".join(f"| {name} | {'yes' if found else '**no**'} |" for name, found in mutants),
        seed=seed,
        minutes=round(seconds / 60),
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        system=platform.system(),
        day=time.strftime("%d %B %Y").lstrip("0"),
    )


def _line(row: Row) -> str:
    lost, repeated = row.found["lost"], row.found["repeated"]
    wrong = row.found.total() - lost - repeated
    cells = [row.kind, row.store, row.points, f"{row.trials:,}", lost, repeated, wrong]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    raise SystemExit(main())
