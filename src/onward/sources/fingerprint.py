"""Telling whether files changed without reading them whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from xxhash import xxh3_64

EDGE = 64 * 1024
"""Bytes looked at at each end of a file."""

WHOLE = 1024 * 1024
"""Files up to this many bytes are digested whole where their content is asked for."""


def of_file(path: Path) -> dict[str, Any]:
    """Size, modification time, and digests of both ends. Raises OSError."""
    with path.open("rb") as handle:
        status = os.fstat(handle.fileno())
        head, tail = _ends(handle, status.st_size)
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "head": xxh3_64(head).hexdigest(),
        "tail": xxh3_64(tail).hexdigest(),
    }


def of_files(files: Iterable[tuple[str, os.stat_result]]) -> dict[str, Any]:
    """One digest over many files' relative paths, sizes and modification times, and their number."""
    total, count = xxh3_64(), 0
    for name, status in files:
        total.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
        count += 1
    return {"files": count, "digest": total.hexdigest()}


def of_content(path: Path) -> int:
    """A file's content digest: of the whole up to 1 MiB, else of its size and both ends. Raises OSError."""
    with path.open("rb") as handle:
        size = os.fstat(handle.fileno()).st_size
        digest = xxh3_64(size.to_bytes(8, "little"))
        for part in (handle.read(),) if size <= WHOLE else _ends(handle, size):
            digest.update(part)
    return digest.intdigest() or 1  # 0 means "no digest"


def _ends(handle: BinaryIO, size: int) -> tuple[bytes, bytes]:
    head = handle.read(EDGE)
    handle.seek(max(0, size - EDGE))
    return head, handle.read(EDGE)
