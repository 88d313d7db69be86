"""What a human should look at in a resume. A flag changes no score; what raises it may, see ``rules``."""

from __future__ import annotations

from collections.abc import Sequence

from onward.recipes.documents import Document
from onward.recipes.resume_screening.passages import addressed, passages
from onward.recipes.resume_screening.wording import looks_english, words

SHOWN = 100
"""Characters of hidden text that a flag quotes."""


def find_flags(document: Document, job_lines: Sequence[str]) -> list[str]:
    """The flags of one resume, as read: with hidden text, and before anything was taken out."""
    found = passages(document.text, job_lines)
    listed = sum(len(words(p.text)) for p in found if p.kind == "list")
    copied = sum(p.kind == "copy" for p in found)
    told = " ".join(p.text for p in found if p.kind != "list")
    flags = {
        "text addressed to the screener: gives no points": bool(addressed(document.text))
        or _hides_orders(document),
        "copies the job description: copied lines give no points": copied >= 2,
        "keyword stuffing: mostly lists of keywords": listed * 3
        >= sum(len(words(p.text)) for p in found)
        > 0,
        "very little text": len(found) < 5,
        "may not be in English, which is all the embedded model reads": not looks_english(told),
    }
    return [*(flag for flag, raised in flags.items() if raised), *_hidden(document)]


def _hides_orders(document: Document) -> bool:
    return any(addressed(piece) for piece in document.hidden)


def _hidden(document: Document) -> list[str]:
    pieces = [piece for piece in document.hidden if len(words(piece)) >= 2]
    if not pieces:
        return []
    shown = " … ".join(pieces)
    shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"
    return [f"hidden text, which was not scored: “{shown}”"]
