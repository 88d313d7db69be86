"""What a start takes up, case by case: the corners that the state machine found, and those it does not reach."""

from pathlib import Path
from typing import Any

import pytest

import onward
from onward.errors import StateNotRebuildable
from onward.sources.lines import LinesSource
from onward.stores.memory import MemoryRuns


@pytest.fixture
def store() -> MemoryRuns:
    return MemoryRuns()


def double(item: dict[str, int]) -> int:
    return item["n"] * 2


def items(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number, "n": number} for number in numbers]


def test_with_retry_failed_a_finished_run_without_failures_notices_another_input(store: MemoryRuns) -> None:
    onward.map(double, items(1, 2), job="job", store=store)
    report = onward.map(double, items(1, 2, 3), job="job", store=store, retry_failed=True)
    assert list(report.results()) == [2, 4, 6]
    assert onward.map(double, items(1, 2, 3), job="job", store=store, retry_failed=True).already_finished


def test_a_partly_read_reordered_input_hides_no_outcome(store: MemoryRuns) -> None:
    onward.map(double, items(1, 2, 3, 4), job="job", store=store, key="id", limit=3)
    onward.map(double, items(3, 9, 1, 2, 4, 5), job="job", store=store, key="id", limit=1)
    assert sorted(onward.load("job", store=store).results()) == [2, 4, 6, 18]


def test_a_refused_retirement_is_refused_again(store: MemoryRuns) -> None:
    def go(given: list[Any], limit: int | None = None) -> Any:
        with onward.run("job", store=store, key="id", limit=limit) as run:
            for item in run.pending(given):
                run.state["sum"] = run.state.get("sum", 0) + item["n"]
        return run.report

    go(items(1, 2, 3), limit=2)
    for _ in range(3):
        with pytest.raises(StateNotRebuildable):
            go(items(2, 3))
    assert go(items(1, 2, 3)).state == {"sum": 6}


def test_what_was_kept_of_a_changed_input_is_finished_for_good(store: MemoryRuns) -> None:
    onward.map(double, items(1, 2, 3), job="job", store=store, key="id", limit=2)
    changed = [{"id": 1, "n": 100}, *items(2, 3)]
    onward.map(double, changed, job="job", store=store, key="id", on_change="keep")
    report = onward.map(double, changed, job="job", store=store, key="id", on_change="keep")
    assert report.already_finished
    assert list(report.results()) == [2, 4, 6]


def test_steps_of_an_unsettled_item_do_not_outlive_its_content(store: MemoryRuns) -> None:
    def work(item: dict[str, int]) -> int:
        found: int = onward.step("double", double, item)
        if not settle:
            raise SystemExit
        return found

    settle = False
    with pytest.raises(SystemExit):
        onward.map(work, items(1), job="job", store=store, key="id", version=1)
    settle = True
    report = onward.map(work, [{"id": 1, "n": 50}], job="job", store=store, key="id", version=1)
    assert list(report.results()) == [100]


def test_steps_of_an_unchanged_unsettled_item_are_reused(store: MemoryRuns) -> None:
    calls = []

    def slow(item: dict[str, int]) -> int:
        calls.append(item["id"])
        return item["n"]

    def work(item: dict[str, int]) -> int:
        found: int = onward.step("slow", slow, item)
        if not settle:
            raise SystemExit
        return found

    settle = False
    with pytest.raises(SystemExit):
        onward.map(work, items(1), job="job", store=store, version=1)
    settle = True
    assert list(onward.map(work, items(1), job="job", store=store, version=1).results()) == [1]
    assert calls == [1]


def test_attempts_are_counted_over_all_sessions(store: MemoryRuns) -> None:
    def work(item: int) -> int:
        if not mended:
            raise OSError("not yet")
        return item

    mended = False
    onward.map(work, [1], job="job", store=store)
    mended = True
    report = onward.map(work, [1], job="job", store=store, retry_failed=True)
    assert report.attempts == 2
    assert [outcome.attempts for outcome in report.outcomes()] == [2]


def test_nothing_is_less_than_nothing_left(store: MemoryRuns) -> None:
    """Settled items that are gone from the input are only known at its end."""
    onward.map(double, items(1, 2, 3, 4, 5), job="job", store=store, key="id", limit=4)
    report = onward.map(double, items(8, 1, 9), job="job", store=store, key="id", limit=1)
    assert (report.total, report.left) == (None, None)
    report = onward.map(double, items(8, 1, 9), job="job", store=store, key="id")
    assert (report.succeeded, report.left, report.retired) == (3, 0, 3)


def test_what_the_block_makes_of_the_state_after_the_loop_counts(store: MemoryRuns) -> None:
    with onward.run("job", store=store) as run:
        for number in run.pending([1, 2, 3]):
            run.state["sum"] = run.state.get("sum", 0) + number
        run.state["mean"] = run.state["sum"] / 3
    assert run.report is not None
    assert run.report.state == {"sum": 6, "mean": 2}


def test_a_refused_retry_leaves_a_finished_run_finished(store: MemoryRuns) -> None:
    def go(**policies: Any) -> None:
        with onward.run("job", store=store, **policies) as run:
            for number in run.pending([1, 2]):
                run.state["seen"] = number
                if number == 2:
                    run.fail("no")

    go()
    assert onward.load("job", store=store).status == "finished"
    with pytest.raises(StateNotRebuildable):
        go(retry_failed=True)
    assert onward.load("job", store=store).status == "finished"


def test_a_file_that_is_read_on_from_its_place_is_not_counted_again(
    tmp_path: Path, store: MemoryRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "items.txt").write_text("a\nb\nc\n")
    counted: list[str] = []
    count = LinesSource.count

    def count_aloud(source: LinesSource, reading: Any) -> int:
        counted.append(source.name)
        return count(source, reading)

    monkeypatch.setattr(LinesSource, "count", count_aloud)
    onward.map(str.upper, tmp_path / "items.txt", job="job", store=store, limit=1)
    first = onward.map(str.upper, tmp_path / "items.txt", job="job", store=store, limit=1)
    assert (first.total, first.left, len(counted)) == (3, 1, 1)
    assert list(onward.map(str.upper, tmp_path / "items.txt", job="job", store=store).results()) == [
        "A",
        "B",
        "C",
    ]
