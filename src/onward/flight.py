"""Which items are being worked on, in a file that outlives the process and costs no disk write for each.

A process that dies, by a signal, by running out of memory, by ``os._exit``, leaves no word of what it was doing. So it
keeps the items in flight in a small file that is mapped into memory: the kernel has what was written there, whatever
becomes of the process. It is only of use on the machine and before the power fails, and nothing depends on it but the
question which item to suspect.

    16 bytes   "onward flight 1\n"
    8 bytes    1: items are worked on; 2: the session is being stopped, and a death means nothing
    8 bytes    1: one item at a time
    16 bytes each slot: the first and the last ordinal of a unit, each plus 1; 0 where nothing is in flight
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from onward.model import Item

SUFFIX = ".flight"
SLOTS = 1024
"""Units that are remembered at a time; of more, no item is suspected."""

BRIEF = 20e-6
"""Seconds an item must take on average for it to be worth remembering, unless a process has died before."""

SAMPLE = 256
"""Items after which it is decided whether they are that brief."""

LARGEST = 100_000
"""Items in a unit of which any is suspected."""

_MAGIC = b"onward flight 1\n"
_PAIR = struct.Struct("<QQ")
_SIZE = len(_MAGIC) + _PAIR.size * (1 + SLOTS)


class Wreck(NamedTuple):
    """What a process left that died.

    Attributes:
        suspects: ordinals that were in flight.
        alone: no other item was in flight.
    """

    suspects: list[int]
    alone: bool


def wreck(path: Path) -> Wreck | None:
    """What is left of a process that died at work; None if it did not."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if len(content) != _SIZE or not content.startswith(_MAGIC):
        return None
    (state, alone), *slots = _PAIR.iter_unpack(content[len(_MAGIC) :])
    if state != 1:
        return None
    units = [range(first - 1, last) for first, last in slots if first and last - first < LARGEST]
    return Wreck([n for unit in units for n in unit], bool(alone))


class Flight:
    """The record of one session.

    Args:
        path: of the file, which is made anew.
        alone: one item is worked on at a time.
        always: remember items however brief they are.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path, *, alone: bool, always: bool) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            left = _MAGIC + bytes(_SIZE - len(_MAGIC))  # all of it: a hole could not be filled later
            while left:  # a disk that gets full takes a part, and refuses the next
                left = left[os.write(descriptor, left) :]
            self._memory = mmap.mmap(descriptor, _SIZE)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        self._free = [len(_MAGIC) + _PAIR.size * (1 + slot) for slot in range(SLOTS)]
        self._sampled = SAMPLE if always else 0
        self._took = 0.0
        self._began: dict[int, float] = {}  # by slot, of those that are sampled
        self._closed = False
        self.on = True
        self._head(1, alone)

    def _head(self, state: int, alone: bool) -> None:
        self._alone = alone
        _PAIR.pack_into(self._memory, len(_MAGIC), state, alone)

    def enter(self, unit: Sequence[Item]) -> int:
        """A unit is worked on; what to give to :meth:`leave`."""
        if not self._free or self._closed:
            return 0
        slot = self._free.pop()
        if self._sampled < SAMPLE:
            self._began[slot] = time.perf_counter()
        _PAIR.pack_into(self._memory, slot, unit[0].ordinal + 1, unit[-1].ordinal + 1)
        return slot

    def leave(self, slot: int) -> None:
        """It is not any more."""
        if slot and not self._closed:
            _PAIR.pack_into(self._memory, slot, 0, 0)
            if self._began:
                self._sample(self._began.pop(slot, None))
            self._free.append(slot)

    def _sample(self, began: float | None) -> None:
        """Only what items take says whether they are brief: the first one is saved at once, which takes much longer."""
        if began is None or self._sampled >= SAMPLE:
            return
        self._sampled += 1
        self._took += time.perf_counter() - began
        if self._sampled == SAMPLE:
            self.on = self._took > SAMPLE * BRIEF

    def alone(self, alone: bool) -> None:
        """Whether one item is worked on at a time, from now on."""
        self._head(1, alone)

    def stopping(self) -> None:
        """The session is asked to stop: what ends the process now is no item's fault. Safe in a signal handler."""
        if not self._closed:
            self._head(2, self._alone)

    def close(self) -> None:
        """The session ends as it should."""
        if not self._closed:
            self._closed = True
            self._memory.close()
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
