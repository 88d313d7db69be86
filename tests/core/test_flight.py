"""What is brief is not remembered item by item."""

from pathlib import Path

import pytest

from onward import flight
from onward.flight import BRIEF, SAMPLE, Flight
from onward.model import Item


@pytest.mark.parametrize(("seconds", "on"), [(BRIEF / 2, False), (BRIEF * 2, True)])
def test_only_what_items_take_says_whether_they_are_brief(
    seconds: float, on: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(flight.time, "perf_counter", lambda: now)
    record = Flight(tmp_path / "run.flight", alone=True, always=False)
    for number in range(SAMPLE):
        now += 1  # to save, to wait for the source
        slot = record.enter([Item(number, number, None, number, 0)])
        now += seconds
        record.leave(slot)
    assert record.on is on
    record.close()
