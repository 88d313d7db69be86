"""Command lines as text: the one that resumes a run, and the ones that messages propose."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from onward.progress import printable

PROGRAM = "onward"


def written(words: Sequence[str]) -> str:
    """The words as a line to store; :func:`read` gives the same words back."""
    return shlex.join([PROGRAM, *words])


def read(command: str) -> list[str]:
    """The words of a line that :func:`written` wrote, without the program's name.

    Raises:
        ValueError: it is no such line.
    """
    program, *words = shlex.split(command) or [""]
    if program != PROGRAM:
        raise ValueError(f"not a command of {PROGRAM}: {command}")
    return words


def shown(words: Sequence[str]) -> str:
    """The words as a line to show and to paste into a shell, on one line and harmless to the terminal."""
    return " ".join([PROGRAM, *map(_quoted, words)])


def about(verb: str, job: str, run: str = "default", store: str | None = None) -> str:
    """The line that asks ``verb`` of a run, such as ``onward errors screening``."""
    words = [verb, job]
    words += ["--run", run] if run != "default" else []
    words += ["--store", store] if store is not None else []
    return shown(words)


def resuming(words: Sequence[str]) -> list[str]:
    """The words of the command that goes on with what these started: ``--again`` would start it over."""
    return without(words, flags={"--again"})


def without(words: Sequence[str], flags: Collection[str] = (), valued: Collection[str] = ()) -> list[str]:
    """The words, less some options: ``flags`` stand alone, ``valued`` have a value behind them."""
    kept = []
    rest = iter(words)
    for word in rest:
        name, equals, _ = word.partition("=")
        if name in valued:
            if not equals:
                next(rest, None)
        elif word not in flags:
            kept.append(word)
    return kept


def with_flag(words: Sequence[str], flag: str) -> list[str]:
    """The words and a flag, which goes before ``--`` if that is there."""
    if flag in words:
        return list(words)
    at = list(words).index("--") if "--" in words else len(words)
    return [*words[:at], flag, *words[at:]]


def with_value(words: Sequence[str], option: str, value: str) -> list[str]:
    """The words with an option set, whatever it was; it goes before ``--`` if that is there."""
    kept = without(words, valued=[option])
    at = kept.index("--") if "--" in kept else len(kept)
    return [*kept[:at], option, value, *kept[at:]]


def ways_out(ways: Sequence[Mapping[str, Any]], words: Sequence[str]) -> list[str]:
    """The commands for the settings that a refusal proposes, such as ``{"on_change": "keep"}``."""
    return [shown(_with(words, name, value)) for way in ways for name, value in way.items()]


def _with(words: Sequence[str], setting: str, value: Any) -> list[str]:
    option = "--" + setting.replace("_", "-")
    if value is True:
        return with_flag(words, option)
    return with_value(words, option, str(value))


def _quoted(word: str) -> str:
    if printable(word) == word:
        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def _escaped(char: str) -> str:
    """As bash, zsh and ksh read it: to them two digits are a byte, four and eight a character, as to Python."""
    if char in "'\\":
        return f"\\{char}"
    escaped = printable(char)
    return escaped.replace("\\x", "\\u00") if char > "\x7f" else escaped
