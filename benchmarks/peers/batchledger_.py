"""batchledger: a ledger in SQLite, two commits an item."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.base import Items, Way, Work


def run(work: Work, items: Items, place: Path) -> None:
    from batchledger import Ledger

    with Ledger(place / "ledger.sqlite", namespace="bench", version="1") as ledger:
        for _ in ledger.map(work, items):
            pass


WAYS = {
    "map": Way(
        title="batchledger",
        module="batchledger",
        packages=("batchledger",),
        how="`ledger.map(work, items)`; two commits an item, each on disk at once",
        run=run,
        many=2_000,
        kept=10_000,
    ),
}
