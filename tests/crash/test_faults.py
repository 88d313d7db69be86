"""A kill or an error of the system in any call that stores and outputs make."""

import os
from pathlib import Path

import pytest

from crash.faulty import ERRORS, Bench, errors, kills
from crash.trace import needs_strace


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    needs_strace()
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "file"])
def test_a_kill_at_any_call(tmp_path: Path, store: str) -> None:
    trials = list(kills(Bench(tmp_path, store, "whole"), step=9))
    assert {"fsync", "rename", "openat"} <= {trial.call for trial in trials}
    assert any(trial.left for trial in trials)


@pytest.mark.slow
@pytest.mark.parametrize("error", list(ERRORS))
@pytest.mark.parametrize("store", ["sqlite", "file"])
def test_an_error_in_any_call(tmp_path: Path, store: str, error: str) -> None:
    found = list(errors(Bench(tmp_path, store, "whole"), error, step=29))
    assert found
    assert any(trial.code not in (0, 3) for trial in found), "none of them mattered"
