"""What is agreed in a meeting, by a small learned network that reads it sentence by sentence; no language model.

The four lower layers of the embedded model are followed by two upper ones that were learnt for this, and by a few
heads: how likely something to do is agreed in a sentence, who of those named around it does it, which of the times
around it is when, and which sentences speak of the same. :func:`items` puts that together. It invents no words:
whatever it gives is a sentence, a name and a time of the meeting. The same meeting gives the same, on every run.

``data/agreement/README.md`` says on what it was learnt, and how to learn it again. Needs the extra ``embedded``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from onward.llm import layers
from onward.llm.agreement.items import Item, items
from onward.llm.agreement.reading import Pointing, Reading, read
from onward.llm.agreement.said import Named, Said, Timed

__all__ = [
    "NAME",
    "WEIGHTS",
    "Item",
    "Named",
    "Pointing",
    "Reading",
    "Said",
    "Timed",
    "items",
    "learned",
    "read",
]

NAME = "agreement reader 2"
"""What stands for it where a model's name would. The number goes up with every change of what it says."""

WEIGHTS = Path(__file__).parent.parent / "data" / "agreement" / "weights.npz"


@cache
def learned() -> Mapping[str, Any]:
    """The weights that onward has."""
    return layers.read(WEIGHTS)
