"""The run that is traced, killed and cut off: small, with everything in it that is saved.

python -m crash.job FOLDER STORE KIND
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import onward

COUNT = 40
ITEMS = [{"id": f"k{n}", "n": n} for n in range(COUNT)]
calls: list[int] = []


def value(n: int) -> dict[str, Any]:
    return {"n": n, "text": "some words " * (n % 7 * 20)}


def work(item: dict[str, Any], seconds: float = 0.0) -> dict[str, Any]:
    n = item["n"]
    calls.append(n)
    time.sleep(seconds)
    if n % 11 == 5:
        raise ValueError(f"no {n}")
    if n % 13 == 7:
        raise onward.Skip("not wanted")
    return onward.step("made", value, n) if n % 3 == 0 else value(n)


def total(state: dict[str, int], item: Any, result: dict[str, Any]) -> None:
    state["sum"] = state.get("sum", 0) + result["n"]


def start(folder: Path, store: str, **policies: Any) -> onward.Report:
    """Begin or go on."""
    calls.clear()
    given = {
        "every": 3,
        "key": "id",
        "output": folder / "out.jsonl",
        "on_result": total,
        "version": 1,
        **policies,
    }
    return onward.map(work, ITEMS, job="job", store=store, **given)


def expected() -> bytes:
    """The output of an undisturbed run."""
    import msgspec

    done = [n for n in range(COUNT) if n % 11 != 5 and n % 13 != 7]
    return b"".join(msgspec.json.encode(value(n)) + b"\n" for n in done)


def expected_state() -> dict[str, int]:
    return {"sum": sum(n for n in range(COUNT) if n % 11 != 5 and n % 13 != 7)}


KINDS: dict[str, dict[str, Any]] = {
    "whole": {},
    "part": {"limit": 17},
    "each": {"every": 1, "limit": 25},
    "threads": {"workers": 4},
    "again": {"again": True},
    "slow": {"workers": 4, "params": {"seconds": 0.02}},
}


def main() -> None:
    folder, store, kind = sys.argv[1:]
    witness = os.open(Path(folder).with_name("witness"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def report(event: Any) -> None:
        if type(event).__name__ == "Saved":
            os.write(witness, b"".join(f"{outcome.key}\n".encode() for outcome in event.outcomes))

    report_end = start(Path(folder), store, observers=[report], **KINDS[kind])
    if report_end.status == "finished":
        os.write(witness, b"finished\n")


if __name__ == "__main__":
    main()
