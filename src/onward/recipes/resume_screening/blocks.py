"""The text of a document as blocks: headings, bullets, paragraphs and single lines, with wrapped lines joined again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

WRAPPED = 40  # characters: a shorter line was not broken because the page was full
RAGGED = 20  # characters by which full lines differ
NO_PAGE = 10**9

_HEADING = re.compile(r"^#{1,6}\s+(?P<hashed>.+)$|^\*\*(?P<bold>[^*]+?):?\*\*:?$")
_BULLET = re.compile(r"^\s*(?:[-*+•–—▪■●○◦‣⁃\uf0b7\uf0a7]|\d{1,2}[.)])\s+")


class Block(NamedTuple):
    text: str
    role: Literal["heading", "bullet", "text"]


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a text, in order."""
    open_block: Block | None = None
    widths = _widths(text.splitlines())
    last = ""
    for line, width in zip(text.splitlines(), widths, strict=True):
        if open_block and _continues(open_block, last, line, width):
            open_block = open_block._replace(text=f"{open_block.text} {line.strip()}")
        else:
            if open_block:
                yield open_block
            open_block = _opened(line)
        last = line.rstrip()
    if open_block:
        yield open_block


def _widths(lines: list[str]) -> list[int]:
    """For each line how wide a page its paragraph was broken for, by the longest of the lines around it.

    In notes, where every line begins in lower case, one long line is no sign of a page: it takes two.
    """
    notes = 2 * sum(line.lstrip()[:1].islower() for line in lines) > sum(bool(line.strip()) for line in lines)
    widths: list[int] = []
    paragraph: list[int] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(len(line.rstrip()))
            continue
        widest = max(paragraph, default=0)
        full = sum(length >= widest - RAGGED for length in paragraph)
        widths += [NO_PAGE if notes and full < 2 else widest] * len(paragraph) + [0]
        paragraph = []
    return widths[: len(lines)]


def _opened(line: str) -> Block | None:
    if heading := _HEADING.match(line.strip()):
        return Block((heading["hashed"] or heading["bold"]).rstrip(" #"), "heading")
    body = _BULLET.sub("", line).strip()
    return Block(body, "text" if body == line.strip() else "bullet") if body else None


def _continues(block: Block, last: str, line: str, width: int) -> bool:
    body = line.strip()
    if not body or block.role == "heading" or _HEADING.match(body) or _BULLET.match(line):
        return False
    if block.role == "bullet" and line.startswith(("  ", "\t")):
        return True
    going_on = body[0].islower() or block.text[-1] == ","
    return len(last) >= WRAPPED and block.text[-1] not in ".!?:" and going_on and _was_full(last, line, width)


def _was_full(last: str, line: str, width: int) -> bool:
    """Whether the first word of a line would not have fitted on the one before it. A comma at a line's end goes on
    in any case."""
    first = line.split(maxsplit=1)[0]
    return last.endswith(",") or len(last) + 1 + len(first) > width
