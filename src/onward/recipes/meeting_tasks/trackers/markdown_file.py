"""Tasks as a Markdown checklist, a heading for each meeting.

    - [ ] Send the contract to Northwind
      - owner: Mia Chen
      - due: 2026-05-08
      > “I'll send the contract by Friday.” (Mia Chen at 12:31, line 42 of standup.vtt)
      <!-- onward-task {...} -->

A task is the checkbox line, the lines of known fields below it, and the comment that ends it; any other line in
between is somebody's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from onward.recipes.meeting_tasks.trackers.base import (
    Fields,
    Kept,
    Stamp,
    Task,
    description,
    markdown,
    plain,
)

_IN_LINKS = "/:?#=&%.~@+,"
NAMED = ("owner", "due", "priority", "labels")
_STAMP = re.compile(r"^\s*<!-- onward-task (?P<stamp>\{.*\}) -->\s*$")
_TITLE = re.compile(r"^(?P<before>\s*[-*+] (?:\[(?P<box>.)\] )?)(?P<text>.*?)\s*$")
_NAMED = re.compile(rf"^(?P<before>\s+[-*+] (?P<name>{'|'.join(NAMED)}):)(?P<text>.*?)\s*$")
_QUOTE = re.compile(r"^\s+> ?(?P<text>.*?)\s*$")


@dataclass(frozen=True)
class Place:
    """Where a task stands: its lines, from the title's to the stamp's, both included."""

    first: int
    last: int
    kept: Kept


class MarkdownFile:
    """See the module."""

    def fields(self, task: Task) -> Fields:
        return {
            "title": task.title.strip(),
            "owner": task.owner.strip(),
            "due": task.due,
            "priority": "" if task.priority == "normal" else task.priority,
            "labels": ", ".join(label.strip() for label in task.labels),
            "description": "\n".join(line.rstrip() for line in _description(task)),
        }

    def read(self, text: str) -> list[Kept]:
        return [place.kept for place in _places(text.split("\n"))]

    def add(self, text: str, task: Task, stamp: Stamp) -> str:
        end = "\r\n" if "\r\n" in text else "\n"
        lines = text.split("\n")
        block = [line + end.removesuffix("\n") for line in _block(self.fields(task), stamp)]
        same = [place.last for place in _places(lines) if place.kept.stamp.meeting == task.meeting]
        if same:
            at = max(same) + 1
            return "\n".join([*lines[:at], *block, *lines[at:]])
        gap = "" if not text.strip() else text.rstrip("\r\n") + end + end
        return gap + f"## {markdown(task.heading)}{end}{end}" + "\n".join(block) + "\n"

    def change(self, text: str, key: str, fields: Fields, stamp: Stamp) -> str:
        lines = text.split("\n")
        place = next(place for place in _places(lines) if place.kept.stamp.key == key)
        block = lines[place.first : place.last]
        for name, value in fields.items():
            block = _with(block, name, value)
        old = lines[place.last]
        last = " " * _indent(old) + _stamp_line(stamp).strip() + ("\r" if old.endswith("\r") else "")
        return "\n".join([*lines[: place.first], *block, last, *lines[place.last + 1 :]])


def _description(task: Task) -> list[str]:
    """In Markdown already, since it holds a link."""
    link = f"Notes: [{markdown(task.link)}](<{quote(task.link, safe=_IN_LINKS)}>)"
    lines = description(task)
    return [link if line == f"Notes: {task.link}" else markdown(line) for line in lines]


def _places(lines: list[str]) -> list[Place]:
    found: dict[str, Place] = {}
    after = 0  # what stands before the stamp above belongs to another task
    for at, line in enumerate(lines):
        match = _STAMP.match(line)
        stamp = Stamp.read(match["stamp"]) if match else None
        if stamp is None:
            continue
        first = _title_above(lines, after, at)
        after = at + 1
        if stamp.key not in found:  # of a task that somebody copied, the first is ours
            found[stamp.key] = Place(first, at, _kept(lines[first:at], stamp))
    return list(found.values())


def _title_above(lines: list[str], after: int, stamp: int) -> int:
    """The nearest list item above the stamp that is less indented than it; the stamp itself if there is none."""
    indent = _indent(lines[stamp])
    for at in range(stamp - 1, after - 1, -1):
        if _TITLE.match(lines[at]) and (_indent(lines[at]) < indent or not indent):
            return at
    return stamp


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _kept(block: list[str], stamp: Stamp) -> Kept:
    fields = dict.fromkeys(("title", *NAMED, "description"), "")
    title = _TITLE.match(block[0]) if block else None
    fields["title"] = plain(title["text"]) if title else ""
    for line in block[1:]:
        if named := _NAMED.match(line):
            fields[named["name"]] = plain(named["text"].strip())
    quoted = [match["text"] for line in block[1:] if (match := _QUOTE.match(line))]
    fields["description"] = "\n".join(line for line in quoted if line)
    closed = title is not None and (title["box"] or " ") in "xX-"
    return Kept(stamp.key, stamp, fields, closed)


def _block(fields: Fields, stamp: Stamp) -> list[str]:
    lines = [f"- [ ] {markdown(fields['title'])}"]
    for name in (*NAMED, "description"):
        lines += _lines(name, fields[name], "  ")
    return [*lines, _stamp_line(stamp)]


def _lines(name: str, value: str, indent: str) -> list[str]:
    if not value:
        return []
    if name != "description":
        return [f"{indent}- {name}: {markdown(value)}"]
    paragraphs = [f"{indent}> {line}" for line in value.split("\n")]
    return [line for part in paragraphs for line in (part, f"{indent}>")][:-1]


def _with(block: list[str], name: str, value: str) -> list[str]:
    """The block with another value of a field, in its place, or where it would stand."""
    end = "\r" if block[0].endswith("\r") else ""
    if name == "title":
        before = _TITLE.match(block[0])
        return [f"{before['before'] if before else '- [ ] '}{markdown(value)}{end}", *block[1:]]
    mine = [at for at in range(1, len(block)) if _is(block[at], name)]
    at = mine[0] if mine else 1 + sum(bool(_NAMED.match(line)) for line in block[1:])
    indent = " " * (_indent(block[0]) + 2)
    new = [line + end for line in _lines(name, value, indent)]
    kept = [line for n, line in enumerate(block[:at]) if n not in mine]
    return [*kept, *new, *(line for n, line in enumerate(block) if n >= at and n not in mine)]


def _is(line: str, name: str) -> bool:
    if name == "description":
        return bool(_QUOTE.match(line))
    named = _NAMED.match(line)
    return named is not None and named["name"] == name


def _stamp_line(stamp: Stamp) -> str:
    return f"  <!-- onward-task {stamp.text()} -->"
