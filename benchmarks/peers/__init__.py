"""Ways to keep what is done, each behind the same seam (`base`), one module for each.

Some are libraries, at the versions pinned in requirements.txt beside this file, in an environment of their own; some
are written by hand; one is onward. A module's `WAYS` are imported in the environment where its library is.
"""

from __future__ import annotations

from importlib import import_module

from benchmarks.peers.base import Way

OURS = ("onward_", "by_hand")
"""Modules that need nothing but onward and Python."""

OTHERS = ("diskcache_", "joblib_", "batchledger_", "pyarallel_", "async_batch_llm_", "langgraph_", "dbos_")


def way(name: str) -> Way:
    """The way of that name, written "module:name"."""
    module, _, which = name.partition(":")
    found: Way = import_module(f"benchmarks.peers.{module}").WAYS[which]
    return found
