"""What must not count, and is taken out before a resume is scored.

Taken out are the name wherever it stands, e-mail addresses, telephone numbers and links, everything of the head but
occupations (places and addresses stand there), statements of age, birth, gender, family, nationality, religion and
photo, and words that show gender. Pictures never get here: reading a document yields text. What this cannot do: a
sentence can still tell (a women's college, the year of a degree, the ending of a word in German).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from onward.recipes.resume_screening.person import Person
from onward.recipes.resume_screening.seen import Span

HEAD_LINES = 12
SENTENCE = 6  # words; what is shorter may be a place or a title
NAME = "[candidate]"
_SHORTEST_NAME = 3  # letters of a part of a name that is taken out by itself

_NEUTRAL = {
    "he": "they", "she": "they", "him": "them", "his": "their", "her": "their", "hers": "theirs",
    "himself": "themself", "herself": "themself", "mr": "", "mrs": "", "ms": "", "miss": "", "male": "", "female": "",
    "man": "person", "woman": "person", "men": "people", "women": "people", "father": "parent", "mother": "parent",
    "husband": "spouse", "wife": "spouse", "frau": "", "herr": "", "waitress": "waiter", "actress": "actor",
    "chairman": "chair", "chairwoman": "chair", "salesman": "seller", "saleswoman": "seller",
}  # fmt: skip
_GENDERED = re.compile(rf"\b(?:{'|'.join(sorted(_NEUTRAL, key=len, reverse=True))})\b\.?", re.I)
_PERSONAL = re.compile(
    r"^[ \t*#>-]*(?:date of birth|d\.?o\.?b\.?|birth ?date|birthday|place of birth|age|sex|gender|marital status"
    r"|family status|nationality|citizenship|religion|ethnicity|race|pronouns|photo(?:graph)?|picture|address|residence"
    r"|home address|anschrift|adresse|wohnort|geburts\w+|geboren|alter|geschlecht|familienstand|staatsangeh\w+"
    r"|konfession|military service|children|disability)\b\**[ \t]*(?::|\d|-\s|–)[^\n]*$"
    r"|^[ \t*#>-]*(?:born|geboren)\b[^\n]*$",
    re.I | re.M,
)
_AGE = re.compile(
    r"\b(?:aged? \d\d|\d\d[- ]years?[- ]old|born (?:on |in )?[^\n,;.]{0,20}(?:19|20)\d\d|\d\d y/?o)\b", re.I
)
_STREET = re.compile(
    r"\b\d{1,4}[a-z]?,? (?:[A-Z][\w'’-]+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Way|Close|Court|Square"
    r"|Boulevard|Blvd|Terrace)\b\.?|\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|platz|gasse|allee) \d{1,4}[a-z]?\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"
)
_CONTACT = re.compile(
    r"(?<!\S)\S{1,200}@\S{1,200}|(?:https?://|www\.)\S+|(?:linkedin|github|gitlab|xing)\.com/\S+", re.I
)
_PHONE = re.compile(r"\+?\(?\d[\d ()./-]{7,18}\d")
_PERIOD = re.compile(r"\b(?:19|20)\d\d\s*(?:-|–|—|(?:to|until|till|bis)\b)|\bsince (?:\w+ )?(?:19|20)\d\d\b")
_SECTION = re.compile(r"^#{1,6}\s|^\*\*[^*]+\*\*:?$")
_OCCUPATION = re.compile(
    r"\b(?:[\w-]{0,40}(?:engineer|developer|programmer|architect|analyst|scientist|administrator|technician|consultant"
    r"|technologist|therapist|mechanic|electrician|entwickler|ingenieur)\w*|managers?|designer|director|specialist|officer"
    r"|assistant|nurse|teacher|chef|cook|driver|accountant|bookkeeper|lead|head|executive|agent|operator|tester|professor"
    r"|fellow|adviser|president|clerk|tech|worker|supervisor|inspector|controller|auditor|coordinator|planner|trainer"
    r"|secretary|receptionist|buyer|translator|interpreter|librarian|midwife|pharmacist|welder|plumber|carpenter|baker)\b",
    re.I,
)
_PARTS = re.compile(r"\s*[,|·•/]\s*|\s{2,}|\s[-–]\s")


def personal(text: str, person: Person) -> Iterator[Span]:
    """What must not count, and what stands there instead."""
    yield from _head(text)
    for pattern in (_PERSONAL, _AGE, _STREET, _CONTACT):
        yield from ((match.start(), match.end(), "") for match in pattern.finditer(text))
    for match in _PHONE.finditer(text):
        if sum(map(str.isdigit, match.group())) >= 9:
            yield match.start(), match.end(), ""
    for match in _GENDERED.finditer(text):
        neutral = _NEUTRAL[match.group().rstrip(".").lower()]
        dot = "." if neutral and match.group().endswith(".") else ""
        yield (
            match.start(),
            match.end(),
            (neutral.capitalize() if match.group()[0].isupper() else neutral) + dot,
        )
    for match in _named(person.name).finditer(text):
        yield match.start(), match.end(), NAME


def _named(name: str) -> re.Pattern[str]:
    """The whole name in any case, and its longer parts where they are written like names."""
    parts = [re.escape(part) for part in name.split()]
    whole = r"\s+".join(parts)
    alone = [part for part in parts if len(part) >= _SHORTEST_NAME]
    cased = [form for part in alone for form in (part.title(), part.upper())]
    return re.compile(rf"\b(?:(?i:{whole}){''.join(f'|{form}' for form in cased)})\b(?:['’]s)?")


def _head(text: str) -> Iterator[Span]:
    """What stands above the first section or sentence, but for occupations: names, places, addresses."""
    at = 0
    for number, line in enumerate(text.splitlines(keepends=True)[:HEAD_LINES]):
        plain = line.strip()
        named = number == 0 or not text[:at].strip()
        if not named and (_SECTION.match(plain) or _ends_head(plain)):
            return
        yield from _without_occupations(line.rstrip("\n"), at)
        at += len(line)


def _ends_head(plain: str) -> bool:
    """Whether a line is the first of the resume proper: a title in capitals, a post with its years, a sentence."""
    if _CONTACT.search(plain) or _STREET.search(plain):
        return False
    longest = max((len(part.split()) for part in _PARTS.split(plain)), default=0)
    titled = plain.isupper() and (len(plain.split()) == 1 or _OCCUPATION.search(plain) is not None)
    return titled or longest >= SENTENCE or _PERIOD.search(plain) is not None


def _without_occupations(line: str, offset: int) -> Iterator[Span]:
    at = 0
    for separator in [*_PARTS.finditer(line), None]:
        end = separator.start() if separator else len(line)
        if line[at:end].strip() and not _OCCUPATION.search(line[at:end]):
            yield offset + at, offset + end, ""
        at = separator.end() if separator else end
