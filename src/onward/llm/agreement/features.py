"""Numbers about a sentence beside its words: its shape, and the shapes of the sentences before and behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

# What a difference in one number counts for before anything is learnt.
SHAPE, BESIDE = 0.5, 0.3


def features(shapes: Sequence[Sequence[float]], speakers: Sequence[str]) -> Array:
    """A row of numbers for each sentence of a meeting.

    Args:
        shapes: the shape of each, all of one length, in the order they were said.
        speakers: who says each.
    """
    import numpy as np

    shape = np.asarray(shapes, dtype=np.float32)
    sides = [BESIDE * _beside(shape, speakers, step) for step in (-1, 1)]
    return np.hstack([SHAPE * shape, *sides]).astype(np.float32)


def _beside(shape: Array, speakers: Sequence[str], step: int) -> Array:
    """The shape of the sentence before or behind, at one place if the same speaker says it, at another if not."""
    import numpy as np

    count, width = shape.shape
    found = np.zeros((count, 2 * (width + 1)), np.float32)
    for here in range(max(0, -step), min(count, count - step)):
        there = here + step
        start = 0 if speakers[there] == speakers[here] else width + 1
        found[here, start : start + width] = shape[there]
        found[here, start + width] = 1.0
    return found
