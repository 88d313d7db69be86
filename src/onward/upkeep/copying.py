"""Copying a run from one store to another, of the same kind or not, and making sure that it arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from onward.errors import RunHeld, StoreCorrupt
from onward.journal import records
from onward.journal.blocks import read_outcomes
from onward.model import StepRecord
from onward.stores.base import Reader, Runs
from onward.upkeep.inspection import inspect
from onward.upkeep.transfer import incoming


@dataclass(frozen=True)
class Copied:
    """What was copied of a run."""

    blocks: int
    outcomes: int
    steps: int


def copy(
    source: Runs, target: Runs, job: str, run: str, *, on_block: Callable[[int, int], None] = lambda *_: None
) -> Copied:
    """Copy a run that nobody works on, checking everything on the way, and then what has arrived.

    A copy that is broken off is not taken for the run; copying again begins anew.

    Args:
        on_block: told how many blocks are copied, of how many.

    Raises:
        RunNotFound: there is none.
        RunHeld: a live process holds it, here or there.
        Refused: there is one of that name where it is to go.
        StoreCorrupt: it is damaged, and was not copied, or did not arrive as it was.
    """
    with closing(source.reader(job, run)) as reader:
        _refuse_live(reader, job, run)
        info = records.read_info(reader.info() or b"")
        sealed = reader.head()
        head = records.read_head(sealed) if sealed is not None else None
        outcomes = 0
        with incoming(target, info) as arriving:
            for number, block in enumerate(reader.blocks(), 1):
                outcomes += sum(1 for _ in read_outcomes(block))
                arriving.block(block)
                on_block(number, head.blocks if head else number)
            steps = arriving.steps(_checked(reader.steps()))
            arriving.complete(info, head)
    found = inspect(target, job, run)
    if found.problems or (found.outcomes, found.steps) != (outcomes, steps):
        raise StoreCorrupt(
            f"{job} ({run}) has not arrived as it was: {'; '.join(found.problems) or 'parts are missing'}; "
            "the original is untouched"
        )
    return Copied(found.blocks, outcomes, steps)


def _refuse_live(reader: Reader, job: str, run: str) -> None:
    owner = reader.owner()
    if owner is not None:
        raise RunHeld(f"{job} ({run}) is being run by process {owner.pid} on {owner.host}; stop it first")


def _checked(steps: Iterator[StepRecord]) -> Iterator[StepRecord]:
    for step in steps:
        records.read_step(step)
        yield step
