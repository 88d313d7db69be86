"""A resume as a scorer sees it, with a way back from its words to those of the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from onward.llm.grounding import find_quote

Span = tuple[int, int, str]
"""From, to, and what stands there instead."""


@dataclass(frozen=True)
class Seen:
    """A text, with some spans of the original replaced; ``starts`` and ``origins`` map places back."""

    text: str
    original: str
    starts: tuple[int, ...]
    origins: tuple[tuple[int, int], ...]

    def verbatim(self, quote: str) -> str | None:
        """What the original says where the text has the quote, on one line; None if it has it nowhere."""
        found = find_quote(quote, self.text)
        if found is None:
            return None
        start, end = self._place(found.start)[0], self._place(found.end - 1)[1]
        return " ".join(self.original[start:end].split())

    def _place(self, at: int) -> tuple[int, int]:
        """The span of the original that a character of the text stands for."""
        piece = bisect_right(self.starts, at) - 1
        begin, end = self.origins[piece]
        offset = at - self.starts[piece]
        kept = (self.starts[piece + 1] if piece + 1 < len(self.starts) else len(self.text)) - self.starts[
            piece
        ]
        return (begin + offset, begin + offset + 1) if kept == end - begin else (begin, end)


def cut(original: str, spans: Iterable[Span]) -> Seen:
    """The text with the spans replaced. Of overlapping spans the first and longest one's replacement stands for all."""
    out, at = "", 0
    starts: list[int] = []
    origins: list[tuple[int, int]] = []
    for start, end, instead in _merged(sorted(spans, key=lambda span: (span[0], -span[1]))):
        for begin, stop, piece in ((at, start, original[at:start]), (start, end, instead)):
            if begin < stop:
                starts.append(len(out))
                origins.append((begin, stop))
                out += piece
        at = end
    starts.append(len(out))
    origins.append((at, len(original)))
    return Seen(out + original[at:], original, tuple(starts), tuple(origins))


def _merged(spans: list[Span]) -> Iterator[Span]:
    """The spans without overlaps; what overlaps becomes one, with the first one's replacement."""
    if not spans:
        return
    start, end, instead = spans[0]
    for begin, stop, other in spans[1:]:
        if begin < end:
            end = max(end, stop)
        else:
            yield start, end, instead
            start, end, instead = begin, stop, other
    yield start, end, instead
