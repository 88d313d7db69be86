"""Where items come from. :func:`open_source` makes a source of whatever the caller has."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, MappingView, Sequence, Set
from pathlib import Path
from typing import Any, cast

from onward.errors import SourceError, UsageError
from onward.sources._files import FileSource
from onward.sources.base import AsyncReading, AsyncSource, Place, Reading, Source, is_async
from onward.sources.delimited import DelimitedSource
from onward.sources.folder import FolderSource
from onward.sources.iterables import AsyncIterableSource, CallableSource, IterableSource, SequenceSource
from onward.sources.jsonl import JsonlSource, load_array
from onward.sources.lines import LinesSource
from onward.sources.selection import SelectionSource

__all__ = [
    "FORMATS",
    "AsyncReading",
    "AsyncSource",
    "Place",
    "Reading",
    "SelectionSource",
    "Source",
    "is_async",
    "open_source",
]

_LINE_FORMATS: dict[str, Callable[[Path | None], FileSource]] = {
    "jsonl": JsonlSource,
    "csv": DelimitedSource,
    "tsv": lambda path: DelimitedSource(path, "\t"),
    "lines": LinesSource,
}
_SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "lines",
    ".json": "json",
}
FORMATS = (*_LINE_FORMATS, "json")
"""What ``format=`` takes."""


def open_source(items: Any, *, format: str | None = None) -> Source | AsyncSource:  # noqa: A002
    """Make a source of what the caller has.

    Args:
        items: a source; a path (``str`` or ``Path``) to a file or folder, ``"-"`` for standard input; a
            sequence or other iterable with a stable order; an asynchronous iterable; a function without
            arguments that returns an iterable, called anew for every reading.
        format: "jsonl", "csv", "tsv", "lines" or "json" for a file whose name does not say.

    Raises:
        UsageError: it cannot be a source, or its order is not stable, or the format is not known.
        SourceError: there is no such file, or it cannot be read.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"format={format!r} is not known; there are {', '.join(FORMATS)}")
    if isinstance(items, str | os.PathLike):
        return _open_path(items, format)
    if format is not None:
        raise UsageError(f"format= is for files; the items given are of type {type(items).__name__}")
    if hasattr(items, "read") and hasattr(items, "fingerprint"):
        return cast(Source, items)
    _refuse_unordered(items)
    return _open_object(items)


def _open_path(items: str | os.PathLike[str], wanted: str | None) -> Source:
    if str(items) == "-":
        return _open_file(None, wanted or "jsonl")
    path = Path(items)
    if items == "" or not path.exists():
        raise SourceError(f"{str(items)!r}: no such file or folder")
    if path.is_dir():
        if wanted is not None:
            raise UsageError(f"{path} is a folder, one item per file; format= is for a file")
        return FolderSource(path)
    return _open_file(path, wanted or _format_by_name(path))


def _format_by_name(path: Path) -> str:
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    try:
        return _SUFFIXES[plain.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"{path}: the name does not say what is in the file; say format= one of {', '.join(FORMATS)}"
        ) from None


def _open_file(path: Path | None, wanted: str) -> Source:
    if wanted != "json":
        return _LINE_FORMATS[wanted](path)
    if path is None:
        raise UsageError("standard input cannot be read as one JSON array; give one value per line (jsonl)")
    return SequenceSource(load_array(path), name=str(path), path=path.absolute())


def _refuse_unordered(items: Any) -> None:
    kind = type(items).__name__
    if isinstance(items, bytes | bytearray | memoryview):
        raise UsageError(f"{kind} is not a list of items; for a path, give str or pathlib.Path")
    if isinstance(items, Mapping):
        raise UsageError(f"a {kind} is not a list of items; give its .items() or .values()")
    if isinstance(items, Set) and not isinstance(items, MappingView):
        raise UsageError(f"a {kind} has another order in every process; give sorted(...) of it")
    if kind == "DataFrame":
        raise UsageError("a DataFrame iterates over its columns; give .to_dict('records') or .to_dicts()")


def _open_object(items: Any) -> Source | AsyncSource:
    if isinstance(items, Sequence):
        return SequenceSource(items)
    if isinstance(items, AsyncIterable) or inspect.isasyncgenfunction(items):
        return AsyncIterableSource(items)
    if isinstance(items, Iterable):
        return IterableSource(items)
    if callable(items) and not inspect.iscoroutinefunction(items):
        return CallableSource(items)
    raise UsageError(f"cannot iterate over {type(items).__name__}; give a list, a path or a generator")
