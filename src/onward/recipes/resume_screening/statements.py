"""What kind of statement a passage is: told from its words, its shape, and the part of the resume it stands in.

Rules, for English. Some statements are no evidence, or less, whatever their words: a bare list of keywords, a copy of
the job description, a plan to learn something, what was learnt at school, teaching or talking about it, text addressed
to whoever screens. What a part of the resume holds can be told by its heading; what a post held holds, by its years.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from onward.recipes.resume_screening.vocabulary import stem
from onward.recipes.resume_screening.wording import content, words

Kind = Literal["experience", "claim", "list", "copy", "plan", "studies", "about", "addressed"]
Part = Literal["work", "claim", "skills", "studies", "plan", "aside", "text"]

COPIED = 0.7  # words that a passage and a line of the job share, of all words of the two
NAMES = 0.8  # of the entries of a list of names
DEGREE = 10  # words; a longer line that names a degree says more than that
PART, ENOUGH = 0.8, 5  # of a passage's words that are one line's, and of how many
PHRASES, STRUNG = 0.5, 8  # of a passage's neighbouring words that are neighbours in the job, and of how many

_PARTS: dict[Part, str] = {
    "skills": r"(?:key |core |technical |professional |personal |other |my )*(?:skills?(?: summary)?|competenc\w+"
    r"|expertise|keywords|strengths|technologies|tools|areas of expertise|abilities|know-how|kenntnisse)",
    "studies": r"education(?: and \w+)?|studies|training|qualifications?|certificat\w+|courses|school(?:ing)?|degrees?"
    r"|academic \w+|ausbildung|bildung",
    "plan": r"(?:career )?(?:goals?|objectives?|aims?|plans|ambitions?)|what i(?: am|'m) looking for",
    "claim": r"(?:professional |personal |executive |career )?(?:summary|profile|about(?: me)?|introduction|headline"
    r"|statement)",
    "aside": r"hobbies|interests|languages|references|other|personal|publications|awards|say about me|volunteer\w*"
    r"|driving licen[cs]e",
    "work": r"(?:(?:work|professional|relevant|earlier|previous|career|employment)\s+)?(?:experience|history|employment"
    r"|work|career|jobs|posts|positions|practice|before|what i do|what i am responsible for|projects|impact)",
}
_OF_PART = {part: re.compile(rf"^\W*(?:{names})\W*$", re.I) for part, names in _PARTS.items()}
_LABELLED: dict[Part, re.Pattern[str]] = {
    part: re.compile(rf"^\W*(?:{_PARTS[part]})\W*:", re.I) for part in ("skills", "studies", "plan", "aside")
}

_PRAISE = frozenset({
    "adept", "bring", "dedicated", "excellent", "experience", "experienced", "expert", "expertise", "extensive",
    "highly", "motivated", "passionate", "professional", "proficient", "proven", "skilled", "strong",
})  # fmt: skip
_DEGREE = re.compile(
    r"\b(?:b\.?sc|m\.?sc|b\.?a|m\.?b\.?a|ph\.?d|bachelor|master of|associate degree|diploma|apprenticeship)\b"
    r"|^\W*(?:upper |lower )?(?:secondary school|high school|college|university)\b",
    re.I,
)
_YEARS = re.compile(r"\b(?:\w+ )?(?:19|20)\d\d\s*(?:-|–|—|to|until)\s*(?:\w+ )?\w+\W*$")
_PLAN = re.compile(
    r"\b((?<!machine )(?<!deep )learning|studying|in training|beginner|aspir\w+|tutorial"
    r"|(?:online|evening|distance) course|plan(?:ning|ned)? (?:to|for)|hop(?:e|ing) to|want(?:ing)? to|eager to"
    r"|(?:keen|motivated|willing|ready) to|interested in|(?:would|['’]d) (?:like|love) to|glad (?:of|to)"
    r"|looking (?:for|to|forward)|intend\w* to|dream\w* of|wish\w* to|training to (?:be|become)|to become an?|my goal"
    r"|doing an? (?:\w+ )?course|following an? (?:\w+ )?course|reading a book|\w+ semester|currently enrolled)\b",
    re.I,
)
_ABOUT = re.compile(
    r"\b(?:pupils?|students|curriculum|school['’]s|teach(?:es|ing)?|lectur\w+|meet-?ups?|blogs?|podcasts?|keynotes?"
    r"|talks?)\b",
    re.I,
)


@dataclass(frozen=True)
class Asked:
    """What a job description says: the stems of each line's words, and all pairs of stems that stand side by side."""

    lines: tuple[frozenset[str], ...]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, lines: Sequence[str]) -> Asked:
        stems = [_stems(line) for line in lines]
        return cls(tuple(map(frozenset, stems)), frozenset(pair for line in stems for pair in pairwise(line)))

    def copied_in(self, sentence: str) -> bool:
        """Whether a sentence says what a line says, or no more than a part of it, or strings phrases of several."""
        stems = _stems(sentence)
        mine, pairs = frozenset(stems), list(pairwise(stems))
        if len(pairs) >= STRUNG and sum(pair in self.pairs for pair in pairs) >= PHRASES * len(pairs):
            return True
        return any(
            len(mine & theirs) >= COPIED * len(mine | theirs)
            or (len(mine) >= ENOUGH and len(mine & theirs) >= PART * len(mine))
            for theirs in self.lines
            if len(theirs) >= 3
        )


def _stems(text: str) -> list[str]:
    return [stem(word) for word in content(text) if word not in _PRAISE]


def part_of(heading: str) -> Part | None:
    """What stands under a heading; None if the words do not tell."""
    return next((part for part, pattern in _OF_PART.items() if pattern.match(heading)), None)


def kind_of(sentence: str, part: Part, asked: Asked) -> Kind:
    """The kind of a sentence in a part of a resume."""
    part = next((own for own, label in _LABELLED.items() if label.match(sentence)), part)
    if part == "plan" or _PLAN.search(sentence):
        return "plan"
    if is_list(sentence) and (part != "work" or repeats(sentence) or _is_of_names(sentence)):
        return "list"
    if asked.copied_in(sentence):
        return "copy"
    if part == "studies" or (_DEGREE.search(sentence) and len(words(sentence)) <= DEGREE):
        return "studies"
    if _ABOUT.search(sentence):
        return "about"
    return "claim" if part in ("claim", "skills", "aside") else "experience"


def is_post(sentence: str) -> bool:
    """Whether it names a post with its years, as in "Data engineer, Acme, 2019 - 2023"."""
    return bool(_YEARS.search(sentence))


def repeats(sentence: str) -> bool:
    every = words(sentence)
    return len(every) >= 8 and len(set(every)) <= 0.6 * len(every)


def is_list(sentence: str) -> bool:
    """Whether it is a list of keywords rather than a statement."""
    parts = [words(part) for part in _listed(sentence)]
    short = sum(len(part) <= 3 for part in parts)
    return repeats(sentence) or (len(parts) >= 4 and short >= (1.0 if len(parts) == 4 else 0.7) * len(parts))


def _is_of_names(sentence: str) -> bool:
    """Whether what is listed are names, as of tools, and not duties: most entries begin with a capital."""
    entries = [part.lstrip() for part in _listed(sentence)]
    return sum(entry[:1].isupper() for entry in entries) >= NAMES * len(entries)


def _listed(sentence: str) -> list[str]:
    # Without its years: "Data engineer, Acme, 2019 - 2023" is a post held, not a list of skills.
    held = _YEARS.sub("", sentence).rstrip(" ,;|/([-–—")
    return re.split(r"[,;|/•·]\s|\s[-–—]\s", held)
