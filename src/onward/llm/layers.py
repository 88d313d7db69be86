"""The two upper layers of the embedded model, in numpy, so that a task can have upper layers of its own.

The model's four lower layers, shared and frozen (:meth:`onward.llm.embedded.EmbeddedModel.states`), know what words
mean beside one another. The two above them are small enough to be learnt anew for one question on a few thousand
examples (``evaluation/tuning``, which needs torch), to be shipped as whole numbers of one byte, and to be run here: a
transformer encoder as in BERT (Devlin et al. 2019), with the approximation of the GELU by a tanh (Hendrycks and
Gimpel 2016).

Needs numpy, of the extra ``embedded``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = Mapping[str, Array]

UPPER = (4, 5)
"""The numbers of the layers, from 0. ``4.query.weight`` is the name of an array of the first of them."""

HEADS, WIDTH, INNER = 12, 384, 1536
MATRICES = {
    "query": (WIDTH, WIDTH), "key": (WIDTH, WIDTH), "value": (WIDTH, WIDTH), "joined": (WIDTH, WIDTH),
    "wide": (WIDTH, INNER), "narrow": (INNER, WIDTH),
}  # fmt: skip
"""The products of a layer with their weights' shapes, from what goes in to what comes out; each has a bias too."""

NORMS = ("norm", "last norm")
SCALE = ".scale"
EPSILON = 1e-12
APART = -1e4  # added to the attention of what is padding


def read(path: Path) -> Weights:
    """All arrays of an ``.npz`` file by their names; those kept as whole numbers are multiplied by their scales."""
    import numpy as np

    with np.load(path) as file:
        return unpacked({name: file[name] for name in file.files})


def unpacked(arrays: Mapping[str, Any]) -> Weights:
    """Arrays as :func:`read` gives them, of those that are in such a file."""
    import numpy as np

    kept = dict(arrays)
    scales = {name.removesuffix(SCALE): kept.pop(name) for name in list(kept) if name.endswith(SCALE)}
    return {name: kept[name].astype(np.float32) * scales.get(name, np.float32(1)) for name in kept}


def upper(states: Array, mask: Array, weights: Weights) -> Array:
    """What the upper layers make of the states that the lower ones left: an array of the same shape.

    Args:
        states: sequences by tokens by 384, the shorter sequences padded.
        mask: sequences by tokens: 1 for a token, 0 for padding.
        weights: as :func:`read` gives them.
    """
    apart = APART * (1 - mask[:, None, None, :].astype(states.dtype))
    for layer in UPPER:
        states = _layer(states, apart, weights, f"{layer}.")
    return states


def padded(sequences: Sequence[Array]) -> tuple[Array, Array]:
    """The states of sequences as one array, and its mask, as :func:`upper` takes them."""
    import numpy as np

    longest = max(map(len, sequences))
    states = np.zeros((len(sequences), longest, WIDTH), np.float32)
    mask = np.zeros((len(sequences), longest), np.float32)
    for row, sequence in enumerate(sequences):
        states[row, : len(sequence)] = sequence
        mask[row, : len(sequence)] = 1
    return states, mask


def _layer(states: Array, apart: Array, weights: Weights, at: str) -> Array:
    def product(name: str, x: Array) -> Array:
        return x @ weights[f"{at}{name}.weight"] + weights[f"{at}{name}.bias"]

    def normed(name: str, x: Array) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        deviation = ((centred**2).mean(-1, keepdims=True) + EPSILON) ** 0.5
        found: Array = centred / deviation * weights[f"{at}{name}.weight"] + weights[f"{at}{name}.bias"]
        return found

    def by_heads(x: Array) -> Array:
        return x.reshape(*x.shape[:2], HEADS, -1).swapaxes(1, 2)

    query, key, value = (by_heads(product(name, states)) for name in ("query", "key", "value"))
    attention = _softmax(query @ key.swapaxes(-1, -2) / sqrt(WIDTH / HEADS) + apart)
    met = (attention @ value).swapaxes(1, 2).reshape(states.shape)
    states = normed("norm", states + product("joined", met))
    return normed("last norm", states + product("narrow", _gelu(product("wide", states))))


def _softmax(x: Array) -> Array:
    import numpy as np

    powers = np.exp(x - x.max(-1, keepdims=True))
    shares: Array = powers / powers.sum(-1, keepdims=True)
    return shares


def _gelu(x: Array) -> Array:
    import numpy as np

    found: Array = 0.5 * x * (1 + np.tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)))
    return found
