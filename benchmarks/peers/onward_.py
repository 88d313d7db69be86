"""onward, as it comes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.peers.base import Ask, Item, Items, Lines, Way, Work


def run(work: Work, items: Items, place: Path, **policies: object) -> None:
    import onward

    source = str(items.path) if isinstance(items, Lines) else items
    onward.map(work, source, job="bench", version=1, store=place / "store", progress=False, **policies)  # type: ignore[arg-type]


def keyed(work: Work, items: Items, place: Path) -> None:
    run(work, items, place, key="id")


def together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    import onward

    onward.map(ask, items, job="bench", store=place / "store", workers=workers, progress=False)


WAYS = {
    "plain": Way(
        title="onward",
        module="onward",
        packages=("onward",),
        how="`onward.map(fn, items, job=...)`; on disk once a second",
        run=run,
        together=together,
        many=100_000,
        kept=1_000_000,
    ),
    "keyed": Way(
        title="onward, keyed",
        module="onward",
        packages=("onward",),
        how='the same with `key="id"`',
        run=keyed,
        many=100_000,
        kept=1_000_000,
    ),
}
