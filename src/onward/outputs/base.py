"""The seam to where results go when a run finishes.

A format turns an ordered stream of results into bytes. Publishing itself (temporary file, fsync, rename,
marker) is onward's business and the same for every format.

The contract, which the conformance suite in ``onward.testing`` checks:

* ``chunks`` is lazy: memory does not grow with the number of results. ``raws`` may be iterated over twice.
* The bytes depend on the results alone, so that two runs with equal results give equal files.
* ``values`` reads back what ``chunks`` wrote, one value per result, in order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from onward.errors import OutputMissing

CHUNK = 256 * 1024
"""Bytes that formats aim at for one chunk."""


class Format(Protocol):
    """A file format for results."""

    name: str
    """"jsonl", "csv", ..."""

    def chunks(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        """The file's bytes, piece by piece, from results given as JSON."""

    def values(self, path: Path) -> Iterator[Any]:
        """The results in a file of this format, read lazily. OutputMissing if it is gone or was changed."""


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """An output file, open for reading it back."""
    try:
        with path.open("rb", buffering=CHUNK) as handle:
            yield handle
    except OSError as error:
        raise OutputMissing(f"{path}: cannot be read: {error.strerror}") from error


def changed(path: Path, line: int, why: object) -> OutputMissing:
    """The error for an output file that is not what its format writes."""
    return OutputMissing(f"{path}, line {line}: was changed since it was written: {why}")
