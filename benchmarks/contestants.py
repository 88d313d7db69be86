"""Which ways take part, and how one of them is asked in its own environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.measuring import OURS, PEERS, LeftOut, folder, python
from benchmarks.peers import OTHERS, way
from benchmarks.peers.base import Way

KNOWN = (
    "onward_:plain",
    "onward_:keyed",
    "by_hand:jsonl",
    "by_hand:sqlite",
    "by_hand:rewritten",
    "diskcache_:one",
    "diskcache_:grouped",
    "joblib_:memory",
    "batchledger_:map",
    "pyarallel_:map",
    "async_batch_llm_:stream",
    "langgraph_:graph",
    "langgraph_:tasks",
    "dbos_:workflow",
)


def present() -> tuple[dict[str, Way], list[str]]:
    """Those that can be used here, and why the rest cannot."""
    found, left_out = {}, []
    missing: dict[str, str] = {}
    for name in KNOWN:
        contestant = way(name)
        if _is_other(name) and contestant.module not in missing:
            missing[contestant.module] = _why_not(contestant)
            if missing[contestant.module]:
                left_out.append(f"{contestant.title}: {missing[contestant.module]}")
        if not missing.get(contestant.module):
            found[name] = contestant
    return found, left_out


def ask(name: str, task: str, count: int, place: Path | None = None, limit: float = 300) -> Any:
    """What `benchmarks.peers.child` measures, in a folder of its own unless one is given.

    Raises:
        LeftOut: it failed, or took too long.
    """
    if place is None:
        with folder() as own:
            return ask(name, task, count, own, limit)
    interpreter = PEERS if _is_other(name) else OURS
    return python("-m", "benchmarks.peers.child", name, task, place, count, python=interpreter, limit=limit)


def _is_other(name: str) -> bool:
    return name.partition(":")[0] in OTHERS


def _why_not(contestant: Way) -> str:
    if sys.version_info < contestant.since:
        return f"needs Python {contestant.since[0]}.{contestant.since[1]} or newer"
    if not PEERS.exists():
        return "there is no environment of the others; `make bench-peers` makes it"
    try:
        python("-c", f"import {contestant.module}; print(1)", python=PEERS)
    except LeftOut as error:
        return str(error)
    return ""
