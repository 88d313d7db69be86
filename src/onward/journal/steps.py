"""Finished steps and acts of items that are not settled, and which of them the next checkpoint saves or forgets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import msgspec

from onward.journal import records
from onward.model import Item, Key, StepRecord
from onward.stores.base import Reader, Store

_REDONE = ""
"""A name that no act has."""


def effects(reader: Reader) -> Iterator[tuple[Key, str, bytes]]:
    """What is stored of acts: the item's key, the act's name, and what is known of it."""
    for record in reader.steps():
        named = msgspec.json.decode(record.item)
        if isinstance(named, dict) and record.name != _REDONE:
            item = named["once"]
            yield item[0] if isinstance(item, list) else item, record.name, records.read_step(record)


class Steps:
    """All of a run's, safe from any thread.

    Args:
        changed: called when there is something new to save.

    Attributes:
        by_item: results by item and name; empty in most runs.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self.by_item: dict[str, dict[str, bytes]] = {}
        self._changed = changed
        self._new: list[StepRecord] = []
        self._forget: list[str] = []
        self._lock = threading.Lock()
        for record in store.steps():
            self.by_item.setdefault(record.item, {})[record.name] = records.read_step(record)

    @property
    def unsaved(self) -> bool:
        return bool(self._new)

    def get(self, item: Item, name: str) -> bytes | None:
        """The stored result of a step of an unsettled item."""
        return self._get(_key(item), name)

    def keep(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""
        self._keep(_key(item), name, raw)

    def effect(self, key: str, name: str) -> bytes | None:
        """What is stored of an act of an unsettled item, by its :func:`effect_key`."""
        return self._get(key, name)

    def keep_effect(self, key: str, name: str, raw: bytes) -> None:
        """Keep something of an act; the cadence decides when it is durable."""
        self._keep(key, name, raw)

    def mark_redone(self, key: str) -> None:
        """An item that had settled well, acts and all, is to be done again; known until it has settled well again."""
        self._keep(key, _REDONE, b"true")

    def redone(self, key: str) -> bool:
        """Whether :meth:`mark_redone` was said of it."""
        return self._get(key, _REDONE) is not None

    def _get(self, key: str, name: str) -> bytes | None:
        with self._lock:
            return self.by_item.get(key, {}).get(name)

    def _keep(self, key: str, name: str, raw: bytes) -> None:
        with self._lock:
            self.by_item.setdefault(key, {})[name] = raw
            self._new.append(records.write_step(key, name, raw))
        self._changed()

    def drop(self, item: Item) -> None:
        """The item has settled: neither steps nor acts are needed any more."""
        self._drop(_key(item), effect_key(item, keyed=True), effect_key(item, keyed=False))

    def drop_steps(self, item: Item) -> None:
        """The item is to be done again: its acts stay, since the world outside does not forget them."""
        self._drop(_key(item))

    def _drop(self, *keys: str) -> None:
        with self._lock:
            gone = [key for key in keys if self.by_item.pop(key, None) is not None]
            if gone:
                self._forget += gone
                self._new = [step for step in self._new if step.item not in gone]

    def collect(self) -> tuple[Sequence[StepRecord], Sequence[str]]:
        """Steps to save and items to forget, for one checkpoint."""
        with self._lock:
            new, forget = self._new, self._forget
            self._new, self._forget = [], []
            return new, forget


def _key(item: Item) -> str:
    # With the content's digest: no outcome tells yet what the item was when its steps were done.
    return msgspec.json.encode((item.key, item.digest)).decode()


def effect_key(item: Item, *, keyed: bool) -> str:
    """What an item's acts are stored by: its key whatever its content, or position and content where it has none."""
    return msgspec.json.encode({"once": item.key if keyed else (item.key, item.digest)}).decode()
