"""diskcache: a cache in SQLite."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.base import Items, Way, Work


def one_by_one(work: Work, items: Items, place: Path) -> None:
    from diskcache import Cache

    with Cache(str(place / "cache"), eviction_policy="none") as cache:
        for item in items:
            if item["id"] not in cache:
                cache[item["id"]] = work(item)


def grouped(work: Work, items: Items, place: Path) -> None:
    """Writes in transactions of 100, which its documentation says are faster."""
    from diskcache import Cache

    def save() -> None:
        with cache.transact():
            for key, value in results.items():
                cache[key] = value
        results.clear()

    results: dict[object, object] = {}
    with Cache(str(place / "cache"), eviction_policy="none") as cache:
        try:
            for item in items:
                if item["id"] not in cache:
                    results[item["id"]] = work(item)
                    if len(results) == 100:
                        save()
        finally:
            save()


WAYS = {
    "one": Way(
        title="diskcache",
        module="diskcache",
        packages=("diskcache",),
        how="`if key not in cache: cache[key] = work(item)`; WAL, synced when SQLite moves its log",
        run=one_by_one,
        many=10_000,
        kept=100_000,
    ),
    "grouped": Way(
        title="diskcache, 100 at a time",
        module="diskcache",
        packages=("diskcache",),
        how="results set in `cache.transact()` of 100",
        run=grouped,
        many=20_000,
        kept=0,
        series=False,
    ),
}
