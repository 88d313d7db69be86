"""File-system actions that stores share."""

from __future__ import annotations

import os
from pathlib import Path

from onward.errors import StoreUnwritable


def make_folder(folder: Path) -> None:
    """Make a folder and its parents, durably.

    Raises:
        StoreUnwritable: it cannot be made.
    """
    if folder.is_dir():
        return
    try:
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"{folder} cannot be made: {error.strerror}; give store= a writable place"
        ) from error
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; nothing to do on Windows, which has no such call."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
