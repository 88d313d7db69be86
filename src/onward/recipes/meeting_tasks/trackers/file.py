"""Tasks in a file: Markdown, CSV or iCalendar. The file belongs to people, who edit it while we write to it.

Every change reads the file anew, under a lock that other onward processes wait for, and replaces it in one step.
An editor knows no lock: if the file changed while the new one was being written, it is read again. What remains
is the moment between that look and the replacement, in which a save by an editor would be lost.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Protocol

from onward.errors import StoreUnwritable, UsageError
from onward.recipes.meeting_tasks.trackers.base import Fields, Kept, Stamp, Task, TrackerBusy, stamp_after

TRIES = 20
"""How often a file is read again because somebody saved it meanwhile."""

PATIENCE = 60
"""Seconds to wait for another process that is writing to the file."""


class Format(Protocol):
    """A file's text, and the tasks in it. Everything that is not a task of ours stays as it is."""

    def fields(self, task: Task) -> Fields:
        """What the file would show of a task."""

    def read(self, text: str) -> list[Kept]:
        """The tasks with a stamp. Raises ValueError if the text is not of this format."""

    def add(self, text: str, task: Task, stamp: Stamp) -> str:
        """The text with one more task."""

    def change(self, text: str, key: str, fields: Fields, stamp: Stamp) -> str:
        """The text with these fields and the stamp in the place of those that the task has."""


class FileTracker:
    """See the module, and :class:`~onward.recipes.meeting_tasks.trackers.base.Tracker`."""

    kind = "file"
    readable = True
    spacing = 0.0

    def __init__(self, path: Path, form: Format) -> None:
        self.path = path.resolve()  # through links: what they lead to is replaced, not they
        self.name = self.path.as_posix()
        self._form = form
        if self.path.is_dir() or not self.path.parent.is_dir():
            raise UsageError(f"{path}: the tasks go into a file in a folder that exists")

    def fields(self, task: Task) -> Fields:
        return self._form.fields(task)

    def tasks(self, since: date | None) -> Iterator[Kept]:
        yield from self._read(self._bytes())

    def find(self, key: str, ref: str, since: date | None) -> Kept | None:
        return next((kept for kept in self.tasks(since) if kept.stamp.key == key), None)

    def create(self, task: Task, stamp: Stamp) -> Kept:
        def add(text: str) -> str:
            there = any(kept.stamp.key == task.key for kept in self._form.read(text))
            return text if there else self._form.add(text, task, stamp)

        return self._after(add, task.key)

    def update(self, kept: Kept, fields: Fields, task: Task, stamp: Stamp) -> Kept:
        def change(text: str) -> str:
            now = next((k for k in self._form.read(text) if k.stamp.key == kept.stamp.key), None)
            if now is None:
                return text  # taken out a moment ago: so be it
            # What was edited since it was read is as much a human's as what was before.
            ours = {
                name: value for name, value in fields.items() if now.fields.get(name) == kept.fields.get(name)
            }
            return self._form.change(text, kept.stamp.key, ours, stamp_after(now, task, ours))

        return self._after(change, kept.stamp.key) if fields else kept

    def close(self) -> None:
        """Nothing is held between calls."""

    def _after(self, change: Callable[[str], str], key: str) -> Kept:
        content = self._rewrite(change)
        found = next((kept for kept in self._read(content) if kept.stamp.key == key), None)
        if found is None:
            raise TrackerBusy(f"{self.path}: the task was taken out of the file while it was being changed")
        return found

    def _rewrite(self, change: Callable[[str], str]) -> bytes:
        with _locked(self.path):
            for attempt in range(TRIES):
                time.sleep(0.01 * attempt)
                before = self._bytes()
                after = self._encoded(before, change)
                if after == before or _replace(self.path, after, self._still(before)):
                    return after
        raise TrackerBusy(f"{self.path}: another program writes to it all the time")

    def _still(self, before: bytes) -> Callable[[], bool]:
        return lambda: self._bytes() == before

    def _encoded(self, before: bytes, change: Callable[[str], str]) -> bytes:
        text = self._decoded(before)
        try:
            after = change(text)
        except ValueError as error:
            raise self._foreign(error) from error
        return before if after == text else after.encode()

    def _read(self, content: bytes) -> list[Kept]:
        try:
            return self._form.read(self._decoded(content))
        except ValueError as error:
            raise self._foreign(error) from error

    def _bytes(self) -> bytes:
        try:
            return self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise UsageError(f"{self.path} cannot be read: {error.strerror}") from error

    def _decoded(self, content: bytes) -> str:
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{self.path} is not UTF-8 text; save it as such, or name another file"
            ) from error

    def _foreign(self, error: ValueError) -> UsageError:
        return UsageError(f"{self.path} cannot take tasks: {error}; put it right, or name another file")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=PATIENCE, mode=0o600)
    try:
        with lock:
            yield
    except Timeout as error:
        raise TrackerBusy(f"{path}: another process has been writing to it for {PATIENCE} s") from error
    except OSError as error:
        raise StoreUnwritable(f"{path}: cannot be written: {error.strerror}") from error


def _replace(path: Path, content: bytes, unchanged: Callable[[], bool]) -> bool:
    """Put a new file in the old one's place, durably; False if the old one was changed meanwhile."""
    scratch = path.with_name(f".{path.name}.onward-tmp")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            scratch.chmod(path.stat().st_mode & 0o7777)
        if not unchanged():
            return False
        scratch.replace(path)
        _sync_folder(path.parent)
        return True
    finally:
        scratch.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
