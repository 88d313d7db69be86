"""The words of a text, and which of them carry meaning. English."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:[+#]+|(?:[.'’-][^\W_]+)*)")
_FUNCTION_WORDS = frozenset({
    "a", "the", "and", "of", "to", "for", "with", "on", "by", "at", "from", "that", "as", "is", "are", "was",
    "i", "my", "we", "our", "it",
})  # fmt: skip
_STOP_WORDS = _FUNCTION_WORDS | {
    "in", "or", "an", "be", "have", "has", "had", "which", "who", "this", "these", "other", "another",
}  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text, in lower case; "C++" and "CI/CD" keep what makes them words."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def content(text: str) -> list[str]:
    """The words that carry meaning, in order, with a plural's "s" taken off."""
    return [w.removesuffix("s") if len(w) > 3 else w for w in words(text) if w not in _STOP_WORDS]


def content_words(text: str) -> frozenset[str]:
    return frozenset(content(text))


def looks_english(text: str) -> bool:
    """Whether enough of the words are small English ones. A guess: good for a warning, not for a decision."""
    every = words(text)
    return len(every) < 40 or sum(w in _FUNCTION_WORDS for w in every) >= 0.08 * len(every)
