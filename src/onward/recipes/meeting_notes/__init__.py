"""Meeting notes: a folder of transcripts into summaries, decisions, action items and open questions.

It is an ordinary onward job: a transcript is an item, each part of a long one a saved step, and a kill at any moment
costs at most the part under way. The documents are written when the run has ended, each in one step. How the notes come
about and what they cannot say: docs/how-to/meeting-notes.md.

    make_notes([Path("meetings")], Path("notes"))
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import onward
from onward.errors import UsageError
from onward.llm import Model
from onward.recipes import naming, note_taking
from onward.recipes.extras import need
from onward.recipes.meeting_notes.documents import Unnoted, documents_of, index_of
from onward.recipes.meeting_notes.folder import Folder, Published
from onward.recipes.meetings import Notes
from onward.recipes.note_taking import RULES, in_steps, is_rules
from onward.recipes.transcripts import read_transcript
from onward.sources.selection import SelectionSource

__all__ = ["JOB", "RULES", "Published", "make_notes", "parameters", "run_name", "take_notes"]

JOB = "meeting-notes"


def parameters(
    model: Model | None = None, *, day: str | None = None, zone: str | None = None
) -> dict[str, Any]:
    """What notes depend on besides the transcript, as parameters of :func:`take_notes`.

    Args:
        model: who takes them; None, or the embedded one, for the rules.
        day: the date of the meetings, ``2026-11-25``, where their files do not say.
        zone: the time zone they were held in, such as "Europe/Berlin".

    Raises:
        UsageError: there is no such day or time zone.
    """
    try:
        if day is not None:
            date.fromisoformat(day)
        if zone is not None:
            ZoneInfo(zone)
    except ZoneInfoNotFoundError as error:
        raise UsageError(f"there is no time zone {zone!r}; they are named like Europe/Berlin") from error
    except ValueError as error:
        raise UsageError(f"{day!r} is no date, or {zone!r} no time zone: {error}") from error
    return {"model": RULES if model is None or is_rules(model) else model, "day": day, "zone": zone}


def take_notes(path: Path, *, model: Model | str, day: str | None, zone: str | None) -> Notes:
    """The notes of one meeting; ``parameters`` makes the arguments.

    Raises:
        UnreadableTranscript: the file is no transcript that can be read whole.
        ModelError: the model did not answer, or not so that it can be used.
    """
    held = None if day is None else date.fromisoformat(day)
    transcript = read_transcript(path, day=held, zone=None if zone is None else ZoneInfo(zone))
    step = in_steps if _in_a_run() else note_taking.at_once
    return note_taking.take_notes(transcript, None if isinstance(model, str) else model, step=step)


def make_notes(
    transcripts: Sequence[Path],
    output: Path,
    model: Model | None = None,
    *,
    day: str | None = None,
    zone: str | None = None,
    force: bool = False,
    **options: Any,
) -> tuple[onward.Report, Published]:
    """Take notes of transcripts and write them into a folder; called again after a crash, go on where it stopped.

    Per meeting it writes Markdown, JSON and HTML, and an index over all. What people have changed in the folder is
    left as it is. Meetings that it has notes of already, made in the same way, cost nothing when others are added.

    Args:
        transcripts: files and folders of them.
        output: the folder for the notes; made if it is not there.
        model, day, zone: as for :func:`parameters`.
        force: write over what was changed in the folder, or is not onward's.
        options: any of ``onward.map``'s, such as ``workers``, ``every``, ``store`` and ``run``.

    Returns:
        The run's report, whose failures are the files that could not be read or noted; and what was written. If
        ``limit`` ended it, the notes so far are written.

    Raises:
        UsageError: nothing is named, or the output lies in a folder of transcripts.
        SourceError: there is no such file or folder.
        OnwardError: whatever else keeps the run from finishing.
    """
    for package in ("webvtt", "dateparser", "docx"):
        need(package, "taking notes", "meetings")
    source = SelectionSource(transcripts)
    _check_apart(transcripts, output)
    given = parameters(model, day=day, zone=zone)
    # A question to a model takes long, and a death loses it: that it is asked again is no sign that it killed.
    options.setdefault("max_crashes", 10)
    folder = Folder(output)
    made_by = _made_by(given)
    anew = options.get("again") or options.get("on_change") in ("redo", "restart")

    @onward.job(JOB, version=VERSION, params=given)
    def noted(path: Path, **params: Any) -> Notes:
        known = None if anew else folder.known(path, made_by)
        return known if known is not None else take_notes(path, **params)

    options.setdefault("run", run_name(output))
    report = noted.map(source, **options)
    notes = list(report.results())
    unnoted = [
        Unnoted(str(lost.key), lost.error.message if lost.error else "no reason") for lost in report.failures
    ]
    names = folder.names_of([one.source for one in notes])
    written: dict[str, str] = {}
    for one in notes:
        written |= documents_of(one, names[one.source])
    written |= index_of(notes, names, unnoted, left=report.left or 0)
    return report, folder.publish(written, {one.source: names[one.source] for one in notes}, made_by, force)


VERSION = 1
"""Of what becomes of a transcript; a run that an older one began is not gone on with."""


def run_name(output: Path) -> str:
    """The run's name unless another is given: of the folder the notes go to."""
    return naming.run_name(output.resolve().name or "notes")


def _made_by(given: dict[str, Any]) -> str:
    """What makes notes what they are, as one word: the model and its parameters, date, zone, version."""
    model = given["model"]
    parts = [
        VERSION,
        model if isinstance(model, str) else dict(model.onward_identity()),
        given["day"],
        given["zone"],
    ]
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _check_apart(transcripts: Sequence[Path], output: Path) -> None:
    for path in transcripts:
        if path.is_dir() and output.resolve().is_relative_to(path.resolve()):
            raise UsageError(
                f"{output} lies in {path}: the notes would be taken for transcripts the next time. "
                "Name a folder beside it"
            )
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; name a folder for the notes")


def _in_a_run() -> bool:
    from onward.attempts.context import current_run

    return current_run() is not None
