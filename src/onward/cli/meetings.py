"""The meetings that ``onward tasks`` is given: notes as they are, transcripts by way of the notes recipe."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import click

from onward.cli import modelling
from onward.cli.answer import tell
from onward.cli.endings import Started
from onward.progress import printable

if TYPE_CHECKING:
    from onward.recipes.meeting_tasks import Meeting

_MODEL = ("model", "base_url", "rpm", "tpm", "price", "budget")
_WORKERS = 4  # for models that are asked; the rules have the processor to themselves


class Given(NamedTuple):
    """Files of notes, and files or folders of transcripts."""

    notes: list[Path]
    transcripts: list[Path]


class Noted(NamedTuple):
    """Files of notes, and how many transcripts there are none of."""

    files: list[Path]
    failed: int


def sort(sources: Sequence[Path]) -> Given:
    """Which of the sources are notes. A folder that has notes in it is one of notes.

    Raises:
        UsageError: there is no such file or folder.
    """
    given = Given([], [])
    for source in sources:
        if not source.exists():
            raise click.UsageError(f"{source}: there is no such file or folder")
        if source.is_dir() and not any(source.iterdir()):
            raise click.UsageError(f"{source}: there are no notes and no transcripts in this folder")
        files = sorted(source.glob("*.json")) if source.is_dir() else [source]
        notes = [path for path in files if _is_notes(path)]
        given.notes.extend(path for path in notes if path not in given.notes)
        if not notes:
            given.transcripts.append(source)
    return given


def _is_notes(path: Path) -> bool:
    from onward.recipes.meetings import FORMAT

    if path.suffix.lower() != ".json":
        return False
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def take_out(given: dict[str, Any]) -> dict[str, Any]:
    """The options that are about taking notes; they are taken out of what was given."""
    return {name: given.pop(name) for name in _MODEL if name in given}


def start(folder: Path, started: Started) -> Started:
    """What is begun when notes are taken, by the same words."""
    from onward.recipes import meeting_notes

    return started._replace(job=meeting_notes.JOB, run=meeting_notes.run_name(folder))


def note(
    transcripts: Sequence[Path], folder: Path, started: Started, model_options: dict[str, Any], **options: Any
) -> Noted:
    """Take notes of transcripts into a folder. What fails is told, and left out.

    Raises:
        OnwardError, Interrupted: the run of taking notes did not finish.
    """
    from onward.recipes import meeting_notes

    model = (
        modelling.opened(model_options, quiet=started.quiet, max_tokens=modelling.NOTES_TOKENS)
        if "model" in model_options
        else None
    )
    if model is not None:
        options.setdefault("workers", _WORKERS)
    report, published = meeting_notes.make_notes(
        transcripts, folder, model, run=started.run, progress=not started.quiet, **model_options, **options
    )
    for lost in report.failures:
        reason = lost.error.message if lost.error else "no reason"
        tell(f"no notes of {printable(str(lost.key))}: {printable(reason)}")
    files = (*published.written, *published.unchanged, *published.kept)
    return Noted(sorted({path for path in files if _is_notes(path)}), report.failed)


def read(files: Sequence[Path], notes_url: str | None, to: str) -> list[Meeting]:
    """The meetings of files of notes.

    Raises:
        NotNotes: a file holds something else.
    """
    from onward.recipes.meeting_tasks import Meeting
    from onward.recipes.meetings import read_notes

    return [Meeting(read_notes(path), _link(path, notes_url, to)) for path in files]


def _link(path: Path, notes_url: str | None, to: str) -> str:
    """Where people find the notes: the page beside the JSON, if there is one."""
    page = next((p for p in (path.with_suffix(".md"), path.with_suffix(".html")) if p.exists()), path)
    if notes_url:
        return f"{notes_url.rstrip('/')}/{quote(page.name)}"
    if ":" in to[2:]:
        return page.as_posix()
    return Path(os.path.relpath(page, Path(to).parent)).as_posix()
