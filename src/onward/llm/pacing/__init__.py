"""Limits that all requests of a process to one provider share: see :mod:`onward.llm.pacing.pace`."""

from __future__ import annotations

import os

from onward.llm.pacing.pacer import PATIENCE, Pacer

__all__ = ["PATIENCE", "Pacer", "shared"]

_shared: dict[tuple[object, ...], Pacer] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_child=_shared.clear
    )  # whose locks may be held by threads that the child lacks


def shared(name: str, *, rpm: float | None, tpm: float | None, concurrency: int | None) -> Pacer:
    """The process's pacer for a model with these limits; ``name`` tells providers apart, and their addresses."""
    key = (name, rpm, tpm, concurrency)
    return _shared.get(key) or _shared.setdefault(key, Pacer(name, rpm=rpm, tpm=tpm, concurrency=concurrency))
