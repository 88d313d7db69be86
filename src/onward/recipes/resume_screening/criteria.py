"""What a job asks for: read from its description, shown and edited as YAML, part of the run's identity."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from onward.errors import UsageError
from onward.recipes import documents
from onward.recipes.extras import need
from onward.recipes.resume_screening import vocabulary
from onward.recipes.resume_screening.blocks import blocks
from onward.recipes.resume_screening.wording import content_words, words

MUST_WEIGHT, NICE_WEIGHT = 3.0, 1.0

_MUST = re.compile(
    r"\b(must|required?|requirements|essential|qualifications|what you need|you bring|your profile)\b", re.I
)
_NICE = re.compile(r"\b(nice|preferred|bonus|desirable|optional|a plus|advantage)\b", re.I)


@dataclass(frozen=True)
class Criterion:
    """One thing the job asks for.

    Attributes:
        text: the demand, in the words of the description.
        must: a must-have; else it is nice to have.
        weight: how much it counts in the total.
        names, words, unlike: its signs, for the rules that score without a language model; see
            :mod:`~onward.recipes.resume_screening.vocabulary`.
    """

    text: str
    must: bool = True
    weight: float = MUST_WEIGHT
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criteria:
    """A job as screening sees it: its title, its criteria, and all its lines (to recognise copies)."""

    title: str
    criteria: tuple[Criterion, ...]
    lines: tuple[str, ...] = field(default=())

    @property
    def musts(self) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.must]


def from_description(text: str) -> Criteria:
    """Criteria are the bullets under headings such as "Must have" (weight 3) and "Nice to have" (weight 1).

    Raises:
        UsageError: there is no such heading with a bullet under it.
    """
    title, weight, criteria, lines = "", 0.0, [], []
    for block in blocks(text):
        if block.role == "heading":
            title = title or block.text
            weight = _weight_under(block.text)
            continue
        if weight and block.role == "bullet":
            criteria.append(with_signs(block.text, must=weight == MUST_WEIGHT, weight=weight))
        lines.append(block.text)
    if not criteria:
        raise UsageError(
            "The job description has no requirements: write them as bullets under a heading "
            '"## Must have" or "## Nice to have"'
        )
    return Criteria(title or "Untitled job", tuple(criteria), tuple(lines))


def _weight_under(heading: str) -> float:
    if _NICE.search(heading):
        return NICE_WEIGHT
    return MUST_WEIGHT if _MUST.search(heading) else 0.0


def with_signs(text: str, *, must: bool, weight: float) -> Criterion:
    """A criterion with the signs that the vocabulary and its own words give."""
    found = vocabulary.concepts(text)
    names = _each(name for concept in found for name in vocabulary.listed(concept.names))
    plain = _each(word for concept in found for word in vocabulary.listed(concept.words))
    unlike = _each(phrase for concept in found for phrase in vocabulary.listed(concept.unlike))
    known = {part.removesuffix("s") for term in (*names, *plain) for part in term.lower().split()}
    own = [name for name in _own_names(text) if name.lower().removesuffix("s") not in known]
    if not found:
        telling = content_words(text) - vocabulary.GENERIC - {name.lower() for name in own}
        plain = _each(
            vocabulary.stem(word)
            for word in words(text)
            if (word.removesuffix("s") in telling or word in telling) and word.isalpha() and len(word) > 2
        )
    return Criterion(text, must, weight, (*names, *own), plain, unlike)


def _own_names(text: str) -> Iterator[str]:
    """Words written like names: a capital or a digit inside a sentence, or more than one capital."""
    for at, match in enumerate(re.finditer(r"[^\W\d_][\w+#./]*[\w+#]", text)):
        word = match.group()
        inside = at > 0 and word[0].isupper() and not text[: match.start()].rstrip().endswith((".", ":"))
        if (inside or sum(map(str.isupper, word)) > 1) and word.lower() not in vocabulary.GENERIC:
            yield word


def _each(found: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))


# --------------------------------------------------------------------------------------- in files

_HEAD = """\
# What {source} asks for, as onward screen understood it. Edit it, then screen with --criteria {name}
# Delete or add entries, change their weights; must: false makes one nice to have.
# For the model "embedded", names and words are the signs that a line of a resume speaks of it: names mean one thing
# wherever they stand, words count where the resume names tools of the trade as well. unlike: not in these phrases.
# lines are those of the description, to recognise what a resume copied from it.
"""


def to_yaml(criteria: Criteria, *, source: str, name: str) -> str:
    """The criteria as a file for people."""
    need("yaml", "A file of criteria", "screening")
    import yaml

    class Dumper(yaml.SafeDumper):  # type: ignore[misc]
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
            return super().increase_indent(flow, False)

    def short(dumper: Any, value: tuple[str, ...]) -> Any:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)

    Dumper.add_representer(tuple, short)
    plain = {"title": criteria.title, "criteria": [_plain(criterion) for criterion in criteria.criteria]}
    plain["lines"] = list(criteria.lines)
    text: str = yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD.format(source=source, name=name) + text


def _plain(criterion: Criterion) -> dict[str, Any]:
    plain = {"text": criterion.text, "must": criterion.must, "weight": criterion.weight}
    signs = {"names": criterion.names, "words": criterion.words, "unlike": criterion.unlike}
    return plain | {name: terms for name, terms in signs.items() if terms}


def from_yaml(text: str, source: str) -> Criteria:
    """Criteria as edited. A criterion that has no signs of its own gets those of :func:`with_signs`.

    Raises:
        UsageError: PyYAML is missing, it is no YAML, or not of the form that :func:`to_yaml` writes; names the place.
    """
    need("yaml", "A file of criteria", "screening")
    import yaml

    try:
        criteria = msgspec.convert(yaml.safe_load(text), Criteria)
    except yaml.YAMLError as error:
        raise UsageError(f"{source} is not YAML: {' '.join(str(error).split())}") from error
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{source}: {error}. Write it anew with --criteria and another name to compare"
        ) from error
    if not criteria.criteria:
        raise UsageError(f"{source} has no criteria")
    if any(criterion.weight < 0 for criterion in criteria.criteria) or not any(
        c.weight for c in criteria.criteria
    ):
        raise UsageError(f"{source}: weights are 0 or more, and at least one is more")
    return Criteria(criteria.title, tuple(map(_signed, criteria.criteria)), criteria.lines)


def _signed(criterion: Criterion) -> Criterion:
    if criterion.names or criterion.words:
        return criterion
    return with_signs(criterion.text, must=criterion.must, weight=criterion.weight)


def read_description(path: Path) -> Criteria:
    """The criteria of a job description: Markdown, text, or any document that can be read.

    Raises:
        UsageError: it cannot be read, or has no requirements.
    """
    try:
        return from_description(documents.read(path).text)
    except documents.UnreadableDocument as error:
        raise UsageError(f"The job description {path} cannot be read: {error}") from error


def read_criteria(path: Path) -> Criteria:
    """The criteria of a YAML file.

    Raises:
        UsageError: as :func:`from_yaml`, or it cannot be read.
    """
    try:
        return from_yaml(path.read_text("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The criteria {path} cannot be read: {error}") from error
