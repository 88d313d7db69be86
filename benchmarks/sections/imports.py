"""What ``import onward`` adds to a Python that does nothing, by processor time; the others' imports beside it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import OURS, PEERS, Found, LeftOut, Row, processor_ms, taking_turns, tell

OTHERS = ("diskcache", "joblib", "batchledger", "pyarallel", "async_batch_llm", "dbos", "langgraph.graph")


def added(python: Path | str, module: str, rounds: int) -> list[float]:
    found = taking_turns(
        {
            "without": lambda: processor_ms([python, "-c", "pass"]),
            "with": lambda: processor_ms([python, "-c", f"import {module}"]),
        },
        rounds,
    )
    return [one["with"] - one["without"] for one in found]


def measure(tenth: int) -> Found:
    found = Found()
    tell("import onward")
    row = Row("import onward, over an empty interpreter", added(OURS, "onward", 15), "ms", goal=30)
    found.rows.append(row)
    table = [{"way": "onward", "ms": row.values}]
    for module in OTHERS:
        tell(f"import {module}")
        try:
            table.append({"way": module, "ms": added(PEERS, module, 5)})
        except (LeftOut, OSError):
            continue  # why it is not there is said where it is measured
    found.tables["imports"] = table
    return found
