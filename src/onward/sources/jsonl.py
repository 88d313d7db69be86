"""JSON files: one value per line (JSONL), or one array."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from onward.errors import SourceError
from onward.sources._files import BOM, FileReading, FileSource, open_binary, unreadable

_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class JsonlSource(FileSource):
    """JSONL in UTF-8: one JSON value per line, blank lines skipped."""

    def values(self, reading: FileReading) -> Iterator[Any]:
        decode = msgspec.json.Decoder().decode
        with reading:
            for line in reading.lines():
                try:
                    value = decode(line)
                except _MALFORMED as error:
                    if line.isspace():  # asked only here: a good line is the rule
                        continue
                    raise SourceError(f"{self.name}, line {reading.line}: not valid JSON: {error}") from error
                yield value

    def count(self, reading: FileReading) -> int:
        return Counter(map(bytes.isspace, reading.lines()))[False]


def load_array(path: Path) -> list[Any]:
    """The values of a file that holds one JSON array, all at once; SourceError if it cannot be one."""
    try:
        with open_binary(path) as handle:
            content = handle.read().removeprefix(BOM)
        values = msgspec.json.decode(content)
    except _MALFORMED as error:
        raise SourceError(f"{path}: not valid JSON: {error}") from error
    except (OSError, EOFError) as error:
        raise unreadable(str(path), error) from error
    if not isinstance(values, list):
        raise SourceError(f"{path}: must hold one JSON array; for one value per line say format='jsonl'")
    return values
