"""What changes between two starts: nothing goes unnoticed, and each policy does what it says."""

from typing import Any

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import Ended, Place, write_jsonl

SCRIPT = """
    def work(item, **params):
        called(item["id"])
        return {"id": item["id"], "text": item["text"], **params}

    def add(state, item, value):
        state.setdefault("seen", []).append(value["id"])

    policies = {"job": "job", "every": 1, "on_result": add, **given.get("policies", {})}
    main(lambda: onward.map(work, "items.jsonl" if given.get("file") else given["items"], **policies))
"""

ITEMS = [{"id": number, "text": f"text {number}"} for number in range(10)]
OTHER = [{"id": number, "text": f"other {number}"} for number in range(10)]

both_sources = pytest.mark.parametrize("file", [False, True], ids=["list", "jsonl"])


class Case:
    """Settles the first six of ten items, then starts with something changed."""

    def __init__(self, here: Place, file: bool = False, **policies: Any) -> None:
        self.here = here
        self.file = file
        self.policies = {"output": "out.jsonl", **policies}
        first = self.start(ITEMS, limit=6)
        assert (first.code, first.told["status"], first.told["succeeded"]) == (0, "interrupted", 6), first

    def start(self, items: list[dict[str, Any]], **policies: Any) -> Ended:
        if self.file:
            write_jsonl(self.here.folder / "items.jsonl", items)
        return self.here.run(items=items, file=self.file, policies={**self.policies, **policies})

    def untouched(self) -> None:
        """What was settled is still there, and goes on with the first input."""
        assert len(self.here.saved()) == 6
        ended = self.start(ITEMS).finished()
        assert ended.calls == [6, 7, 8, 9]
        assert self.here.lines() == ITEMS


@both_sources
class TestPositionalInput:
    def changed(self) -> list[dict[str, Any]]:
        return [*ITEMS[:2], OTHER[2], *ITEMS[3:]]

    def test_a_changed_item_stops(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        ended = case.start(self.changed())
        ended.refused("InputChanged", 4, "item 2", "is settled", "keep", "redo", "restart")
        assert ended.calls == []
        case.untouched()

    def test_kept(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        ended = case.start(self.changed(), on_change="keep").finished()
        assert ended.calls == [6, 7, 8, 9]
        assert case.here.lines() == ITEMS

    @pytest.mark.parametrize("policies", [{}, {"on_change": "keep"}], ids=["stop", "keep"])
    def test_kept_and_started_again(self, policies: dict[str, Any], file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        case.start(self.changed(), on_change="keep").finished()
        ended = case.start(self.changed(), **policies)
        assert ended.calls == [], "nothing is paid twice"
        assert ended.finished().told["already"]

    def test_redone(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        ended = case.start(self.changed(), on_change="redo").finished()
        assert ended.calls == [2, 6, 7, 8, 9]
        assert case.here.lines() == self.changed()
        assert sorted(ended.told["state"]["seen"]) == list(range(10)), "the state is computed anew"
        assert case.start(self.changed()).finished().told["already"]

    def test_restarted(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        ended = case.start(self.changed(), on_change="restart").finished()
        assert ended.calls == list(range(10))
        assert case.here.lines() == self.changed()
        assert ended.told["state"]["seen"] == list(range(10))

    def test_an_item_put_in_front_stops(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        case.start([OTHER[9], *ITEMS]).refused("InputChanged", 4, "item 0")
        case.untouched()

    @pytest.mark.parametrize("policy", ["stop", "keep", "redo", "restart"])
    def test_items_appended_are_growth(self, policy: str, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        more = [*ITEMS, {"id": 10, "text": "new"}, {"id": 11, "text": "new"}]
        ended = case.start(more, on_change=policy).finished()
        assert ended.calls == [6, 7, 8, 9, 10, 11]
        assert case.here.lines() == more
        assert ended.told["total"] == 12

    def test_what_is_not_settled_may_change(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        items = [*ITEMS[:6], *OTHER[6:]]
        assert case.start(items).finished().calls == [6, 7, 8, 9]
        assert case.here.lines() == items

    def test_shorter_than_what_is_settled_stops(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        case.start(ITEMS[:4]).refused("InputChanged", 4, "ends at item 4", "2 items", "keep", "restart")
        case.untouched()

    def test_shorter_and_kept(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        ended = case.start(ITEMS[:4], on_change="keep").finished()
        counts = [ended.told[name] for name in ("total", "succeeded", "retired", "left")]
        assert (ended.calls, counts) == ([], [4, 4, 2, 0])
        assert case.here.lines() == ITEMS[:4]
        assert ended.told["state"]["seen"] == [0, 1, 2, 3]
        assert case.start(ITEMS[:4], on_change="keep").finished().told["already"]

    def test_shorter_and_restarted(self, file: bool, place: PlaceMaker) -> None:
        case = Case(place(SCRIPT), file)
        assert case.start(ITEMS[:4], on_change="restart").finished().calls == [0, 1, 2, 3]


@both_sources
class TestKeyedInput:
    def case(self, place: PlaceMaker, file: bool) -> Case:
        return Case(place(SCRIPT), file, key="id")

    def test_a_changed_item_stops(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        case.start([*ITEMS[:2], OTHER[2], *ITEMS[3:]]).refused("InputChanged", 4, "key 2", "redo")
        case.untouched()

    def test_everything_at_once(self, file: bool, place: PlaceMaker) -> None:
        """One changed, one new in the middle, one gone, the rest reordered."""
        case = self.case(place, file)
        items = [
            ITEMS[7],
            ITEMS[3],
            {"id": 77, "text": "new"},
            OTHER[0],
            ITEMS[9],
            ITEMS[1],
            ITEMS[5],
            ITEMS[4],
        ]
        ended = case.start(items, on_change="redo").finished()
        assert ended.calls == [7, 77, 0, 9]
        counts = {name: ended.told[name] for name in ("total", "succeeded", "retired", "left")}
        assert counts == {"total": 8, "succeeded": 8, "retired": 1, "left": 0}
        assert case.here.lines() == items
        assert sorted(ended.told["state"]["seen"]) == sorted(item["id"] for item in items)
        assert case.start(items).finished().told["already"]

    def test_kept(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        items = [OTHER[2], *ITEMS[:2], *ITEMS[3:]]
        ended = case.start(items, on_change="keep").finished()
        assert ended.calls == [6, 7, 8, 9]
        assert case.here.lines() == [ITEMS[2], *ITEMS[:2], *ITEMS[3:]]

    def test_restarted(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        items = [OTHER[2], *ITEMS[:2], *ITEMS[3:]]
        assert len(case.start(items, on_change="restart").finished().calls) == 10
        assert case.here.lines() == items

    def test_reordered_input_needs_no_leave(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        ended = case.start(ITEMS[::-1]).finished()
        assert ended.calls == [9, 8, 7, 6]
        assert case.here.lines() == ITEMS[::-1]

    def test_retired_and_back(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        ended = case.start(ITEMS[2:], limit=1)
        told = case.start(ITEMS[2:], limit=1).told
        assert told["succeeded"] + told["left"] == told["total"] == 8 if told["retired"] else True
        ended = case.start(ITEMS).finished()
        assert case.here.lines() == ITEMS
        assert (ended.told["retired"], ended.told["succeeded"]) == (0, 10)
        assert sorted(case.here.calls()) == list(range(10)), "nothing is paid twice"
        assert sorted(ended.told["state"]["seen"]) == list(range(10))

    def test_nothing_vanishes_while_reordered_input_is_half_read(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        items = [ITEMS[5], {"id": 77, "text": "new"}, {"id": 78, "text": "new"}, *ITEMS[:5], *ITEMS[6:]]
        told = case.start(items, limit=1).told
        assert told["succeeded"] == 7
        assert case.here.saved() == {0, 1, 2, 3, 4, 5, 77}
        assert len(list(case.here.view().results())) == 7
        case.start(items).finished()
        assert case.here.lines() == items
        assert len(case.here.calls()) == 12

    def test_duplicates_skipped_are_the_same_input_again(self, file: bool, place: PlaceMaker) -> None:
        case = self.case(place, file)
        items = [*ITEMS, OTHER[3]]
        ended = case.start(items, duplicates="skip").finished()
        assert (ended.calls, ended.told["total"]) == ([6, 7, 8, 9], 10)
        assert case.start(items, duplicates="skip").finished().told["already"]


class TestFunction:
    CHANGED = SCRIPT.replace('"text": item["text"]', '"text": item["text"].upper()')

    def case(self, place: PlaceMaker, **policies: Any) -> Case:
        return Case(place(SCRIPT), **policies)

    def test_a_changed_function_stops(self, place: PlaceMaker) -> None:
        case = self.case(place)
        case.here.script(self.CHANGED)
        ended = case.start(ITEMS)
        ended.refused(
            "FunctionChanged", 4, "function work", "source changed", "6 settled", "keep", "redo", "restart"
        )
        case.here.script(SCRIPT)
        case.untouched()

    def test_comments_and_layout_do_not_count(self, place: PlaceMaker) -> None:
        case = self.case(place)
        case.here.script(SCRIPT.replace('called(item["id"])', 'called(\n            item["id"])  # a remark'))
        assert case.start(ITEMS).finished().calls == [6, 7, 8, 9]

    @pytest.mark.parametrize(
        ("policy", "calls"), [("keep", 4), ("redo", 10), ("restart", 10)], ids=["keep", "redo", "restart"]
    )
    def test_policies(self, policy: str, calls: int, place: PlaceMaker) -> None:
        case = self.case(place)
        case.here.script(self.CHANGED)
        ended = case.start(ITEMS, on_change=policy).finished()
        assert len(ended.calls) == calls
        upper = [f"TEXT {number}" for number in range(10)]
        kept = 10 - calls
        assert [line["text"] for line in case.here.lines()] == [i["text"] for i in ITEMS[:kept]] + upper[
            kept:
        ]
        assert sorted(ended.told["state"]["seen"]) == list(range(10))
        assert case.start(ITEMS).finished().told["already"]

    def test_a_changed_parameter_stops(self, place: PlaceMaker) -> None:
        case = self.case(place, params={"model": "small", "prompt": "Score it."})
        ended = case.start(ITEMS, params={"model": "large", "prompt": "Score it."})
        ended.refused("FunctionChanged", 4, "model", "small", "large")
        assert "prompt" not in ended.message
        assert len(case.here.saved()) == 6
        assert case.start(ITEMS).finished().calls == [6, 7, 8, 9]

    @pytest.mark.parametrize(("policy", "calls"), [("keep", 4), ("redo", 10)])
    def test_a_changed_parameter(self, policy: str, calls: int, place: PlaceMaker) -> None:
        case = self.case(place, params={"model": "small"})
        assert len(case.start(ITEMS, params={"model": "large"}, on_change=policy).finished().calls) == calls
        models = [line["model"] for line in case.here.lines()]
        assert models == ["small"] * (10 - calls) + ["large"] * calls

    def test_version_stands_for_the_source(self, place: PlaceMaker) -> None:
        case = self.case(place, version="1")
        case.here.script(self.CHANGED)
        case.start(ITEMS, version="2").refused("FunctionChanged", 4, "version 1", "version 2")
        assert case.start(ITEMS).finished().calls == [6, 7, 8, 9]

    def test_workers_cadence_and_retries_do_not_count(self, place: PlaceMaker) -> None:
        case = self.case(place)
        ended = case.start(ITEMS, workers=3, every="auto", retries=2, timeout=60, rate="100000/s")
        assert sorted(ended.finished().calls) == [6, 7, 8, 9]

    @pytest.mark.parametrize("policy", ["stop", "keep"])
    def test_changed_keying_stops(self, policy: str, place: PlaceMaker) -> None:
        case = self.case(place)
        case.start(ITEMS, key="id", on_change=policy).refused("FunctionChanged", 4, "key", "restart")
        case.untouched()

    @pytest.mark.parametrize("policy", ["redo", "restart"])
    def test_changed_keying_begins_anew(self, policy: str, place: PlaceMaker) -> None:
        case = self.case(place)
        assert len(case.start(ITEMS, key="id", on_change=policy).finished().calls) == 10
        assert case.here.lines() == ITEMS


def test_a_hand_kept_state_cannot_follow_a_change(place: PlaceMaker) -> None:
    here = place(
        """
        def start():
            with onward.run("job", output="out.jsonl", key="id", every=1, **given["policies"]) as run:
                for item in run.pending(given["items"]):
                    called(item["id"])
                    run.state["sum"] = run.state.get("sum", 0) + item["id"]
                    run.succeed(item)
            return run.report

        main(start)
        """
    )
    here.run(items=ITEMS, policies={"limit": 6})
    changed = [*ITEMS[:2], OTHER[2], *ITEMS[3:]]
    here.run(items=changed, policies={"on_change": "redo"}).refused("StateNotRebuildable", 4, "restart")
    here.run(items=ITEMS[1:], policies={}).refused("StateNotRebuildable", 4, "restart")
    assert here.run(items=ITEMS, policies={}).finished().told["state"] == {"sum": 45}
    assert here.calls() == list(range(10))


def test_an_item_without_json_form_needs_a_key(place: PlaceMaker) -> None:
    here = place(
        """
        class Thing:
            def __init__(self, name):
                self.name = name

        def work(thing):
            called(thing.name)
            return thing.name

        main(lambda: onward.map(work, [Thing("a"), Thing("b")], job="job", **given["policies"]))
        """
    )
    here.run(policies={}).refused("UsageError", 2, "Thing", "key=")
    assert here.run(policies={"key": "name"}).finished().calls == ["a", "b"]


def test_what_nothing_was_saved_with_may_change(place: PlaceMaker) -> None:
    here = place(SCRIPT.replace('called(item["id"])', "raise SystemExit(9)"))
    assert here.run(items=ITEMS).code == 9
    here.script(SCRIPT)
    assert len(here.run(items=ITEMS, policies={"key": "id"}).finished().calls) == 10


def test_a_saved_step_is_work_that_a_changed_function_spoils(place: PlaceMaker) -> None:
    script = """
        def work(item):
            onward.step("read", called, item)
            if given.get("bad"):
                onward.step("wait", time.sleep, 0.1)
                raise SystemExit(9)
            return VALUE

        main(lambda: onward.map(work, [1, 2], job="job", every=1))
    """
    here = place(script.replace("VALUE", "item"))
    assert here.run(bad=True).code == 9
    here.script(script.replace("VALUE", "-item"))
    here.run().refused("FunctionChanged", 4, "0 settled items")
    here.script(script.replace("VALUE", "item"))
    assert here.run().finished().calls == [2]
