"""Kills and errors of the system, injected by strace into one call after the other."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from crash import disk
from crash.check import STORES, Broken, check
from crash.trace import record, strace

DURABLE = ("write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "unlink", "mkdir", "openat")
"""The calls by which stores and outputs change files and names."""

ERRORS = {
    "ENOSPC": ("write", "pwrite64", "ftruncate", "openat", "mkdir", "rename", "fsync", "fdatasync"),
    "EIO": ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "read", "pread64"),
    "EROFS": ("openat", "rename", "unlink", "mkdir", "ftruncate"),
    "EACCES": ("openat", "rename", "unlink", "mkdir"),
    "EMFILE": ("openat",),
    "EDQUOT": ("write", "pwrite64", "openat"),
}


@dataclass(frozen=True)
class Trial:
    """One run with one fault in it: what, at which call, how it ended, and how many items were left to do."""

    fault: str
    call: str
    number: int
    code: int
    message: str
    left: int


class Bench:
    """A place where one run is made again and again."""

    def __init__(self, folder: Path, name: str, kind: str, *, before: str | None = None) -> None:
        self.root, self.witness = folder / "root", folder / "witness"
        self.root.mkdir()
        self.store = STORES[name].format(self.root)
        self._words = [sys.executable, "-m", "crash.job", str(self.root), self.store]
        if before is not None:
            record([*self._words, before], self.root, self.witness)
        self._base = disk.Base.of(self.root)
        ops, _ = record([*self._words, kind], self.root, self.witness)
        self._kind = kind
        touched = {op.path for op in ops} | {op.to for op in ops}
        self.paths = sorted(path for path in touched if path.startswith(str(self.root)))

    def run(self, call: str, injection: str, number: int) -> tuple[int, str, bool]:
        """Run with a fault in the ``number``-th of those calls; exit code, what it said, and whether it was met."""
        disk.put(self._base, self.root)
        self.witness.unlink(missing_ok=True)
        log = self.witness.with_name("fault.log")
        places = [word for path in self.paths for word in ("-P", path)]
        inject = f"inject={call}:{injection}:when={number}"
        fast = ["--seccomp-bpf"] if "error" in injection else []  # with it, no signal is injected
        options = [*fast, "-e", f"trace={call}", "-e", inject, *places, "-o", str(log)]
        done = strace([*self._words, self._kind], *options, cwd=self.root.parent, PYTHONDONTWRITEBYTECODE=1)
        told = log.read_text(errors="replace")
        return done.returncode, done.stderr, "INJECTED" in told or done.returncode in (-9, 137)

    def reported(self) -> list[str]:
        return self.witness.read_text().split() if self.witness.exists() else []

    def check(self, what: str) -> int:
        try:
            return check(self.root, self.store, self.reported())
        except Broken as error:
            kept = self.root.with_name("broken")
            shutil.rmtree(kept, ignore_errors=True)
            raise Broken(f"{error} ({what})") from None


def kills(bench: Bench, calls: Sequence[str] = DURABLE, step: int = 1) -> Iterator[Trial]:
    """SIGKILL at every ``step``-th of each kind of call.

    Raises:
        Broken
    """
    for call in calls:
        for number in range(1, 10_000, step):
            code, _, met = bench.run(call, "signal=SIGKILL", number)
            if not met:
                break
            what = f"killed at {call} {number}"
            yield Trial("SIGKILL", call, number, code, "", bench.check(what))


_KNOWN = re.compile(r"^onward\.errors\.(\w+): (.*)", re.MULTILINE)


def errors(bench: Bench, name: str, calls: Sequence[str] = (), step: int = 1) -> Iterator[Trial]:
    """An error of the system in every ``step``-th of each kind of call; then the same run without it.

    Raises:
        Broken: also where the error was met and not told clearly, with the file, or was passed over.
    """
    for call in calls or ERRORS[name]:
        for number in range(1, 10_000, step):
            code, said, met = bench.run(call, f"error={name}", number)
            if not met:
                break
            what = f"{name} in {call} {number}"
            known = _KNOWN.search(said)
            if code not in (0, 3, 75) and (known is None or str(bench.root) not in known[2]):
                raise Broken(f"unclear: {said[-600:]} ({what})")
            left = bench.check(what)
            if code in (0, 3) and left:
                raise Broken(f"silent: it ended well, and {left} items were left ({what})")
            yield Trial(name, call, number, code, known[0] if known else "", left)
