"""Ten SIGKILLs at random moments of one run of 2,000 items; then it finishes right."""

import random
import time
from collections import Counter
from typing import Any

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import KILLED, Place

ITEMS = 2000
KILLS = 10

SCRIPT = """
    def work(item):
        called(item["id"])
        time.sleep(given["seconds"])
        if item["id"] % 97 == 0:
            raise ValueError(f"item {item['id']} is a bad one")
        if item["id"] % 89 == 0:
            raise onward.Skip("a dull one")
        onward.count("worked")
        return {"id": item["id"], "square": item["id"] ** 2}

    def add(state, item, value):
        state["count"] = state.get("count", 0) + 1
        state["sum"] = state.get("sum", 0) + value["square"]

    main(lambda: onward.map(
        work, numbers(2000), job="job", key="id", on_result=add, output="out.jsonl", max_failures=None,
        every=given["every"], workers=given["workers"],
    ))
"""

FAILED = {number for number in range(1, ITEMS + 1) if number % 97 == 0}
SKIPPED = {number for number in range(1, ITEMS + 1) if number % 89 == 0} - FAILED
SUCCEEDED = sorted(set(range(1, ITEMS + 1)) - FAILED - SKIPPED)


@pytest.mark.parametrize(("every", "workers"), [(10, 4), (10, 1), ("auto", 1), ("auto", 4)])
def test_ten_kills_at_random_moments(every: Any, workers: int, place: PlaceMaker) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    here = place(SCRIPT)
    given = {"every": every, "workers": workers, "seconds": 0.001 * workers}
    saved: set[int] = set()
    kills = 0
    while kills < KILLS:
        saved = _kill_somewhere(here, given, chance, saved)
        kills += 1
    ended = here.run(**given)

    assert ended.told["status"] == "finished", ended
    assert set(ended.calls) == set(range(1, ITEMS + 1)) - saved
    counts = {name: ended.told[name] for name in ("succeeded", "failed", "skipped", "left", "total")}
    assert counts == {
        "succeeded": len(SUCCEEDED), "failed": len(FAILED), "skipped": len(SKIPPED), "left": 0, "total": ITEMS,
    }  # fmt: skip
    assert here.lines() == [{"id": number, "square": number**2} for number in SUCCEEDED]
    assert {line["key"] for line in here.lines("out.jsonl.failures.jsonl")} == FAILED
    assert ended.told["state"] == {"count": len(SUCCEEDED), "sum": sum(n * n for n in SUCCEEDED)}
    assert ended.told["counters"] == {"worked": len(SUCCEEDED)}
    assert ended.told["attempts"] == ITEMS
    repeated = sum(count - 1 for count in Counter(here.calls()).values())
    print(f"every={every} workers={workers}: {repeated} calls repeated by {KILLS} kills")


def _kill_somewhere(here: Place, given: dict[str, Any], chance: random.Random, saved: set[int]) -> set[int]:
    """Kill a session at a random moment; what is saved then."""
    begun = len(here.calls())
    session = here.start(**given)
    if chance.random() < 0.8:  # else in the middle of starting
        session.until(lambda: len(here.calls()) > begun)
    time.sleep(chance.uniform(0, 0.25))
    session.process.kill()
    ended = session.wait()
    assert ended.code == KILLED, ended
    assert not saved & set(ended.calls), "settled is settled"
    now = here.saved() if here.store.exists() and _begun(here) else set()
    assert saved <= now, "what was saved stays"
    _check_loss(given, ended.times, [name not in now for name in ended.calls])
    return now


def _begun(here: Place) -> bool:
    from onward.errors import RunNotFound

    try:
        return bool(here.view().info)
    except RunNotFound:
        return False


def _check_loss(given: dict[str, Any], times: list[float], lost: list[bool]) -> None:
    workers, count = given["workers"], sum(lost)
    if given["every"] == "auto":
        oldest = min((at for at, is_lost in zip(times, lost, strict=True) if is_lost), default=times[-1:])
        assert not count or times[-1] - oldest <= 1.0 + 0.5, times[-1] - oldest
    else:
        assert count <= given["every"] + workers, f"{count} calls lost by one kill"


@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("kind", ["sync", "async", "async source"])
def test_a_slow_disk_does_not_widen_the_loss(kind: str, workers: int, every: int, place: PlaceMaker) -> None:
    """Saving takes far longer than the items: those that settle meanwhile are not handed out beyond the bound."""
    here = place(
        """
        from onward.stores.sqlite import SqliteStore

        def commit(store, change, usual=SqliteStore.commit):
            time.sleep(0.03)
            usual(store, change)

        SqliteStore.commit = commit

        def work(number):
            called(number)
            if number == 50 and first_time("killed"):
                kill()
            return number

        async def work_async(number):
            return work(number)

        async def numbers_async():
            for number in range(60):
                yield number

        items = numbers_async if given["kind"] == "async source" else range(60)
        main(lambda: onward.map(
            work_async if given["kind"] == "async" else work, items, job="job", every=given["every"],
            workers=given["workers"]))
        """
    )
    given = {"kind": kind, "every": every, "workers": workers}
    first = here.run(**given)
    assert first.code == KILLED, first
    saved = here.saved()
    lost = len(set(first.calls) - saved)
    print(f"{kind}, workers={workers}, every={every}: {lost} of {len(first.calls)} calls lost")
    assert lost <= every + workers
    assert set(here.run(**given).finished().calls) == set(range(60)) - saved
