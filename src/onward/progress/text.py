"""Numbers, times and foreign text as people read them. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from onward.attempts.spending import shown

_HARMLESS = frozenset("\u00a0\u00ad\u200c\u200d\u202f\u3000")
"""Not "printable" to Python, but part of ordinary writing: spaces, soft hyphens, joiners."""


_ORDER = ("usd", "tokens", "input_tokens", "output_tokens", "requests")


def printable(text: object) -> str:
    """The text on one line, with whatever could steer a terminal or reorder the line written as an escape.

    Names, keys, messages and results come from data; each goes through here on its way to a person.
    """
    found = str(text)
    if found.isprintable():
        return found
    return "".join(char if char.isprintable() or char in _HARMLESS else _escaped(char) for char in found)


def printable_lines(text: str) -> str:
    """As :func:`printable`, for text of several lines, such as a traceback."""
    return "\n".join(printable(line.expandtabs()) for line in text.replace("\r\n", "\n").split("\n"))


def shortened(text: str, width: int) -> str:
    """The text, or as much of its beginning as fits in ``width`` characters with an ellipsis."""
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"


def duration(seconds: float) -> str:
    """``0:00:21``, ``1:02:03``, ``2 d 03:04:05``."""
    if not math.isfinite(seconds):
        return "?"
    whole = max(0, round(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    clock = f"{rest // 60:02}:{rest % 60:02}"
    return f"{days} d {hours:02}:{clock}" if days else f"{hours}:{clock}"


def age(seconds: float) -> str:
    """Roughly how long: ``0.4 s``, ``12 s``, ``3 min``, ``2 h``, ``5 d``."""
    if not math.isfinite(seconds):
        return "?"
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    for limit, unit, size in ((99.5, "s", 1), (99.5 * 60, "min", 60), (48 * 3600, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def rate(per_second: float) -> str:
    """``1234/s``, ``12.1/s``, ``3.2/min``, ``5.1/h``; empty while nothing has been done."""
    if not per_second > 0 or not math.isfinite(per_second):
        return ""
    for unit, size in (("s", 1), ("min", 60)):
        if per_second * size >= 1:
            return f"{_significant(per_second * size)}/{unit}"
    return f"{_significant(per_second * 3600)}/h"


def amounts(spent: Mapping[str, float]) -> str:
    """All amounts: ``2.29 USD, 120,400 tokens``; those that are parts of others come last."""
    names = sorted(spent, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return ", ".join(printable(shown(name, spent[name])) for name in names if spent[name])


def spent_of(spent: Mapping[str, float]) -> str:
    """The amount that matters most, short: ``2.29 USD``, else ``120k tokens``; empty if there is neither."""
    if spent.get("usd"):
        return shown("usd", spent["usd"])
    tokens = spent.get("tokens", 0)
    for least, size, letter in ((1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if tokens >= least:
            return f"{_significant(tokens / size)}{letter} tokens"
    return shown("tokens", tokens) if tokens else ""


def percent(done: int, total: int) -> str:
    """``74%``; rounded down, so that 100% is never said too early."""
    return f"{100 if total <= 0 else min(100, done * 100 // total)}%"


def done_of(done: int, total: int | None) -> str:
    """``743/1000``, or ``743`` while the total is unknown."""
    return f"{done}" if total is None else f"{done}/{total}"


def counted(number: int, noun: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def moment(unix: float) -> str:
    """Local date and time, to the second."""
    return datetime.fromtimestamp(unix, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _significant(number: float) -> str:
    return f"{number:.0f}" if number >= 99.95 else f"{number:.1f}"


def _escaped(char: str) -> str:
    code = ord(char)
    if named := {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char):
        return named
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
