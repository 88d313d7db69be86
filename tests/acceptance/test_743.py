"""The process dies in item 743 of 1,000. The same script again goes on, and nobody can tell from what it leaves.

What is durable after the kill is read from the store, so the proof is exact: the second start calls the function
for what was not saved, once each, and for nothing else.

The loss bound. By number of items (every=N) at most N settled items are lost, and those in flight, however many
workers there are. By time, everything lost was called within the last interval and the time that a save may take on
a busy machine; auto promises one second.
"""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from acceptance.harness import KILLED, Ended, Place, write_jsonl

ITEMS = 1000
FATAL = 743
SLACK = 0.6
"""Seconds that a save, and a busy machine, may delay what a cadence by time asks for."""

EVERY: dict[Any, tuple[int | None, float | None]] = {
    1: (1, None),
    100: (100, None),
    "0.2s": (None, 0.2),
    "100 items or 0.2s": (100, 0.2),
    "auto": (None, 1.0),
}
"""Each cadence with the most items and the most seconds between two saves."""

MAP = """
    async def pause(seconds):
        await asyncio.sleep(seconds)

    def begun(item):
        called(item["id"])
        if item["id"] == 743 and first_time("killed"):
            kill()

    def result(item):
        return {"id": item["id"], "square": item["id"] ** 2, "text": "ü" * (item["id"] % 7)}

    def sync_work(item):
        begun(item)
        time.sleep(given["seconds"])
        return result(item)

    async def async_work(item):
        begun(item)
        await pause(given["seconds"])
        return result(item)

    def add(state, item, value):
        state["count"] = state.get("count", 0) + 1
        state["sum"] = state.get("sum", 0) + value["square"]

    def with_map():
        work = async_work if given["asynchronous"] else sync_work
        return onward.map(work, items, workers=given["workers"], on_result=add, **policies)

    def with_loop():
        with onward.run(**policies) as run:
            for item in run.pending(items):
                settle(run, item)
                time.sleep(given["seconds"])
        return run.report

    async def with_async_loop():
        async with onward.run(**policies) as run:
            async for item in run.pending(items):
                settle(run, item)
                await pause(given["seconds"])
        return run.report

    def settle(run, item):
        begun(item)
        value = result(item)
        add(run.state, None, value)
        run.succeed(value)

    items = "items.jsonl" if given["source"] == "jsonl" else numbers(1000)
    policies = {"job": "job", "key": given["key"], "every": given["every"], "output": "out.jsonl"}
    if given["face"] == "loop":
        main(with_async_loop if given["asynchronous"] else with_loop)
    else:
        main(with_map)
"""


class Case(NamedTuple):
    face: str
    source: str
    key: str | None
    workers: int
    asynchronous: bool
    every: Any

    @property
    def name(self) -> str:
        return "-".join(str(part).replace(" ", "_") for part in self)

    @property
    def seconds(self) -> float:
        """An item's time: enough that cadences by time have saved several times before the kill."""
        return 0.0008 * self.workers if EVERY[self.every][1] else 0.0002 * self.workers


def cases(face: str, source: str, key: str | None) -> Iterator[Case]:
    workers = (1, 16) if face == "map" else (1,)
    for count, asynchronous, every in itertools.product(workers, (False, True), EVERY):
        yield Case(face, source, key, count, asynchronous, every)


def start(place: Place, case: Case) -> Ended:
    return place.run(**{**case._asdict(), "seconds": case.seconds})


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Any]:
    """Output and state of a run that nothing happened to."""
    place = Place(tmp_path_factory.mktemp("uninterrupted"), MAP)
    (place.folder / "killed").touch()
    ended = start(place, Case("map", "list", "id", 1, False, 100)).finished()
    assert ended.calls == list(range(1, ITEMS + 1))
    return place.read(), ended.told["state"]


@pytest.mark.parametrize("key", ["id", None], ids=["keyed", "positional"])
@pytest.mark.parametrize("source", ["list", "jsonl"])
@pytest.mark.parametrize("face", ["map", "loop"])
def test_goes_on_with_what_was_not_saved(
    face: str, source: str, key: str | None, tmp_path: Path, uninterrupted: tuple[bytes, Any]
) -> None:
    def check(case: Case) -> str:
        return _check(Place(tmp_path / case.name, MAP), case, uninterrupted)

    # Several at a time: they mostly wait.
    with ThreadPoolExecutor(4) as pool:
        print(*pool.map(check, cases(face, source, key)), sep="\n")


def _check(place: Place, case: Case, uninterrupted: tuple[bytes, Any]) -> str:
    if case.source == "jsonl":
        write_jsonl(place.folder / "items.jsonl", ({"id": number} for number in range(1, ITEMS + 1)))
    first = start(place, case)
    assert first.code == KILLED, (case, first)
    assert FATAL in first.calls
    saved = {key if case.key else key + 1 for key in place.saved()}
    assert FATAL not in saved
    lost = [(at, name) for at, name in zip(first.times, first.calls, strict=True) if name not in saved]
    bound = _check_loss(case, first, lost)

    second = start(place, case).finished()
    assert sorted(second.calls) == sorted(set(range(1, ITEMS + 1)) - saved), case
    output, state = uninterrupted
    assert place.read() == output, case
    assert second.told["state"] == state, case
    counts = {name: second.told[name] for name in ("total", "succeeded", "reused", "left", "retired")}
    assert counts == {"total": ITEMS, "succeeded": ITEMS, "reused": len(saved), "left": 0, "retired": 0}
    return f"{case.name:<55} {len(saved):>4} saved, {len(lost):>3} repeated, {bound}"


def _check_loss(case: Case, first: Ended, lost: list[tuple[float, Any]]) -> str:
    items, seconds = EVERY[case.every]
    age = first.times[-1] - lost[0][0]
    if items is not None and seconds is None:
        assert len(lost) <= items + case.workers, (case, len(lost))
    if seconds is not None:
        assert age <= seconds + SLACK + case.seconds, (case, age)
    return f"the first of them {age * 1000:.0f} ms before the kill"
