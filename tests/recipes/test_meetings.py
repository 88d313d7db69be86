"""The shared values of the meeting recipes, and their JSON."""

import json
from pathlib import Path

import pytest

from onward.recipes.meetings import (
    ActionItem,
    Finding,
    Notes,
    NotNotes,
    clock,
    notes_from_json,
    notes_to_json,
    read_notes,
)

NOTES = Notes(
    source="standup.vtt",
    title="Stand-up",
    date="2026-11-25",
    participants=["Ada", "Grace"],
    summary=["Ada: The build is green again."],
    decisions=[Finding("We ship on Monday.", "okay, we ship on Monday.", 12, 61.5, "Grace")],
    actions=[
        ActionItem(
            "Send the release notes", "Ada", "2026-11-27", "by Friday",
            "I'll send the release notes by Friday.", 14, 70.0, "Ada",
        ),
        ActionItem("Call the printer", None, None, None, "somebody has to call the printer", 15, flags=["no owner"]),
    ],
    questions=[],
    model="rules",
)  # fmt: skip


def test_notes_come_back_from_their_json() -> None:
    assert notes_from_json(json.loads(json.dumps(notes_to_json(NOTES)))) == NOTES


def test_notes_come_back_from_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "standup.json"
    path.write_text(json.dumps(notes_to_json(NOTES)), encoding="utf-8-sig")
    assert read_notes(path) == NOTES


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"format": "onward notes 2"}', "[" * 100_000])
def test_other_files_are_told_apart(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(NotNotes, match=r"other\.json"):
        read_notes(path)


def test_a_wrong_field_is_named() -> None:
    value = notes_to_json(NOTES)
    value["actions"][0]["line"] = "twelve"
    with pytest.raises(NotNotes, match=r"actions\[0\]\.line"):
        notes_from_json(value)


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, ""), (0, "0:00"), (7.9, "0:07"), (750, "12:30"), (3723, "1:02:03")]
)
def test_clock(seconds: float | None, said: str) -> None:
    assert clock(seconds) == said
