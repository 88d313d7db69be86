"""State: what counts of it, and when."""

from typing import Any

import pytest

from onward.errors import ValueRefused
from onward.journal import state
from onward.journal.state import Folded, HandKept
from onward.model import ItemRef

ITEM = ItemRef(0, "key")


def add(total: Any, item: ItemRef, value: int) -> Any:
    return total + value


def test_without_on_result_state_is_kept_by_hand() -> None:
    found = state.make(None, None, None)
    assert isinstance(found, HandKept)
    assert (found.value, found.snapshot(), found.folded, found.identity) == ({}, b"{}", False, None)


def test_changes_count_from_the_next_boundary_on() -> None:
    found = state.make(None, None, None)
    found.value["a"] = 1
    assert found.snapshot() == b"{}"
    found.boundary()
    assert found.snapshot() == b'{"a":1}'
    del found.value["a"]
    found.boundary()
    assert found.snapshot() == b"{}"


def test_what_is_stored_comes_before_the_initial_state() -> None:
    initial = {"n": [1]}
    found = state.make(None, initial, None)
    found.value["n"].append(2)
    assert initial == {"n": [1]}, "the caller's own object is not changed"
    assert state.make(None, initial, b'{"n":[7]}').value == {"n": [7]}
    found.reset()
    assert found.value == {"n": [1]}
    assert found.snapshot() == b'{"n":[1]}'


def test_on_result_returns_the_new_state_or_changes_it() -> None:
    returned = state.make(add, 10, None)
    assert isinstance(returned, Folded)
    for n in (1, 2):
        returned.settled(ITEM, n)
    assert returned.snapshot() == b"13"
    returned.reset()
    assert returned.snapshot() == b"10"
    changed = state.make(lambda s, item, value: s.update({item.key: value}), None, None)
    changed.settled(ITEM, 5)
    assert changed.snapshot() == b'{"key":5}'


def test_the_function_that_folds_is_known() -> None:
    assert state.make(add, 0, None).identity == state.make(add, 5, None).identity
    assert state.make(add, 0, None).identity != state.make(lambda s, item, value: s, 0, None).identity


def test_a_state_that_would_not_come_back_is_refused_by_path() -> None:
    found = state.make(None, None, None)
    found.value["seen"] = {1: True}
    with pytest.raises(ValueRefused, match=r"the run's state at \$\.seen"):
        found.boundary()
    with pytest.raises(ValueRefused, match="state"):
        state.make(None, {"n": float("nan")}, None)


def test_a_large_state_is_warned_about() -> None:
    found = state.make(None, None, None)
    found.value["text"] = "x" * (1 << 20)
    with pytest.warns(RuntimeWarning, match=r"1\.0 MiB"):
        found.boundary()
