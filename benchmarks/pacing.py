"""How much of what a model's provider allows is used, and how often it has to refuse.

    python benchmarks/pacing.py [--seconds 240] [--workers 64] [--rpm 600] [--latency 0.3]

A real server on this machine allows so many requests a minute, counted in fixed windows or with a token bucket that
holds a minute's worth or six seconds' worth. 64 workers ask it as fast as they may. Half-way their process is killed
(SIGKILL) and started again. The server's own log says what came of it; both halves are judged by themselves, each
from its first request on:

* used: what was answered, as a share of the rate times the seconds. A server that had saved up an allowance, or
  counts in windows of which the half saw parts, allows more than that, so that it may be above 100 %.
* refused: the share of all requests that was answered 429.

"given" is a model with rpm=600; "headers" has none given, and the server names its limit in x-ratelimit headers;
"learnt" has neither, only refusals with Retry-After; "bare" has not even that.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER = Path(__file__).parent.parent / "tests" / "llm" / "server.py"
LIMITERS = {
    "window": ("window", 60),
    "bucket of 60 s": ("bucket", 60),
    "bucket of 6 s": ("bucket", 6),
}
KNOWN = ("given", "headers", "learnt", "bare")

CHILD = """
import sys, onward, onward.llm
url, store, workers, rpm = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
model = onward.llm.model("openai:test", base_url=url + "/v1", rpm=rpm or None)

async def ask(number):
    return (await model.ask(f"question {number}")).text

onward.map(ask, range(10**7), job="ask", store=store, workers=workers, version=1, progress=False)
"""


@dataclass(frozen=True)
class Half:
    """What the server saw of one process."""

    used: float
    refused: float

    def __str__(self) -> str:
        return f"{self.used:6.1%} | {self.refused:5.2%}"


@contextlib.contextmanager
def serving(given: Any, limiter: str, known: str, log: Path) -> Iterator[str]:
    kind, seconds = LIMITERS[limiter]
    command = [
        sys.executable,
        str(SERVER),
        "--rpm",
        str(given.rpm),
        "--limiter",
        kind,
        "--window",
        str(seconds),
    ]
    command += ["--latency", str(given.latency), "--log", str(log)]
    command += [] if known == "headers" else ["--no-limit-headers"]
    command += ["--no-retry-after"] if known == "bare" else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def work(given: Any, url: str, known: str, store: Path, seconds: float) -> tuple[float, float]:
    """Let a process ask, and kill it so many seconds after it began to; its first and its last moment."""
    rpm = given.rpm if known == "given" else 0
    command = [sys.executable, "-c", CHILD, url, str(store), str(given.workers), str(rpm)]
    began = time.time()
    with subprocess.Popen(command) as process:
        time.sleep(seconds)
        assert process.poll() is None, "it ended by itself"
        process.kill()
    return began, time.time()


def measure(given: Any, limiter: str, known: str) -> list[Half]:
    with tempfile.TemporaryDirectory(prefix="onward-bench-") as folder:
        log, store = Path(folder, "calls.jsonl"), Path(folder, "store")
        with serving(given, limiter, known, log) as url:
            spans = [work(given, url, known, store, given.seconds / 2) for _ in range(2)]
        calls = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [
        judge([each for each in calls if began <= each["at"] <= end], end, given.rpm) for began, end in spans
    ]


def judge(calls: list[dict[str, Any]], end: float, rpm: float) -> Half:
    seconds = end - calls[0]["at"]
    answered = sum(each["status"] == 200 for each in calls)
    refused = sum(each["status"] == 429 for each in calls)
    return Half(answered / (rpm / 60 * seconds), refused / (answered + refused))


def arguments(words: list[str] | None = None) -> Any:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=240)
    options.add_argument("--workers", type=int, default=64)
    options.add_argument("--rpm", type=int, default=600)
    options.add_argument("--latency", type=float, default=0.3)
    options.add_argument("--limiter", choices=LIMITERS, action="append")
    options.add_argument("--known", choices=KNOWN, action="append")
    return options.parse_args(words)


def main() -> int:
    given = arguments()
    print(
        f"{given.workers} workers, {given.rpm} requests a minute, {given.latency} s each; killed after "
        f"{given.seconds / 2:.0f} of {given.seconds:.0f} s; {os.cpu_count()} cores\n"
    )
    print("| the server counts in | the limit is | used | refused | used after the kill | refused |")
    print("| --- | --- | --- | --- | --- | --- |")
    for limiter in given.limiter or LIMITERS:
        for known in given.known or KNOWN:
            halves = measure(given, limiter, known)
            print(f"| {limiter} | {known} | {halves[0]} | {halves[1]} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
