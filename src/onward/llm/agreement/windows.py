"""A meeting cut into windows, each short enough to be read at once, that share some of what is said at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from onward.llm.agreement.said import Said

LONGEST = 224
"""Tokens of a window, and from where on what one speaker says goes on in another; a window that begins with a long
floor has more, but fewer than the 512 that the model takes."""
SHARED = 56
"""Tokens, at most, that a window has of the one before."""
LONGEST_SENTENCE, LONGEST_NAME = 100, 20
BEGIN, END = 101, 102
NOBODY = "x"


class Pieces(Protocol):
    """``pieces(text)``: the numbers of its tokens, and where in the text each begins and ends."""

    def __call__(self, text: str) -> tuple[list[int], list[tuple[int, int]]]: ...


@dataclass(frozen=True)
class Span:
    """Tokens of a window from ``start`` to before ``end``. ``sentence`` is the number of the one they are of; ``of``
    the place among its names, or times; None for the name of who speaks."""

    start: int
    end: int
    sentence: int
    of: int | None = None


@dataclass
class Window:
    """Floors in a row as tokens, and where in them the sentences, the people and the times are."""

    tokens: list[int] = field(default_factory=lambda: [BEGIN])
    sentences: list[Span] = field(default_factory=list)
    people: list[Span] = field(default_factory=list)
    times: list[Span] = field(default_factory=list)

    def add(self, floor: Window) -> None:
        """The tokens of a floor behind those that are there."""
        at = len(self.tokens)
        self.tokens += [*floor.tokens, END]
        for mine, theirs in (
            (self.sentences, floor.sentences),
            (self.people, floor.people),
            (self.times, floor.times),
        ):
            mine += [Span(at + one.start, at + one.end, one.sentence, one.of) for one in theirs]


def windows(said: Sequence[Said], pieces: Pieces) -> list[Window]:
    """The windows of a meeting, in order. Each sentence is in one at least."""
    spoken = list(floors(said, pieces))
    found: list[Window] = []
    first = after = 0
    while after < len(spoken):
        window, after = Window(), first
        while after < len(spoken) and (after == first or _fits(window, spoken[after])):
            window.add(spoken[after])
            after += 1
        found.append(window)
        first = _begin_again(spoken, first, after)
    return found


def _fits(window: Window, floor: Window) -> bool:
    return len(window.tokens) + len(floor.tokens) < LONGEST


def _begin_again(floors: Sequence[Window], first: int, after: int) -> int:
    """Where the next window begins: before ``after`` by as many floors as may be shared."""
    shared, begin = 0, after
    while begin > first + 1 and shared + len(floors[begin - 1].tokens) <= SHARED:
        begin -= 1
        shared += len(floors[begin].tokens)
    return begin


def floors(said: Sequence[Said], pieces: Pieces) -> Iterator[Window]:
    """Each floor by itself: who speaks, and the sentences. A long one comes in parts."""
    floor, number = Window([]), None
    for place, sentence in enumerate(said):
        if sentence.floor != number or len(floor.tokens) >= LONGEST:
            if floor.tokens:
                yield floor
            first_name = (sentence.speaker.split() or [NOBODY])[0]
            floor, number = Window(pieces(f"{first_name}:")[0][:LONGEST_NAME]), sentence.floor
            floor.people.append(Span(0, len(floor.tokens), place))
        _speak(floor, place, sentence, pieces)
    if floor.tokens:
        yield floor


def _speak(floor: Window, place: int, sentence: Said, pieces: Pieces) -> None:
    """A sentence of the floor."""
    at = len(floor.tokens)
    ids, offsets = pieces(sentence.text)
    ids, offsets = ids[:LONGEST_SENTENCE], offsets[:LONGEST_SENTENCE]
    floor.tokens += ids
    floor.sentences.append(Span(at, len(floor.tokens), place))
    for spans, mentions in (
        (floor.people, [(name.start, name.end) for name in sentence.names]),
        (floor.times, [(time.start, time.end) for time in sentence.times]),
    ):
        for of, (begin, finish) in enumerate(mentions):
            there = [n for n, (start, end) in enumerate(offsets) if start < finish and end > begin]
            if there:
                spans.append(Span(at + there[0], at + there[-1] + 1, place, of))
