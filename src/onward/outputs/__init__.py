"""Where results go when a run finishes. :func:`format_for` chooses the format by the file's name."""

from __future__ import annotations

from pathlib import Path

from onward.errors import UsageError
from onward.outputs.base import Format
from onward.outputs.delimited import Delimited
from onward.outputs.lines import JsonArray, Jsonl

__all__ = ["FORMATS", "Format", "format_for"]

FORMATS: dict[str, Format] = {
    "jsonl": Jsonl(),
    "csv": Delimited(),
    "tsv": Delimited("tsv", "\t"),
    "json": JsonArray(),
}
"""Format names, which are also file name suffixes; ``.ndjson`` is JSONL too."""


def format_for(path: str | Path, name: str | None = None) -> Format:
    """The format of an output file, by name or else by the file's suffix; UsageError if there is none."""
    suffix = Path(path).suffix.lower().removeprefix(".")
    wanted = name or ("jsonl" if suffix == "ndjson" else suffix)
    if wanted in FORMATS:
        return FORMATS[wanted]
    asked = f"format {name!r} is not known" if name else f"{path}: the name does not say the format"
    raise UsageError(f"{asked}; an output ends in {', '.join('.' + known for known in FORMATS)}")
