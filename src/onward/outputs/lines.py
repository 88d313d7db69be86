"""JSON outputs: one value per line (JSONL), or one array with one value per line."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from onward.outputs.base import CHUNK, changed, reading

_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError)


class Jsonl:
    """JSONL: one JSON value per line, each line ended by LF. Reads back what was written, without loss."""

    name = "jsonl"

    def chunks(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        for lines in _grouped(raws):
            yield b"\n".join(lines) + b"\n"

    def values(self, path: Path) -> Iterator[Any]:
        decode = msgspec.json.Decoder().decode
        with reading(path) as handle:
            for number, line in enumerate(handle, 1):
                try:
                    value = decode(line)
                except _MALFORMED as error:
                    raise changed(path, number, error) from error
                yield value


class JsonArray:
    """One JSON array, each value on a line of its own. Reads back what was written, without loss."""

    name = "json"

    def chunks(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        before = b"[\n"
        for lines in _grouped(raws):
            yield before + b",\n".join(lines)
            before = b",\n"
        yield b"[]\n" if before == b"[\n" else b"\n]\n"

    def values(self, path: Path) -> Iterator[Any]:
        with reading(path) as handle:
            first = next(handle, b"")
            number = 1
            if first == b"[\n":
                number = yield from _elements(handle, path)
            elif first != b"[]\n":
                raise changed(path, 1, "it does not begin as it was written")
            if handle.read(1):
                raise changed(path, number + 1, "something follows the array")


def _elements(lines: Iterable[bytes], path: Path) -> Generator[Any, None, int]:
    """The values up to the end of the array; returns the number of the line that ends it."""
    decode = msgspec.json.Decoder().decode
    number = 1
    for number, line in enumerate(lines, 2):
        if line == b"]\n":
            return number
        try:
            value = decode(line.removesuffix(b"\n").removesuffix(b","))
        except _MALFORMED as error:
            raise changed(path, number, error) from error
        yield value
    raise changed(path, number, "the array does not end")


def _grouped(raws: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The values in groups of about ``CHUNK`` bytes, each without line ends."""
    group: list[bytes] = []
    size = 0
    for raw in raws:
        if b"\n" in raw:  # layout, since JSON escapes it in text; not what onward's codec writes
            raw = msgspec.json.format(raw, indent=-1)  # noqa: PLW2901
        group.append(raw)
        size += len(raw)
        if size >= CHUNK:
            yield group
            group, size = [], 0
    if group:
        yield group
