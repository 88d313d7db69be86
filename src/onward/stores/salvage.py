"""What a damaged journal of text still gives."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from onward.model import Block, Change
from onward.stores.base import Damage, Document, Salvaged
from onward.stores.replay import Content
from onward.stores.text import Damaged, Torn, read_group, read_lines
from onward.stores.watermark import Saves, lost

_FIRST = (b"info", b"head", b"block", b"forget", b"step")
"""What the parts of a commit begin with; other lines belong to the part they follow."""


def salvage(file: BinaryIO, header: bytes, marks: Sequence[Saves]) -> Iterator[Salvaged]:
    """What a journal, whose first line was read, holds, and what of it is damaged.

    Behind damage it goes on part by part; what stands there is told from more damage by the checksums of the layer
    above.
    """
    content = Content.of(header)
    try:
        with contextlib.suppress(Torn):
            while group := read_group(file, content.number, content.checksum):
                change = read_lines(group.lines, content.version)
                yield from _block(change)
                content.add(change, group.checksum, group.end)
    except Damaged as error:
        yield Damage(str(error))
        file.seek(content.end)
        yield from _by_parts(file, content)
    else:
        if told := lost(content.saves, marks):
            yield Damage(told)
    documents = (("info", content.info), ("head", content.head))
    yield from (Document(name, body) for name, body in documents if body is not None)
    yield from content.steps.values()


def _by_parts(file: BinaryIO, content: Content) -> Iterator[Block | Damage]:
    lines = (line.rstrip(b"\n") for line in file)
    for part in _parts(line for line in lines if not line.startswith((b"commit ", b"end "))):
        try:
            change = read_lines(part, content.version)
        except Damaged as error:
            yield Damage(f"a part behind commit {content.number}: {error}")
            continue
        yield from _block(change)
        content.add(change, 0, 0)


def _parts(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    number = itertools.count()
    current = 0

    def part_of(line: bytes) -> int:
        nonlocal current
        if line.split(b" ", 1)[0] in _FIRST:
            current = next(number)
        return current

    for _, part in itertools.groupby(lines, part_of):
        yield list(part)


def _block(change: Change) -> Iterator[Block]:
    if change.block is not None:
        yield change.block
