"""The conformance suite for output formats: what :mod:`onward.outputs.base` promises, as tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from onward.errors import OutputMissing
from onward.outputs.base import Format

TEXTS = [
    "",
    "plain",
    'a "quoted", text',
    "two\nlines",
    "CR\r, CRLF\r\n",
    "tab\t",
    "ÄÖ €",
    "\u2028\u2029",
    "😀",
    "'",
]
SAMPLES: list[list[Any]] = [
    [],
    [{"id": number, "text": text} for number, text in enumerate(TEXTS)],
    [{"a": 1}, {"b": 2.5, "a": True}, {"c": None}],
    [{"nested": {"list": [1, "two", None]}}],
    [0, -1, 1.5, 10**30, True, False],
    TEXTS[1:],
    [[1, 2], []],
]


class Results:
    """Encoded results that can be passed over again and tell how far a pass has come."""

    def __init__(self, results: Iterable[Any]) -> None:
        self.raws = [msgspec.json.encode(result) for result in results]
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        self.taken = 0
        for raw in self.raws:
            self.taken += 1
            yield raw


class OutputSuite:
    """Derive, override :meth:`make` and, for a format that loses something, :meth:`expected`."""

    samples: Sequence[list[Any]] = SAMPLES

    def make(self) -> Format:
        """The format."""
        raise NotImplementedError

    def expected(self, results: list[Any]) -> list[Any]:
        """What reads back of these results."""
        return results

    def write(self, path: Path, results: Iterable[Any]) -> bytes:
        path.write_bytes(b"".join(self.make().chunks(Results(results))))
        return path.read_bytes()

    def test_what_was_written_reads_back(self, tmp_path: Path) -> None:
        for results in self.samples:
            self.write(tmp_path / "output", results)
            assert list(self.make().values(tmp_path / "output")) == self.expected(results)

    def test_equal_results_give_equal_bytes(self, tmp_path: Path) -> None:
        for results in self.samples:
            assert self.write(tmp_path / "one", results) == self.write(tmp_path / "two", list(results))

    def test_writing_is_lazy(self) -> None:
        results = Results({"text": "x" * 10_000} for _ in range(1000))
        chunks = self.make().chunks(results)
        next(chunks)
        assert results.taken < 500
        assert max(map(len, chunks)) < 2_000_000

    def test_many_results_read_back(self, tmp_path: Path) -> None:
        results = [{"number": number, "text": "x" * 100} for number in range(10_000)]
        self.write(tmp_path / "output", results)
        assert list(self.make().values(tmp_path / "output")) == self.expected(results)

    def test_reading_is_lazy(self, tmp_path: Path) -> None:
        content = self.write(tmp_path / "output", [{"number": number} for number in range(100_000)])
        (tmp_path / "output").write_bytes(content[: len(content) // 2] + b"\x00\xff")
        values = iter(self.make().values(tmp_path / "output"))
        assert next(values) == {"number": 0}

    def test_a_missing_or_damaged_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "output"
        assert "output" in self.complaint(path)
        content = self.write(path, [{"a": 1, "b": [2]}, {"a": 3, "b": [4]}])
        path.write_bytes(content[:-4] + b'"\xff')
        assert "output" in self.complaint(path)

    def complaint(self, path: Path) -> str:
        try:
            list(self.make().values(path))
        except OutputMissing as error:
            return str(error)
        return ""

    def test_it_has_a_name(self) -> None:
        assert self.make().name
