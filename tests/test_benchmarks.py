"""The benchmark's own parts do what they say, with few items: it runs for half an hour, too long to find out there."""

import json
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.measuring import Found, Row, taking_turns
from benchmarks.peers import OURS, child, way
from benchmarks.peers.base import Counted, Lines, items, work

WAYS = ["onward_:plain", "onward_:keyed", "by_hand:jsonl", "by_hand:sqlite", "by_hand:rewritten"]


def test_results_are_of_the_size_that_is_said() -> None:
    assert len(json.dumps(work({"id": 123_456}), separators=(",", ":"))) == 205


@pytest.mark.parametrize("name", WAYS)
def test_a_way_is_clocked(name: str, tmp_path: Path) -> None:
    assert name.partition(":")[0] in OURS
    assert child.overhead(way(name), tmp_path, 300)["clock"] > 0


@pytest.mark.parametrize("name", WAYS)
def test_a_way_is_clocked_along_a_run(name: str, tmp_path: Path) -> None:
    assert [done for done, _ in child.growth(way(name), tmp_path, 600)] == [200, 500]


@pytest.mark.parametrize("name", WAYS)
def test_a_way_goes_on_where_it_was(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for task in (child.fill, child.first, child.first):
        with pytest.raises(SystemExit):
            task(way(name), tmp_path, 300)
        _, reached = json.loads(capsys.readouterr().out)
        assert reached == 300
    seen: list[int] = []
    way(name).go_on(
        lambda item: seen.append(item["id"]) or work(item), Lines(tmp_path / "items.jsonl"), tmp_path
    )
    assert seen == [300]


def test_items_are_the_same_from_memory_and_from_a_file(tmp_path: Path) -> None:
    kinds = [items(5), Counted(5), Lines.write(tmp_path / "items.jsonl", 5)]
    assert len({json.dumps([list(kind), list(kind.after(3))]) for kind in kinds}) == 1


def test_contestants_take_turns() -> None:
    order: list[str] = []
    rounds = taking_turns({name: lambda name=name: order.append(name) for name in "AB"}, 2)  # type: ignore[misc]
    assert "".join(order) == "BAABBA"
    assert len(rounds) == 2


def test_a_page_says_what_is_met_and_what_is_left_out(tmp_path: Path) -> None:
    found = Found(
        rows=[
            Row("one", [1.0, 3.0, 2.0], "ms", goal=2),
            Row("other", [0.5], goal=0.95, least=True),
            Row("third", [1]),
        ],
        left_out=["a library: not here"],
    )
    text = page.text(found, 60, tmp_path, tmp_path / "RESULTS.md")
    assert "| one | 2.00 ms (1.00 to 3.00) | at most 2 ms | yes |" in text
    assert "| other | 0.50 | at least 0.95 | **no** |" in text
    assert "- a library: not here" in text
    assert "Imports" not in text
