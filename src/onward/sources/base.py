"""The seam to where items come from.

A source yields values in a stable order. A seekable one can also start at a *place*: a small JSON value
that stands for "everything before here has been read", so that a resume seeks instead of re-reading.

The contract, which the conformance suite in ``onward.testing`` checks:

* Two readings of an unchanged source yield equal values in the same order.
* ``read(place)`` yields exactly what ``read()`` yields after the reading that ``place`` was taken from.
* ``Reading.place`` may be asked after any value; it is the place *behind* that value. None: cannot seek.
* A value is read when it is asked for, never earlier than the file buffer makes unavoidable.
* ``fingerprint`` is equal for an unchanged source and differs, with all but negligible probability, for a
  changed one, without reading the whole; None: only reading it over can tell.
* Errors are :class:`~onward.errors.SourceError`, naming the file and the line or record. What an iterable
  of the caller's raises is the caller's and passes through.
* A reading closes what it opened when it is exhausted, closed or garbage, never what the caller opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal, Protocol, TypeGuard

from onward.model import Key

Place = dict[str, int | str]


class Reading(Protocol):
    """One pass over a source."""

    def __iter__(self) -> Iterator[Any]: ...

    @property
    def place(self) -> Place | None:
        """Where the next value starts; None if the source cannot seek."""

    def close(self) -> None:
        """Release what the reading opened; ``place`` stays known. May be called twice, and need not be
        called after the last value."""


class Source(Protocol):
    """Where items come from."""

    name: str
    """For messages: a path, or "the list"."""

    repeatable: bool
    """Whether ``read()`` may be called more than once."""

    keyed: bool
    """Whether the source has keys of its own, by which items are told apart unless ``key=`` is given."""

    def read(self, place: Place | None = None) -> Reading:
        """Start a pass, at the beginning or at a place."""

    def fingerprint(self) -> dict[str, Any] | None:
        """What tells an unchanged source without reading it, as JSON; None if nothing can."""

    def total(self) -> int | None:
        """How many values there are, None if that is not cheap to know."""

    def key(self, value: Any) -> Key | None:
        """The value's key if the source is keyed (a file's relative path), else None."""

    def digest(self, value: Any) -> int | None:
        """The value's content digest if the source is keyed and knows a better one than that of its JSON."""


class AsyncReading(Protocol):
    """One pass over an asynchronous source."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    @property
    def place(self) -> Place | None:
        """Where the next value starts; None if the source cannot seek."""

    async def aclose(self) -> None:
        """Release what the reading opened."""


class AsyncSource(Protocol):
    """Where items come from that must be awaited. As :class:`Source`; :func:`is_async` tells which it is."""

    name: str
    repeatable: bool
    keyed: bool
    asynchronous: Literal[True]

    def read(self, place: Place | None = None) -> AsyncReading: ...

    def fingerprint(self) -> dict[str, Any] | None: ...

    def total(self) -> int | None: ...

    def key(self, value: Any) -> Key | None: ...

    def digest(self, value: Any) -> int | None: ...


def is_async(source: Source | AsyncSource) -> TypeGuard[AsyncSource]:
    """Whether the readings of a source are iterated with ``async for``."""
    return bool(getattr(source, "asynchronous", False))
