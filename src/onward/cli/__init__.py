"""The command line. ``main`` is what ``onward`` starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onward.cli.answer import Answer

__all__ = ["main"]

COMPLETION = "_ONWARD_COMPLETE"
"""Set by a shell that asks for completions."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command, and return what the process should exit with.

    Args:
        words: the command line without the program's name; None takes the process's own.
    """
    from onward.cli.answer import Out, open_standard_streams
    from onward.cli.faults import fault, say_warnings

    open_standard_streams()
    say_warnings()
    words = sys.argv[1:] if words is None else list(words)
    with Out(as_json="--json" in words).open() as out:
        try:
            return out.give(_answer(words))
        except BaseException as error:  # noqa: BLE001 - this is where all of them end
            return out.give(fault(error))


def _answer(words: list[str]) -> Answer:
    from onward.cli.answer import Answer
    from onward.cli.app import app

    _refuse_undecodable(words)
    try:
        found = app.main(words, prog_name="onward", standalone_mode=False, obj=words)
    except SystemExit:
        if COMPLETION not in os.environ:
            raise
        found = 0  # the shell has been told how the line may go on
    # --help and --version have written what they have to say.
    return found if isinstance(found, Answer) else Answer(dict, exit_code=int(found or 0))


def _refuse_undecodable(words: list[str]) -> None:
    """Names and paths are stored with the run, as JSON, which holds Unicode only."""
    from onward.errors import UsageError

    for word in words:
        if "\0" in word or any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError(f"not valid Unicode, or with a NUL in it: {word!r}; rename what it names")
