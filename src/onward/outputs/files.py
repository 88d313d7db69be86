"""The durable actions of publishing, one function each, so that a crash between any two can be tested.

In order: :func:`check_target` before anything is paid for; :func:`write_temporary`; :func:`replace`;
:func:`sync_folder`. A temporary file lies beside its target and has a fixed name per target and token, so
that a crash leaves at most one, which the next attempt overwrites.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from onward import disk
from onward.errors import OutputMissing, StoreUnwritable, UsageError

_WAYS_OUT = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space or raise the quota",
    errno.EROFS: "choose another folder",
    errno.EACCES: "give write permission or choose another folder",
    errno.EPERM: "give write permission or choose another folder",
    errno.ENAMETOOLONG: "choose a shorter name",
}


class Written(NamedTuple):
    """A file that is on disk: where, how many bytes, and the BLAKE2b digest of its content in hex."""

    path: Path
    bytes: int
    digest: str


def target_of(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a file to be written: of what it points to, if it is a symbolic link, which stays one.

    Raises:
        UsageError: links that lead in a circle.
    """
    absolute = Path(path).absolute()
    target = Path(os.path.realpath(absolute)) if absolute.is_symlink() else absolute
    if target.is_symlink():
        raise UsageError(f"{path}: the output is a link that leads nowhere")
    return target


def temporary_path(path: Path, token: str = "") -> Path:
    """Where ``write_temporary`` writes what is to become ``path``."""
    return path.with_name(f".{path.name}{'.' if token else ''}{token}.onward-tmp")


def check_target(path: Path) -> None:
    """Whether a file could be put there, as far as that can be known without doing it.

    Raises:
        UsageError: it is a folder, a pipe or a device, its folder does not exist, or its name is no Unicode.
        StoreUnwritable: no permission to write in its folder.
    """
    if any("\ud800" <= char <= "\udfff" for char in str(path)):
        raise UsageError(
            f"{str(path)!r}: the name is not valid Unicode, so that it cannot be stored; give another one"
        )
    if path.is_dir():
        raise UsageError(f"{path}: the output is a folder; give the name of a file in it")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: the output is not a regular file, and would be replaced by one")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {path.parent}; create it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreUnwritable(f"{path}: no permission to write there; {_WAYS_OUT[errno.EACCES]}")


def write_temporary(path: Path, chunks: Iterable[bytes], token: str = "") -> Written:
    """Write what is to become ``path`` beside it, mode 0600, and return when it is durable.

    Args:
        path: the target, which is not touched.
        chunks: the content. If it raises, the temporary file is removed and the error passes through.
        token: tells apart two writers of one target.

    Raises:
        UsageError, StoreUnwritable: as :func:`check_target`, or the disk is full.
    """
    check_target(path)
    temporary = temporary_path(path, token)
    with _translated(path):
        remove(temporary)  # a leftover; never opened, since it might be a link by now
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
    try:
        return _write(temporary, path, descriptor, chunks)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def replace(temporary: Path, path: Path) -> None:
    """Put the temporary file in the target's place in one step; durable after :func:`sync_folder`."""
    with _translated(path):
        temporary.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with _translated(folder):
        disk.sync_folder(folder)


def remove(path: Path) -> None:
    """Delete a file if it is there."""
    with _translated(path):
        path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """The BLAKE2b digest of a file's content in hex. OutputMissing if there is no such file to read."""
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, _hash).hexdigest()
    except OSError as error:
        raise OutputMissing(f"{path}: cannot be read: {error.strerror}") from error


def _hash() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=32)


def _write(temporary: Path, path: Path, descriptor: int, chunks: Iterable[bytes]) -> Written:
    content, size = _hash(), 0
    with open(descriptor, "wb", buffering=0, closefd=True) as handle:
        for chunk in chunks:
            content.update(chunk)
            size += len(chunk)
            with _translated(path):
                _write_all(handle.fileno(), chunk)
        with _translated(path):
            disk.sync(handle.fileno())
    return Written(temporary, size, content.hexdigest())


def _write_all(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        way_out = _WAYS_OUT.get(error.errno or 0, "see to it and run again")
        raise StoreUnwritable(f"{path}: cannot be written: {error.strerror}; {way_out}") from error
