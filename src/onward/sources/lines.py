"""Text files: one string per line."""

from __future__ import annotations

from collections.abc import Iterator

from onward.errors import SourceError
from onward.sources._files import FileReading, FileSource


class LinesSource(FileSource):
    """Lines of UTF-8 text without their line ends (LF or CRLF). An empty line is an empty string."""

    def values(self, reading: FileReading) -> Iterator[str]:
        with reading:
            for line in reading.lines():
                try:
                    text = line.removesuffix(b"\n").removesuffix(b"\r").decode()
                except UnicodeDecodeError as error:
                    raise SourceError(f"{self.name}, line {reading.line}: not UTF-8 text: {error}") from error
                yield text

    def count(self, reading: FileReading) -> int:
        return sum(1 for _ in reading.lines())
