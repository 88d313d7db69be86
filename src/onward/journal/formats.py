"""The format of what is in documents and blocks, and the way there from older ones.

Every document and every block says its format (one that does not is of the first), whatever the store it lies in. An
older one is brought up when it is read; what is written is always of the newest. Since blocks are only ever appended, a
run may hold blocks of several formats, and nothing has to be rewritten for a new one. A session first writes the run's
description, from which an older onward then knows that it cannot read the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Raw, Struct

from onward._version import __version__
from onward.errors import StoreNewer

Fields = dict[str, Raw]
"""A JSON object, its values as they are written."""

Part = Literal["info", "head", "index", "payload"]


@dataclass(frozen=True)
class Step:
    """The way from one format to the next: for each part that differs, what makes new fields of old ones, in place."""

    info: Callable[[Fields], None] | None = None
    head: Callable[[Fields], None] | None = None
    index: Callable[[Fields], None] | None = None
    payload: Callable[[Fields], None] | None = None


STEPS: tuple[Step, ...] = ()
"""The n-th leads from format n to format n + 1, from 1. A new field is a step too, if an empty one: an older onward
would drop what it does not know."""


class _Mark(Struct, frozen=True):
    format: int = 1
    onward: str = ""


def newest() -> int:
    """The format that this onward writes."""
    return 1 + len(STEPS)


def marked(body: bytes) -> bytes:
    """A JSON object with its format in front, and the onward that writes it."""
    mark = b'{"format":%d,"onward":"%s"' % (newest(), __version__.encode())
    return mark + (b"}" if body == b"{}" else b"," + body[1:])


def format_of(body: bytes, what: str) -> int:
    """The format that a JSON object says it is in.

    Raises:
        StoreNewer: a later one than this onward knows; names ``what``.
        msgspec.MsgspecError: it is none.
    """
    mark = _decoder.decode(body)
    if mark.format > newest():
        raise StoreNewer.told(what, f"format {mark.format}", newest(), mark.onward)
    return mark.format


def brought_up(body: bytes, part: Part, written_in: int) -> bytes:
    """A part in the newest format, from the one that it was written in."""
    if written_in == newest():
        return body
    fields = msgspec.json.decode(body, type=Fields)
    for step in STEPS[written_in - 1 :]:
        change = getattr(step, part)
        if change is not None:
            change(fields)
    return msgspec.json.encode(fields)


_decoder = msgspec.json.Decoder(_Mark)
