"""The many ways a session can end before the run is finished: each says what it is, and keeps the work done."""

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import Place, write_jsonl

# Wherever it ends, the script is started again with nothing in the way, and must finish with all work reused.

_MAP = """
    def work(item):
        called(item["id"])
        trouble(item)
        return {"id": item["id"]}

    policies = {"job": "job", "output": "out.jsonl", **given.get("policies", {})}
"""

MAP = _MAP + "    main(lambda: onward.map(work, numbers(30), **policies))\n"

WORKERS = pytest.mark.parametrize("workers", [1, 4], ids=["inline", "threads"])


def goes_on(here: Place, settled: int, count: int = 30, **given: Any) -> None:
    """The next start takes up what is left, and only that."""
    saved = here.saved()
    assert len(saved) == settled
    before = len(here.calls())
    ended = here.run(**given).finished()
    assert ended.told["reused"] == settled
    assert len(here.calls()) - before == count - settled
    assert here.lines() == [{"id": number} for number in range(1, count + 1)]


class TestItems:
    """What an item's function does wrong."""

    @WORKERS
    @pytest.mark.parametrize(
        ("value", "parts"),
        [
            ("{'score': [1.0, float('nan')]}", ["item 12", "$.score[1]", "nan"]),
            ("{'by': {3: 'x'}}", ["item 12", "$.by", "3"]),
            ("{'at': object()}", ["item 12", "object"]),
            ("{'text': '\\ud800'}", ["item 12", "$.text"]),
        ],
        ids=["nan", "key", "object", "surrogate"],
    )
    def test_a_result_that_cannot_be_saved(
        self, value: str, parts: list[str], workers: int, place: PlaceMaker
    ) -> None:
        here = place(
            f"""
            def work(item):
                called(item["id"])
                if item["id"] == 13 and given.get("bad"):
                    return {value}
                return {{"id": item["id"]}}

            main(lambda: onward.map(
                work, numbers(30), job="job", output="out.jsonl", every=1, workers=given["workers"]))
            """
        )
        ended = here.run(bad=True, workers=workers)
        ended.refused("ValueRefused", 1, *parts)
        saved = here.saved()
        assert 12 not in saved
        assert len(saved) >= 12 - workers
        goes_on(here, len(saved), workers=workers)

    @WORKERS
    def test_system_exit_passes_and_leaves_its_item(self, workers: int, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                if item["id"] == 13 and given.get("bad"):
                    sys.exit(44)
                return {"id": item["id"]}

            def start():
                try:
                    return onward.map(
                        work, numbers(30), job="job", output="out.jsonl", workers=given["workers"], every=1)
                except SystemExit as error:
                    note(error.code)
                    raise

            main(start)
            """
        )
        ended = here.run(bad=True, workers=workers)
        assert ended.code == 44, ended
        assert here.notes() == [44]
        saved = here.saved()
        assert set(range(12)) - saved <= set(range(12 - workers + 1, 12)), "but for what was in flight"
        assert 12 not in saved
        assert here.view().status == "interrupted"
        goes_on(here, len(saved), workers=workers)

    def test_keyboard_interrupt_of_an_item(self, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                if item["id"] == 13 and given.get("bad"):
                    raise KeyboardInterrupt
                return {"id": item["id"]}

            main(lambda: onward.map(work, numbers(30), job="job", output="out.jsonl"))
            """
        )
        ended = here.run(bad=True).refused("Interrupted", 75, "saved at 12/30")
        assert ended.told["report"]["status"] == "interrupted"
        goes_on(here, 12)

    @WORKERS
    def test_an_item_that_fails_is_a_record_not_a_hole(self, workers: int, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                if item["id"] % 10 == 0:
                    raise ValueError(f"no {item['id']}")
                if item["id"] % 7 == 0:
                    raise onward.Skip("dull")
                return {"id": item["id"]}

            def start():
                report = onward.map(work, numbers(30), job="job", output="out.jsonl", workers=given["workers"])
                note([[f.position, f.error.type, f.error.message, f.attempts] for f in report.failures])
                return report

            main(start)
            """
        )
        told = here.run(workers=workers).finished().told
        counts = [told[name] for name in ("total", "succeeded", "failed", "skipped", "left")]
        assert counts == [30, 23, 3, 4, 0]
        assert here.notes() == [[[n - 1, "ValueError", f"no {n}", 1] for n in (10, 20, 30)]]
        assert [line["position"] for line in here.lines("out.jsonl.failures.jsonl")] == [9, 19, 29]
        again = here.run(workers=workers).finished()
        assert again.told["already"]
        assert again.calls == []


class TestSources:
    """What an input does wrong, or is."""

    def test_empty_input_finishes(self, place: PlaceMaker) -> None:
        here = place(
            "main(lambda: onward.map(lambda item: item, given['items'], job='job', output='out.jsonl'))"
        )
        ended = here.run(items=[]).finished()
        assert (ended.told["total"], ended.told["succeeded"], here.read()) == (0, 0, b"")
        assert here.run(items=[]).finished().told["already"]

    def test_input_that_is_not_empty_any_more(self, place: PlaceMaker) -> None:
        here = place(
            "main(lambda: onward.map(lambda item: item, given['items'], job='job', output='out.jsonl'))"
        )
        here.run(items=[]).finished()
        assert not here.run(items=[1, 2]).finished().told["already"]
        assert here.lines() == [1, 2]

    @WORKERS
    def test_a_generator_that_raises(self, workers: int, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                return {"id": item["id"]}

            def items():
                for item in numbers(30):
                    if item["id"] == 21 and given.get("bad"):
                        raise OSError("the network is gone")
                    yield item

            main(lambda: onward.map(
                work, items, job="job", output="out.jsonl", workers=given["workers"], every=1))
            """
        )
        here.run(bad=True, workers=workers).refused("OSError", 1, "the network is gone")
        saved = len(here.saved())
        assert 20 - workers <= saved <= 20
        goes_on(here, saved, workers=workers)

    def test_a_damaged_line_is_named(self, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                return {"id": item["id"]}

            main(lambda: onward.map(work, "items.jsonl", job="job", key="id", output="out.jsonl"))
            """
        )
        path = here.folder / "items.jsonl"
        write_jsonl(path, ({"id": number} for number in range(1, 31)))
        good = path.read_bytes()
        path.write_bytes(good.replace(b'{"id": 21}', b'{"id": 21'))
        here.run().refused("SourceError", 1, "items.jsonl, line 21")
        path.write_bytes(good)
        goes_on(here, 20)

    @WORKERS
    def test_duplicate_keys(self, workers: int, place: PlaceMaker) -> None:
        here = place(
            """
            def work(item):
                called(item["id"])
                return {"id": item["id"]}

            items = numbers(30)
            items.insert(20, {"id": 7})
            main(lambda: onward.map(
                work, items, job="job", key="id", output="out.jsonl", every=1, workers=given["workers"],
                duplicates=given["duplicates"]))
            """
        )
        here.run(duplicates="refuse", workers=workers).refused("DuplicateKey", 4, "7", "position 20", "skip")
        saved = len(here.saved())
        assert 20 - workers <= saved <= 20
        goes_on(here, saved, duplicates="skip", workers=workers)
        assert here.run(duplicates="skip", workers=workers).finished().told["already"]

    def test_one_and_the_text_one_are_two_keys(self, place: PlaceMaker) -> None:
        here = place("main(lambda: onward.map(lambda i: i, [{'k': 1}, {'k': '1'}], job='job', key='k'))")
        assert here.run().finished().told["succeeded"] == 2


class TestLoop:
    """The ways out of a loop's block."""

    LOOP = """
        def start():
            with onward.run("job", output="out.jsonl") as run:
                for item in run.pending(numbers(30)):
                    called(item["id"])
                    run.state["sum"] = run.state.get("sum", 0) + item["id"]
                    if item["id"] == 13 and given.get("bad"):
                        BAD
                    run.succeed({"id": item["id"]})
            return run.report

        main(start)
    """

    def test_break_leaves_its_item(self, place: PlaceMaker) -> None:
        here = place(self.LOOP.replace("BAD", "break"))
        told = here.run(bad=True).told
        assert (told["status"], told["succeeded"], told["state"]) == ("interrupted", 12, {"sum": 78})
        goes_on(here, 12)
        assert here.view().state == {"sum": 465}

    def test_an_exception_passes_and_settles_nothing(self, place: PlaceMaker) -> None:
        here = place(self.LOOP.replace("BAD", 'raise ValueError("in the body")'))
        here.run(bad=True).refused("ValueError", 1, "in the body")
        assert here.view().state == {"sum": 78}, "what the body changed before it raised does not count"
        goes_on(here, 12)
        assert here.view().state == {"sum": 465}

    def test_return_from_within(self, place: PlaceMaker) -> None:
        here = place(self.LOOP.replace("BAD", "return None"))
        here.run(bad=True)
        assert here.view().status == "interrupted"
        goes_on(here, 12)

    def test_what_changes_after_settling_counts_for_the_item(self, place: PlaceMaker) -> None:
        here = place(
            """
            def start():
                with onward.run("job", output="out.jsonl", every=1) as run:
                    for item in run.pending(numbers(30)):
                        run.succeed({"id": item["id"]})
                        run.state["sum"] = run.state.get("sum", 0) + item["id"]
                        if item["id"] == 13 and first_time("killed"):
                            kill()
                return run.report

            main(start)
            """
        )
        here.run()
        assert here.run().finished().told["state"] == {"sum": 465}
        assert here.lines() == [{"id": number} for number in range(1, 31)]

    def test_a_state_that_cannot_be_saved(self, place: PlaceMaker) -> None:
        here = place(self.LOOP.replace("BAD", 'run.state["bad"] = float("nan")'))
        here.run(bad=True).refused("ValueRefused", 1, "state", "nan")
        goes_on(here, 12)
        assert here.view().state == {"sum": 465}

    def test_a_loop_over_a_folder_that_was_killed(self, place: PlaceMaker) -> None:
        here = place(
            """
            def start():
                with onward.run("job", every=1) as run:
                    for item in run.pending("texts"):
                        called(str(item)[:9])
                        if len(run.state) == 5 and first_time("killed"):
                            kill()
                        run.state[str(len(run.state))] = 1
                        run.succeed(None)
                return run.report

            main(start)
            """
        )
        (here.folder / "texts").mkdir()
        for number in range(9):
            (here.folder / "texts" / f"{number}.txt").write_text(f"text {number}")
        here.run()
        assert len(here.saved()) == 5
        assert here.run().finished().told["reused"] == 5


class TestState:
    """What on_result does wrong."""

    SCRIPT = """
        def work(item):
            called(item["id"])
            return {"id": item["id"]}

        def add(state, item, value):
            state["sum"] = state.get("sum", 0) + value["id"]
            if given.get("bad") == "raise" and value["id"] == 13:
                raise ValueError("in on_result")
            if given.get("bad") == "nan" and value["id"] == 13:
                state["nan"] = float("nan")

        main(lambda: onward.map(
            work, numbers(30), job="job", on_result=add, output="out.jsonl", every=given.get("every", 1)))
    """

    @pytest.mark.parametrize("every", [1, 5, "auto"])
    @pytest.mark.parametrize(("bad", "error"), [("raise", "ValueError"), ("nan", "ValueRefused")])
    def test_the_run_is_not_spoilt(self, bad: str, error: str, every: Any, place: PlaceMaker) -> None:
        here = place(self.SCRIPT)
        assert here.run(bad=bad, every=every).error == error
        saved = len(here.saved())
        assert saved <= 13
        goes_on(here, saved)
        assert here.view().state == {"sum": 465}


class TestLimits:
    def test_ten_more_until_it_is_finished(self, place: PlaceMaker) -> None:
        here = place(MAP.replace("trouble(item)", "pass"))
        for sessions in (1, 2):
            ended = here.run(policies={"limit": 10})
            told = [ended.told[name] for name in ("status", "succeeded", "left", "reused")]
            assert told == ["interrupted", 10 * sessions, 30 - 10 * sessions, 10 * (sessions - 1)]
            assert not here.has("out.jsonl")
        here.run(policies={"limit": 10}).finished()
        assert here.calls() == list(range(1, 31))
        assert here.lines() == [{"id": number} for number in range(1, 31)]

    def test_limit_by_command_exits_75(self, place: PlaceMaker) -> None:
        here = place(MAP.replace("trouble(item)", "pass"))
        (here.folder / "app.py").write_text("def same(item):\n    return item\n")
        write_jsonl(here.folder / "items.jsonl", ({"id": number} for number in range(1, 31)))
        words = ["run", "app.py:same", "--input", "items.jsonl", "--output", "out.jsonl"]
        codes = [here.command(*words, "--limit", "10").code for _ in range(3)]
        assert codes == [75, 75, 0]
        assert here.command(*words).code == 0

    @WORKERS
    def test_deadline(self, workers: int, place: PlaceMaker) -> None:
        here = place(MAP.replace("trouble(item)", "time.sleep(0.02 * given['policies']['workers'])"))
        ended = here.run(policies={"deadline": 0.2, "workers": workers})
        ended.refused("DeadlineReached", 6, "deadline", "0.2")
        settled = ended.told["report"]["succeeded"]
        assert 0 < settled < 30
        goes_on(here, settled, policies={"workers": workers})

    FAILING = """
        def work(item):
            called(item["id"])
            if item["id"] in given.get("failing", ()):
                raise ValueError("no")
            return {"id": item["id"]}

        main(lambda: onward.map(work, numbers(60), job="job", output="out.jsonl", **given["policies"]))
    """

    @pytest.mark.parametrize(
        ("failing", "policies", "settled", "message"),
        [
            ([1, 5, 9, 13], {"max_failures": 2}, 9, "3 items failed, max_failures=2"),
            ([7], {"max_failures": 0}, 7, "max_failures=0"),
            (list(range(2, 60, 5)), {"max_failures": "10%"}, 22, "10%"),
            (list(range(1, 60)), {}, 20, "first 20 items all failed with ValueError"),
        ],
        ids=["number", "none", "percent", "default"],
    )
    def test_too_many_failures(
        self, failing: list[int], policies: dict[str, Any], settled: int, message: str, place: PlaceMaker
    ) -> None:
        here = place(self.FAILING)
        ended = here.run(failing=failing, policies=policies)
        ended.refused("FailureLimitReached", 6, message, "ValueError: no")
        assert len(here.saved()) == settled == len(ended.calls)
        assert not here.has("out.jsonl")
        failed = len(set(failing) & set(ended.calls))
        rest = here.run(failing=[], policies={"retry_failed": True}).finished()
        assert len(rest.calls) == 60 - settled + failed
        assert here.lines() == [{"id": number} for number in range(1, 61)]

    def test_nineteen_failures_are_no_reason_to_stop(self, place: PlaceMaker) -> None:
        here = place(self.FAILING)
        assert here.run(failing=list(range(1, 20)), policies={}).finished().told["failed"] == 19


class TestSignals:
    """Once is a wish, twice is an order."""

    SLOW = """
        def work(item):
            called(item["id"])
            if item["id"] >= 13 and given.get("bad"):
                note(item["id"])
                WAIT
            return {"id": item["id"]}

        main(lambda: onward.map(
            work, numbers(30), job="job", output="out.jsonl", workers=given["workers"], grace=given["grace"]))
    """
    PATIENT = SLOW.replace("WAIT", 'wait_for("go")')
    STUCK = SLOW.replace("WAIT", "time.sleep(600)")

    @WORKERS
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
    def test_once(self, number: signal.Signals, workers: int, place: PlaceMaker) -> None:
        here = place(self.PATIENT)
        session = here.start(bad=True, workers=workers, grace=30)
        session.until(lambda: 13 in here.notes())
        session.process.send_signal(number)
        (here.folder / "go").touch()
        ended = session.wait().refused("Interrupted", 75, "Run the same again to go on")
        told = ended.told["report"]
        assert told["status"] == "interrupted"
        assert 12 in here.saved(), "what was in flight was let finish"
        assert told["succeeded"] + told["left"] == told["total"] == 30
        if workers == 1:
            assert told["succeeded"] == 13
        goes_on(here, told["succeeded"], workers=workers, grace=30)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sees in /proc that a signal was taken")
    @WORKERS
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
    def test_twice(self, number: signal.Signals, workers: int, place: PlaceMaker) -> None:
        here = place(self.STUCK)
        session = here.start(bad=True, workers=workers, grace=300)
        session.until(lambda: 13 in here.notes())
        session.process.send_signal(number)
        session.until(lambda: _asked_to_stop(session.process.pid, number))
        session.process.send_signal(number)
        session.wait().refused("Interrupted", 128 + number)
        saved = here.saved()
        assert 12 not in saved
        goes_on(here, len(saved), workers=workers, grace=30)

    @WORKERS
    def test_grace_is_over(self, workers: int, place: PlaceMaker) -> None:
        here = place(self.STUCK)
        session = here.start(bad=True, workers=workers, grace=0.2)
        session.until(lambda: 13 in here.notes())
        session.process.send_signal(signal.SIGINT)
        session.wait().refused("Interrupted", 75)
        goes_on(here, len(here.saved()), workers=workers, grace=30)

    def test_between_items_of_a_loop(self, place: PlaceMaker) -> None:
        here = place(
            """
            def start():
                with onward.run("job", output="out.jsonl") as run:
                    for item in run.pending(numbers(30)):
                        called(item["id"])
                        if item["id"] == 13 and given.get("bad"):
                            os.kill(os.getpid(), signal.SIGTERM)
                        run.succeed({"id": item["id"]})
                return run.report

            main(start)
            """
        )
        here.run(bad=True).refused("Interrupted", 75, "saved at 13")
        goes_on(here, 13)

    def test_a_coroutine_function(self, place: PlaceMaker) -> None:
        here = place(
            """
            async def work(item):
                called(item["id"])
                if item["id"] == 13 and given.get("bad"):
                    os.kill(os.getpid(), signal.SIGINT)
                return {"id": item["id"]}

            main(lambda: onward.map(work, numbers(30), job="job", output="out.jsonl", workers=4))
            """
        )
        ended = here.run(bad=True).refused("Interrupted", 75)
        goes_on(here, ended.told["report"]["succeeded"])

    def test_cancelled_from_outside(self, place: PlaceMaker) -> None:
        here = place(
            """
            async def work(item):
                called(item["id"])
                if item["id"] == 13 and given.get("bad"):
                    asyncio.get_running_loop().call_soon(task.cancel)
                    await asyncio.sleep(0.05)
                return {"id": item["id"]}

            async def start():
                global task
                task = asyncio.ensure_future(
                    onward.amap(work, numbers(30), job="job", output="out.jsonl", workers=2))
                return await task

            main(start)
            """
        )
        assert here.run(bad=True).error == "CancelledError"
        assert 12 in here.saved(), "what was in flight was let finish"
        goes_on(here, len(here.saved()))

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
    def test_by_command(self, number: signal.Signals, place: PlaceMaker) -> None:
        here = place("")
        (here.folder / "app.py").write_text(
            "import os, signal\n"
            "def same(item):\n"
            f"    if item['id'] == 13 and not os.path.exists('once'):\n"
            f"        open('once', 'w').close()\n"
            f"        os.kill(os.getpid(), {int(number)})\n"
            "    return item\n"
        )
        write_jsonl(here.folder / "items.jsonl", ({"id": number} for number in range(1, 31)))
        words = ["run", "app.py:same", "--input", "items.jsonl", "--output", "out.jsonl"]
        ended = here.command(*words)
        assert ended.code == 75, ended
        assert "saved at 13/30" in ended.err
        assert here.command(*words).code == 0
        assert len(here.lines()) == 30


def _asked_to_stop(pid: int, number: int) -> bool:
    """Whether a process has taken a signal: none of it is pending any more."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = sum(
        int(line.split()[1], 16) for line in status.splitlines() if line.startswith(("SigPnd", "ShdPnd"))
    )
    return not pending & (1 << (number - 1))
