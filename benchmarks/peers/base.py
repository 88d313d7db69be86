"""The seam: a way to call a function for each of many items so that a crash does not lose all.

The contract:

* ``run(work, items, place)`` calls ``work(item)`` for every item and keeps each result below the folder ``place``, as
  the library's documentation recommends. When it returns, everything is kept.
* ``resume`` does the same where an earlier process got part of the way: what is kept is not worked on again.
* ``fill(work, items, place)`` leaves ``place`` as a process would that stopped after these items, with more to come.
  Where a run cannot be given more items later, it dies instead: ``work`` ends the process.
* ``together(ask, items, workers, place)`` does the same with a coroutine function, so many at once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

Item = dict[str, Any]
Work = Callable[[Item], Any]
Ask = Callable[[Item], Awaitable[Any]]

TEXT = "x" * 157


def work(item: Item) -> Item:
    """What is measured does nothing: 205 bytes of JSON for a small item."""
    return {"id": item["id"], "score": 0.5, "label": "ok", "text": TEXT}


class Listed(list[Item]):
    """Items in memory."""

    def after(self, count: int) -> Iterator[Item]:
        return islice(self, count, None)


@dataclass(frozen=True)
class Counted:
    """Items made as they are asked for, however many."""

    count: int

    def __iter__(self) -> Iterator[Item]:
        return self.after(0)

    def after(self, count: int) -> Iterator[Item]:
        return ({"id": number, "name": f"item {number}"} for number in range(count, self.count))


def items(count: int) -> Listed:
    return Listed(Counted(count))


@dataclass(frozen=True)
class Lines:
    """Items in a JSONL file, read as they are needed."""

    path: Path

    def __iter__(self) -> Iterator[Item]:
        return self.after(0)

    def after(self, count: int) -> Iterator[Item]:
        """Those after the first so many, whose lines are passed over unread."""
        with self.path.open("rb") as file:
            yield from map(json.loads, islice(file, count, None))

    @classmethod
    def write(cls, path: Path, count: int) -> Lines:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f'{{"id": {n}, "name": "item {n}"}}\n' for n in range(count))
        return cls(path)


Items = Listed | Counted | Lines
Run = Callable[[Work, Items, Path], None]


@dataclass(frozen=True)
class Way:
    """One contestant.

    Attributes:
        title: as shown.
        module: imported to use it, "" for nothing but Python.
        packages: whose versions are shown.
        how: how it is used, and what is on disk when; shown.
        many: items it is measured with.
        kept: numbers of items after which a resume is measured, at most.
        dies: a run is stopped by the death of its process; otherwise `work` raises KeyboardInterrupt.
        series: whether the plots show it.
        since: the oldest Python it runs on.
    """

    title: str
    how: str
    run: Run
    many: int
    kept: int
    module: str = ""
    packages: tuple[str, ...] = ()
    resume: Run | None = None
    together: Callable[[Ask, Iterable[Item], int, Path], None] | None = None
    dies: bool = False
    series: bool = True
    since: tuple[int, int] = (3, 11)

    def go_on(self, work: Work, items: Items, place: Path) -> None:
        (self.resume or self.run)(work, items, place)
