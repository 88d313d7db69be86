"""What a journal of text says in all: reading it from its beginning, or from where a snapshot stands."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import xxhash

from onward.disk import sync, sync_folder
from onward.model import Block, Change, StepRecord
from onward.stores.text import Damaged, Torn, read_group, read_header, read_lines, write_group
from onward.stores.text import lines_of as lines_of_change
from onward.stores.watermark import Saves

SNAPSHOT_SUFFIX = ".snapshot"
_MAGIC = b"onward snapshot 1 "


@dataclass
class Content:
    """A journal up to some place, less its blocks.

    Attributes:
        journal: checksum of the journal's first line, which tells it from others.
        version: of the journal's format.
        number, checksum: of the next commit, and of the last.
        end: where the next commit begins.
        block_bytes: size of the blocks.
        snapshot_end: up to where a snapshot was there to be read.
    """

    journal: int
    version: int
    end: int
    number: int = 0
    checksum: int = 0
    block_bytes: int = 0
    info: bytes | None = None
    head: bytes | None = None
    steps: dict[tuple[str, str], StepRecord] = field(default_factory=dict)
    snapshot_end: int = 0

    @classmethod
    def of(cls, header: bytes) -> Content:
        """A journal that has only its first line."""
        journal = xxhash.xxh3_64_intdigest(header)
        first = read_header(header)
        assert first is not None
        return cls(journal, first.version, len(header), checksum=journal)

    def add(self, change: Change, checksum: int, end: int) -> None:
        """One more commit stands in the journal."""
        self.info = change.info if change.info is not None else self.info
        self.head = change.head if change.head is not None else self.head
        if change.forget:
            gone = set(change.forget)
            self.steps = {place: step for place, step in self.steps.items() if place[0] not in gone}
        self.steps.update({(step.item, step.name): step for step in change.steps})
        if change.block is not None:
            self.block_bytes += len(change.block.index) + len(change.block.payload)
        self.number, self.checksum, self.end = self.number + 1, checksum, end

    def documents(self) -> Change:
        """All but the blocks, as one change."""
        return Change(info=self.info, head=self.head, steps=list(self.steps.values()))

    @property
    def saves(self) -> Saves:
        """How many commits it holds, and which journal it is."""
        return Saves(self.journal, self.number)

    @property
    def live(self) -> int:
        """Bytes, roughly, that would be left if all that is outdated went."""
        steps = sum(len(step.raw) for step in self.steps.values())
        return self.block_bytes + len(self.info or b"") + len(self.head or b"") + steps


def replay(file: BinaryIO, header: bytes, snapshot: Path) -> Content:
    """The content of a journal whose first line was read. A write that was cut off at its end counts for nothing.

    Raises:
        Damaged
    """
    content = _from_snapshot(snapshot, Content.of(header))
    if os.fstat(file.fileno()).st_size < content.end:
        raise Damaged(f"it is truncated: {content.end} bytes of it were on disk once")
    file.seek(content.end)
    with contextlib.suppress(Torn):
        while group := read_group(file, content.number, content.checksum):
            content.add(read_lines(group.lines, content.version), group.checksum, group.end)
    return content


class Found(NamedTuple):
    """A block in a journal, and what it takes to read it again: where its commit begins, its number, its seed, the
    journal's version."""

    block: Block
    begin: int
    number: int
    seed: int
    version: int


def blocks(file: BinaryIO, header: bytes, end: int) -> Iterator[Found]:
    """The blocks up to a place, in the order they were committed.

    Raises:
        Damaged
    """
    content = Content.of(header)
    begin, number, seed = content.end, content.number, content.checksum
    while begin < end:
        file.seek(begin)
        change, seed_of_next, next_begin = _group(file, number, seed, content.version)
        if change.block is not None:
            yield Found(change.block, begin, number, seed, content.version)
        begin, number, seed = next_begin, number + 1, seed_of_next


def block_again(file: BinaryIO, found: Found) -> Block:
    """A block that was found before, without keeping it in memory."""
    file.seek(found.begin)
    block = _group(file, found.number, found.seed, found.version)[0].block
    assert block is not None
    return block


def _group(file: BinaryIO, number: int, seed: int, version: int) -> tuple[Change, int, int]:
    try:
        group = read_group(file, number, seed)
    except Torn:
        group = None
    if group is None:
        raise Damaged(f"commit {number} is missing, though it was on disk once")
    return read_lines(group.lines, version), group.checksum, group.end


# ----------------------------------------------------------------------------------- snapshots


def write_snapshot(path: Path, content: Content) -> None:
    """Replace the snapshot, in one step.

    Raises:
        OSError
    """
    first = _MAGIC + b"%016x %d %d %016x %d\n" % (
        content.journal,
        content.end,
        content.number,
        content.checksum,
        content.block_bytes,
    )
    group, _ = write_group(0, xxhash.xxh3_64_intdigest(first), lines_of_change(content.documents()))
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(first + group)
        file.flush()
        sync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def _from_snapshot(path: Path, empty: Content) -> Content:
    """What the snapshot says; the empty content where it is not there, damaged, or another journal's."""
    with contextlib.suppress(OSError, ValueError, Torn), path.open("rb") as file:
        first = file.readline()
        journal, end, number, checksum, size = first.removeprefix(_MAGIC).split()
        group = read_group(file, 0, xxhash.xxh3_64_intdigest(first))
        if first.startswith(_MAGIC) and group is not None and int(journal, 16) == empty.journal:
            found = Content(empty.journal, empty.version, int(end), int(number), int(checksum, 16), int(size))
            found.snapshot_end = found.end
            documents = read_lines(group.lines, empty.version)
            found.info, found.head = documents.info, documents.head
            found.steps = {(step.item, step.name): step for step in documents.steps}
            return found
    return empty
