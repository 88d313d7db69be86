"""Scoring without a language model: rules over passages, and a small embedding model that measures closeness.

Rules, and labelled as such (:data:`METHOD`). A passage is *evidence* if it shows a sign of the criterion (see
:mod:`~onward.recipes.resume_screening.vocabulary`) and is close to it in meaning, or without a sign if it is very
close. Words that other trades use too are signs only in a resume that names tools of this trade elsewhere. Lists,
plans, lessons and copies are no evidence, whatever their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from onward.llm import embedded
from onward.recipes.resume_screening.criteria import Criteria, Criterion
from onward.recipes.resume_screening.passages import Passage, content_words, is_post, passages
from onward.recipes.resume_screening.results import Score
from onward.recipes.resume_screening.seen import Seen
from onward.recipes.resume_screening.vocabulary import finder

if TYPE_CHECKING:
    from onward.llm.embedded import Vectors

METHOD = "rules 2"
"""The version of the rules; part of a run's identity, so that scores of two versions are never mixed."""

MODEL = f"rules + {embedded.MODEL}"

# Chosen by looking at samples/job.md; the guide says how the ranking does there and elsewhere.
SIGN = 0.12  # what each of up to three signs adds to the closeness of meaning
SHARED = 0.20  # what naming every word of the criterion adds
NAMED, WORDED, UNSIGNED = (
    0.36,
    0.40,
    0.62,
)  # least closeness of a passage with a name, with words only, with neither
NOTHING, FULL = 0.10, 0.65  # closeness that would be worth 0 and is worth 1
POST = 0.7  # of its worth, for a line that says what post was held: what was done there says more
LONE = 0.40  # least closeness of meaning where one of several words of the criterion's own is all there is
FIELD = 2  # different names of tools a resume needs for words to count
VALUE = {"experience": 1.0, "plan": 0.2, "about": 0.2, "list": 0.1, "copy": 0.0, "addressed": 0.0}
NOTES = {
    "list": "only named in a list of keywords",
    "plan": "a plan or a course, not experience",
    "about": "taught or talked about, not shown at work",
}


def score(text: Seen, criteria: Criteria) -> list[Score]:
    """A score for each criterion, in their order."""
    found = passages(text.text, criteria.lines)
    close = _targets(tuple(c.text for c in criteria.criteria)) @ _embed([passage.text for passage in found]).T
    at_home = _shows_the_field(found, criteria.criteria)
    return [
        _best(criterion, found, close[row].tolist(), text, at_home)
        for row, criterion in enumerate(criteria.criteria)
    ]


@lru_cache(maxsize=4)
def _targets(texts: tuple[str, ...]) -> Vectors:
    return _embed(list(texts))


def _embed(texts: list[str]) -> Vectors:
    return embedded.load(threads=1).embed(texts)  # one thread each: workers share out the cores


def _shows_the_field(found: Sequence[Passage], criteria: Sequence[Criterion]) -> bool:
    """Whether words may count as signs: this is no trade of named tools, or the experience told names some."""
    names = [name for criterion in criteria for name in criterion.names]
    if 2 * sum(bool(criterion.names) for criterion in criteria) < len(criteria):
        return True
    told = " \n".join(passage.text for passage in found if passage.kind == "experience")
    return len({match.group().lower() for match in finder(names).finditer(told)}) >= FIELD


def _best(
    criterion: Criterion, found: Sequence[Passage], close: Sequence[float], text: Seen, at_home: bool
) -> Score:
    """The passage worth most; of equal ones the first."""
    best, worth = None, 0.0
    for passage, meaning in zip(found, close, strict=True):
        value = VALUE[_kind_for(criterion, passage)] * _worth(criterion, passage.text, meaning, at_home)
        value *= POST if is_post(passage.text) else 1
        if round(value, 2) > worth:
            best, worth = passage, round(value, 2)
    if best is None:
        return Score(criterion.text, criterion.must, criterion.weight, 0.0)
    line = text.verbatim(best.text) or best.text
    note = NOTES.get(_kind_for(criterion, best))
    shown = {"mention": line, "note": note} if note else {"evidence": line}
    return Score(criterion.text, criterion.must, criterion.weight, worth, **shown)


def _kind_for(criterion: Criterion, passage: Passage) -> str:
    """To have taught others is experience where that is what is asked for."""
    if passage.kind == "about" and finder(["mentor", "coach", "taught", "teach"]).search(
        " ".join(criterion.words)
    ):
        return "experience"
    return passage.kind


def _worth(criterion: Criterion, said: str, meaning: float, at_home: bool) -> float:
    """What a passage is worth for a criterion if it is experience: 0 to 1."""
    cleared = finder(criterion.unlike).sub(" ", said)
    names = {match.group().lower() for match in finder(criterion.names).finditer(cleared)}
    signs = [
        word for word in criterion.words if at_home or word.endswith("*")
    ]  # its own words mean what they say
    words = {match.group().lower() for match in finder(signs).finditer(cleared)}
    asked = content_words(criterion.text)
    near = meaning + SHARED * len(asked & content_words(said)) / max(1, len(asked))
    near += SIGN * min(3, len(names | words))
    least = NAMED if names else WORDED if words else UNSIGNED
    if (
        near < least
        or not (at_home or names or words)
        or (_is_lone(criterion, names, words) and meaning < LONE)
    ):
        return 0.0
    return min(1.0, (near - NOTHING) / (FULL - NOTHING))


def _is_lone(criterion: Criterion, names: set[str], words: set[str]) -> bool:
    """Whether all that speaks for a passage is one of the words taken from the criterion itself, stems with a ``*``."""
    own = sum(word.endswith("*") for word in criterion.words)
    return not names and len(words) == 1 and own > 1
