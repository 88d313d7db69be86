"""joblib.Memory: a folder and a pickle for each call."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.base import Items, Way, Work


def run(work: Work, items: Items, place: Path) -> None:
    from joblib import Memory

    def screen(item: dict[str, object]) -> object:
        return work(item)

    cached = Memory(str(place / "cache"), verbose=0).cache(screen)
    for item in items:
        cached(item)


WAYS = {
    "memory": Way(
        title="joblib.Memory",
        module="joblib",
        packages=("joblib",),
        how="`Memory(folder, verbose=0).cache(work)`; two files an item, never synced",
        run=run,
        many=3_000,
        kept=10_000,
    ),
}
