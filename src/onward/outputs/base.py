"""The seam to where results go when a run finishes.

A format turns an ordered stream of results into bytes. Publishing itself (temporary file, fsync, rename,
marker) is onward's business and the same for every format.

The contract, which the conformance suite in ``onward.testing`` checks:

* ``chunks`` is lazy: memory does not grow with the number of results. ``raws`` may be iterated more than once.
* The bytes depend on the results alone, so that two runs with equal results give equal files.
* ``values`` reads back what ``chunks`` wrote, one value per result, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol


class Format(Protocol):
    """A file format for results."""

    name: str
    """"jsonl", "csv", ..."""

    def chunks(self, raws: Iterable[bytes]) -> Iterator[bytes]:
        """The file's bytes, piece by piece, from results given as JSON."""

    def values(self, path: Path) -> Iterator[Any]:
        """The results in a file of this format, read lazily."""
