"""Where runs live: from what ``store=`` says to the back end."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from onward.errors import StoreForeign, UsageError
from onward.stores.base import Reader, Runs, Store

DEFAULT_FOLDER = ".onward"
VARIABLE = "ONWARD_STORE"

__all__ = ["DEFAULT_FOLDER", "VARIABLE", "Reader", "Runs", "Store", "open_runs"]

_memory: dict[str, Any] = {}


def open_runs(store: str | os.PathLike[str] | Runs | None = None) -> Runs:
    """The place that ``store=`` names: a folder, a ``.db`` or ``.journal`` file for one run, or a URL.

    None means the environment variable ``ONWARD_STORE``, and without it ``./.onward``. URLs: ``sqlite:PATH``,
    ``file:PATH`` and ``memory:NAME``.

    Raises:
        UsageError: a URL of an unknown kind.
        StoreForeign: a file that is neither a ``.db`` nor a ``.journal`` file.
    """
    if store is None:
        store = os.environ.get(VARIABLE) or DEFAULT_FOLDER
    if not isinstance(store, str | os.PathLike):
        return store
    text = os.fspath(store)
    scheme, separator, rest = text.partition(":")
    if separator and len(scheme) > 1 and scheme.isalnum():  # one letter is a Windows drive
        return _from_url(scheme.lower(), rest.removeprefix("//"), text)
    return _from_path(Path(text))


def _from_url(scheme: str, rest: str, url: str) -> Runs:
    if scheme == "sqlite":
        return _sqlite(Path(rest or DEFAULT_FOLDER).absolute())
    if scheme == "file":
        return _file(Path(rest or DEFAULT_FOLDER).absolute())
    if scheme == "memory":
        from onward.stores.memory import MemoryRuns

        return _memory.setdefault(rest, MemoryRuns())  # type: ignore[no-any-return]
    raise UsageError(
        f"store={url!r}: there is no store of kind {scheme!r}; write a folder, FILE.db, FILE.journal, sqlite:PATH, "
        "file:PATH or memory:"
    )


def _from_path(path: Path) -> Runs:
    path = path.absolute()  # the job's function may change the current folder
    return _file(path) if path.suffix == ".journal" and not path.is_dir() else _sqlite(path)


def _sqlite(path: Path) -> Runs:
    from onward.stores.sqlite import sqlite_file, sqlite_runs

    return sqlite_file(path) if _single(path, ".db") else sqlite_runs(path)


def _file(path: Path) -> Runs:
    from onward.stores.file import file_run, file_runs

    return file_run(path) if _single(path, ".journal") else file_runs(path)


def _single(path: Path, suffix: str) -> bool:
    """Whether a path is a file for one run, rather than a folder for many."""
    if path.is_dir():
        return False
    if path.exists() and path.suffix != suffix:
        raise StoreForeign(f"{path} is neither a folder nor a {suffix} file; give store= one of these")
    return path.suffix == suffix
