"""The passages of a resume, and what kind of statement each is. No model here.

A passage is one sentence or one bullet, verbatim but for line breaks. Some passages are no evidence, or
less, whatever their words: a bare list of keywords, a copy of the job description, a plan to learn
something, teaching or talking about it, text addressed to whoever screens. ``Passage.kind`` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

WRAPPED = (
    40  # characters: a line as long that ends in no full stop goes on where the next begins in lower case
)

Kind = Literal["experience", "list", "copy", "plan", "about", "addressed"]


@dataclass(frozen=True)
class Passage:
    """A sentence or bullet of a resume, and what kind of statement it is."""

    text: str
    kind: Kind = "experience"


_HEADING = re.compile(r"^#{1,6}\s+(?P<hashed>.+)$|^\*\*(?P<bold>[^*]+?):?\*\*:?$")
_BULLET = re.compile(r"^\s*(?:[-*+•–—▪■●○◦‣⁃\uf0b7\uf0a7]|\d{1,2}[.)])\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'(]?[A-ZÀ-ÞÆØÅ])")
_WORD = re.compile(r"[^\W_]+(?:[+#]+|(?:[.'’-][^\W_]+)*)")
_YEARS = re.compile(r"\b(?:\w+ )?(?:19|20)\d\d\s*(?:-|–|—|to)\s*(?:\w+ )?\w+\W*$")
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
CONTACT = re.compile(r"[\w.+-]@[\w-]+\.\w|https?://|www\.")
_PLAN = re.compile(
    r"\b((?<!machine )(?<!deep )learning|studying|in training|beginner|aspiring|tutorial|online course"
    r"|plan(?:ning)? to|hop(?:e|ing) to|want(?:ing)? to|eager to|interested in|looking (?:for|to|forward)"
    r"|following an? (?:\w+ )?course|reading a book)\b",
    re.I,
)
_ABOUT = re.compile(
    r"\b(?:pupils?|students?|school\w*|curriculum|teach(?:es|ing)?|lectur\w+|meet-?ups?|blog|talks?)\b", re.I
)
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


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, with a plural's "s" taken off."""
    return frozenset(w.removesuffix("s") if len(w) > 3 else w for w in words(text) if w not in _STOP_WORDS)


def passages(text: str, job_lines: Sequence[str]) -> list[Passage]:
    """The resume's passages of four words or more, in order, without contact lines.

    Args:
        job_lines: of the job description, to tell what was copied from it.
    """
    job_words = [content_words(line) for line in job_lines]
    found = []
    # A comment that readers of the rendered page do not see becomes one block of its own.
    text = _COMMENT.sub(lambda comment: f"\n\n<!-- {' '.join(comment[1].split())} -->\n\n", text)
    for block in blocks(text):
        # Whoever talks to the screener in one sentence does so in the sentences around it.
        addressed = bool(_ADDRESSED.search(block.text))
        for sentence in _SENTENCE_END.split(block.text):
            if len(words(sentence)) >= 4 and not CONTACT.search(sentence):
                found.append(Passage(sentence, "addressed" if addressed else _kind(sentence, job_words)))
    return found


def addressed(text: str) -> list[str]:
    """The blocks that talk to whoever screens."""
    return [block.text for block in blocks(text) if _ADDRESSED.search(block.text)]


class Block(NamedTuple):
    text: str
    role: Literal["heading", "bullet", "text"]


def blocks(text: str) -> Iterator[Block]:
    """Headings, bullets, paragraphs and single lines, with wrapped lines joined again."""
    open_block: Block | None = None
    for line in text.splitlines():
        if open_block and _continues(open_block, line):
            open_block = open_block._replace(text=f"{open_block.text} {line.strip()}")
            continue
        if open_block:
            yield open_block
        open_block = _opened(line)
    if open_block:
        yield open_block


def _opened(line: str) -> Block | None:
    if heading := _HEADING.match(line.strip()):
        return Block((heading["hashed"] or heading["bold"]).rstrip(" #"), "heading")
    body = _BULLET.sub("", line).strip()
    return Block(body, "text" if body == line.strip() else "bullet") if body else None


def _continues(block: Block, line: str) -> bool:
    body = line.strip()
    if not body or block.role == "heading" or _HEADING.match(body) or _BULLET.match(line):
        return False
    if block.role == "bullet" and line.startswith(("  ", "\t")):
        return True
    wrapped = len(block.text) >= WRAPPED and block.text[-1] not in ".!?:"
    return wrapped and (body[0].islower() or block.text[-1] == ",")


def _kind(sentence: str, job_words: list[frozenset[str]]) -> Kind:
    if _is_list(sentence):
        return "list"
    mine = content_words(sentence)
    if any(len(mine & theirs) >= 0.7 * len(mine | theirs) for theirs in job_words if len(theirs) >= 3):
        return "copy"
    if _PLAN.search(sentence):
        return "plan"
    return "about" if _ABOUT.search(sentence) else "experience"


def is_post(sentence: str) -> bool:
    """Whether it names a post with its years, as in "Data engineer, Acme, 2019 - 2023"."""
    return bool(_YEARS.search(sentence))


def _is_list(sentence: str) -> bool:
    # Without its years: "Data engineer, Acme, 2019 - 2023" is a post held, not a list of skills.
    held = _YEARS.sub("", sentence).rstrip(" ,;|/([-–—")
    parts = [words(part) for part in re.split(r"[,;|/•·]\s|\s[-–—]\s", held)]
    short = sum(len(part) <= 3 for part in parts)
    every = words(sentence)
    repeats = len(every) >= 8 and len(set(every)) <= 0.6 * len(every)
    return repeats or (len(parts) >= 4 and short >= (1.0 if len(parts) == 4 else 0.7) * len(parts))


def looks_english(text: str) -> bool:
    """Whether enough of the words are small English ones. A guess: good for a warning, not for a decision."""
    every = words(text)
    return len(every) < 40 or sum(w in _FUNCTION_WORDS for w in every) >= 0.08 * len(every)
