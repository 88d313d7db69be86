"""DBOS: durable workflows, here with its system database in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.base import Ask, Item, Items, Way, Work


def _launched(place: Path, body: Callable[[Any], None], declare: Callable[[Any], Any]) -> None:
    from dbos import DBOS

    DBOS(
        config={
            "name": "bench",
            "system_database_url": f"sqlite:///{place / 'dbos.sqlite'}",
            "application_version": "1",
            "log_level": "ERROR",
        }
    )
    declared = declare(DBOS)
    DBOS.launch()
    try:
        body(declared)
    finally:
        DBOS.destroy(destroy_registry=True)


def run(work: Work, items: Items, place: Path) -> None:
    from dbos import SetWorkflowID

    def declare(dbos: Any) -> Any:
        @dbos.step()
        def screen(item: Item) -> Any:
            return work(item)

        @dbos.workflow()
        def whole() -> int:
            return sum(1 for item in items if screen(item))

        return whole

    # A launch recovers what was under way; the same id waits for that rather than begin anew.
    def body(whole: Any) -> None:
        with SetWorkflowID("bench"):
            whole()

    _launched(place, body, declare)


def together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    def declare(dbos: Any) -> Any:
        @dbos.step()
        async def screen(item: Item) -> Any:
            return await ask(item)

        @dbos.workflow()
        async def one(item: Item) -> Any:
            return await screen(item)

        return dbos, one

    def body(declared: Any) -> None:
        dbos, one = declared
        queue = dbos.register_queue("bench", worker_concurrency=workers, polling_interval_sec=0.1)
        for handle in [queue.enqueue(one, item) for item in items]:
            handle.get_result()

    _launched(place, body, declare)


WAYS = {
    "workflow": Way(
        title="DBOS",
        module="dbos",
        packages=("dbos",),
        how="a `@DBOS.workflow()` that calls a `@DBOS.step()` for each item, its database in SQLite",
        run=run,
        together=together,
        many=300,
        kept=1_000,
        dies=True,
    ),
}
