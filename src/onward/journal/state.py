"""The run's own running calculations, saved in the same checkpoint as the outcomes they were computed from."""

from __future__ import annotations

import copy
import hashlib
import warnings
from typing import Any, Protocol

from onward.codec import decode, encode
from onward.identity import normalised_source
from onward.model import ItemRef, OnResult

LARGE = 1 << 20
"""Bytes of state above which a warning says that every checkpoint writes them."""


class State(Protocol):
    """The state of a run, hand-kept or folded."""

    value: Any

    folded: bool
    """Whether it can be computed anew from the outcomes."""

    identity: str | None
    """Of the function that folds it."""

    def reset(self) -> None:
        """Begin anew."""

    def settled(self, item: ItemRef, value: Any) -> None:
        """An item succeeded; ``value`` is its result as callers see it."""

    def boundary(self) -> None:
        """The run is between two items."""

    def snapshot(self) -> bytes:
        """The state at the last boundary, as JSON."""


class HandKept:
    """A dict the loop's body changes. What it changes counts from the next boundary on."""

    folded = False
    identity: str | None = None

    def __init__(self, initial: Any, value: Any) -> None:
        self.value = value
        self._initial = initial
        self._raw = _encoded(value)

    def reset(self) -> None:
        self.value = copy.deepcopy(self._initial)
        self._raw = _encoded(self.value)

    def settled(self, item: ItemRef, value: Any) -> None:
        pass

    def boundary(self) -> None:
        if self.value or self._raw != b"{}":
            self._raw = _encoded(self.value)

    def snapshot(self) -> bytes:
        return self._raw


class Folded:
    """What ``on_result(state, item, value)`` makes of it, called in settlement order.

    The function changes the state in place, or returns the new one.
    """

    folded = True
    identity: str | None

    def __init__(self, on_result: OnResult, initial: Any, value: Any) -> None:
        self.identity = hashlib.blake2b(normalised_source(on_result).encode(), digest_size=16).hexdigest()
        self.value = value
        self._initial = initial
        self._on_result = on_result

    def reset(self) -> None:
        self.value = copy.deepcopy(self._initial)

    def settled(self, item: ItemRef, value: Any) -> None:
        returned = self._on_result(self.value, item, value)
        if returned is not None:
            self.value = returned

    def boundary(self) -> None:
        pass

    def snapshot(self) -> bytes:
        return _encoded(self.value)


def make(on_result: OnResult | None, initial: Any, stored: bytes | None) -> State:
    """The state to go on with: the stored one, or a copy of the initial one."""
    initial = {} if initial is None else initial
    value = decode(stored) if stored is not None else copy.deepcopy(initial)
    return Folded(on_result, initial, value) if on_result else HandKept(initial, value)


def _encoded(value: Any) -> bytes:
    raw = encode(value, "the run's state")
    if len(raw) > LARGE:
        warnings.warn(
            f"the run's state is {len(raw) / LARGE:.1f} MiB and is written with every checkpoint; "
            "keep results in the outcomes and sums in the state",
            RuntimeWarning,
            stacklevel=4,
        )
    return raw
