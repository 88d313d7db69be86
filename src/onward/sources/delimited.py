"""CSV and TSV files: one dict per record, by the names in the header."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from onward.errors import SourceError
from onward.sources._files import FileReading, FileSource
from onward.sources.base import Place

FIELD_LIMIT = 2**31 - 1
"""Longest field in characters. The csv module's own limit, 128 Ki, is less than a long document."""


class DelimitedSource(FileSource):
    """CSV or TSV in UTF-8 with a header; values are strings, blank lines skipped, quoted newlines kept.

    A record must have exactly as many fields as the header, whose names must be given and differ.
    """

    countable = 64 * 1024 * 1024

    def __init__(self, path: Path | None, delimiter: str = ",") -> None:
        super().__init__(path)
        self._delimiter = delimiter

    def values(self, reading: FileReading) -> Iterator[dict[str, str]]:
        begun = reading.line > 0
        with reading:
            rows = self._rows(reading)
            header = self._header_of_file() if begun else self._header(next(rows, []), reading.line)
            width = len(header)
            for row in rows:
                if len(row) != width:
                    raise SourceError(
                        f"{self.name}, line {reading.line}: {len(row)} fields, but the header names {width}"
                    )
                yield dict(zip(header, row, strict=False))

    def count(self, reading: FileReading) -> int:
        return max(0, sum(1 for _ in self._rows(reading)) - 1)

    def read(self, place: Place | None = None) -> FileReading:
        if csv.field_size_limit() < FIELD_LIMIT:  # one for the whole process, so it is only ever raised
            csv.field_size_limit(FIELD_LIMIT)
        return super().read(place)

    def _rows(self, reading: FileReading) -> Iterator[list[str]]:
        """Records as lists. The csv module takes no line before it needs it, so the place is exact."""
        rows = csv.reader(map(bytes.decode, reading.lines()), delimiter=self._delimiter, strict=True)
        before = reading.line
        try:
            for row in rows:
                before = reading.line
                if row:
                    yield row
        except csv.Error as error:
            line = before + 1  # where the record begins: a quote that is never closed ends far from there
            raise SourceError(f"{self.name}, line {line}: not valid {self._kind}: {error}") from error
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.name}, line {reading.line}: not UTF-8 text: {error}") from error

    def _header_of_file(self) -> list[str]:
        with closing(self.read()) as reading:
            return self._header(next(self._rows(reading), []), reading.line)

    def _header(self, names: list[str], line: int) -> list[str]:
        seen: set[str] = set()
        for name in names:
            if not name.strip():
                raise SourceError(f"{self.name}, line {line}: a column has no name in the header")
            if name in seen:
                raise SourceError(f"{self.name}, line {line}: the header names the column {name!r} twice")
            seen.add(name)
        return names

    @property
    def _kind(self) -> str:
        return "TSV" if self._delimiter == "\t" else "CSV"
