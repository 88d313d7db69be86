"""Whether a quote is in its source, letter by letter, and where."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# What word processors and models turn into one another, without anybody having changed a word.
PLAIN = {
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),  # soft hyphen, zero widths
    "…": "...",
}
ENCLOSING = re.compile(r'^\s*["\'](.*)["\']\s*$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage of the source: `source[start:end] == text`."""

    text: str
    start: int
    end: int


def find_quote(quote: str, source: str) -> Quote | None:
    """The passage of `source` that `quote` repeats, as the source has it; None if there is none.

    Letters, digits, case and punctuation must agree. White space counts as one blank, wherever lines break;
    typographic quotation marks, dashes and ellipses count as their plain forms, and ligatures and full-width
    forms as their letters (Unicode NFKC). A quote does not begin or end within a word, and an empty one is in
    no source. Quotation marks around the whole quote may be the quoter's own.
    """
    verbatim = quote.strip()
    at = _whole_words(verbatim, source)
    if at is not None:
        return Quote(verbatim, at, at + len(verbatim))
    plain, places = _plain(source)
    wanted = _plain(quote)[0].strip()
    enclosed = ENCLOSING.match(wanted)
    for candidate in (wanted, enclosed[1].strip() if enclosed else ""):
        at = _whole_words(candidate, plain)
        if at is not None:
            start, end = places[at][0], places[at + len(candidate) - 1][1]
            return Quote(source[start:end], start, end)
    return None


@lru_cache(maxsize=8)  # one source is asked for many quotes
def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text in its plain form, and for each of its characters the span of the original it stands for."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _characters(text):
        for letter in _plain_letters(text[start:end]):
            if letter == " " and letters and letters[-1] == " ":
                continue
            letters.append(letter)
            places.append((start, end))
    return "".join(letters), places


def _characters(text: str) -> list[tuple[int, int]]:
    """Spans of the text's characters, each with the accents that combine with it."""
    spans: list[tuple[int, int]] = []
    for at, letter in enumerate(text):
        if spans and unicodedata.combining(letter):
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def _plain_letters(character: str) -> str:
    if character.isascii():
        return " " if character.isspace() else PLAIN.get(character, character)
    normal = unicodedata.normalize("NFKC", PLAIN.get(character, character))
    return "".join(" " if letter.isspace() else PLAIN.get(letter, letter) for letter in normal)


def _whole_words(wanted: str, text: str) -> int | None:
    """Where `wanted` stands in `text` without cutting a word at either end."""
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        if not (_joined(text, at) or _joined(text, at + len(wanted))):
            return at
        at = text.find(wanted, at + 1)
    return None


def _joined(text: str, at: int) -> bool:
    """Whether the letters on both sides of a place belong to one word."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
