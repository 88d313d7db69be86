"""Who is who: a file of people, against which the owners that notes name are matched. Nobody is guessed.

As CSV, with a header, several aliases apart by semicolons:

    name,aliases,email,github
    Mia Chen,Mia; Mimi,mia@example.com,miac

or as YAML, a list of mappings with the same names. Every further column is named after a kind of tracker, and
holds what a person is called there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onward.errors import UsageError
from onward.llm.grounding import find_name

_OWN = ("name", "aliases", "email")


@dataclass(frozen=True)
class Person:
    """One person. ``handles`` are by kind of tracker, such as ``{"github": "miac"}``."""

    name: str
    aliases: list[str] = field(default_factory=list)
    email: str = ""
    handles: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All that they may be called."""
        return [name for name in (self.name, *self.aliases, self.email, *self.handles.values()) if name]


@dataclass(frozen=True)
class Found:
    """Whom a name means: one person, or nobody and why."""

    person: Person | None = None
    doubt: str = ""


class People:
    """Those who can own a task."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._listed = [(name, person) for person in people for name in person.names]

    def find(self, words: str) -> Found:
        """The one person that a name means: as it is written in the file, or a part of one name there."""
        folded = words.strip().lstrip("@").casefold()
        exact = self._those(name for name, _ in self._listed if name.casefold() == folded)
        if len(exact) == 1:
            return Found(exact[0])
        match = find_name(words, [name for name, _ in self._listed])
        who = exact or self._those(match.candidates)
        if len(who) > 1:
            return Found(doubt=f"“{words}” could be {' or '.join(person.name for person in who)}")
        if len(who) == 1 and (
            match.kind == "exact" or (match.kind != "similar" and _is_part(words, match.candidates))
        ):
            return Found(who[0])
        near = f"; did they mean {who[0].name}?" if who else ""
        return Found(doubt=f"“{words}” is not in the people file{near}")

    def _those(self, names: Any) -> list[Person]:
        wanted = set(names)
        found: list[Person] = []
        for name, person in self._listed:
            if name in wanted and person not in found:
                found.append(person)
        return found


def _is_part(words: str, candidates: Sequence[str]) -> bool:
    """Whether what was said is the shorter: "Mia" may be Mia Chen, but "Alex Kim" is not another's alias "Alex"."""
    return all(len(words.split()) <= len(name.split()) for name in candidates)


def read_people(path: Path) -> People:
    """The people in a ``.csv``, ``.yaml`` or ``.yml`` file.

    Raises:
        UsageError: it cannot be read, or an entry has no name; names the entry.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the people file {path} cannot be read: {error}") from error
    if path.suffix.lower() == ".csv":
        entries = _from_csv(path, text)
    elif path.suffix.lower() in (".yaml", ".yml"):
        entries = _from_yaml(path, text)
    else:
        raise UsageError(f"the people file {path} is neither .csv nor .yaml")
    return People([_person(path, number, entry) for number, entry in enumerate(entries, 1)])


def _from_csv(path: Path, text: str) -> list[dict[str, Any]]:
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if "," not in first else ",")
    try:
        return [{str(key).strip().lower(): value for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise UsageError(f"the people file {path}, line {reader.line_num}: {error}") from error


def _from_yaml(path: Path, text: str) -> list[Any]:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise UsageError('a people file in YAML needs PyYAML: pip install "onward[trackers]"') from error
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"the people file {path} is not YAML: {error}") from error
    if not isinstance(found, list):
        raise UsageError(f"the people file {path}: write a list, each entry with a name")
    return found


def _person(path: Path, number: int, entry: Any) -> Person:
    if not isinstance(entry, dict) or not str(entry.get("name") or "").strip():
        raise UsageError(f"the people file {path}, entry {number}: it has no name")
    aliases = entry.get("aliases") or []
    listed = aliases.split(";") if isinstance(aliases, str) else list(aliases)
    handles = {
        str(kind).strip().lower(): str(value).strip().lstrip("@")
        for kind, value in entry.items()
        if kind not in _OWN and value
    }
    return Person(
        str(entry["name"]).strip(),
        [str(alias).strip() for alias in listed if str(alias).strip()],
        str(entry.get("email") or "").strip(),
        handles,
    )
