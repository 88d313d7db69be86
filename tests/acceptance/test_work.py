"""Batches, steps, state and streams, through crashes."""

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import KILLED, Place

WORKERS = pytest.mark.parametrize("workers", [1, 4], ids=["inline", "threads"])


class TestBatches:
    SCRIPT = """
        def work(items):
            called([item["id"] for item in items])
            for item in items:
                if item["id"] == 301 and first_time("killed") and given.get("kill"):
                    kill()
                if item["id"] % 50 == 0:
                    raise ValueError(f"no {item['id']}")
            return [{"id": item["id"]} for item in items]

        main(lambda: onward.map(
            work, numbers(500), job="job", output="out.jsonl", batch=64, every=1, workers=given["workers"]))
    """

    @WORKERS
    def test_saved_and_failed_item_by_item(self, workers: int, place: PlaceMaker) -> None:
        here = place(self.SCRIPT)
        first = here.run(kill=True, workers=workers)
        assert first.code == KILLED
        saved = here.saved()
        ended = here.run(workers=workers).finished()
        called = {number - 1 for batch in ended.calls for number in batch}
        assert called == set(range(500)) - saved
        told = ended.told
        assert (told["succeeded"], told["failed"], told["left"]) == (490, 10, 0)
        assert [line["key"] + 1 for line in here.lines("out.jsonl.failures.jsonl")] == list(
            range(50, 501, 50)
        )
        assert here.lines() == [{"id": number} for number in range(1, 501) if number % 50]
        assert max(len(batch) for batch in here.calls()) == 64

    def test_a_limit_within_a_batch(self, place: PlaceMaker) -> None:
        here = place(self.SCRIPT.replace("batch=64", "batch=64, limit=given.get('limit')"))
        told = here.run(workers=1, limit=40).told
        assert told["succeeded"] + told["failed"] == 40
        assert here.run(workers=1).finished().told["reused"] == 40

    def test_too_few_results(self, place: PlaceMaker) -> None:
        here = place("main(lambda: onward.map(lambda items: items[1:], numbers(500), job='job', batch=64))")
        here.run().refused("BatchMismatch", 1, "63 results", "64 items")
        assert here.view().status == "interrupted"


class TestSteps:
    SCRIPT = """
        def half(name):
            called(name)
            return name

        def work(item):
            first = onward.step("first", half, f"first {item['id']}")
            if item["id"] == 3 and not Path("killed").exists():
                while not list(steps()):
                    time.sleep(0.002)
                Path("killed").touch()
                kill()
            return [first, onward.step("second", half, f"second {item['id']}")]

        def steps():
            import sqlite3
            with sqlite3.connect(".onward/job/default.db") as database:
                return database.execute("SELECT * FROM step WHERE item LIKE '[2,%'").fetchall()

        async def half_async(name):
            return half(name)

        async def work_async(item):
            first = await onward.step("first", half_async, f"first {item['id']}")
            if item["id"] == 3 and not Path("killed").exists():
                while not list(steps()):
                    await asyncio.sleep(0.002)
                Path("killed").touch()
                kill()
            return [first, await onward.step("second", half_async, f"second {item['id']}")]

        main(lambda: onward.map(
            work_async if given["asynchronous"] else work, numbers(5), job="job", output="out.jsonl",
            workers=given["workers"], every=given["every"]))
    """

    @WORKERS
    @pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
    @pytest.mark.parametrize("every", [1, "0.2s", "auto"])
    def test_a_finished_step_survives_a_kill(
        self, every: str | int, asynchronous: bool, workers: int, place: PlaceMaker
    ) -> None:
        here = place(self.SCRIPT)
        given = {"every": every, "asynchronous": asynchronous, "workers": workers}
        assert here.run(**given).code == KILLED
        ended = here.run(**given).finished()
        assert "first 3" not in ended.calls
        assert "second 3" in ended.calls
        assert here.lines() == [[f"first {number}", f"second {number}"] for number in range(1, 6)]
        assert not list(here.view()._runs.reader("job", "default").steps()), "steps of settled items are gone"

    def test_in_a_loop(self, place: PlaceMaker) -> None:
        here = place(
            """
            def half(name):
                called(name)
                return name

            def start():
                with onward.run("job", output="out.jsonl", every=1) as run:
                    for number in run.pending([1, 2, 3]):
                        first = onward.step("first", half, f"first {number}")
                        if number == 2 and first_time("killed"):
                            run.checkpoint()
                            kill()
                        run.succeed([first, onward.step("second", half, f"second {number}")])
                return run.report

            main(start)
            """
        )
        assert here.run().code == KILLED
        assert here.run().finished().calls == ["second 2", "first 3", "second 3"]


class TestState:
    SCRIPT = """
        def work(item):
            called(item["id"])
            return item

        def add(state, item, value):
            state["sum"] = state.get("sum", 0) + value["value"]
            state["items"] = state.get("items", 0) + 1
            RULE

        main(lambda: onward.map(
            work, given["items"], job="job", key="id", on_result=add, every=1, **given["policies"]))
    """

    @staticmethod
    def items(*values: int) -> list[dict[str, int]]:
        return [{"id": number, "value": value} for number, value in enumerate(values)]

    def test_rebuilt_after_redo_and_retirement(self, place: PlaceMaker) -> None:
        here = place(self.SCRIPT.replace("RULE", "pass"))
        here.run(items=self.items(1, 2, 3, 4, 5), policies={"limit": 4})
        told = here.run(items=self.items(100, 2, 3, 4), policies={"on_change": "redo"}).finished().told
        assert told["state"] == {"sum": 109, "items": 4}

    def test_rebuilt_when_a_session_ends_early(self, place: PlaceMaker) -> None:
        here = place(self.SCRIPT.replace("RULE", "pass"))
        here.run(items=self.items(1, 2, 3, 4, 5), policies={"limit": 4})
        told = here.run(items=self.items(100, 20, 3, 4, 5), policies={"on_change": "redo", "limit": 2}).told
        assert (told["status"], told["state"]["sum"]) == ("interrupted", 127)
        told = here.run(items=self.items(100, 20, 3, 4, 5), policies={}).finished().told
        assert told["state"] == {"sum": 132, "items": 5}

    def test_rebuilt_after_a_kill_in_the_middle_of_a_redo(self, place: PlaceMaker) -> None:
        here = place(
            self.SCRIPT.replace("RULE", "pass").replace(
                "return item", "kill() if item['id'] == given.get('fatal') else 0\n            return item"
            )
        )
        here.run(items=self.items(1, 2, 3, 4, 5), policies={"limit": 4})
        changed = self.items(100, 20, 30, 4, 5)
        assert here.run(items=changed, fatal=2, policies={"on_change": "redo"}).code == KILLED
        told = here.run(items=changed, policies={"on_change": "redo"}).finished().told
        assert told["state"] == {"sum": 159, "items": 5}
        assert here.calls() == [0, 1, 2, 3, 0, 1, 2, 2, 4]

    def test_rebuilt_when_the_rule_changes(self, place: PlaceMaker) -> None:
        here = place(self.SCRIPT.replace("RULE", "pass"))
        here.run(items=self.items(1, 2, 3, 4), policies={"limit": 3})
        here.script(self.SCRIPT.replace("RULE", "state['most'] = max(state.get('most', 0), value['value'])"))
        told = here.run(items=self.items(1, 2, 3, 4), policies={}).finished().told
        assert told["state"] == {"sum": 10, "items": 4, "most": 4}
        assert here.calls() == [0, 1, 2, 3]


class TestStreams:
    SCRIPT = """
        def work(item):
            called(item["id"])
            if item["id"] == 5:
                raise ValueError("no")
            return item["id"] * 10

        async def work_async(item):
            return work(item)

        def start():
            function = work_async if given["asynchronous"] else work
            seen = []
            for outcome in onward.stream(
                function, numbers(30), job="job", every=given.get("every", 3), workers=given["workers"],
                ordered=given.get("ordered", False), replay=given.get("replay", True),
            ):
                note([outcome.position, outcome.value, outcome.status, outcome.reused])
                if len(seen) == 12 and given.get("bad") == "kill":
                    kill()
                if len(seen) == 12 and given.get("bad") == "leave":
                    break
                seen.append(outcome.position)
            return seen

        main(start)
    """

    cases = pytest.mark.parametrize(
        ("workers", "asynchronous"),
        [(1, False), (4, False), (1, True), (4, True)],
        ids=["inline", "threads", "async", "tasks"],
    )

    @cases
    @pytest.mark.parametrize("bad", ["kill", "leave"])
    def test_replays_what_was_saved(
        self, bad: str, workers: int, asynchronous: bool, place: PlaceMaker
    ) -> None:
        here = place(self.SCRIPT)
        given = {"workers": workers, "asynchronous": asynchronous}
        first = here.run(bad=bad, **given)
        handled = {note[0] for note in here.notes()}
        assert (first.code == KILLED) == (bad == "kill"), first
        assert handled <= here.saved(), "nothing is handed out before it is durable"
        before = len(here.notes())
        saved = here.saved()
        ended = here.run(**given)
        again = here.notes()[before:]
        assert ended.code == 0, ended
        assert sorted(note[0] for note in again) == list(range(30)), "each outcome once"
        assert {note[0] for note in again if note[3]} == saved
        assert all(note[1] == (note[0] + 1) * 10 for note in again if note[2] == "succeeded")
        assert [note[0] for note in again if note[2] == "failed"] == [4]
        assert len(ended.calls) == 30 - len(saved)

    @cases
    def test_ordered(self, workers: int, asynchronous: bool, place: PlaceMaker) -> None:
        here = place(self.SCRIPT)
        given = {"workers": workers, "asynchronous": asynchronous, "ordered": True}
        here.run(bad="kill", **given)
        assert here.run(**given).told["value"] == list(range(30))

    def test_without_replay(self, place: PlaceMaker) -> None:
        here = place(self.SCRIPT)
        given = {"workers": 1, "asynchronous": False, "replay": False}
        here.run(bad="kill", **given)
        saved = here.saved()
        assert set(here.run(**given).told["value"]) == set(range(30)) - saved


def test_a_checkpoint_by_hand_is_durable_on_return(place: PlaceMaker) -> None:
    here: Place = place(
        """
        with onward.run("job", every="1000 items") as run:
            for number in run.pending(range(10)):
                run.state["n"] = number
                run.succeed(number)
                if number == 6:
                    run.checkpoint()
                    kill()
        """
    )
    assert here.run().code == KILLED
    assert here.saved() == set(range(7))
    assert here.view().state == {"n": 6}
