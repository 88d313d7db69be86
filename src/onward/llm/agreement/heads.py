"""What a window says, read off the states of its tokens: how likely each sentence agrees on something to do, who is to
do it, by when, and which sentences speak of the same thing.

The last two are pointers (Vinyals et al. 2015): of a sentence to the names, or the times, around it, or to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onward.llm.agreement.relations import to_people, to_sentences, to_times
from onward.llm.agreement.said import Said
from onward.llm.agreement.windows import Span, Window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float32]
    Weights = Mapping[str, Array]

BUCKETS = 16
"""Distances in tokens are told apart by their power of 2, up to 128, and by which comes first."""


@dataclass(frozen=True)
class Heard:
    """Of the sentences of a window, in their order: how likely something is agreed in each, how well each says what;
    of each, how likely it points to which of the window's people, and times, the last number being for none; and of
    each two how likely they speak of the same."""

    agreed: Array
    telling: Array
    people: Array
    times: Array
    same: Array


def read_window(
    states: Array, said: Sequence[Said], window: Window, features: Array, weights: Weights
) -> Heard:
    """What a window says.

    Args:
        states: tokens by numbers, as the upper layers leave them.
        said: all sentences of the meeting.
        window: where in the states are the sentences, people, and times.
        features: a row for each sentence of the meeting.
        weights: the arrays by name.
    """
    import numpy as np

    means = np.stack([_attended(states, span, weights) for span in window.sentences])
    known = np.hstack([means, features[[span.sentence for span in window.sentences]]])
    starts = [span.start for span in window.sentences]

    def pointed(head: str, spans: Sequence[Span], related: Any) -> Array:
        nothing = known @ weights[f"{head}.none.weight"] + weights[f"{head}.none.bias"]
        if not spans:
            return np.ones_like(nothing)
        apart = distances(starts, [span.start for span in spans])
        scores = _scores(head, known, _targets(states, spans, features), apart, related, weights)
        return _softmax(np.hstack([scores, nothing]), 1)

    alike = _scores("same", means, means, distances(starts, starts), to_sentences(said, window), weights)
    return Heard(
        _sigmoid(known @ weights["agreed.weight"] + weights["agreed.bias"])[:, 0],
        _sigmoid(known @ weights["telling.weight"] + weights["telling.bias"])[:, 0],
        pointed("people", window.people, to_people(said, window)),
        pointed("times", window.times, to_times(said, window)),
        _sigmoid((alike + alike.T) / 2),
    )


def distances(here: Sequence[int], there: Sequence[int]) -> NDArray[np.int64]:
    """The bucket of the distance from each place to each other one."""
    import numpy as np

    apart = np.asarray(there, int)[None, :] - np.asarray(here, int)[:, None]
    power = np.floor(np.log2(np.abs(apart) + 1)).astype(np.int64)
    buckets: NDArray[np.int64] = 2 * np.minimum(power, BUCKETS // 2 - 1) + (apart < 0)
    return buckets


def _attended(states: Array, span: Span, weights: Weights) -> Array:
    """The mean of a sentence's tokens, each weighed by how much it tells."""
    inside = states[span.start : max(span.end, span.start + 1)]
    mean: Array = (_softmax(inside @ weights["attention.weight"], 0) * inside).sum(0)
    return mean


def _targets(states: Array, spans: Sequence[Span], features: Array) -> Array:
    """What each span of people, or times, is: the mean of its tokens, and the features of the sentence it is in."""
    import numpy as np

    means = [states[span.start : max(span.end, span.start + 1)].mean(0) for span in spans]
    return np.hstack([np.stack(means), features[[span.sentence for span in spans]]])


def _scores(head: str, known: Array, targets: Array, apart: Any, related: Any, weights: Weights) -> Array:
    """How well each target goes with each sentence."""
    import numpy as np

    asking = known @ weights[f"{head}.from.weight"] + weights[f"{head}.from.bias"]
    answering = targets @ weights[f"{head}.to.weight"] + weights[f"{head}.to.bias"]
    by_itself = targets @ weights[f"{head}.alone.weight"] + weights[f"{head}.alone.bias"]
    placed = weights[f"{head}.apart"][apart, 0] + weights[f"{head}.related"][related, 0]
    found: Array = (asking @ answering.T / asking.shape[1] ** 0.5 + by_itself.T + placed).astype(np.float32)
    return found


def _softmax(x: Array, axis: int) -> Array:
    import numpy as np

    powers = np.exp(x - x.max(axis, keepdims=True))
    shares: Array = powers / powers.sum(axis, keepdims=True)
    return shares


def _sigmoid(x: Any) -> Array:
    import numpy as np

    found: Array = 1 / (1 + np.exp(-x))
    return found
