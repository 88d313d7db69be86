"""Extractive summaries: the sentences of a text that stand for the others, as they are.

Sentences are the nodes of a graph, joined as strongly as they are alike in meaning; those in the middle of it are
what the text is about. The ranking is LexRank's (Erkan and Radev, "LexRank: Graph-based lexical centrality as salience
in text summarization", JAIR 22, 2004), after TextRank (Mihalcea and Tarau, "TextRank: Bringing order into texts", EMNLP
2004), with sentence vectors in place of shared words. Out of the best, those are taken that add to the ones taken
before: maximal marginal relevance (Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998).

Needs numpy, of the extra ``embedded``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DAMPING = 0.85  # as in both papers: the rest is spread over all sentences alike
ALIKE_FROM = 0.25  # cosine under which two sentences have nothing to do with each other
STEPS = 50  # of the power iteration; it is at rest long before
NEW = 0.4  # how much a sentence's being new counts against its being central


def rank(vectors: Array, weights: Sequence[float] | None = None) -> Array:
    """How central each sentence is: numbers above 0 that add up to 1.

    Args:
        vectors: a unit vector for each sentence.
        weights: how much each counts from the outset, such as its share of words; all alike by default.
    """
    import numpy as np

    count = len(vectors)
    prior = np.ones(count) if weights is None else np.maximum(np.asarray(weights, dtype=float), 1e-9)
    prior = prior / prior.sum() if count else prior
    alike = np.asarray(vectors @ vectors.T, dtype=float)
    alike[alike < ALIKE_FROM] = 0.0
    np.fill_diagonal(alike, 0.0)
    alike *= prior  # a link to a sentence of weight carries more
    sums = alike.sum(axis=1, keepdims=True)
    links = np.where(sums > 0, alike / np.where(sums > 0, sums, 1.0), prior)
    scores = prior
    for _ in range(STEPS):
        scores = (1 - DAMPING) * prior + DAMPING * (scores @ links)
    return scores


def select(vectors: Array, scores: Array, count: int) -> list[int]:
    """Up to ``count`` sentences that are central and unlike one another: their places, in the order of the text."""
    import numpy as np

    if not len(scores):
        return []
    central = np.asarray(scores, dtype=float) / scores.max()
    chosen: list[int] = []
    repeats = np.zeros(len(central))
    while len(chosen) < min(count, len(central)):
        worth = (1 - NEW) * central - NEW * repeats
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        repeats = np.maximum(repeats, vectors @ vectors[best])
    return sorted(chosen)
