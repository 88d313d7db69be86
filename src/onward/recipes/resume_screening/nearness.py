"""How near the lines of a resume come to what a job asks for, in meaning, where no vocabulary knows the trade.

The vectors of the small model know roughly what a line is about, and no more: that "quality control" is said of cars
and not of blood stands in the lines around it. So a line is looked at together with its resume, what is asked is met by
several lines better than by one, and how much of the resume is about the job at all weighs on everything it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onward.llm.embedded import Vectors

# Chosen by looking at the development sets in evaluation/resumes, where neighbouring values do as well.
NOTHING, FULL = 0.20, 0.55  # closeness that would be worth 0 and is worth 1
DEPTH = (0.50, 0.25, 0.15, 0.10)  # what the nearest line counts, and the next ones
LINES, AT_HOME = 10, 0.35  # so many lines as close as that to the job as a whole are all that can be asked
ABROAD = 0.4  # of its worth, for what stands in a resume that is about something else altogether


def in_context(lines: Vectors, values: Sequence[float]) -> Vectors:
    """The vectors of lines, each together with what the whole resume is about. Lines of no value are no part of it."""
    import numpy as np

    whole = _unit((lines * np.asarray(values, dtype=np.float32)[:, None]).sum(axis=0, keepdims=True))
    return _unit(lines + whole)


def worth(closeness: float) -> float:
    """What a closeness is worth, from 0 to 1."""
    return min(1.0, max(0.0, (closeness - NOTHING) / (FULL - NOTHING)))


def depth(worths: Sequence[float]) -> float:
    """What lines are worth together: 1 if as many as count are worth 1 each."""
    best = sorted(worths, reverse=True)
    return sum(share * one for share, one in zip(DEPTH, best, strict=False))


def at_home(lines: Vectors, values: Sequence[float], asked: Vectors, title: Vectors) -> float:
    """How much of a resume is about the job, from 0 to 1: its lines against the title and all that is asked."""
    job = _unit(_unit(asked.mean(axis=0, keepdims=True)) + title)
    near: list[float] = (lines @ job[0]).tolist()
    close = sorted((max(0.0, one * value) for one, value in zip(near, values, strict=True)), reverse=True)
    return min(1.0, sum(close[:LINES]) / (LINES * AT_HOME))


def standing(home: float) -> float:
    """What is left of the worth of everything in a resume that is so much about the job."""
    return ABROAD + (1 - ABROAD) * home


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = vectors / np.maximum(length, 1e-9)
    return unit
