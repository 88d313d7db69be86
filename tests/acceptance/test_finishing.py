"""Finishing is five durable actions. Killed between any two, the next start completes it, and nothing runs again."""

from typing import Any

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import KILLED, Ended, Place

POINTS = ["finish.written", "finish.announced", "finish.renamed", "finish.marked", "finish.removed"]
each_point = pytest.mark.parametrize("point", POINTS)

SCRIPT = """
    def work(item):
        called(item["id"])
        if item["id"] in given.get("failing", ()):
            raise ValueError("no")
        return {"id": item["id"]}

    def add(state, item, value):
        state["sum"] = state.get("sum", 0) + value["id"]

    main(lambda: onward.map(
        work, numbers(given.get("count", 30), given.get("first", 1)), job="job", on_result=add,
        output=given.get("output", "out.jsonl"), **given.get("policies", {})))
"""

LOOP = """
    def start():
        with onward.run("job", output="out.jsonl") as run:
            for item in run.pending(numbers(30)):
                called(item["id"])
                run.succeed({"id": item["id"]})
        return run.report

    main(start)
"""


def killed_at(here: Place, point: str, **given: Any) -> Ended:
    ended = here.run(env={"ONWARD_FAULT": point}, **given)
    assert ended.code == KILLED, f"{point} was not reached: {ended}"
    return ended


def results(*left_out: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(1, 31) if number not in left_out]


class TestKilled:
    @each_point
    @pytest.mark.parametrize("failing", [[], [3, 17]], ids=["clean", "failures"])
    def test_between_two_actions(self, point: str, failing: list[int], place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point, failing=failing)
        ended = here.run(failing=failing).finished()
        assert ended.calls == []
        assert here.lines() == results(*failing)
        assert ended.told["state"] == {"sum": 465 - sum(failing)}
        counts = [ended.told[name] for name in ("total", "succeeded", "failed", "left")]
        assert counts == [30, 30 - len(failing), len(failing), 0]
        assert here.has("out.jsonl.failures.jsonl") == bool(failing)
        assert here.temporaries() == []
        assert here.run(failing=failing).finished().told["already"]

    @each_point
    def test_of_a_loop(self, point: str, place: PlaceMaker) -> None:
        here = place(LOOP)
        killed_at(here, point)
        assert here.run().code == 0
        assert here.view().status == "finished"
        assert here.lines() == results()
        assert here.calls() == list(range(1, 31))

    @each_point
    def test_without_an_output(self, point: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point, output=None)
        ended = here.run(output=None).finished()
        assert ended.calls == []
        assert list(here.view().results()) == results()

    @each_point
    @pytest.mark.parametrize("failing", [[], [3, 17]], ids=["clean", "failures"])
    @pytest.mark.parametrize("harm", ["deleted", "corrupted"])
    def test_and_the_temporary_output_harmed(
        self, point: str, failing: list[int], harm: str, place: PlaceMaker
    ) -> None:
        here = place(SCRIPT)
        killed_at(here, point, failing=failing)
        for path in here.temporaries():
            if harm == "deleted":
                path.unlink()
            else:
                path.write_bytes(b"}" + path.read_bytes()[1:])
        ended = here.run(failing=failing).finished()
        assert ended.calls == []
        assert here.lines() == results(*failing)
        assert here.temporaries() == []

    @each_point
    def test_twice(self, point: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point)
        here.run(env={"ONWARD_FAULT": "finish.marked"})
        assert here.run().finished().calls == []
        assert here.lines() == results()

    @each_point
    def test_and_the_input_changes(self, point: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point)
        ended = here.run(first=101)
        if point == "finish.written":  # not announced yet, so the run is open, and its input has changed
            ended.refused("InputChanged", 4)
            assert here.run().finished().calls == []
        else:
            assert ended.finished().calls == list(range(101, 131))
            assert here.lines() == [{"id": number} for number in range(101, 131)]

    @each_point
    def test_and_begun_anew(self, point: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point)
        assert here.run(policies={"again": True}).finished().calls == list(range(1, 31))
        assert here.lines() == results()

    @each_point
    @pytest.mark.parametrize("failing", [[], [3, 17]], ids=["clean", "failures"])
    def test_and_another_output_asked_for(self, point: str, failing: list[int], place: PlaceMaker) -> None:
        here = place(SCRIPT)
        killed_at(here, point, failing=failing)
        ended = here.run(output="other.jsonl", failing=failing)
        assert ended.calls == []
        if ended.code == 4:  # the results are where they were first asked for, and nowhere else
            assert ended.error == "OutputMissing", ended
            assert (here.lines(), failing) == (results(), [])
        else:
            ended.finished()
            assert here.lines("other.jsonl") == results(*failing)

    @each_point
    def test_in_a_retry(self, point: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3, 17]).finished()
        killed_at(here, point, policies={"retry_failed": True})
        ended = here.run().finished()
        assert ended.calls == []
        assert here.lines() == results()
        assert ended.told["state"] == {"sum": 465}
        assert not here.has("out.jsonl.failures.jsonl"), "nothing stands for it any more"


class TestFinished:
    def test_again_is_already_finished(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        first = here.run().finished()
        again = here.run().finished()
        assert again.told["already"]
        assert again.calls == []
        same = ("total", "succeeded", "failed", "state", "attempts", "left", "status")
        assert [again.told[name] for name in same] == [first.told[name] for name in same]
        assert again.told["reused"] == 30

    @pytest.mark.parametrize("harm", ["changed", "deleted"])
    def test_output_harmed(self, harm: str, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        good = here.read()
        path = here.folder / "out.jsonl"
        path.unlink() if harm == "deleted" else path.write_bytes(good + b"by hand\n")
        ended = here.run().refused("OutputMissing", 4, "out.jsonl", "gone or was changed", "again=True")
        assert ended.calls == []
        path.write_bytes(good)
        assert here.run().finished().told["already"]

    def test_output_changed_by_hand_is_not_replaced(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        (here.folder / "out.jsonl").write_text("precious\n")
        here.run(policies={"again": True}).refused("OutputExists", 4, "out.jsonl", "force")
        assert here.read() == b"precious\n"
        here.run(policies={"again": True, "force": True}).finished()
        assert here.lines() == results()

    def test_foreign_output_is_refused_before_anything_is_paid(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        (here.folder / "out.jsonl").write_text("precious\n")
        assert here.run().refused("OutputExists", 4, "out.jsonl").calls == []
        assert here.read() == b"precious\n"

    def test_foreign_output_that_came_meanwhile(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(policies={"limit": 20})
        (here.folder / "out.jsonl").write_text("precious\n")
        here.run().refused("OutputExists", 4)
        (here.folder / "out.jsonl").unlink()
        assert len(here.run().finished().calls) == 10

    def test_again(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        ended = here.run(policies={"again": True}).finished()
        assert (ended.calls, ended.told["reused"]) == (list(range(1, 31)), 0)
        assert ended.told["state"] == {"sum": 465}

    def test_again_and_killed_goes_on_by_the_plain_command(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        killed_at(here, "finish.written", policies={"again": True})
        assert here.run().finished().calls == []

    @pytest.mark.parametrize("failing", [[], [3]], ids=["clean", "failures"])
    def test_another_input_begins_anew(self, failing: list[int], place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=failing).finished()
        ended = here.run(first=101).finished()
        assert ended.calls == list(range(101, 131))
        assert here.lines() == [{"id": number} for number in range(101, 131)]
        assert not here.has("out.jsonl.failures.jsonl")

    def test_more_input_begins_anew(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        assert len(here.run(count=40).finished().calls) == 40

    def test_another_function_is_refused(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        here.script(SCRIPT.replace('{"id": item["id"]}', '{"id": item["id"], "more": 1}'))
        assert here.run().refused("FunctionChanged", 4, "function work", "is finished").calls == []
        assert here.lines() == results()

    @pytest.mark.parametrize("before", [None, "out.jsonl"])
    def test_kept_outcomes_go_to_another_output(self, before: str | None, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        failing = [3] if before else []
        here.run(output=before, failing=failing).finished()
        ended = here.run(output="other.jsonl", failing=failing).finished()
        assert ended.calls == []
        assert here.lines("other.jsonl") == results(*failing)
        assert ended.told["state"] == {"sum": 465 - sum(failing)}
        assert here.run(output="other.jsonl", failing=failing).finished().told["already"]

    def test_removed_outcomes_do_not(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        here.run(output="other.jsonl").refused("OutputMissing", 4, "out.jsonl", "again=True")
        assert not here.has("other.jsonl")

    def test_outcomes_are_removed_only_when_nothing_needs_them(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3]).finished()
        assert here.view().head.blocks
        here.run(policies={"retry_failed": True}).finished()
        assert not here.view().head.blocks
        assert list(here.view().results()) == results()


class TestRetry:
    def test_failed_items_only(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3, 17]).finished()
        assert here.run(failing=[]).finished().calls == [], "a resume never retries unless asked"
        ended = here.run(policies={"retry_failed": True}).finished()
        assert ended.calls == [3, 17]
        assert here.lines() == results()
        assert not here.has("out.jsonl.failures.jsonl")
        assert ended.told["state"] == {"sum": 465}
        assert (ended.told["attempts"], ended.told["failed"], ended.told["succeeded"]) == (32, 0, 30)

    def test_that_fails_again(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3, 17]).finished()
        told = here.run(failing=[17], policies={"retry_failed": True}).finished().told
        assert (told["failed"], told["succeeded"]) == (1, 29)
        assert [line["key"] for line in here.lines("out.jsonl.failures.jsonl")] == [16]
        assert here.lines() == results(17)

    def test_of_an_interrupted_run(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3, 17], policies={"limit": 20})
        ended = here.run(policies={"retry_failed": True}).finished()
        assert ended.calls == [3, 17, *range(21, 31)]
        assert here.lines() == results()

    def test_with_an_input_that_has_changed(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run(failing=[3]).finished()
        here.run(first=101, policies={"retry_failed": True}).refused("InputChanged", 4)

    def test_where_nothing_failed_and_the_input_has_changed(self, place: PlaceMaker) -> None:
        here = place(SCRIPT)
        here.run().finished()
        ended = here.run(first=101, policies={"retry_failed": True}).finished()
        assert ended.calls == list(range(101, 131))

    def test_steps_are_reused(self, place: PlaceMaker) -> None:
        here = place(
            """
            def half(name):
                called(name)
                return name

            def work(item):
                onward.step("read", half, f"read {item['id']}")
                if item["id"] == 3 and given.get("bad"):
                    raise ValueError("no")
                return onward.step("score", half, f"score {item['id']}")

            main(lambda: onward.map(work, numbers(4), job="job", output="out.jsonl", **given["policies"]))
            """
        )
        here.run(bad=True, policies={}).finished()
        ended = here.run(policies={"retry_failed": True}).finished()
        assert ended.calls == ["score 3"]
        assert here.lines() == [f"score {number}" for number in range(1, 5)]
