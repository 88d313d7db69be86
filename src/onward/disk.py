"""Flushing files and folders through to the medium."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def sync(descriptor: int) -> None:
    """Flush an open file through to the medium.

    Raises:
        OSError
    """
    if sys.platform == "darwin":  # where fsync stops at the drive's cache
        import fcntl

        with contextlib.suppress(OSError):  # not on every file system; fsync is what there is then
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; nothing to do on Windows, which has no such call.

    Raises:
        OSError
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
