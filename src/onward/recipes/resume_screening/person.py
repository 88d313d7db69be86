"""How to reach a candidate: name, e-mail, telephone, links. For the human who reads on; the scorer sees none of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MAX_EACH = 5

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w-])")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>()\[\]\"'|,]{3,200}|(?<![\w@/.-])(?:linkedin\.com|github\.com|gitlab\.com|xing\.com)/[^\s<>()|,]{1,100}",
    re.I,
)
_NO_NAME = re.compile(r"[\d@]|resum[eé]|curriculum|vitae|\bcv\b|lebenslauf|profile|://", re.I)
_SPLIT = re.compile(r"[,/|·•:(]|\s-\s|\s–\s|\s{3,}|\t")


@dataclass(frozen=True)
class Person:
    """What a resume says about how to reach somebody. Telephone numbers in international form where they have one."""

    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


def find_person(text: str, path: Path, region: str | None = None) -> Person:
    """Read the contact fields of a resume.

    Args:
        path: of the file; its name stands in where the text has none that looks like a person's.
        region: two letters of the country whose telephone numbers need no country code, such as "GB".
    """
    return Person(
        _name(text, path),
        _first(match.group().rstrip(".") for match in _EMAIL.finditer(text)),
        _phones(text, region),
        _first(match.group().rstrip(".;") for match in _LINK.finditer(text)),
    )


def _first(found: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MAX_EACH]  # type: ignore[call-overload]


def _name(text: str, path: Path) -> str:
    """The first of the first lines that looks like a name, else the file's name."""
    lines = [plain for line in text.splitlines()[:40] if (plain := line.strip(" #*_\t-"))]
    for line in lines[:4]:
        first = _SPLIT.split(line)[0].strip(" *_")
        parts = first.split()
        if 2 <= len(parts) <= 4 and not _NO_NAME.search(first) and all(part[0].isalpha() for part in parts):
            return first.title() if first.isupper() or first.islower() else first
        if len(line.split()) > 8:
            break
    return path.stem.replace("-", " ").replace("_", " ").title()


def _phones(text: str, region: str | None) -> tuple[str, ...]:
    import phonenumbers

    found = phonenumbers.PhoneNumberMatcher(text[:20_000], region)
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return _first(phonenumbers.format_number(match.number, style) for match in found)
