"""Speech as sentences: put together across lines and captions, and made plain for the grammar to read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Spoken(Protocol):
    """A line of a transcript: where it stands, who says it, when, and the words."""

    @property
    def line(self) -> int: ...
    @property
    def speaker(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True)
class Sentence:
    """A sentence word for word, where it begins, and which of the meeting's floors it belongs to.

    A *floor* is all that one speaker says until another speaks. ``number`` counts sentences from 0.
    """

    number: int
    floor: int
    speaker: str
    text: str
    line: int
    seconds: float | None


class _Piece(NamedTuple):
    at: int  # where in the floor's text the line begins
    line: int
    seconds: float | None


LONG = 45
"""Words after which speech without a full stop is cut, at the next comma, "and", "so" or "but"."""

_END = re.compile(
    r"""(?:(?<=\s)[.?!…]+|(?<!\b[A-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\bMr)(?<!\bMrs)(?<!\bSt)(?<!\bProf)(?<!\bMs)(?<!\bDr)(?<!\bvs)
    [.?!…]+["'”’)\]]*(?=\s+[^a-z\s]|\s*$)|[?!]+(?=\s))""",
    re.VERBOSE,
)
_SMALL_END = re.compile(
    r"""(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)(?<!\bvs)(?<!\bst)(?<!\b[a-hj-z]))[.?!…]+["'”’)\]]*(?=\s|$)""",
    re.I,
)  # where nothing is written with a capital, every stop is one
_HEAD = re.compile(rf"\s*+(?:\S++\s++){{{LONG - 1}}}\S++(?=\s)")
_BREATH = re.compile(r"(?<=,)\s+|\s+(?=(?:and|so|but|then|because)\s)")


def sentences(turns: Iterable[Spoken]) -> list[Sentence]:
    """The sentences of a transcript, in order."""
    turns = list(turns)
    ending = _END if has_capitals([turn.text for turn in turns]) else _SMALL_END
    found: list[Sentence] = []
    for floor, (speaker, pieces, text) in enumerate(_floors(turns)):
        for start, end in _cut(text, ending):
            piece = [p for p in pieces if p.at <= start][-1]
            timed = [p.seconds for p in pieces if p.at <= start and p.seconds is not None]
            seconds = timed[-1] if timed else None
            found.append(Sentence(len(found), floor, speaker, text[start:end], piece.line, seconds))
    return found


def has_capitals(texts: list[str]) -> bool:
    """Whether sentences are written with capitals; some recognisers write none."""
    begun = [text[0] for text in texts if text and text[0].isalpha()]
    return sum(letter.isupper() for letter in begun) * 2 >= len(begun)


def _floors(turns: Iterable[Spoken]) -> Iterator[tuple[str, list[_Piece], str]]:
    speaker, pieces, text = "", list[_Piece](), ""
    for turn in turns:
        if pieces and (turn.speaker != speaker or not turn.speaker):
            yield speaker, pieces, text
            pieces, text = [], ""
        speaker = turn.speaker
        text += " " if text else ""
        pieces.append(_Piece(len(text), turn.line, turn.seconds))
        text += " ".join(turn.text.split())
    if pieces:
        yield speaker, pieces, text


def _cut(text: str, ending: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the sentences of a text begin and end."""
    start = 0
    for end in [*(match.end() for match in ending.finditer(text)), len(text)]:
        yield from _breaths(text, start, end)
        start = end


def _breaths(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence, in parts if it is a long one without stops."""
    while head := _HEAD.match(text, start, end):
        pause = _BREATH.search(text, head.end(), min(end, head.end() + LONG * 8))
        cut, after = (pause.start(), pause.end()) if pause else (head.end(), head.end())
        if len(text[after:end].split(None, LONG // 4)) < LONG // 4:
            break
        yield _trimmed(text, start, cut)
        start = after
    begin, finish = _trimmed(text, start, end)
    if any(character.isalnum() for character in text[begin:finish]):
        yield begin, finish


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip()))


_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "."})
_FILLERS = re.compile(
    r"(?i)(?:^|(?<=[\s,.\-]))(?:u+h+m*|u+m+|e+r+m*|a+h+|o+h+|h+m+|m+h*m+|you know|i mean|sort of|kind of|basically|just|"
    r"i guess|like(?=,))(?:,|\.\.+|(?=\s)|(?=-)|$)\s*(?:-\s*)?"
)
_STUTTER = re.compile(r"(?i)\b([\w']+(?: [\w']+)?)(?:(?:\s*[,.\-]+\s*|\s+)\1\b)+(?!')")
_NOISE = re.compile(r"\{[^}]*\}|\[[a-z][a-z _-]*\]|\((?:laughs?|laughter|inaudible|crosstalk|pause)\)", re.I)
_BROKEN = re.compile(r"(?i)\b(\w{1,3})-\s+(?=\1)")


def plain(text: str) -> str:
    """A sentence without hesitations, stutters, noises and typographic marks, as the grammar reads it."""
    text = " ".join(_NOISE.sub(" ", text.translate(_TYPOGRAPHIC)).split())
    text = _BROKEN.sub("", text)
    text = _FILLERS.sub(" ", " ".join(text.split()))
    text = _STUTTER.sub(r"\1", text)
    text = re.sub(r"\s+([,.?!;:])", r"\1", re.sub(r"\s+", " ", text))
    return re.sub(r"^[,\s.\-]+|(?<=[,.])\s*,", "", text).strip()
