"""The passages of a resume, and what kind of statement each is. No model here.

A passage is one sentence or one bullet, verbatim but for line breaks. ``Passage.kind`` says what kind of statement it
is; see :mod:`~onward.recipes.resume_screening.statements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from onward.recipes.resume_screening.blocks import Block, blocks
from onward.recipes.resume_screening.statements import Asked, Kind, Part, kind_of, part_of
from onward.recipes.resume_screening.wording import words
from onward.recipes.resume_screening.years import names_period


@dataclass(frozen=True)
class Passage:
    """A sentence or bullet of a resume, and what kind of statement it is."""

    text: str
    kind: Kind = "experience"


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-ZÀ-ÞÆØÅ])|(?<=[a-zà-ÿ]{3}[.!?])\s+(?=[a-zà-ÿ])")
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
_POST = 20  # words; a longer block may name a period, but is no line of a post
CONTACT = re.compile(r"[\w.+-]@[\w-]+\.\w|https?://|www\.")
_ADDRESSED = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.]{0,40}\b(?:instructions?|prompts?|rules|criteria|resumes|candidates|above)\b"
    r"|\b(?:rank|rate|score|select|choose|recommend|hire|place|put)\s+(?:this|the|me|my)\b[^.]{0,40}"
    r"\b(?:first|top|highest|best|100|candidate|applicant|resume)\b"
    r"|\b(?:give|assign|award|return|output)\b[^.]{0,30}\b(?:scores?|ratings?|points|rank)\b"
    r"|\b(?:note|message|instructions?|attention)\b[^.]{0,15}\b(?:to|for)\b[^.]{0,15}"
    r"\b(?:ai|llm|model|bot|system|screeners?|recruiters?|reviewers?|algorithm)\b"
    r"|\byou are (?:an?|the) (?:ai|assistant|language model|recruiter|screener)"
    r"|^(?:<!--|\W*(?:system|assistant)\s*:)",
    re.I,
)


def passages(text: str, job_lines: Sequence[str]) -> list[Passage]:
    """The resume's passages of four words or more, in order, without contact lines.

    Args:
        job_lines: of the job description, to tell what was copied from it.
    """
    asked = Asked.of(job_lines)
    # A comment that readers of the rendered page do not see becomes one block of its own.
    text = _COMMENT.sub(lambda comment: f"\n\n<!-- {' '.join(comment[1].split())} -->\n\n", text)
    return [
        # Whoever talks to the screener in one sentence does so in the sentences around it.
        Passage(sentence, "addressed" if _ADDRESSED.search(block.text) else kind_of(sentence, part, asked))
        for block, sentence, part in _parted(blocks(text))
        if len(words(sentence)) >= 4 and not CONTACT.search(sentence)
    ]


def _parted(found: Iterator[Block]) -> Iterator[tuple[Block, str, Part]]:
    """Each sentence with the part of the resume that it stands in: by the heading or the post above it."""
    part: Part = "text"
    for block in found:
        if block.role == "heading":
            part = part_of(block.text) or "text"
        elif len(words(block.text)) <= 4:
            part = part_of(block.text) or part
        for sentence in _SENTENCE_END.split(block.text):
            part = "work" if _tells_a_post(sentence, part) else part
            yield block, sentence, part


def _tells_a_post(text: str, part: Part) -> bool:
    """Whether it says from when to when something was done, in few words, and not as a part of an education."""
    return part != "studies" and names_period(text) and len(words(text)) <= _POST


def addressed(text: str) -> list[str]:
    """The blocks that talk to whoever screens."""
    return [block.text for block in blocks(text) if _ADDRESSED.search(block.text)]


def stuffed(found: Sequence[Passage]) -> float:
    """The share of the passages' words that are lists of keywords, copies of the job, or addressed to the screener."""
    lengths = [(len(words(passage.text)), passage.kind in ("list", "copy", "addressed")) for passage in found]
    return sum(length for length, stuffing in lengths if stuffing) / max(
        1, sum(length for length, _ in lengths)
    )
