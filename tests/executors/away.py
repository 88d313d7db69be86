"""Functions that worker processes import, and what they leave behind to be seen."""

import ctypes
import multiprocessing
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onward
from onward.attempts.context import current_run


def note(name: str, line: Any) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def noted(name: str) -> list[int]:
    return [int(line) for line in Path(name).read_text().split()] if Path(name).exists() else []


@dataclass
class Point:
    x: int
    where: str = "here"


def point(x: int, *, by: int = 1) -> Point:
    return Point(x * by)


def pid(_: int) -> int:
    return os.getpid()


def brief(x: int) -> int:
    note("calls", x)
    return x * x


def slow(x: int) -> int:
    note("calls", x)
    time.sleep(0.05)
    return x


def mixed(x: int) -> int:
    if x % 10 == 3:
        raise ValueError(f"not {x}")
    if x % 10 == 4:
        raise onward.Skip("a four")
    onward.count("done")
    return x


class Odd(Exception):
    """Pickles, and does not come back."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.lock = threading.Lock()


def odd(x: int) -> int:
    raise Odd(x, 2)


def second_time(x: int) -> int:
    note(f"tried-{x}", x)
    if len(noted(f"tried-{x}")) == 1:
        raise ConnectionError("not yet")
    return x


class Throttled(Exception):
    retry_after = 0.05


def throttled(x: int) -> int:
    note(f"tried-{x}", x)
    if len(noted(f"tried-{x}")) <= 3:
        raise Throttled
    return x


def stops(x: int) -> int:
    if x == 20:
        raise onward_quota()
    return x


def onward_quota() -> Exception:
    from onward.errors import QuotaExhausted

    return QuotaExhausted("no more today")


def refused(x: int) -> Any:
    return {"fine": 1, "bad": [0, float("nan")]} if x == 5 else x


def stuck(x: int) -> int:
    note("calls", x)
    if x == 2:
        time.sleep(600)
    return x


def stuck_once(x: int) -> int:
    note(f"tried-{x}", x)
    if x == 2 and len(noted("tried-2")) == 1:
        time.sleep(600)
    return x


def poison(x: int) -> int:
    note("calls", x)
    if x == 77 and not Path("mended").exists():
        os._exit(9)
    return x


def segfault(x: int) -> int:
    if x == 5:
        ctypes.string_at(0)
    return x


def dies_once(x: int) -> int:
    note("calls", x)
    if x == 30 and noted("calls").count(30) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def ends(x: int) -> int:
    if x == 40:
        raise SystemExit(5)
    return x


def steps(x: int) -> int:
    return onward.step("one", brief, x)  # type: ignore[no-any-return]


def spends(x: int) -> int:
    onward.spend(usd=1)
    return x


def once(x: int) -> int:
    return onward.once("send", lambda idempotency_key: x)  # type: ignore[no-any-return]


def pauses(x: int) -> int:
    run = current_run()
    assert run is not None
    assert run.job == "job"
    run.pause(1)
    return x


def names(x: int) -> list[Any]:
    run = current_run()
    assert run is not None
    return [run.job, run.run, run.item.key]


def big(size: int) -> str:
    return "x" * size


def length(text: str) -> int:
    return len(text)


def many(items: list[int]) -> list[Any]:
    note("batches", len(items))
    if 7 in items and len(items) > 1:
        raise RuntimeError("a seven among others")
    return [ValueError("a nine") if item == 9 else item for item in items]


def many_poisoned(items: list[int]) -> list[int]:
    if 7 in items:
        os._exit(1)
    return items


def uneven(x: int) -> int:
    note("calls", x)
    if x > 200:
        time.sleep(0.3)
    return x


def forks(x: int) -> int:
    if x == 3 and os.fork() == 0:
        return -1  # a child that comes out must not answer
    return x


@onward.job("decorated", workers=2, executor="processes")
def decorated(x: int) -> int:
    return x + 1


async def coroutine(x: int) -> int:
    return x


def late(x: int) -> int:
    if x == 1:
        time.sleep(2)
    return x


def stuck_in_c(x: int) -> int:
    note("calls", x)
    if x == 2:
        re.match(r"(a+)+b", "a" * 60)  # for years, and no other thread gets a turn
    return x


def asks_a_process_of_its_own(x: int) -> int:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(abs, (-x,))


def ends_a_program(x: int) -> int:
    with subprocess.Popen(["sleep", "600"]) as program:
        program.terminate()
        return program.wait()


def runs(x: int) -> int:
    return onward.map(brief, [x], job=f"inner-{x}", store="inner", progress=False).succeeded


def interrupts(x: int) -> int:
    if x == 3:
        raise KeyboardInterrupt
    return x
