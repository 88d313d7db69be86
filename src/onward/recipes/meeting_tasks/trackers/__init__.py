"""Where tasks are put: from what ``--to`` says to the tracker."""

from __future__ import annotations

from pathlib import Path

from onward.errors import UsageError
from onward.recipes.meeting_tasks.trackers.base import (
    AccessRefused,
    Fields,
    Kept,
    Stamp,
    Task,
    TaskChanged,
    TaskRefused,
    Tracker,
    TrackerBusy,
    TrackerUnavailable,
)

__all__ = [
    "AccessRefused",
    "Fields",
    "Kept",
    "Stamp",
    "Task",
    "TaskChanged",
    "TaskRefused",
    "Tracker",
    "TrackerBusy",
    "TrackerUnavailable",
    "open_tracker",
]

EXTRA = 'pip install "onward[trackers]"'


def open_tracker(to: str) -> Tracker:
    """The tracker of an address.

    It is ``FILE.md``, ``FILE.csv``, ``FILE.ics``, ``caldav:URL``, ``github:OWNER/REPOSITORY`` or ``webhook:URL``.

    Raises:
        UsageError: there is no such kind, the address cannot be meant, or something it needs is not there.
    """
    try:
        return _open(to)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is missing, which trackers need: {EXTRA}") from error


def _open(to: str) -> Tracker:
    kind, separator, rest = to.partition(":")
    if separator and kind == "github":
        from onward.recipes.meeting_tasks.trackers.github import GitHub

        return GitHub(rest)
    if separator and kind == "caldav":
        from onward.recipes.meeting_tasks.trackers.caldav import CalDav

        return CalDav(rest)
    if separator and kind == "webhook":
        from onward.recipes.meeting_tasks.trackers.webhook import Webhook

        return Webhook(rest)
    return _open_file(to)


def _open_file(to: str) -> Tracker:
    import filelock  # noqa: F401 - to say now that it is missing, not at the first task

    from onward.recipes.meeting_tasks.trackers.csv_file import CsvFile
    from onward.recipes.meeting_tasks.trackers.file import FileTracker, Format
    from onward.recipes.meeting_tasks.trackers.ics_file import IcsFile
    from onward.recipes.meeting_tasks.trackers.markdown_file import MarkdownFile

    formats: dict[str, type[Format]] = {".md": MarkdownFile, ".csv": CsvFile, ".ics": IcsFile}
    path = Path(to)
    form = formats.get(path.suffix.lower())
    if form is None or "://" in to:
        raise UsageError(
            f"--to {to}: write FILE.md, FILE.csv, FILE.ics, caldav:URL, github:OWNER/REPOSITORY or webhook:URL"
        )
    if form is IcsFile:
        import icalendar  # noqa: F401
    return FileTracker(path, form())
