"""CSV and TSV outputs: for people and spreadsheets, at the price of some loss.

Writing. Results that are dicts give a column per key, in the order in which the keys first appear; other
results give the one column ``value``; a mixture is refused. Text goes in as it is, numbers as in JSON, true
and false as such, null as an empty cell, lists and dicts as compact JSON. A spreadsheet would run text that
begins like a formula, so such text gets a leading apostrophe.

Reading back. A cell that is JSON (a number, true, false, a list, a dict) comes back as that, an empty one as
None, any other as text; an apostrophe that writing put there is taken off. So text that looks like JSON
("12", "true") comes back as what it looks like, an empty text as None, and a key that a result did not have
as None. A file with the one column ``value`` comes back as bare values. What must come back unchanged belongs
in JSONL.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from onward.errors import ValueRefused
from onward.outputs.base import CHUNK, changed, reading

FIELD_LIMIT = 2**31 - 1
_ALONE = "value"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_record = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode
_any = msgspec.json.Decoder().decode


class Delimited:
    """CSV or TSV in UTF-8 with LF line ends and a header; the module says what is lost."""

    def __init__(self, name: str = "csv", delimiter: str = ",") -> None:
        self.name = name
        self._delimiter = delimiter

    def chunks(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        columns, left = _columns(raws, self.name)
        rows: list[str] = []
        write = csv.writer(_Rows(rows), delimiter=self._delimiter, lineterminator="\r\n").writerow
        write([_safe(column) for column in columns or (_ALONE,)])
        size = 0
        for raw in raws:
            write(_cells(raw, columns))
            left -= 1
            size += len(rows[-1])
            if size >= CHUNK:
                yield "".join(rows).encode()
                rows.clear()
                size = 0
        if left:
            raise RuntimeError("the results changed between two passes over them")
        yield "".join(rows).encode()

    def values(self, path: Path) -> Iterator[Any]:
        csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))  # one for the whole process
        with reading(path) as handle, io.TextIOWrapper(handle, "utf-8", newline="") as text:
            rows = csv.reader(text, delimiter=self._delimiter, strict=True)
            try:
                yield from _read(rows)
            except (csv.Error, ValueError) as error:
                raise changed(path, rows.line_num, error) from error


class _Rows:
    """Takes rows from the csv module, which quotes CR and LF only if both are in its line end."""

    def __init__(self, rows: list[str]) -> None:
        self._rows = rows

    def write(self, row: str) -> None:
        self._rows.append(row[:-2] + "\n")


def _columns(raws: Iterable[bytes], name: str) -> tuple[list[str], int]:
    """The keys of all results, none if they are not dicts or have no keys; and the number of results."""
    columns: dict[str, None] = {}
    dicts = others = 0
    for raw in raws:
        if raw.startswith(b"{"):
            dicts += 1
            columns.update(dict.fromkeys(_record(raw)))
        else:
            others += 1
    if dicts and others:
        raise ValueRefused(
            f"{name.upper()} cannot hold {dicts} results with named columns and {others} without; "
            "write JSONL instead (an output name ending in .jsonl)"
        )
    return list(columns), dicts + others


def _cells(raw: bytes, columns: list[str]) -> list[str]:
    if not columns:
        return [_cell(raw)]
    record = _record(raw)
    return [_cell(bytes(record[column])) if column in record else "" for column in columns]


def _cell(raw: bytes) -> str:
    if raw.startswith(b'"'):
        return _safe(_text(raw))
    return "" if raw == b"null" else raw.decode()


def _safe(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text


def _read(rows: Iterator[list[str]]) -> Iterator[Any]:
    header = [_unsafe(name) for name in next(rows, [])]
    if not header:
        raise ValueError("no header")
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{len(row)} cells instead of {len(header)}")
        cells = map(_value, row)
        yield next(cells) if header == [_ALONE] else dict(zip(header, cells, strict=True))


def _value(cell: str) -> Any:
    if not cell:
        return None
    if cell[0] in "-0123456789tf[{":  # the first characters of JSON that is not text or null
        try:
            return _any(cell)
        except (ValueError, RecursionError):
            return cell
    return _unsafe(cell)


def _unsafe(text: str) -> str:
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
