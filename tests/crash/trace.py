"""What a process did to the files below a folder, call by call, as strace saw it.

Only calls that have returned count, in the order in which they did.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CALLS = (
    "openat,open,creat,close,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,fsync,fdatasync,sync,"
    "rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,lseek"
)
REQUIRED = "ONWARD_NEEDS_STRACE"
"""Set where these tests must not be passed over."""


@dataclass(frozen=True)
class Op:
    """One thing done to a file or a name.

    ``kind`` and what else is set: "create" (path), "write" (offset, data), "truncate" (offset: the size), "sync",
    "rename" (path, to), "unlink" (path), "mkdir" (path), "sync folder" (path), "report" (data).
    """

    kind: str
    inode: int = -1
    path: str = ""
    to: str = ""
    offset: int = 0
    data: bytes = b""


def needs_strace() -> None:
    """Pass a test over where there is no strace, unless it is required."""
    if shutil.which("strace") is None or _forbidden():
        if os.environ.get(REQUIRED):
            raise AssertionError("strace is required here, and does not work")
        pytest.skip("needs strace (Debian, Ubuntu: apt install strace)")


def _forbidden() -> bool:
    done = subprocess.run(["strace", "-f", "-o", os.devnull, "true"], check=False, capture_output=True)
    return done.returncode != 0


def strace(
    words: Sequence[str], *options: str, cwd: Path, **given: object
) -> subprocess.CompletedProcess[str]:
    """Run a command under strace to its end."""
    command = ["strace", "-f", "-qq", *options, "--", *words]
    environment = {**os.environ, **{name: str(value) for name, value in given.items()}}
    return subprocess.run(
        command, cwd=cwd, check=False, capture_output=True, text=True, env=environment, timeout=300
    )


def record(words: Sequence[str], root: Path, witness: Path) -> tuple[list[Op], int]:
    """What a command does below ``root``, with a report wherever it writes to ``witness``; and its exit code."""
    log = witness.with_name("trace.log")
    before = inodes_of(root)
    options = ["--seccomp-bpf", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log)]
    done = strace(words, *options, cwd=root.parent)
    if done.returncode not in (0, 3, 75):
        raise AssertionError(f"the traced command failed: {done.stderr}")
    reader = _Reader(root, witness, before)
    for name, arguments, result in _calls(log.read_text().splitlines()):
        reader.take(name, arguments, result)
    return reader.ops, done.returncode


def inodes_of(root: Path) -> dict[str, int]:
    """A number for each file that is there."""
    return {str(path): number for number, path in enumerate(sorted(root.rglob("*"))) if path.is_file()}


_CALL = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_UNFINISHED = re.compile(r"(?P<pid>\d+) +(?P<start>\w+\(.*?),? ?<unfinished \.\.\.>$")
_RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)$")


def _calls(lines: Sequence[str]) -> Iterator[tuple[str, list[str], int]]:
    for line in _whole(lines):
        if match := _CALL.match(line):
            yield match["name"], match["arguments"].split(", "), int(match["result"])


def _whole(lines: Sequence[str]) -> Iterator[str]:
    """The lines, those of calls that another thread's came between put together again."""
    begun: dict[str, str] = {}
    for line in lines:
        if match := _UNFINISHED.match(line):
            begun[match["pid"]] = match["start"]
        elif match := _RESUMED.match(line):
            start, rest = begun.pop(match["pid"]), match["rest"].lstrip(", ")
            apart = ", " if rest and not start.endswith("(") and not rest.startswith(")") else ""
            yield f"{match['pid']} {start}{apart}{rest}"
        else:
            yield line


_DESCRIPTOR = re.compile(r"(?P<number>-?\w+)<(?P<path>.*)>$", re.DOTALL)
_HEX = re.compile(r"\\x([0-9a-f]{2})")


@dataclass
class _Reader:
    root: Path
    witness: Path
    inodes: dict[str, int]
    ops: list[Op] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next = len(self.inodes) + 1000
        self._sizes: dict[int, int] = {}

    def take(self, name: str, arguments: list[str], result: int) -> None:
        if result < 0:
            return
        if name in ("openat", "open", "creat"):
            self._open(arguments, result)
        elif name in ("write", "writev", "pwrite64", "pwritev"):
            self._write(name, arguments, result)
        elif name in ("fsync", "fdatasync"):
            self._sync(_path(arguments[0]))
        elif name in ("ftruncate", "truncate"):
            path = _path(arguments[0]) if name == "ftruncate" else _text(arguments[0])
            self._add(path, "truncate", offset=int(arguments[1]))
        elif name == "lseek":
            self.positions[_number(arguments[0])] = result
        elif name in ("rename", "renameat", "renameat2"):
            old, new = [_text(word) for word in arguments if word.startswith('"')]
            self._rename(old, new)
        elif name in ("unlink", "unlinkat", "rmdir"):
            path = _text(next(word for word in arguments if word.startswith('"')))
            if self._inside(path):
                self.inodes.pop(path, None)
                self.ops.append(Op("unlink", path=path))
        elif name in ("mkdir", "mkdirat"):
            path = _text(next(word for word in arguments if word.startswith('"')))
            if self._inside(path):
                self.ops.append(Op("mkdir", path=path))
        elif name in ("fallocate", "link", "linkat", "symlink", "symlinkat", "sync") and self._concerns(
            arguments
        ):
            raise AssertionError(f"the model knows no {name}")

    def _concerns(self, arguments: list[str]) -> bool:
        return any(str(self.root) in _decoded(word) for word in arguments)

    def _inside(self, path: str) -> bool:
        return path.startswith(f"{self.root}/")

    def _open(self, arguments: list[str], result: int) -> None:
        # The result's own annotation is cut off by the pattern; the path is the second argument.
        path = _text(next(word for word in arguments if word.startswith('"')))
        path = os.path.normpath(self.root.parent / path)
        self.positions[str(result)] = 0
        if not self._inside(path):
            return
        flags = " ".join(arguments)
        if path not in self.inodes and "O_CREAT" in flags:
            self.inodes[path] = self._next
            self._next += 1
            self.ops.append(Op("create", self.inodes[path], path))
        elif path in self.inodes and "O_TRUNC" in flags:
            self._add(path, "truncate")
        if "O_APPEND" in flags and self._inside(path):
            raise AssertionError("the model knows no O_APPEND")

    def _write(self, name: str, arguments: list[str], result: int) -> None:
        number, path = _number(arguments[0]), _path(arguments[0])
        if name in ("writev", "pwritev") and (self._inside(path) or path == str(self.witness)):
            raise AssertionError(f"the model knows no {name}")
        if path == str(self.witness):
            self.ops.append(Op("report", data=_bytes(arguments[1])))
            return
        offset = int(arguments[3]) if name == "pwrite64" else self.positions.get(number, 0)
        if name == "write":
            self.positions[number] = offset + result
        if self._inside(path):
            self._add(path, "write", offset=offset, data=_bytes(arguments[1])[:result])

    def _add(self, path: str, kind: str, offset: int = 0, data: bytes = b"") -> None:
        if self._inside(path) and path in self.inodes:
            self.ops.append(Op(kind, self.inodes[path], path, offset=offset, data=data))

    def _sync(self, path: str) -> None:
        if path in self.inodes:
            self.ops.append(Op("sync", self.inodes[path], path))
        elif self._inside(path) or path == str(self.root):
            self.ops.append(Op("sync folder", path=path))

    def _rename(self, old: str, new: str) -> None:
        if self._inside(old) and self._inside(new):
            self.inodes[new] = self.inodes.pop(old)
            self.ops.append(Op("rename", self.inodes[new], old, new))


def _number(word: str) -> str:
    match = _DESCRIPTOR.match(word)
    return match["number"] if match else word


def _path(word: str) -> str:
    match = _DESCRIPTOR.match(word)
    return _decoded(match["path"]) if match else ""


def _text(word: str) -> str:
    return os.fsdecode(_bytes(word))


def _bytes(word: str) -> bytes:
    assert word.startswith('"'), word
    assert word.endswith('"'), "a string was cut off"
    return bytes.fromhex("".join(_HEX.findall(word)))


def _decoded(text: str) -> str:
    return _HEX.sub(lambda match: chr(int(match[1], 16)), text)
