"""What onward itself remembers of the tasks it made: one SQLite file for all trackers.

A tracker is asked first, wherever it can be. The ledger knows what it cannot tell: that a task which is not there
was made once, and so was deleted by somebody; what a webhook was sent; and what was decided in a review.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from onward.errors import StoreUnwritable, UsageError
from onward.recipes.meeting_tasks.trackers import Kept, Stamp

Choice = Literal["", "accept", "skip"]

_SCHEMA = """
    create table if not exists tasks (
        tracker text not null, key text not null, stamp text not null, ref text not null, url text not null,
        choice text not null, reviewed text not null, edits text not null, primary key (tracker, key)
    ) strict
"""
_SELECT = "select stamp, ref, url, choice, reviewed, edits from tasks where tracker = ?"
WAIT = 60
"""Seconds to wait for another process that writes."""


@dataclass(frozen=True)
class Entry:
    """What is remembered of one task.

    Attributes:
        ref, url: of the task in the tracker; "" while it was not made.
        choice: what a human decided in a review, of the task with the digest ``reviewed``.
        edits: by field, what the notes had then and what the human wrote instead.
    """

    stamp: Stamp
    ref: str = ""
    url: str = ""
    choice: Choice = ""
    reviewed: str = ""
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)


class Ledger:
    """See the module. May be used by several threads; ``tracker`` is the name of the tracker it is about."""

    def __init__(self, path: Path, tracker: str) -> None:
        self.path = path
        self._tracker = tracker
        self._lock = threading.Lock()
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._connection = sqlite3.connect(
                path, timeout=WAIT, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("pragma synchronous = extra").close()
            self._connection.execute(_SCHEMA).close()

    def entries(self) -> dict[str, Entry]:
        """All that is remembered for this tracker, by key, oldest first."""
        rows = self._execute(f"{_SELECT} order by rowid", self._tracker)
        return {entry.stamp.key: entry for row in rows if (entry := _entry(row))}

    def entry(self, key: str) -> Entry | None:
        """What is remembered of one task."""
        rows = self._execute(f"{_SELECT} and key = ?", self._tracker, key)
        return _entry(rows[0]) if rows else None

    def made(self, kept: Kept) -> None:
        """Remember a task as it was written last."""
        before = self.entry(kept.stamp.key) or Entry(kept.stamp)
        self.keep(replace(before, stamp=kept.stamp, ref=kept.ref, url=kept.url))

    def keep(self, entry: Entry) -> None:
        """Remember, durably, in place of what was remembered of that task."""
        self._execute(
            "insert into tasks (tracker, key, stamp, ref, url, choice, reviewed, edits) "
            "values (?, ?, ?, ?, ?, ?, ?, ?) "
            "on conflict do update set stamp = excluded.stamp, ref = excluded.ref, url = excluded.url, "
            "choice = excluded.choice, reviewed = excluded.reviewed, edits = excluded.edits",
            self._tracker,
            entry.stamp.key,
            entry.stamp.text(),
            entry.ref,
            entry.url,
            entry.choice,
            entry.reviewed,
            json.dumps(entry.edits),
        )

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _execute(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with self._lock, self._translated():
            return self._connection.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreUnwritable(
                f"{self.path}: {error}; give --ledger a place that can be written"
            ) from error
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{self.path} is not a ledger of onward's: {error}; name another") from error
        except OSError as error:
            raise StoreUnwritable(f"{self.path}: {error.strerror}; give --ledger another place") from error


def _entry(row: tuple[Any, ...]) -> Entry | None:
    text, ref, url, choice, reviewed, edits = row
    stamp = Stamp.read(text)
    pairs = {name: (str(old), str(new)) for name, (old, new) in json.loads(edits).items()}
    return Entry(stamp, ref, url, choice, reviewed, pairs) if stamp is not None else None
