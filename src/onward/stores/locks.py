"""The lock that tells a live run from a dead one.

A POSIX record lock: the kernel lets go of it when the process ends, however it ends, and a forked child does
not inherit it, so that no orphan can keep a run locked. Its one trap is that closing *any* descriptor of the
file drops it; therefore a registry of the locks this process holds is asked before the file is opened.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import msgspec

from onward.errors import RunHeld, StoreError, StoreUnwritable
from onward.model import Owner

_held: dict[str, tuple[int, Owner]] = {}
_registry = threading.Lock()


class RunLock:
    """A lock file beside a store; its content names the holder, its lock says whether he lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = os.path.realpath(path)
        self._descriptor: int | None = None

    def acquire(self, what: str) -> None:
        """Take the lock, without waiting.

        Raises:
            RunHeld: another process, or another part of this one, holds it.
            StoreError: the file system has no locks.
        """
        with _registry:
            holder = _own(self._name)
            if holder is not None:
                raise held(what, holder)
            descriptor = self._open_locked(what)
            owner = Owner(socket.gethostname(), os.getpid(), time.time())
            self._sign(descriptor, owner)
            self._descriptor = descriptor
            _held[self._name] = (os.getpid(), owner)

    def _open_locked(self, what: str) -> int:
        while True:
            descriptor = self._open()
            try:
                _lock(descriptor)
            except OSError as error:
                os.close(descriptor)
                raise self._refusal(error, what) from error
            if os.fstat(descriptor).st_nlink:
                return descriptor
            # The run was removed in between: whoever begins it anew has another file.
            os.close(descriptor)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)  # Python makes it not inheritable
        except OSError as error:
            raise StoreUnwritable(f"{self._path}: {error.strerror}; the folder must be writable") from error

    def _sign(self, descriptor: int, owner: Owner) -> None:
        try:
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, msgspec.json.encode(owner))
        except OSError as error:
            os.close(descriptor)
            raise StoreUnwritable(
                f"{self._path} cannot be written: {error.strerror}; make room, and run again"
            ) from error

    def _refusal(self, error: OSError, what: str) -> StoreError | RunHeld:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return held(what, _named(self._path) or Owner("unknown host", 0, time.time()))
        return StoreError(
            f"{self._path}: locks do not work on this file system ({error.strerror}); use another folder"
        )

    def owner(self) -> Owner | None:
        """Who holds the lock now, None if nobody does."""
        with _registry:
            mine = _own(self._name)
            if mine is not None:
                return mine
            return _named(self._path) if _is_locked(self._path) else None

    def release(self) -> None:
        """Let go of it, if held."""
        with _registry:
            if self._descriptor is None:
                return
            os.close(self._descriptor)
            self._descriptor = None
            _held.pop(self._name, None)


def held(what: str, owner: Owner) -> RunHeld:
    """The refusal that names the holder."""
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(owner.since))
    return RunHeld(
        f"{what} is being run by process {owner.pid} on {owner.host} since {since}; "
        "wait for it, stop it, or give this run another name with run="
    )


def _own(name: str) -> Owner | None:
    pid, owner = _held.get(name, (0, None))
    return owner if pid == os.getpid() else None  # a forked child sees its parent's entries but holds nothing


def _named(path: Path) -> Owner | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Owner)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    # Far behind the content, because Windows denies reading locked bytes.
    _FAR = 1 << 30

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _is_locked(path: Path) -> bool:
        try:
            descriptor = os.open(path, os.O_RDWR)
        except OSError:
            return False
        try:
            _lock(descriptor)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

else:
    import fcntl

    # struct flock: type, whence, start, length, pid on Linux; start, length, pid, type, whence on the BSDs.
    _LINUX = sys.platform.startswith("linux")
    _FLOCK = struct.Struct("hhqqi4x" if _LINUX else "qqihh")

    def _lock(descriptor: int) -> None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_locked(path: Path) -> bool:
        """Asks without taking: a lock taken to look would make a run that starts at that moment fail."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        fields = (fcntl.F_RDLCK, 0, 0, 0, 0) if _LINUX else (0, 0, 0, fcntl.F_RDLCK, 0)
        try:
            answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, _FLOCK.pack(*fields)))
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return bool(answer[0 if _LINUX else 3] != fcntl.F_UNLCK)
