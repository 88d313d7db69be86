"""Which action item of the notes is which task that is there already, though the notes were edited since.

A key is given to an item once, and stays. Lines and order do not count. In this order, each task and each item at
most once:

1. the same quote, the same words for what is to be done: nothing but its surroundings changed;
2. the same quote: what is to be done, by whom or when was put differently;
3. alike enough, quote and words together, and not of two different owners: best pair first.

What is left among the items is new, and what is left among the tasks has gone from the notes. The rule prefers
an update to a second task; where two items truly trade places in one sentence, a human has to look.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

ALIKE = 0.72
"""Of Ratcliff and Obershelp's measure, the mean over quote and words, from which two are the same."""

LONG_ENOUGH = 20
"""Characters from which a quote that contains another is another cut of the same."""


class Look(NamedTuple):
    """What an item, or a task, is known by."""

    what: str
    who: str
    quote: str


class Known(NamedTuple):
    """A task that is there, with its key."""

    key: str
    look: Look


def assign(meeting: str, items: Sequence[Look], known: Sequence[Known]) -> list[str]:
    """A key for each item, in order: that of the task it is, or a new one."""
    keys: list[str | None] = [None] * len(items)
    free = list(known)
    for same in (_same, _same_quote):
        for at, item in enumerate(items):
            fitting = [task for task in free if keys[at] is None and same(item, task.look)]
            if fitting:
                task = max(fitting, key=lambda task, item=item: _alike(item, task.look))  # type: ignore[misc]
                keys[at] = task.key
                free.remove(task)
    for _, at, task in _pairs(items, keys, free):
        if keys[at] is None and task in free:
            keys[at] = task.key
            free.remove(task)
    taken = {task.key for task in known}
    return [key if key is not None else _new(meeting, items[at], taken) for at, key in enumerate(keys)]


def _pairs(
    items: Sequence[Look], keys: Sequence[str | None], free: Sequence[Known]
) -> list[tuple[float, int, Known]]:
    """What is alike enough, best first."""
    found = [
        (score, at, task)
        for at, item in enumerate(items)
        if keys[at] is None
        for task in free
        if not _of_two(item.who, task.look.who) and (score := _alike(item, task.look)) >= ALIKE
    ]
    return sorted(found, key=lambda pair: (-pair[0], pair[1], pair[2].key))


def _same(item: Look, task: Look) -> bool:
    return _same_quote(item, task) and _words(item.what) == _words(task.what)


def _same_quote(item: Look, task: Look) -> bool:
    return _words(item.quote) == _words(task.quote)


def _of_two(one: str, other: str) -> bool:
    """Whether both have an owner, and they have no name in common."""
    return bool(one and other) and not set(_words(one).split()) & set(_words(other).split())


def _alike(item: Look, task: Look) -> float:
    quotes = _ratio(_words(item.quote), _words(task.quote))
    whats = _ratio(_words(item.what), _words(task.what))
    return (quotes + whats) / 2 + 0.01 * (_words(item.who) == _words(task.who))


def _ratio(one: str, other: str) -> float:
    short, long = sorted((one, other), key=len)
    if len(short) >= LONG_ENOUGH and short in long:
        return 1.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _new(meeting: str, item: Look, taken: set[str]) -> str:
    """A key nobody has, made from meeting and content: the same from wherever and whenever it is made."""
    number = 0
    while True:
        parts = (meeting, _words(item.quote), _words(item.what), str(number))
        raw = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).digest()
        key = base64.b32encode(raw).decode().lower()
        if key not in taken:
            taken.add(key)
            return key
        number += 1
