"""Why a candidate stands where they stand, in two sentences made of the scores."""

from __future__ import annotations

from collections.abc import Sequence

from onward.recipes.resume_screening.results import Score

SHOWN = 60
"""Characters of a criterion that a reason names."""


def reason(scores: Sequence[Score]) -> str:
    """Two sentences: what is shown, best first, and what is not."""
    musts = [score for score in scores if score.must]
    others = [score for score in scores if not score.must]
    met = sum(score.evidence is not None for score in musts)
    more = sum(score.evidence is not None for score in others)
    counts = [f"{met} of {len(musts)} must-haves"] if musts else []
    counts += [f"{more} of {len(others)} nice-to-haves"] if others else []
    return f"Shows {' and '.join(counts)}{_best(scores)}. {_missing(musts)}"


def _best(scores: Sequence[Score]) -> str:
    shown = sorted(
        (s for s in scores if s.evidence is not None), key=lambda s: (-s.score * s.weight, s.criterion)
    )
    return f", most clearly {_named(shown[:2])}" if shown else ""


def _missing(musts: Sequence[Score]) -> str:
    missing = [score for score in musts if score.evidence is None]
    if not missing:
        return "No must-have is without evidence." if musts else "There are no must-haves."
    rest = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
    return f"No evidence was found for {_named(missing[:2])}{rest}."


def _named(scores: Sequence[Score]) -> str:
    return " and ".join(f"“{_short(score.criterion)}”" for score in scores)


def _short(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    return text[:SHOWN].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
