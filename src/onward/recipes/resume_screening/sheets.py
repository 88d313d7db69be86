"""The ranking as a table: CSV and XLSX, neither with a cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from onward.recipes.resume_screening.groups import Fairness
from onward.recipes.resume_screening.results import Screening, Unscreened

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDTHS = {
    "name": 22,
    "file": 30,
    "flags": 40,
    "gaps": 40,
    "reason": 60,
    "e-mail": 28,
    "telephone": 20,
    "links": 28,
}
LIMIT = "This ranks for a human who reads on. It rejects nobody, and must not be used to."

Cell = str | float | int


def table(ranked: Sequence[Screening], unscreened: Sequence[Unscreened], today: date) -> list[list[Cell]]:
    """A header and a row for each file, best first; files that could not be screened last, without a rank."""
    criteria = [score.criterion for score in ranked[0].scores] if ranked else []
    columns = [f"{what}: {text}" for text in criteria for what in ("score", "evidence")]
    head = [
        "rank",
        "name",
        "file",
        "total",
        "flags",
        "years proven",
        "gaps",
        "reason",
        "e-mail",
        "telephone",
        "links",
    ]
    rows: list[list[Cell]] = [[*head, *columns, "model"]]
    for place, screening in enumerate(ranked, 1):
        rows.append([place, *_cells(screening, today)])
    width = len(rows[0])
    rows += [
        ["", "", lost.file, "", f"not screened: {lost.reason}", *[""] * (width - 5)] for lost in unscreened
    ]
    return [[harmless(cell) for cell in row] for row in rows]


def _cells(screening: Screening, today: date) -> list[Cell]:
    found: list[Cell] = []
    for score in screening.scores:
        named = f"({score.note}) {score.mention}" if score.mention else ""
        found += [score.score, score.evidence or named]
    person = screening.person
    proven = screening.years.proven(today) if screening.years.periods else ""
    listed = ("; ".join(part) for part in (screening.gaps, [screening.reason]))
    contact = ("; ".join(part) for part in (person.emails, person.phones, person.links))
    flags = "; ".join(screening.flags)
    return [
        person.name,
        screening.file,
        screening.total,
        flags,
        proven,
        *listed,
        *contact,
        *found,
        screening.model,
    ]


def harmless(cell: Cell) -> Cell:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark, so that Excel shows accents right."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[Cell]], fairness: Fairness | None, today: date) -> bytes:
    """A workbook of one sheet, with a second one for the check of groups. No text in it is a formula or a link."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        midnight = datetime(today.year, today.month, today.day, tzinfo=UTC)
        book.set_properties({"created": midnight})  # the same file for the same day
        _fill(book, "Ranking", [*rows, [], [LIMIT]])
        if fairness is not None:
            _fill(book, "Groups", [*fairness.table(), [], *[[line] for line in fairness.warnings]])
    return buffer.getvalue()


def _fill(book: Any, name: str, rows: Sequence[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell, plain if at else bold)
    for column, title in enumerate(rows[0]):
        sheet.set_column(column, column, _width(str(title)))
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(0, len(rows) - 3), max(0, len(rows[0]) - 1))


def _width(title: str) -> int:
    return 50 if title.startswith("evidence") else 12 if title.startswith("score") else _WIDTHS.get(title, 12)
