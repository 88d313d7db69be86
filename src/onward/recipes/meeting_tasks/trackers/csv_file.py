"""Tasks as rows of a spreadsheet: CSV with a header. Rows and columns of other people stay as they are.

The delimiter is the header's, since spreadsheets save with semicolons or tabs in some countries. A cell that a
spreadsheet would take for a formula gets an apostrophe in front, which is taken off when it is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from onward.recipes.meeting_tasks.trackers.base import Fields, Kept, Stamp, Task, description

FIELDS = ("title", "owner", "due", "priority", "labels", "description")
COLUMNS = ("done", *FIELDS, "meeting", "onward")
DONE = {"x", "yes", "y", "true", "1", "done", "✓"}
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠]")
_BOM = "\ufeff"  # so that Excel takes it for UTF-8
_LONGEST = 2**31 - 1


class Record(NamedTuple):
    """One row as it stands in the file, and its cells."""

    raw: str
    cells: list[str]


class CsvFile:
    """See the module."""

    def fields(self, task: Task) -> Fields:
        return {
            "title": task.title,
            "owner": task.owner,
            "due": task.due,
            "priority": "" if task.priority == "normal" else task.priority,
            "labels": ", ".join(task.labels),
            "description": "\n".join(description(task)),
        }

    def read(self, text: str) -> list[Kept]:
        _, columns, records = _table(text)
        found: dict[str, Kept] = {}
        for record in records:
            kept = _kept(record, columns)
            if kept is not None:
                found.setdefault(kept.stamp.key, kept)
        return list(found.values())

    def add(self, text: str, task: Task, stamp: Stamp) -> str:
        if not text.strip(_BOM + "\r\n\t ,;"):
            text = _BOM + _row(list(COLUMNS), ",")
        delimiter, columns, _ = _table(text)
        values = {**self.fields(task), "done": "", "meeting": task.heading, "onward": stamp.text()}
        row = _row([_safe(values.get(name, "")) for name in columns], delimiter)
        return (text if text.endswith(("\n", "\r")) else text + "\r\n") + row

    def change(self, text: str, key: str, fields: Fields, stamp: Stamp) -> str:
        delimiter, columns, records = _table(text)
        parts = [text[: len(text) - sum(len(record.raw) for record in records)]]
        wanted = {**fields, "onward": stamp.text()}
        for record in records:
            kept = _kept(record, columns)
            if kept is None or kept.stamp.key != key or not wanted:
                parts.append(record.raw)
                continue
            cells = record.cells + [""] * (len(columns) - len(record.cells))
            for name, value in wanted.items():
                cells[columns.index(name)] = _safe(value)
            parts.append(_row(cells, delimiter))
            wanted = {}
        return "".join(parts)


def _table(text: str) -> tuple[str, list[str], list[Record]]:
    """The delimiter, the columns, and the rows below the header."""
    body = text.removeprefix(_BOM)
    if not body.strip():
        return ",", list(COLUMNS), []
    for delimiter in ",;\t":
        records = list(_records(body, delimiter))
        columns = [cell.strip().lower() for cell in records[0].cells]
        if {*FIELDS, "onward"} <= set(columns):
            return delimiter, columns, records[1:]
    raise ValueError(f"its first line is not a header with the columns {', '.join(COLUMNS)}")


def _records(text: str, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(_LONGEST)
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    try:
        for cells in csv.reader(lines(), delimiter=delimiter):
            yield Record("".join(taken), cells)
            taken.clear()
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _kept(record: Record, columns: list[str]) -> Kept | None:
    cells = dict(zip(columns, map(_unsafe, record.cells), strict=False))
    stamp = Stamp.read(cells.get("onward", ""))
    if stamp is None:
        return None
    fields = {name: cells.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    return Kept(stamp.key, stamp, fields, cells.get("done", "").strip().lower() in DONE)


def _row(cells: list[str], delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _safe(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text


def _unsafe(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
