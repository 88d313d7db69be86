"""File-system actions that stores share."""

from __future__ import annotations

import warnings
from pathlib import Path

from onward.disk import sync_folder
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
        sync_folder(folder.parent)
    except OSError as error:
        raise StoreUnwritable(
            f"{folder} cannot be made: {error.strerror}; give store= a writable place"
        ) from error


NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "glusterfs", "fuse.sshfs"}
)
"""File systems, as Linux names them, on which SQLite's write-ahead log cannot be relied on."""


def warn_of_network(folder: Path) -> None:
    """Warn if a folder is on a network file system. Linux only; elsewhere nothing is known."""
    kind = _file_system(folder)
    if kind in NETWORK:
        warnings.warn(
            f"{folder} is on a network file system ({kind}), where SQLite's write-ahead log is not safe; "
            "give store= a local folder",
            RuntimeWarning,
            stacklevel=2,
        )


def _file_system(folder: Path) -> str | None:
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return None
    place = str(folder.resolve())
    best, kind = "", None
    for line in lines:  # fields: proc(5), /proc/pid/mountinfo
        left, _, right = line.partition(" - ")
        mount = left.split()[4].replace("\\040", " ")
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind
