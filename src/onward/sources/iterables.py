"""Sources over what is already in memory, or comes from the caller's own code.

None of them can seek: a resume passes over the items from the beginning, which the caller checks by their
digests. A reading hands out the bare iterator of what it was given, so a source costs nothing per item.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import Any, Literal

from onward.errors import SourceError, UsageError
from onward.model import Key
from onward.sources.base import Place


class _Unseekable:
    """What sources without places, fingerprints, keys and digests of their own have in common."""

    keyed = False

    def __init__(self, name: str, repeatable: bool) -> None:
        self.name = name
        self.repeatable = repeatable
        self._used = False

    def _start(self, place: Place | None) -> None:
        if place is not None:
            raise SourceError(f"{self.name} cannot be read from a saved place, only from the beginning")
        if self._used and not self.repeatable:
            raise SourceError(f"{self.name} can be read only once; give a list or a function that makes it")
        self._used = True

    def fingerprint(self) -> dict[str, Any] | None:
        return None

    def key(self, value: Any) -> Key | None:
        return None

    def digest(self, value: Any) -> int | None:
        return None


class IterableReading:
    """One pass over an iterable. ``close`` closes the iterator only if it was made for this pass."""

    place: Place | None = None

    def __init__(self, values: Iterable[Any], owned: bool = False) -> None:
        self._values = values
        self._owned = owned

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def close(self) -> None:
        close = getattr(self._values, "close", None) if self._owned else None
        if close is not None:
            close()


class SequenceSource(_Unseekable):
    """A list, tuple, range or other sequence: repeatable, of known length."""

    def __init__(self, values: Sequence[Any], name: str | None = None, path: Path | None = None) -> None:
        super().__init__(name or f"the {type(values).__name__}", repeatable=True)
        self._values = values
        self.at_hand = values if isinstance(values, list | tuple | range) else None
        """The values, where to ask for many of them cannot take long."""
        self.path = path  # of the file that they were read from

    def read(self, place: Place | None = None) -> IterableReading:
        self._start(place)
        return IterableReading(self._values)

    def total(self) -> int | None:
        return len(self._values)


class IterableSource(_Unseekable):
    """Any other iterable; an iterator or generator can be read once only."""

    def __init__(self, values: Iterable[Any], name: str | None = None) -> None:
        super().__init__(name or f"the {type(values).__name__}", repeatable=iter(values) is not values)
        self._values = values

    def read(self, place: Place | None = None) -> IterableReading:
        self._start(place)
        return IterableReading(self._values)

    def total(self) -> int | None:
        return len(self._values) if isinstance(self._values, Sized) else None


class CallableSource(_Unseekable):
    """A function without arguments that returns an iterable: called anew for every reading."""

    def __init__(self, make: Callable[[], Iterable[Any]], name: str | None = None) -> None:
        called = getattr(make, "__name__", type(make).__name__)
        super().__init__(name or f"what {called}() returns", repeatable=True)
        self._make = make

    def read(self, place: Place | None = None) -> IterableReading:
        self._start(place)
        values = self._make()
        if not isinstance(values, Iterable):
            raise UsageError(f"{self.name} is {type(values).__name__}, which cannot be iterated over")
        return IterableReading(values, owned=True)

    def total(self) -> int | None:
        return None


class AsyncIterableReading:
    """One pass over an asynchronous iterable."""

    place: Place | None = None

    def __init__(self, values: AsyncIterable[Any], owned: bool = False) -> None:
        self._values = values
        self._owned = owned

    def __aiter__(self) -> AsyncIterator[Any]:
        return aiter(self._values)

    async def aclose(self) -> None:
        close = getattr(self._values, "aclose", None) if self._owned else None
        if close is not None:
            await close()


class AsyncIterableSource(_Unseekable):
    """An asynchronous iterable, or an asynchronous generator function, called anew for every reading."""

    asynchronous: Literal[True] = True

    def __init__(
        self, values: AsyncIterable[Any] | Callable[[], AsyncIterable[Any]], name: str | None = None
    ) -> None:
        once = isinstance(values, AsyncIterable) and aiter(values) is values
        super().__init__(name or f"the {type(values).__name__}", repeatable=not once)
        self._values: Any = values

    def read(self, place: Place | None = None) -> AsyncIterableReading:
        self._start(place)
        if isinstance(self._values, AsyncIterable):
            return AsyncIterableReading(self._values)
        return AsyncIterableReading(self._values(), owned=True)

    def total(self) -> int | None:
        return len(self._values) if isinstance(self._values, Sized) else None
