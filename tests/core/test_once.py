"""Acts on the world outside: done once, and in doubt where nothing tells."""

import asyncio
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

import onward
from onward import errors
from onward.stores import open_runs
from onward.stores.memory import MemoryRuns

SOON = onward.Retry(3, initial=0.001, longest=0.002)


@pytest.fixture
def store() -> MemoryRuns:
    return MemoryRuns()


class World:
    """The world outside: what was done to it, under which keys."""

    def __init__(self, *raises: Any) -> None:
        self.done: list[tuple[Any, str]] = []
        self._raises = list(raises)

    def pay(self, amount: int, *, idempotency_key: str) -> dict[str, int]:
        error = self._raises.pop(0) if self._raises else None
        if isinstance(error, onward.NotDone):
            raise error
        self.done.append((amount, idempotency_key))
        if error is not None:
            raise error
        return {"paid": amount}

    async def pay_async(self, amount: int, *, idempotency_key: str) -> dict[str, int]:
        await asyncio.sleep(0)
        return self.pay(amount, idempotency_key=idempotency_key)


def jobs(world: World) -> dict[str, Any]:
    """The same job in every way it may be written."""

    def plain(item: Any) -> Any:
        return onward.once("pay", world.pay, item["n"])

    async def coroutine(item: Any) -> Any:
        return await onward.once("pay", world.pay_async, item["n"])

    async def mixed(item: Any) -> Any:
        return await onward.once("pay", world.pay, item["n"])

    return {"plain": plain, "coroutine": coroutine, "mixed": mixed}


WAYS = ["plain", "coroutine", "mixed"]
ITEMS = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]


def run(fn: Any, store: Any, items: Any = ITEMS, **policies: Any) -> onward.Report:
    policies = {"key": "id", "version": 1, "max_failures": None, **policies}
    return onward.map(fn, items, job="job", store=store, **policies)


def failed_with(report: onward.Report) -> list[str]:
    return [str(outcome.error) for outcome in report.failures]


@pytest.mark.parametrize("way", WAYS)
def test_it_acts_and_gives_what_the_function_gives(store: MemoryRuns, way: str) -> None:
    world = World()
    report = run(jobs(world)[way], store)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert [amount for amount, _ in world.done] == [1, 2]
    assert len({key for _, key in world.done}) == 2
    assert all(uuid.UUID(key) for _, key in world.done)


def test_outside_an_item_it_is_refused() -> None:
    with pytest.raises(errors.UsageError, match="inside a job function"):
        onward.once("pay", World().pay, 1)


def test_an_act_has_a_name(store: MemoryRuns) -> None:
    report = run(lambda item: onward.once("", World().pay, 1), store)
    assert "needs a name" in failed_with(report)[0]


def test_a_name_is_used_once_in_an_item(store: MemoryRuns) -> None:
    world = World()

    def work(item: Any) -> None:
        onward.once("pay", world.pay, 1)
        onward.once("pay", world.pay, 1)

    report = run(work, store)
    assert "once 'pay' occurs twice in item 'a'" in failed_with(report)[0]

    def step_too(item: Any) -> None:
        onward.step("pay", len, "")
        onward.once("pay", world.pay, 1)

    assert "occurs twice" in failed_with(run(step_too, MemoryRuns()))[0]


@pytest.mark.parametrize("way", WAYS)
def test_what_was_done_is_not_done_by_a_retry(store: MemoryRuns, way: str) -> None:
    world = World()
    tries: list[Any] = []
    inner = jobs(world)[way]

    def plain(item: Any) -> Any:
        found = inner(item)
        tries.append(item)
        if len(tries) < 4:
            raise OSError
        return found

    async def coroutine(item: Any) -> Any:
        found = await inner(item)
        tries.append(item)
        if len(tries) < 4:
            raise OSError
        return found

    report = run(plain if way == "plain" else coroutine, store, retries=SOON)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert [amount for amount, _ in world.done] == [1, 2]


def test_nor_by_a_retry_in_a_later_session(store: MemoryRuns) -> None:
    world = World()
    fails = True

    def work(item: Any) -> Any:
        found = onward.once("pay", world.pay, item["n"])
        if fails:
            raise OSError
        return found

    assert run(work, store).failed == 2
    fails = False
    report = run(work, store, retry_failed=True)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert len(world.done) == 2


def test_the_intent_is_durable_before_the_act(tmp_path: Path) -> None:
    seen: list[Any] = []

    def act(*, idempotency_key: str) -> None:
        with onward.load("job", store=tmp_path)._reader() as reader:
            seen.append([(record.name, b"begun" in record.raw) for record in reader.steps()])

    async def act_async(*, idempotency_key: str) -> None:
        act(idempotency_key=idempotency_key)

    async def work_async(item: Any) -> None:
        await onward.once("act", act_async)

    run(lambda item: onward.once("act", act), tmp_path, ITEMS[:1], every=1000)
    run(work_async, tmp_path, ITEMS[:1], every=1000, again=True)
    assert seen == [[("act", True)], [("act", True)]]


def test_its_result_is_durable_before_the_item_settles(tmp_path: Path) -> None:
    def work(item: Any) -> None:
        onward.once("pay", World().pay, 1)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with onward.load("job", store=tmp_path)._reader() as reader:
                if any(b'"done"' in record.raw for record in reader.steps()):
                    return
        raise AssertionError

    assert run(work, tmp_path, ITEMS[:1], every=1000).succeeded == 1


@pytest.mark.parametrize("way", WAYS)
def test_an_act_that_raised_is_in_doubt(store: MemoryRuns, way: str) -> None:
    world = World(ConnectionError("reset"))
    report = run(jobs(world)[way], store, retries=SOON)
    assert (report.succeeded, report.failed) == (1, 1)
    assert len(world.done) == 2, "not again"
    (said,) = failed_with(report)
    assert said.startswith("onward.errors.InDoubt: 'pay' may have been done for item 'a': it was begun at ")
    assert "(ConnectionError: reset)" in said
    assert 'give reconcile= that looks there, or in_doubt="redo"' in said


@pytest.mark.parametrize("way", WAYS)
def test_in_doubt_it_may_be_done_again(store: MemoryRuns, way: str) -> None:
    world = World(ConnectionError("reset"))
    report = run(jobs(world)[way], store, retries=SOON, in_doubt="redo")
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    keys = [key for amount, key in world.done if amount == 1]
    assert len(keys) == 2
    assert len(set(keys)) == 1, "the world outside can tell that it is the same"


@pytest.mark.parametrize("way", WAYS)
def test_who_did_nothing_says_so(store: MemoryRuns, way: str) -> None:
    world = World(onward.NotDone("busy", retry_after=0.001), onward.NotDone("busy"))
    report = run(jobs(world)[way], store, retries=SOON)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert len(world.done) == 2
    world = World(onward.NotDone("busy"))
    assert "NotDone: busy" in failed_with(run(jobs(world)[way], MemoryRuns()))[0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("late", [False, True])
def test_reconcile_tells_what_was_done(store: MemoryRuns, way: str, late: bool) -> None:
    world = World(ConnectionError("reset"))
    asked: list[Any] = []

    def reconcile(item: Any, name: str, idempotency_key: str) -> Any:
        asked.append((item["id"], name))
        assert (1, idempotency_key) in world.done
        return onward.Done({"paid": item["n"]})

    async def reconcile_async(item: Any, name: str, idempotency_key: str) -> Any:
        return reconcile(item, name, idempotency_key)

    given: Any = reconcile_async if way == "coroutine" else reconcile
    if late:
        run(jobs(world)[way], store)
        report = run(jobs(world)[way], store, retry_failed=True, reconcile=given)
    else:
        report = run(jobs(world)[way], store, retries=SOON, reconcile=given)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert asked == [("a", "pay")]
    assert len(world.done) == 2


def test_reconcile_may_say_redo_or_leave(store: MemoryRuns) -> None:
    world = World(ConnectionError("reset"), None, ConnectionError("reset"))
    answers = {"a": "redo", "b": "leave"}
    fn = jobs(world)["plain"]
    report = run(fn, store, retries=SOON, reconcile=lambda item, name, key: answers[item["id"]])
    assert (report.succeeded, report.failed) == (1, 1)
    assert [amount for amount, _ in world.done] == [1, 1, 2]
    assert "look there, then retry failed items" in failed_with(report)[0]
    report = run(fn, store, retry_failed=True, reconcile=lambda item, name, key: onward.Done({"paid": 0}))
    assert list(report.results()) == [{"paid": 1}, {"paid": 0}]


@pytest.mark.parametrize("way", WAYS)
def test_reconcile_may_fail_and_is_asked_again(store: MemoryRuns, way: str) -> None:
    world = World(ConnectionError("reset"))
    asked: list[Any] = []

    def reconcile(item: Any, name: str, idempotency_key: str) -> Any:
        asked.append(item)
        if len(asked) == 1:
            raise ConnectionError("nobody there")
        return onward.Done({"paid": 1})

    report = run(jobs(world)[way], store, retries=SOON, reconcile=reconcile)
    assert list(report.results()) == [{"paid": 1}, {"paid": 2}]
    assert (len(asked), len(world.done)) == (2, 2)


def test_what_reconcile_must_not_give(store: MemoryRuns) -> None:
    world = World(ConnectionError("reset"))
    report = run(jobs(world)["plain"], store, retries=SOON, reconcile=lambda *_: True)
    assert "reconcile gave True for 'pay'" in failed_with(report)[0]

    async def later(item: Any, name: str, key: str) -> str:
        return "redo"

    world = World(ConnectionError("reset"))
    report = run(jobs(world)["plain"], MemoryRuns(), retries=SOON, reconcile=later)
    assert "make both the same" in failed_with(report)[0]


def test_the_key_is_the_same_in_every_session_and_after_a_restart(store: MemoryRuns) -> None:
    keys: list[set[str]] = []
    for policies in ({}, {"again": True}, {"again": True, "items": [{"id": "a", "n": 9}, *ITEMS[1:]]}):
        world = World()
        run(jobs(world)["plain"], store, **policies)
        keys.append({key for _, key in world.done})
    assert keys[0] == keys[1] == keys[2]
    world = World()
    run(jobs(world)["plain"], store, run="another")
    assert keys[0].isdisjoint({key for _, key in world.done})


def test_without_a_key_the_content_belongs_to_it(store: MemoryRuns) -> None:
    """What stands at a position may be another item the next time."""
    keys = []
    for items in ([{"n": 1}], [{"n": 2}], [{"n": 1}]):
        world = World()
        run(jobs(world)["plain"], store, items, key=None, again=True)
        keys.append(world.done[0][1])
    assert keys[0] == keys[2] != keys[1]


def changed(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": name, "n": number} for name, number in zip("abc", numbers, strict=False)]


def test_a_redo_of_a_settled_item_is_in_doubt(store: MemoryRuns) -> None:
    """With its old content it settled, acts and all."""
    world = World()
    fn = jobs(world)["plain"]
    run(fn, store, changed(1, 2, 3), limit=1)
    report = run(fn, store, changed(7, 2, 3), on_change="redo")
    assert [amount for amount, _ in world.done] == [1, 2, 3]
    assert (
        "'pay' may have been done for item 'a': it was begun, when the item had another content"
        in (failed_with(report)[0])
    )
    report = run(fn, store, changed(7, 2, 3), on_change="redo", in_doubt="redo", retry_failed=True)
    assert [amount for amount, _ in world.done] == [1, 2, 3, 7]
    assert list(report.results()) == [{"paid": 7}, {"paid": 2}, {"paid": 3}]


def test_and_stays_so_when_the_redo_fails_for_another_reason(store: MemoryRuns) -> None:
    world = World()
    fails = False

    def work(item: Any) -> Any:
        if fails:
            raise OSError
        return onward.once("pay", world.pay, item["n"])

    run(work, store, changed(1, 2, 3), limit=2)
    fails = True
    run(work, store, changed(7, 2, 3), on_change="redo", limit=1)
    fails = False
    report = run(work, store, changed(7, 2, 3), retry_failed=True)
    assert "when the item had another content" in failed_with(report)[0]
    assert [amount for amount, _ in world.done] == [1, 2, 3]


@pytest.mark.parametrize("error", [None, ConnectionError("reset")])
def test_an_item_changed_before_it_settled_is_in_doubt(store: MemoryRuns, error: Any) -> None:
    world = World(error)
    stops = True

    def work(item: Any) -> Any:
        found = onward.once("pay", world.pay, item["n"])
        if stops:
            raise onward.Stopped("now")
        return found

    with pytest.raises(onward.Stopped):  # at "a" if it was done, else "a" fails in doubt, and at "b"
        run(work, store, changed(1, 2))
    stops = False
    report = run(work, store, changed(9, 2), retry_failed=True, on_change="redo")
    assert "when the item had another content" in failed_with(report)[0]
    assert 9 not in [amount for amount, _ in world.done]


def test_a_finished_run_that_acted_does_not_begin_anew_by_itself(store: MemoryRuns) -> None:
    world = World()
    fn = jobs(world)["plain"]
    run(fn, store, changed(1, 2))
    with pytest.raises(errors.InputChanged, match="acted on the world outside") as refused:
        run(fn, store, changed(1, 2, 3))
    assert refused.value.ways == ({"again": True},)
    assert len(world.done) == 2
    run(fn, store, changed(1, 2, 3), again=True)
    assert len(world.done) == 5
    run(fn, store, changed(1, 2, 4), on_change="restart")
    assert len(world.done) == 8


def test_a_timed_out_act_is_in_doubt(store: MemoryRuns) -> None:
    released = threading.Event()

    def slow(*, idempotency_key: str) -> None:
        released.wait(10)

    try:
        report = run(lambda item: onward.once("slow", slow), store, ITEMS[:1], timeout=0.05)
    finally:
        released.set()
    assert "TimeoutError" in failed_with(report)[0]

    async def stall(*, idempotency_key: str) -> None:
        await asyncio.sleep(10)

    async def work(item: Any) -> None:
        await onward.once("slow", stall)

    report = run(work, MemoryRuns(), ITEMS[:1], timeout=0.1, retries=SOON)
    assert "InDoubt: 'slow' may have been done for item 'a'" in failed_with(report)[0]
    assert "CancelledError" in failed_with(report)[0]


def test_a_stop_before_the_act_leaves_no_doubt(store: MemoryRuns) -> None:
    """The intent could not be saved in time; nothing was done."""
    writer_of, hold, held = store.writer, threading.Event(), threading.Event()

    def writer(job: str, run: str) -> Any:
        found = writer_of(job, run)
        commit = found.commit

        def slow(change: Any) -> None:
            if change.steps and not hold.is_set():
                held.set()
                hold.wait(10)
            commit(change)

        found.commit = slow  # type: ignore[method-assign]
        return found

    store.writer = writer  # type: ignore[method-assign]
    world = World()

    async def work(item: Any) -> Any:
        return await onward.once("pay", world.pay_async, item["n"])

    def let_go() -> None:
        held.wait(10)
        time.sleep(0.2)
        hold.set()

    letting = threading.Thread(target=let_go)
    letting.start()
    report = run(work, store, ITEMS[:1], timeout=0.1)
    letting.join()
    assert "TimeoutError" in failed_with(report)[0]
    assert world.done == []
    assert run(work, store, ITEMS[:1], retry_failed=True).succeeded == 1


def test_many_acts_share_their_saves(tmp_path: Path) -> None:
    store = open_runs(tmp_path)
    writer_of, commits = store.writer, 0

    def writer(job: str, run: str) -> Any:
        found = writer_of(job, run)
        commit = found.commit

        def counted(change: Any) -> None:
            nonlocal commits
            commits += 1
            time.sleep(0.02)
            commit(change)

        found.commit = counted  # type: ignore[method-assign]
        return found

    store.writer = writer  # type: ignore[method-assign]
    world = World()
    items = [{"id": number, "n": number} for number in range(200)]
    run(jobs(world)["coroutine"], store, items, workers=100)
    assert len(world.done) == 200
    assert commits < 60


def test_acts_in_a_loop_of_ones_own(store: MemoryRuns) -> None:
    world = World()
    for _ in range(2):
        with onward.run("job", store=store, key="id") as loop:
            for item in loop.pending(ITEMS):
                loop.succeed(onward.once("pay", world.pay, item["n"]))
                break
    assert [amount for amount, _ in world.done] == [1, 2]


@pytest.mark.parametrize("plain", [True, False])
def test_acts_in_an_asynchronous_loop(store: MemoryRuns, plain: bool) -> None:
    world = World()

    async def items() -> Any:
        for item in ITEMS:
            yield item

    async def main() -> None:
        async with onward.run("job", store=store, key="id") as loop:
            if plain:
                for item in loop.pending(ITEMS):
                    loop.succeed(await onward.once("pay", world.pay, item["n"]))
                return
            async for item in loop.pending(items()):
                loop.succeed(await onward.once("pay", world.pay, item["n"]))

    asyncio.run(main())
    assert [amount for amount, _ in world.done] == [1, 2]


@pytest.mark.parametrize("key", ["id", None])
def test_what_is_in_doubt_can_be_looked_at(store: MemoryRuns, key: str | None) -> None:
    world = World(ConnectionError("reset"), onward.NotDone("busy"))

    def work(item: Any) -> Any:
        onward.step("a", len, "")
        seen.append([(key, name) for key, name, _ in onward.load("job", store=store).in_doubt])
        found = onward.once("pay", world.pay, item["n"])
        raise OSError(found)

    seen: list[Any] = []
    run(work, store, changed(1, 2, 3), key=key)
    ((found, name, at),) = onward.load("job", store=store).in_doubt
    assert (found, name) == ("a" if key else 0, "pay")
    assert abs(time.time() - at) < 600
    run(work, store, changed(1, 2, 3), key=key, retry_failed=True, reconcile=lambda *_: onward.Done())
    assert onward.load("job", store=store).in_doubt == []


def test_what_is_no_policy_is_refused(store: MemoryRuns) -> None:
    with pytest.raises(errors.UsageError, match="in_doubt='maybe'"):
        run(len, store, in_doubt="maybe")
    with pytest.raises(errors.UsageError, match="reconcile='ask'"):
        run(len, store, reconcile="ask")


def test_a_result_that_cannot_be_saved_leaves_it_in_doubt(store: MemoryRuns) -> None:
    def act(*, idempotency_key: str) -> Any:
        return object()

    with pytest.raises(errors.ValueRefused, match="the result of 'act' of item 'a'"):
        run(lambda item: onward.once("act", act), store)
    report = run(lambda item: onward.once("act", act), store, ITEMS[:1])
    assert "may have been done" in failed_with(report)[0]
