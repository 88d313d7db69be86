"""What is reported saved is there after a power cut, wherever it comes, and the run goes on from it."""

import os
from pathlib import Path

import pytest

from crash.power import cuts, trace
from crash.trace import needs_strace

STATES = 50
"""For each of the six ways that a run is cut off: 300 a store."""

SEED = 20_261_125


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_strace()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "file"])
@pytest.mark.parametrize("kind", ["whole", "part", "each", "threads"])
def test_cut_while_running(tmp_path: Path, store: str, kind: str) -> None:
    traced = trace(tmp_path, store, kind)
    done = [items for _, items in cuts(traced, STATES, SEED)]
    assert max(done) == 40
    assert min(done) < 40


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "file"])
@pytest.mark.parametrize("kind", ["whole", "again"])
def test_cut_while_going_on(tmp_path: Path, store: str, kind: str) -> None:
    trace(tmp_path, store, "part" if kind == "whole" else "whole")
    traced = trace(tmp_path, store, kind)
    for _ in cuts(traced, STATES, SEED):
        pass
