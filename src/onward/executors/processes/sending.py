"""What goes to another process, as bytes: the function by its name, its parameters and the items by their values."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import msgspec

from onward.errors import UsageError
from onward.executors.processes.work import Order

MEND = "put it at the top of a module of its own"


def sent(order: Order) -> bytes:
    """The order as bytes.

    Raises:
        UsageError: the function, or a parameter, cannot be sent.
    """
    bare = msgspec.structs.replace(order, params={})
    fn = order.fn
    name = getattr(fn, "__qualname__", type(fn).__qualname__)
    _packed(bare, f"the function {name} cannot be sent to a worker process", MEND)
    for param, value in order.params.items():
        _packed(value, f"the parameter {param} cannot be sent to a worker process", "give plain values")
    return _pickled(order)


def _packed(value: Any, what: str, mend: str) -> None:
    try:
        _pickled(value)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{what}: {error}; {mend}") from error


def _pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


class _Pickler(pickle.Pickler):
    """As Python's, but what a decorator such as ``@onward.job`` has wrapped is sent as what is under that name."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, FunctionType):
            return NotImplemented
        module, name = value.__module__, value.__qualname__
        if module == "__main__":
            _check_main(name)
        depth = _depth(module, name, value)
        return (under, (module, name, depth)) if depth else NotImplemented


def _check_main(name: str) -> None:
    main = sys.modules["__main__"]
    if getattr(main, "__file__", None) is None and getattr(main, "__spec__", None) is None:
        raise UsageError(
            f"the function {name} cannot be sent to a worker process: it was typed in, and no file has it; {MEND}"
        )


def _depth(module: str, name: str, value: Any) -> int:
    """How many decorators are around it, where it is under its name at all."""
    try:
        found = _named(module, name)
    except (KeyError, AttributeError):
        return 0
    depth = 0
    while found is not value:
        if not hasattr(found, "__wrapped__"):
            return 0
        found, depth = found.__wrapped__, depth + 1
    return depth


def _named(module: str, name: str) -> Any:
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found


def under(module: str, name: str, depth: int) -> Callable[..., Any]:
    """In the worker: what is under a name, without its decorators."""
    importlib.import_module(module)
    found = _named(module, name)
    for _ in range(depth):
        found = found.__wrapped__
    function: Callable[..., Any] = found
    return function
