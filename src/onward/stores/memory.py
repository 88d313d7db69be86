"""The reference store: a dictionary. Durable as long as the process, and no longer."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from onward.errors import RunNotFound
from onward.model import Block, Change, Owner, StepRecord
from onward.stores.base import Document, Salvaged
from onward.stores.locks import held


@dataclass
class _Content:
    info: bytes | None = None
    head: bytes | None = None
    blocks: list[Block] = field(default_factory=list)
    steps: dict[tuple[str, str], StepRecord] = field(default_factory=dict)
    owner: Owner | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class MemoryStore:
    """One run in memory."""

    def __init__(self, content: _Content, what: str) -> None:
        self._content = content
        self._what = what
        self._mine = False

    def acquire(self) -> None:
        with self._content.lock:
            if self._content.owner is not None:
                raise held(self._what, self._content.owner)
            self._content.owner = Owner(socket.gethostname(), os.getpid(), time.time())
            self._mine = True

    def commit(self, change: Change) -> None:
        content = self._content
        kept = {(s.item, s.name): s for s in change.steps}  # what can fail comes before what changes anything
        with content.lock:
            if change.clear:
                content.head, content.blocks, content.steps = None, [], {}
            content.info = change.info if change.info is not None else content.info
            content.head = change.head if change.head is not None else content.head
            if change.block is not None:
                content.blocks.append(change.block)
            gone = set(change.forget)
            content.steps = (
                {k: s for k, s in content.steps.items() if s.item not in gone} if gone else content.steps
            )
            content.steps |= kept

    def info(self) -> bytes | None:
        return self._content.info

    def head(self) -> bytes | None:
        return self._content.head

    def blocks(
        self, *, payload: bool = True, marked: bool = False, by_place: bool = False
    ) -> Iterator[Block]:
        found = [b for b in self._content.blocks if b.marked or not marked]
        if not payload:
            found = [msgspec.structs.replace(b, payload=b"") for b in found]
        return iter(sorted(found, key=lambda b: (b.first, b.seq)) if by_place else found)

    def steps(self) -> Iterator[StepRecord]:
        return iter(list(self._content.steps.values()))

    def owner(self) -> Owner | None:
        return self._content.owner

    def close(self) -> None:
        if self._mine:
            self._content.owner = None
            self._mine = False


class MemoryRuns:
    """Runs that live as long as the process."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Content] = {}

    def writer(self, job: str, run: str) -> MemoryStore:
        return MemoryStore(self._runs.setdefault((job, run), _Content()), f"{job} ({run})")

    def reader(self, job: str, run: str) -> MemoryStore:
        if (job, run) not in self._runs:
            raise RunNotFound(f"no run {run!r} of job {job!r} in memory")
        return MemoryStore(self._runs[job, run], f"{job} ({run})")

    def names(self) -> Iterator[tuple[str, str]]:
        return iter(sorted(self._runs))

    def salvage(self, job: str, run: str) -> Iterator[Salvaged]:
        reader = self.reader(job, run)
        documents = (("info", reader.info()), ("head", reader.head()))
        yield from (Document(name, body) for name, body in documents if body is not None)
        yield from reader.blocks()
        yield from reader.steps()

    def remove(self, job: str, run: str) -> None:
        store = self.reader(job, run)
        store.acquire()
        del self._runs[job, run]
        store.close()
