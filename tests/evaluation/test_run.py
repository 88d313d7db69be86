"""Measuring, as the command does it: a run of onward's that goes on, and begins anew when what decides has changed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import evaluation.run as command
from evaluation.measured import load_all
from evaluation.sets import DEVELOPMENT, Sets

pytest.importorskip("dateparser")
pytest.importorskip("webvtt")


def silent(prompt: str) -> dict[str, list[str]]:
    """A model that finds nothing."""
    calls.append(prompt)
    return {"points": [], "summary": ["Nothing was said."]}


calls: list[str] = []
SILENT = f"scripted:{__name__}:silent"


def test_a_measured_model_is_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = Sets.load().narrowed(["2026-03-10-platform"], DEVELOPMENT)
    first = command.measured_run(SILENT, "notes", sets, tmp_path)
    assert list(first.values) == ["2026-03-10-platform-weekly"]
    assert not first.facts.failures
    assert first.values["2026-03-10-platform-weekly"]["actions"] == []
    asked = len(calls)
    assert asked > 0
    assert command.measured_run(SILENT, "notes", sets, tmp_path).values == first.values
    assert len(calls) == asked
    monkeypatch.setattr(command, "code_digest", lambda system: "another")
    command.measured_run(SILENT, "notes", sets, tmp_path)
    assert len(calls) == 2 * asked
    assert [one.facts.code for one in load_all(tmp_path)] == ["another"]


def test_failed_items_are_said_and_tried_again(tmp_path: Path) -> None:
    sets = Sets.load().narrowed(["2026-03-10-platform"], DEVELOPMENT)
    failing = f"scripted:{__name__}:failing"
    assert command.measured_run(failing, "notes", sets, tmp_path).facts.failures
    broken.clear()
    assert not command.measured_run(failing, "notes", sets, tmp_path).facts.failures


broken = ["yes"]


def failing(prompt: str) -> dict[str, list[str]]:
    if broken:
        raise ValueError("broken")
    return silent(prompt)


def test_the_development_sets_are_printed_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path / "out")
    monkeypatch.setattr(command, "RESULTS", tmp_path / "RESULTS.md")
    options = ["--model", SILENT, "--system", "notes", "--only", "2026-03-10"]
    ran = CliRunner().invoke(command.main, [*options, "--development"], catch_exceptions=False)
    assert "| development | scripted:" in ran.output
    assert not (tmp_path / "RESULTS.md").exists()
    CliRunner().invoke(command.main, options, catch_exceptions=False)
    assert "| development | scripted:" in (tmp_path / "RESULTS.md").read_text("utf-8")
