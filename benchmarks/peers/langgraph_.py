"""LangGraph: a graph whose checkpoints are in SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.base import Ask, Item, Items, Way, Work

THREAD = {"configurable": {"thread_id": "bench"}, "recursion_limit": 10**9}


def run(work: Work, items: Items, place: Path) -> None:
    _run(work, items, place, {"position": 0})


def resume(work: Work, items: Items, place: Path) -> None:
    _run(work, items, place, None)


def _run(work: Work, items: Items, place: Path, first: Any) -> None:
    """A node that works on one item and comes again: a checkpoint after every item, in which the last result is.

    With durability "async" the checkpoints of a fast function wait in a queue, and a crash loses as many.
    """
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import END, START, StateGraph
    from typing_extensions import TypedDict

    class State(TypedDict, total=False):
        position: int
        result: Any

    left: list[Any] = []

    def screen(state: State) -> State:
        if not left:
            left.append(items.after(state["position"]))
        item = next(left[0], None)
        return {"position": -1} if item is None else {"position": state["position"] + 1, "result": work(item)}

    graph = StateGraph(State)
    graph.add_node("screen", screen)
    graph.add_edge(START, "screen")
    graph.add_conditional_edges("screen", lambda state: END if state["position"] < 0 else "screen")
    with SqliteSaver.from_conn_string(str(place / "graph.sqlite")) as saver:
        graph.compile(checkpointer=saver).invoke(first, THREAD, durability="sync")


def tasks(work: Work, items: Items, place: Path) -> None:
    _tasks(work, items, place, 1)


def tasks_again(work: Work, items: Items, place: Path) -> None:
    _tasks(work, items, place, None)


def _tasks(work: Work, items: Items, place: Path, first: Any) -> None:
    """The functional way: every item a task of one entry point, whose result is kept as the task ends."""
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.func import entrypoint, task

    @task
    def screen(item: Item) -> Any:
        return work(item)

    with SqliteSaver.from_conn_string(str(place / "graph.sqlite")) as saver:

        @entrypoint(checkpointer=saver)
        def whole(_: int) -> int:
            return sum(1 for item in items if screen(item).result())

        whole.invoke(first, THREAD, durability="async")


def together(ask: Ask, items: Iterable[Item], workers: int, place: Path) -> None:
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    from langgraph.func import entrypoint, task

    @task
    async def screen(item: Item) -> Any:
        return await ask(item)

    async def main() -> None:
        async with AsyncSqliteSaver.from_conn_string(str(place / "graph.sqlite")) as saver:

            @entrypoint(checkpointer=saver)
            async def whole(_: int) -> int:
                return len(await asyncio.gather(*(screen(item) for item in items)))

            await whole.ainvoke(1, {**THREAD, "max_concurrency": workers}, durability="async")

    asyncio.run(main())


WAYS = {
    "graph": Way(
        title="LangGraph",
        module="langgraph.graph",
        packages=("langgraph", "langgraph-checkpoint-sqlite"),
        how='a node that comes again for each item, `SqliteSaver`, `durability="sync"`; a checkpoint an item',
        run=run,
        resume=resume,
        many=1_000,
        kept=3_000,
        dies=True,
    ),
    "tasks": Way(
        title="LangGraph, tasks",
        module="langgraph.func",
        packages=("langgraph", "langgraph-checkpoint-sqlite"),
        how="each item a `@task` of one `@entrypoint`",
        run=tasks,
        resume=tasks_again,
        together=together,
        many=1_000,
        kept=3_000,
        dies=True,
    ),
}
