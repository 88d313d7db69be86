"""What a meeting is to the recipes: a transcript, and the notes taken of it. Both are plain values, and JSON.

A *line* is where something stands in its source, counted from 1: the line of a text file (``.txt``, ``.vtt``,
``.srt``), the segment of a JSON file, the paragraph of a document. *Seconds* are counted from the start of the
recording, and None where the source has no times. Dates are ISO dates (``2026-11-25``). Flags are short
sentences for whoever reads the notes: what is missing, and what to check.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from onward.errors import OnwardError

FORMAT = "onward notes 1"
"""Stands as ``format`` in the JSON form of notes, so that it is told from a transcript's."""


class NotNotes(OnwardError):
    """A file or a value is not the JSON form of meeting notes."""


@dataclass(frozen=True)
class Turn:
    """What one speaker said in one line, cue or segment. ``speaker`` is "" where the source names none."""

    line: int
    speaker: str
    seconds: float | None
    text: str


@dataclass(frozen=True)
class Transcript:
    """A meeting, word for word. ``participants`` are those who spoke, and others that the source lists."""

    source: str
    title: str
    date: str | None
    participants: list[str]
    turns: list[Turn]


@dataclass(frozen=True)
class ActionItem:
    """Something that somebody is to do.

    ``quote`` stands in the transcript word for word, and begins at ``line``. ``owner`` is one of the
    participants, or a person the quote names who is none of them, and flagged; None if nobody took it.
    ``due`` was computed by code from ``due_words``, which the transcript has verbatim; if it took words from two
    places, " … " stands between them.
    """

    what: str
    owner: str | None
    due: str | None
    due_words: str | None
    quote: str
    line: int
    seconds: float | None = None
    speaker: str | None = None
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Finding:
    """A decision or an open question: in short, and the words of the transcript it rests on."""

    text: str
    quote: str
    line: int
    seconds: float | None = None
    speaker: str | None = None


@dataclass(frozen=True)
class Notes:
    """The notes of one meeting. ``model`` is what made them: a model's name, or that of a set of rules."""

    source: str
    title: str
    date: str | None
    participants: list[str]
    summary: list[str]
    decisions: list[Finding]
    actions: list[ActionItem]
    questions: list[Finding]
    model: str
    flags: list[str] = field(default_factory=list)


def notes_to_json(notes: Notes) -> dict[str, Any]:
    """Notes as plain dicts and lists, with their format's name."""
    return {"format": FORMAT, **asdict(notes)}


def notes_from_json(value: Any) -> Notes:
    """Notes from what :func:`notes_to_json` made of them; people may have edited it since.

    Raises:
        NotNotes: it is something else, or a field has the wrong type; names the field.
    """
    import msgspec

    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise NotNotes(f'not meeting notes: there is no "format": "{FORMAT}" in it')
    try:
        return msgspec.convert(value, Notes)
    except msgspec.ValidationError as error:
        raise NotNotes(f"not whole meeting notes: {error}") from error


def read_notes(path: Path) -> Notes:
    """The notes in a JSON file.

    Raises:
        NotNotes: the file cannot be read, or holds something else.
    """
    import json

    try:
        return notes_from_json(json.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError) as error:
        raise NotNotes(f"{path}: cannot be read as JSON: {error}") from error
    except NotNotes as error:
        raise NotNotes(f"{path}: {error}") from error


def clock(seconds: float | None) -> str:
    """A place in the recording as people write it: ``0:07``, ``12:30``, ``1:02:03``; "" if there is none."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
