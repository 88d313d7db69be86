"""What every reader of transcripts works with."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime

from onward.errors import OnwardError
from onward.recipes.meetings import Turn


class UnreadableTranscript(OnwardError):
    """A file is not a transcript that can be read whole."""


@dataclass(frozen=True)
class Found:
    """What a file holds: the turns, and what else it says of the meeting.

    ``held`` is the day, or the moment, at which the meeting began; ``listed`` are people named as present.
    """

    turns: list[Turn]
    title: str | None = None
    held: date | datetime | None = None
    listed: list[str] = field(default_factory=list)


_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,9}))?")
_MARKS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with its mark. Lines end in ``\\n``.

    Raises:
        UnreadableTranscript: it is in another encoding, or no text.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableTranscript(f"not UTF-8 text ({error.reason} at byte {error.start})") from error
    if "\0" in text:
        raise UnreadableTranscript("not a text file: it has NUL characters")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line if line.isascii() else visible(line) for line in lines)


def visible(text: str) -> str:
    """Text without characters that are not seen; those that part words become spaces."""
    kinds = [(c, unicodedata.category(c)) for c in text]
    return "".join(" " if kind in ("Cc", "Zl", "Zp") else c for c, kind in kinds if kind not in ("Cf", "Cs"))


def tidy(text: str) -> str:
    """Visible text on one line, with single spaces."""
    return " ".join(visible(text).split())


def seconds_of(text: str) -> float | None:
    """``1:02:03.5`` or ``62:03,5`` as seconds; None if it is no such time."""
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        return None
    hours, minutes, seconds, fraction = match.groups()
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + float(f"0.{fraction or 0}")
