"""async-batch-llm: a pool of workers for calls of language models, with a store of artifacts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.base import Ask, Item, Items, Way, Work

WORKERS = 100
"""At once where the function does not wait: the store commits 100 results together, so that fewer would be slower."""


def together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    from async_batch_llm import (
        ArtifactIdentity,
        CallableStrategy,
        CallOutcome,
        ProcessorConfig,
        ResumePolicy,
        SqliteArtifactStore,
        process_stream,
    )

    async def invoke(prompt: str, *, attempt: int, timeout: float, state: Any) -> Any:  # noqa: ASYNC109
        return CallOutcome(await ask(json.loads(prompt)))

    async def main() -> None:
        identity = ArtifactIdentity(provider="none", model="none")
        store = SqliteArtifactStore(place / "artifacts.sqlite", identity=identity)
        config = ProcessorConfig(
            concurrency=workers, max_queue_size=4 * workers, max_result_queue_size=4 * workers
        )
        stream = process_stream(
            CallableStrategy(invoke, identity=identity),
            ((str(item["id"]), json.dumps(item)) for item in items),
            config=config,
            artifact_store=store,
            resume=ResumePolicy.REUSE_SUCCESSES,
        )
        async for result in stream:
            assert result.success, result.error

    asyncio.run(main())


def run(work: Work, items: Items, place: Path) -> None:
    async def ask(item: Item) -> Any:
        return work(item)

    together(ask, items, WORKERS, place)


WAYS = {
    "stream": Way(
        title="async-batch-llm",
        module="async_batch_llm",
        packages=("async-batch-llm",),
        how=f"`process_stream(...)`, {WORKERS} workers, `SqliteArtifactStore`: commits of up to 100; synced when "
        "SQLite moves its log",
        run=run,
        together=together,
        many=3_000,
        kept=10_000,
        dies=True,
    ),
}
