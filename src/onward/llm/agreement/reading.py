"""A whole meeting read: what its windows say, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from onward.llm import layers
from onward.llm.agreement.features import features
from onward.llm.agreement.heads import Heard, read_window
from onward.llm.agreement.relations import people_at
from onward.llm.agreement.said import Said
from onward.llm.agreement.windows import Span, Window, windows

if TYPE_CHECKING:
    from onward.llm.agreement.heads import Array, Weights

TOGETHER = 16
"""Windows computed at once."""

People = tuple[str, ...]
Time = tuple[int, int]
Key = TypeVar("Key")
Value = TypeVar("Value")


class Below(Protocol):
    """The model whose lower layers are read from: its tokens, and what the layers make of them."""

    def pieces(self, text: str) -> tuple[list[int], list[tuple[int, int]]]: ...
    def states(self, sequences: Sequence[Sequence[int]]) -> list[Any]: ...


@dataclass(frozen=True)
class Pointing:
    """What a sentence says of something to do, from 0 to 1.

    ``agreed``: how likely there is something. ``telling``: how much of it is named. ``people``: whom each name around
    means, and how likely that is who does it; ``times``: the sentence and the place among its times of each time
    around, and how likely that is when. None in either stands for nobody, or no day.
    """

    agreed: float
    telling: float
    people: dict[People | None, float]
    times: dict[Time | None, float]


@dataclass(frozen=True)
class Reading:
    """What all sentences of a meeting say, and of each two near each other how likely they speak of the same."""

    sentences: list[Pointing]
    same: dict[tuple[int, int], float]


def read(said: Sequence[Said], model: Below, weights: Weights) -> Reading:
    """What a meeting says of things to do.

    Args:
        said: its sentences, in the order they were said.
        model: the embedded model, :func:`onward.llm.embedded.load`.
        weights: those of the upper layers and the heads.
    """
    if not said:
        return Reading([], {})
    known = features([one.shape for one in said], [one.speaker for one in said])
    sentences, same = _Deepest[int, Pointing](), _Deepest[tuple[int, int], float]()
    for window, states in _read_windows(said, model, weights):
        numbers = [span.sentence for span in window.sentences]
        heard = read_window(states, said, window, known, weights)
        for one, span in enumerate(window.sentences):
            sentences.offer(span.sentence, _depth(window, span, span), _pointing(said, window, heard, one))
            for other in range(one + 1, len(numbers)):
                depth = _depth(window, span, window.sentences[other])
                same.offer((span.sentence, numbers[other]), depth, float(heard.same[one, other]))
    return Reading([sentences.kept[number] for number in range(len(said))], same.kept)


class _Deepest(Generic[Key, Value]):
    """Of values for the same key from several windows the one that was deepest inside its own."""

    def __init__(self) -> None:
        self.kept: dict[Key, Value] = {}
        self._depths: dict[Key, int] = {}

    def offer(self, key: Key, depth: int, value: Value) -> None:
        if key not in self._depths or depth > self._depths[key]:
            self._depths[key], self.kept[key] = depth, value


def _depth(window: Window, first: Span, last: Span) -> int:
    """How far inside a window something is: what is at its edge is read without what is said around it."""
    return min(first.start, len(window.tokens) - last.end)


def _read_windows(said: Sequence[Said], model: Below, weights: Weights) -> Iterator[tuple[Window, Array]]:
    found = [window for window in windows(said, model.pieces) if window.sentences]
    for start in range(0, len(found), TOGETHER):
        some = found[start : start + TOGETHER]
        below, mask = layers.padded(model.states([window.tokens for window in some]))
        states = layers.upper(below, mask, weights)
        yield from ((window, states[row, : len(window.tokens)]) for row, window in enumerate(some))


def _pointing(said: Sequence[Said], window: Window, heard: Heard, one: int) -> Pointing:
    people: dict[People | None, float] = {None: float(heard.people[one, -1])}
    for span, likely in zip(window.people, heard.people[one], strict=False):
        who = people_at(said, span)
        people[who] = people.get(who, 0.0) + float(likely)
    times: dict[Time | None, float] = {None: float(heard.times[one, -1])}
    for span, likely in zip(window.times, heard.times[one], strict=False):
        times[span.sentence, span.of or 0] = float(likely)
    return Pointing(float(heard.agreed[one]), float(heard.telling[one]), people, times)
