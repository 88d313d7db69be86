"""What the command line says and exits with when something goes wrong."""

from __future__ import annotations

import errno
import os
import traceback
import warnings
from pathlib import Path
from typing import TextIO, TypeGuard

import click

import onward
from onward.cli.answer import Answer, tell
from onward.errors import Interrupted, OnwardError
from onward.progress import printable
from onward.progress.text import printable_lines

DEBUG = "ONWARD_DEBUG"
"""Set to anything, it shows the traceback of whatever goes wrong."""


def say_warnings() -> None:
    """Show onward's own warnings as one line; those of others stay as Python shows them."""
    usual = warnings.showwarning
    ours = str(Path(onward.__file__).parent)

    def say(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if filename.startswith(ours):
            tell(f"onward: warning: {printable(message)}")
        else:
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = say


def fault(error: BaseException) -> Answer:
    """The answer for an error that ends a command."""
    if isinstance(error, click.Abort) and error.__cause__ is not None:
        return fault(error.__cause__)  # click hides a Ctrl-C in it
    code = exit_code(error)
    message = said(error)
    notes = [f"onward: {message}"]
    if os.environ.get(DEBUG):
        notes.insert(0, printable_lines("".join(traceback.format_exception(error)).rstrip()))
    elif code == 1 and not isinstance(error, OnwardError) and not _names_a_file(error):
        notes.append(f"        (unexpected; {DEBUG}=1 shows where)")
    return Answer(lambda: {"error": described(error)}, notes=notes, exit_code=code)


def described(error: BaseException) -> dict[str, object]:
    """The error as a part of a JSON answer."""
    kind = "UsageError" if isinstance(error, click.UsageError) else type(error).__name__
    return {"type": kind, "message": said(error), "exit_code": exit_code(error)}


def exit_code(error: BaseException) -> int:
    if isinstance(error, OnwardError | Interrupted):
        return error.exit_code
    if isinstance(error, click.ClickException):
        return 2
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return 130
    return 2 if _names_a_file(error) and error.errno in _NO_NAMES else 1


def said(error: BaseException) -> str:
    """The error's message, safe to show. Lines of it stay lines."""
    if isinstance(error, click.UsageError):
        hint = f"; see {error.ctx.command_path} --help" if error.ctx is not None else ""
        return printable(error.format_message().rstrip(".")) + hint
    if isinstance(error, OnwardError | Interrupted) and str(error):
        return printable_lines(str(error))
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "stopped"
    if _names_a_file(error):
        return printable(f"{os.fsdecode(error.filename)}: {error.strerror}")
    return printable(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


_NO_NAMES = (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)
"""What the system says of a name that no file can have."""


def _names_a_file(error: BaseException) -> TypeGuard[OSError]:
    """Whether the system refused a file, and says which one."""
    return isinstance(error, OSError) and isinstance(error.filename, str | bytes) and bool(error.strerror)
