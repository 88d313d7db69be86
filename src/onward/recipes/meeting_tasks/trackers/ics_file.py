"""Tasks as to-dos in a calendar file. The lines of every other component stay as they are, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from onward.recipes.meeting_tasks.trackers import vtodo
from onward.recipes.meeting_tasks.trackers.base import Fields, Kept, Stamp, Task

if TYPE_CHECKING:
    from icalendar import Todo

_BEGIN, _END = "BEGIN:VTODO", "END:VTODO"


class Block(NamedTuple):
    """The lines of one to-do: from and up to."""

    first: int
    after: int
    text: str


class IcsFile:
    """See the module."""

    def fields(self, task: Task) -> Fields:
        return vtodo.fields_of(task)

    def read(self, text: str) -> list[Kept]:
        found: dict[str, Kept] = {}
        for block in _blocks(_lines(text)):
            kept = vtodo.read(_parsed(block))
            if kept is not None:
                found.setdefault(kept.stamp.key, kept)
        return list(found.values())

    def add(self, text: str, task: Task, stamp: Stamp) -> str:
        if not text.strip():
            text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{vtodo.PRODUCT}\r\nEND:VCALENDAR\r\n"
        lines = _lines(text)
        ends = [at for at, line in enumerate(lines) if line.strip().upper() == "END:VCALENDAR"]
        if not ends:
            raise ValueError("it has no END:VCALENDAR line, so it is no calendar")
        new = vtodo.make(task, stamp).to_ical().decode()
        return "".join([*lines[: ends[-1]], new, *lines[ends[-1] :]])

    def change(self, text: str, key: str, fields: Fields, stamp: Stamp) -> str:
        lines = _lines(text)
        for block in _blocks(lines):
            todo = _parsed(block)
            kept = vtodo.read(todo)
            if kept is not None and kept.stamp.key == key:
                vtodo.change(todo, fields, stamp)
                return "".join([*lines[: block.first], todo.to_ical().decode(), *lines[block.after :]])
        return text


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]] + [text.rsplit("\n", maxsplit=1)[-1]]


def _blocks(lines: list[str]) -> Iterator[Block]:
    first = None
    for at, line in enumerate(lines):
        word = line.strip().upper()
        if word == _BEGIN:
            first = at
        elif word == _END and first is not None:
            yield Block(first, at + 1, "".join(lines[first : at + 1]))
            first = None


def _parsed(block: Block) -> Todo:
    from icalendar import Todo

    found = Todo.from_ical(block.text)
    if not isinstance(found, Todo):
        raise ValueError(f"line {block.first + 1}: not a to-do")
    return found
