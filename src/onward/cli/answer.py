"""What a command answers: one JSON document, or lines for people."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len


class Answer(NamedTuple):
    """What a command found, in both forms.

    Attributes:
        document: makes what ``--json`` writes to standard output.
        lines: what is written to standard output without it.
        notes: what is written to standard error either way.
        exit_code: what the command line exits with.
    """

    document: Callable[[], dict[str, Any]]
    lines: Iterable[str] = ()
    notes: Iterable[str] = ()
    exit_code: int = 0


class Out:
    """Standard output, for the answer. With ``as_json`` it is kept clear of everything else."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._descriptor = -1

    @contextlib.contextmanager
    def open(self) -> Iterator[Out]:
        """While open, what anyone else prints goes to standard error if the answer is to be one document.

        On the level of file descriptors, because worker processes and libraries in C print too.
        """
        if not self._as_json:
            yield self
            return
        sys.stdout.flush()
        self._descriptor = os.dup(1)
        os.dup2(2, 1)
        try:
            yield self
        finally:
            os.close(self._descriptor)

    def give(self, answer: Answer) -> int:
        """Write the answer and return its exit code. A reader who has left is no error."""
        for note in answer.notes:
            tell(note)
        try:
            if self._as_json:
                # Escapes for all but ASCII: a document, too, may be read on a terminal.
                self._write(f"{json.dumps(answer.document())}\n".encode())
            else:
                if isinstance(sys.stdout, io.TextIOWrapper):
                    sys.stdout.reconfigure(errors="backslashreplace")
                for line in answer.lines:
                    sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more when it exits, and would complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return answer.exit_code

    def _write(self, document: bytes) -> None:
        rest = memoryview(document)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]


def open_standard_streams() -> None:
    """Give a process that was started without some of its three streams ones that lead nowhere.

    Else the next file opened, a store perhaps, would take the place of standard output and be printed into.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def tell(line: str) -> None:
    """One line to standard error; it does not matter if nobody reads it any more."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with the columns one under the other; columns that are empty in every row are left out."""
    used = [at for at in range(len(titles)) if any(row[at] for row in rows)]
    shown = [[row[at] for at in used] for row in [titles, *rows]]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()
