"""What was said in a meeting, as the reader takes it: sentences, and in them the people and the times they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Named(NamedTuple):
    """A person named in a sentence: where in its text, and whom the name may mean."""

    start: int
    end: int
    people: tuple[str, ...]


class Timed(NamedTuple):
    """Words that say when: where in the text of a sentence."""

    start: int
    end: int


@dataclass(frozen=True)
class Said:
    """A sentence. ``floor`` numbers what one speaker says until another speaks; ``shape`` are numbers about it.

    ``owners`` and ``dues``: whom and which times, as the sentence and the place among its times, the rules take for
    those of what it speaks of.
    """

    text: str
    speaker: str
    floor: int
    shape: tuple[float, ...]
    names: tuple[Named, ...] = ()
    times: tuple[Timed, ...] = ()
    owners: tuple[str, ...] = ()
    dues: tuple[tuple[int, int], ...] = ()
