"""pyarallel: a parallel map with a checkpoint in SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from benchmarks.peers.base import Ask, Item, Items, Way, Work


def run(work: Work, items: Items, place: Path) -> None:
    from pyarallel import parallel_map

    # Sequential: in the calling thread, as onward's loop. What is called must have a name of its own.
    def screen(item: Item) -> object:
        return work(item)

    found = parallel_map(
        screen,
        items,
        sequential=True,
        checkpoint=str(place / "run.ckpt"),
        checkpoint_version="1",
        checkpoint_key=lambda item: str(item["id"]),
    )
    found.raise_on_failure()


def together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    from pyarallel import async_parallel_map

    async def main() -> None:
        found = await async_parallel_map(
            ask, items, concurrency=workers, checkpoint=str(place / "run.ckpt"), checkpoint_version="1"
        )
        found.raise_on_failure()

    asyncio.run(main())


WAYS = {
    "map": Way(
        title="pyarallel",
        module="pyarallel",
        packages=("pyarallel",),
        how="`parallel_map(work, items, sequential=True, checkpoint=..., checkpoint_key=...)`",
        run=run,
        together=together,
        many=2_000,
        kept=10_000,
        since=(3, 12),
    ),
}
