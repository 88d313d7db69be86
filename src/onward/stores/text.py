"""A journal as text: one line for each thing kept, one group of lines for each commit, each group checked.

    onward journal 1 5f3a9c0e7b21d846 ["job","run"] 0.1.0
    commit 0 518
    info 0 8 1f0c... {"job":"screening","run":"default", ...}
    head 0 8 99ab... {"blocks":1,"settled":[[0,100]], ...}
    block [0,0,99,false]
    index b BAAA...
    payload 1 8 0077... {"values":[{"id":"r1","score":3}, ...]}
    step ["a1b2","fetch"]
    raw 0 8 5d21... "fetched"
    forget ["c3d4"]
    end 0 8b1a22e09ff31c07

The first line ends in the version of the onward that wrote it. ``commit`` gives the group's number and the bytes that
follow it, to the end of its ``end`` line; ``end`` repeats the number and has the 64-bit XXH3 of the group, seeded with
that of the group before (the first with that of the first line), so that none can be left out, moved or taken from
another journal. Bytes that are readable text but for a checksum behind it (8 bytes) and a byte before it are written as
that text, with those bytes in hex in front; others in base64. No line holds a control character, so a NUL in a journal
was never written by it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple, TypeVar

import msgspec
import xxhash

from onward._version import __version__
from onward.model import Block, Change, StepRecord

T = TypeVar("T")

STEPS: tuple[Callable[[list[bytes]], list[bytes]], ...] = ()
"""The n-th makes the lines of a commit of version n + 1 out of those of version n, from 1. How commits are framed
and checked stays."""

SECTOR = 512
"""Bytes that a disk writes whole or not at all, at the least."""

_MAGIC = b"onward journal "
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_SHAPES = ((0, 8), (1, 8), (0, 0))
"""How many bytes before and behind a text may be none: sealed documents, sealed payloads, plain text."""


class Damaged(ValueError):
    """Text that is not what was written; says what is wrong with it."""


def newest() -> int:
    """The version that this onward writes."""
    return 1 + len(STEPS)


class Header(NamedTuple):
    """The first line: the format's version, what tells this journal from others, whose it is, and who wrote it."""

    version: int
    id: int
    names: tuple[str, str]
    onward: str = __version__

    def line(self) -> bytes:
        names = msgspec.json.encode(self.names)
        return _MAGIC + b"%d %016x %s %s\n" % (self.version, self.id, names, self.onward.encode())


def read_header(line: bytes) -> Header | None:
    """The header in a journal's first line, of a newer format its version only; None if that is no journal's.

    Raises:
        Damaged: it is one's, but cannot be read.
    """
    if not line.startswith(_MAGIC):
        return None
    try:
        version, _, rest = line.removeprefix(_MAGIC).partition(b" ")
        names, _, onward = rest.rstrip(b"\n").rpartition(b" ")
        if int(version) > newest():
            return Header(int(version), 0, ("", ""), onward.decode())
        if int(version) < 1:
            raise Damaged(f"there is no version {int(version)} of it")
        if rest.endswith(b"]\n"):  # as the first ones were written
            names, onward = rest, b""
        number, names = names.split(b" ", 1)
        found = msgspec.json.decode(names, type=tuple[str, str])
        return Header(int(version), int(number, 16), found, onward.decode())
    except (ValueError, msgspec.MsgspecError) as error:
        raise Damaged(f"its first line cannot be read: {error}") from error


# ------------------------------------------------------------------------------- bytes as a line


def write_bytes(body: bytes) -> bytes:
    """Any bytes as text without a line's end."""
    for before, behind in _SHAPES:
        if len(body) < before + behind:
            continue
        middle = body[before : len(body) - behind]
        if _readable(middle):
            around = body[:before] + body[len(body) - behind :]
            return b"%d %d %s %s" % (before, behind, around.hex().encode() or b"-", middle)
    return b"b " + base64.b64encode(body)


def _readable(body: bytes) -> bool:
    try:
        return _CONTROL.search(body.decode()) is None
    except UnicodeDecodeError:
        return False


def read_bytes(line: bytes) -> bytes:
    """What :func:`write_bytes` was given.

    Raises:
        Damaged
    """
    try:
        if line.startswith(b"b "):
            return base64.b64decode(line[2:], validate=True)
        before, behind, hexed, middle = line.split(b" ", 3)
        around = bytes.fromhex("" if hexed == b"-" else hexed.decode("ascii"))
        if len(around) != int(before) + int(behind):
            raise Damaged("a line's lengths do not fit")
        return around[: int(before)] + middle + around[int(before) :]
    except (ValueError, binascii.Error) as error:
        raise Damaged(f"a line cannot be read: {error}") from error


# ------------------------------------------------------------------------------- commits as groups


def write_group(number: int, previous: int, lines: Iterable[bytes]) -> tuple[bytes, int]:
    """A commit as text, and its checksum, which the next group is seeded with."""
    body = b"".join(line + b"\n" for line in lines)
    start = b"commit %d %d\n" % (number, len(body) + _end_size(number))
    checksum = xxhash.xxh3_64_intdigest(start + body, seed=previous)
    return b"".join((start, body, _end(number, checksum))), checksum


def _end(number: int, checksum: int) -> bytes:
    return b"end %d %016x\n" % (number, checksum)


def _end_size(number: int) -> int:
    return len(_end(number, 0))


def lines_of(change: Change) -> Iterator[bytes]:
    """A change's lines; its ``clear`` is not among them, since it begins another journal."""
    for name, body in ((b"info ", change.info), (b"head ", change.head)):
        if body is not None:
            yield name + write_bytes(body)
    block = change.block
    if block is not None:
        yield b"block " + msgspec.json.encode((block.seq, block.first, block.last, block.marked))
        yield b"index " + write_bytes(block.index)
        yield b"payload " + write_bytes(block.payload)
    if change.forget:
        yield b"forget " + msgspec.json.encode(list(change.forget))
    for step in change.steps:
        yield b"step " + msgspec.json.encode((step.item, step.name))
        yield b"raw " + write_bytes(step.raw)


def read_lines(lines: list[bytes], version: int) -> Change:
    """The change that these lines, of a journal of some version, are of.

    Raises:
        Damaged
    """
    for step in STEPS[version - 1 :]:
        lines = step(lines)
    info = head = block = None
    forget: list[str] = []
    steps: list[StepRecord] = []
    left = iter(lines)
    for line in left:
        word, _, rest = line.partition(b" ")
        if word == b"info":
            info = read_bytes(rest)
        elif word == b"head":
            head = read_bytes(rest)
        elif word == b"block":
            seq, first, last, marked = _json(rest, tuple[int, int, int, bool])
            block = Block(seq, first, last, marked, _next(left, b"index"), _next(left, b"payload"))
        elif word == b"forget":
            forget = _json(rest, list[str])
        elif word == b"step":
            steps.append(StepRecord(*_json(rest, tuple[str, str]), _next(left, b"raw")))
        else:
            raise Damaged(f"a line begins with {word[:20]!r}")
    return Change(info=info, head=head, block=block, forget=forget, steps=steps)


def _next(lines: Iterator[bytes], word: bytes) -> bytes:
    found, _, rest = next(lines, b"").partition(b" ")
    if found != word:
        raise Damaged(f"a line begins with {found[:20]!r} where {word!r} is due")
    return read_bytes(rest)


def _json(raw: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Damaged(f"a line cannot be read: {error}") from error


# ------------------------------------------------------------------------------- groups in a file


class Group(NamedTuple):
    """A whole commit in a file: its lines, its checksum, and where the next one begins."""

    lines: list[bytes]
    checksum: int
    end: int


class Torn(Exception):
    """The file's last write was cut off: it ends early, or parts of it never reached the disk."""


def read_group(file: BinaryIO, number: int, previous: int) -> Group | None:
    """The group that begins where the file stands; None at the file's end.

    Raises:
        Torn: a write was cut off here, and nothing stands behind it.
        Damaged: what is here is not what was written.
    """
    begin = file.tell()
    start = file.readline()
    if not start:
        return None
    size = _announced(start, number)
    body = b"" if size is None else file.read(size)
    if size is not None and len(body) == size:
        lines = body[: -_end_size(number)]
        checksum = xxhash.xxh3_64_intdigest(start + lines, seed=previous)
        if body.endswith(_end(number, checksum)):
            return Group(lines.split(b"\n")[:-1], checksum, begin + len(start) + size)
    file.seek(begin)
    if _cut_off(file.read(), begin, number, size is not None and len(body) == size):
        raise Torn
    raise Damaged(f"commit {number} does not match its checksum")


def _announced(start: bytes, number: int) -> int | None:
    """The size that a group's first line gives; None if that is not its first line."""
    found = re.fullmatch(rb"commit (\d+) (\d{1,15})\n", start)
    return int(found[2]) if found and int(found[1]) == number else None


def _cut_off(tail: bytes, begin: int, number: int, full: bool) -> bool:
    """Whether a tail that is no whole group was never completely written, rather than changed since.

    Each group is on disk before the next is written, so that only the last can be cut off, and nothing lies
    behind it. What is missing then is its end, or sectors of it that the file system gives back as zeros.
    """
    if re.search(rb"\ncommit \d+ \d+\n", tail):
        return False
    if b"\0" in tail:
        return _zeroed_by_sector(tail, begin)
    return not full and re.search(rb"(^|\n)end %d [0-9a-f]{16}\n" % number, tail) is None


def _zeroed_by_sector(tail: bytes, begin: int) -> bool:
    """Whether every NUL lies in a sector of which nothing else was written."""
    first = begin - begin % SECTOR
    for start in range(first, begin + len(tail), SECTOR):
        sector = tail[max(0, start - begin) : start + SECTOR - begin]
        if b"\0" in sector and sector.strip(b"\0"):
            return False
    return True
