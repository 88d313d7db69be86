"""How likely it is that something to do is agreed in a sentence: a small learned classifier, and no language model.

It is a logistic regression over the vector of a sentence's meaning, the sentence's shape, and the shapes of the
sentences before and behind it. ``data/agreement/README.md`` says on what its weights were learnt, and how to learn them
again. The same sentences have the same likelihoods, on every run.

Needs numpy, of the extra ``embedded``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

NAME = "agreement classifier 1"
"""What stands for it where a model's name would. The number goes up with every change of what it says."""

WEIGHTS = Path(__file__).parent / "data" / "agreement" / "weights.json"

# What a difference in one feature counts for before anything is learnt. Vectors are of length 1 over 384 numbers, so
# each of these is small beside a shape's 1.
MEANING, SHAPE, BESIDE = 1.0, 0.5, 0.3


def features(vectors: Array, shapes: Sequence[Sequence[float]], speakers: Sequence[str]) -> Array:
    """A row of numbers for each sentence of a meeting.

    Args:
        vectors: a unit vector for each sentence, in the order they were said.
        shapes: the shape of each, all of one length.
        speakers: who says each.
    """
    import numpy as np

    shape = np.asarray(shapes, dtype=float)
    return np.hstack(
        [
            SHAPE * shape,
            MEANING * np.asarray(vectors, dtype=float),
            BESIDE * _beside(shape, speakers, -1),
            BESIDE * _beside(shape, speakers, 1),
        ]
    )


def _beside(shape: Array, speakers: Sequence[str], step: int) -> Array:
    """The shape of the sentence before or behind, at one place if the same speaker says it, at another if not."""
    import numpy as np

    count, width = shape.shape
    found = np.zeros((count, 2 * (width + 1)))
    for here in range(max(0, -step), min(count, count - step)):
        there = here + step
        start = 0 if speakers[there] == speakers[here] else width + 1
        found[here, start : start + width] = shape[there]
        found[here, start + width] = 1.0
    return found


def likelihoods(rows: Array, weights: Array | None = None) -> list[float]:
    """For each row of :func:`features` how likely it is that something is agreed there, 0 to 1.

    Args:
        rows: the features.
        weights: one for each feature, and the constant; those that onward has by default.
    """
    import numpy as np

    chosen = learned() if weights is None else weights
    sums = rows @ chosen[:-1] + chosen[-1]
    found: list[float] = (1.0 / (1.0 + np.exp(-sums))).tolist()
    return found


@cache
def learned() -> Array:
    """The weights that onward has."""
    import numpy as np

    return np.asarray(json.loads(WEIGHTS.read_text("utf-8"))["weights"], dtype=float)
