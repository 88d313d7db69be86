"""Finished steps of items that are not settled, and which of them the next checkpoint saves or forgets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from onward.journal import records
from onward.model import Item, StepRecord
from onward.stores.base import Store


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
        with self._lock:
            return self.by_item.get(_key(item), {}).get(name)

    def keep(self, item: Item, name: str, raw: bytes) -> None:
        """Keep a step's result; the cadence decides when it is durable."""
        key = _key(item)
        with self._lock:
            self.by_item.setdefault(key, {})[name] = raw
            self._new.append(records.write_step(key, name, raw))
        self._changed()

    def drop(self, item: Item) -> None:
        """The item has settled, or is to be done again."""
        key = _key(item)
        with self._lock:
            if self.by_item.pop(key, None) is not None:
                self._forget.append(key)
                self._new = [step for step in self._new if step.item != key]

    def collect(self) -> tuple[Sequence[StepRecord], Sequence[str]]:
        """Steps to save and items to forget, for one checkpoint."""
        with self._lock:
            new, forget = self._new, self._forget
            self._new, self._forget = [], []
            return new, forget


def _key(item: Item) -> str:
    # With the content's digest: no outcome tells yet what the item was when its steps were done.
    return msgspec.json.encode((item.key, item.digest)).decode()
