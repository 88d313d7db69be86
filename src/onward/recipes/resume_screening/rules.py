"""Scoring without a language model: rules over passages, and a small embedding model that measures closeness.

Rules, and labelled as such (:data:`METHOD`). A passage is *evidence* if it shows a sign of the criterion (see
:mod:`~onward.recipes.resume_screening.vocabulary`) and is close to it in meaning, or without a sign if it is very
close. For a demand that the vocabulary knows, the evidence is the score; words that other trades use too are signs
only in a resume that names tools of this trade elsewhere. For any other demand the score is how near the resume's lines
come to it (:mod:`~onward.recipes.resume_screening.nearness`). Lists, plans, studies, lessons and copies count little or
nothing, whatever their words; a resume that is little else loses the more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from onward.llm import embedded
from onward.recipes.resume_screening import nearness
from onward.recipes.resume_screening.criteria import Criteria, Criterion
from onward.recipes.resume_screening.passages import Passage, passages, stuffed
from onward.recipes.resume_screening.results import Score, no_evidence
from onward.recipes.resume_screening.seen import Seen
from onward.recipes.resume_screening.statements import is_post
from onward.recipes.resume_screening.vocabulary import concepts, finder
from onward.recipes.resume_screening.wording import content_words
from onward.recipes.resume_screening.years import says_when

if TYPE_CHECKING:
    from onward.llm.embedded import Vectors

METHOD = "rules 3"
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
VALUE = {
    "experience": 1.0, "claim": 0.6, "plan": 0.2, "studies": 0.2, "about": 0.2, "list": 0.1, "copy": 0.0,
    "addressed": 0.0,
}  # fmt: skip
NOTES = {
    "list": "only named in a list of keywords",
    "plan": "a plan or a course, not experience",
    "studies": "learnt at school or in a course, not shown at work",
    "about": "taught or talked about, not shown at work",
}
TEACHING = ("mentor", "coach", "taught", "teach*", "training", "supervis*", "instruct*")
STUDIES = (
    "degree",
    "diploma",
    "certificate",
    "certified",
    "licen*",
    "qualification",
    "qualified",
    "trained as",
)
NEAR = "only near to it in meaning"
FAINT = 0.1  # less than that of being near says nothing
ABROAD = 0.3  # a resume less at home than that in what the job is about has no evidence for it


@dataclass(frozen=True)
class Read:
    """A resume, read for one job.

    Attributes:
        close: of each criterion to each passage, in meaning.
        near: the same, with each passage seen together with its resume.
        tools: it names tools of the trade at work, or the trade has none: words may count as signs.
        home: how much of it is about the job, from 0 to 1.
        earnest: what is left of its scores, from 0 to 1, if most of it is lists of keywords and copies, and if it says
            of nothing when or how long it was: that is a claim.
    """

    text: Seen
    found: Sequence[Passage]
    close: Sequence[Sequence[float]]
    near: Sequence[Sequence[float]]
    tools: bool
    home: float
    earnest: float


def score(text: Seen, criteria: Criteria) -> list[Score]:
    """A score for each criterion, in their order."""
    read = _read(text, criteria)
    return [_scored(criterion, row, read) for row, criterion in enumerate(criteria.criteria)]


def _read(text: Seen, criteria: Criteria) -> Read:
    found = passages(text.text, criteria.lines)
    lines = _embed([passage.text for passage in found])
    asked = _targets((criteria.title, *(criterion.text for criterion in criteria.criteria)))
    values = [VALUE[passage.kind] for passage in found]
    return Read(
        text,
        found,
        (asked[1:] @ lines.T).tolist(),
        (asked[1:] @ nearness.in_context(lines, values).T).tolist(),
        tools=_shows_the_field(found, criteria.criteria),
        home=nearness.at_home(lines, values, asked[1:], asked[:1]),
        earnest=min(1.0, 2 * (1 - stuffed(found))) * (1.0 if says_when(text.text) else VALUE["claim"]),
    )


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


def _scored(criterion: Criterion, row: int, read: Read) -> Score:
    """The score of a criterion, with the passage that speaks for it best."""
    kinds = [_kind_for(criterion, passage) for passage in read.found]
    signed = [
        VALUE[kind]
        * _worth(criterion, passage.text, close, read.tools)
        * (POST if is_post(passage.text) else 1)
        for passage, kind, close in zip(read.found, kinds, read.close[row], strict=True)
    ]
    if concepts(criterion.text):
        return _shown(criterion, read, kinds, signed, max(signed, default=0.0))
    near = [
        VALUE[kind] * nearness.worth(close + SHARED * _share_of_signs(criterion, passage.text))
        for passage, kind, close in zip(read.found, kinds, read.near[row], strict=True)
    ]
    worth = nearness.depth(near) * nearness.standing(read.home)
    evident = [0.0 if kind in NOTES else one for one, kind in zip(signed, kinds, strict=True)]
    if read.home >= ABROAD and any(evident):
        return _shown(criterion, read, kinds, evident, worth)
    return _shown(criterion, read, kinds, near, worth, NEAR)


def _shown(
    criterion: Criterion,
    read: Read,
    kinds: Sequence[str],
    by: Sequence[float],
    worth: float,
    note: str | None = None,
) -> Score:
    """The score, with the passage that is first ``by`` some order: as evidence, unless its kind or a note forbids."""
    worth = round(worth * read.earnest, 2)
    order = [round(value, 2) for value in by]
    if worth == 0 or max(order) == 0 or (note == NEAR and worth < FAINT):
        return no_evidence(criterion)
    best = order.index(max(order))
    line = read.text.verbatim(read.found[best].text) or read.found[best].text
    note = NOTES.get(kinds[best], note)
    shown = {"mention": line, "note": note} if note else {"evidence": line}
    return Score(criterion.text, criterion.must, criterion.weight, worth, **shown)


def _kind_for(criterion: Criterion, passage: Passage) -> str:
    """To have taught or studied is experience where that is what is asked for."""
    asked = " ".join((criterion.text, *criterion.words))
    wanted = {"about": TEACHING, "studies": STUDIES}.get(passage.kind)
    return "experience" if wanted and finder(wanted).search(asked) else passage.kind


def _share_of_signs(criterion: Criterion, said: str) -> float:
    signs = (*criterion.names, *criterion.words)
    return sum(finder([sign]).search(said) is not None for sign in signs) / max(1, len(signs))


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
