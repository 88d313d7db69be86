"""What a run spends, and what it may: money, tokens, whatever is counted against a budget."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from onward.errors import BudgetReached, UsageError
from onward.model import Settled

NAMES = ("usd", "tokens", "input_tokens", "output_tokens", "requests")
"""Amounts that a budget in words may name; others are free, and are given as a mapping."""

_ALIASES = {"$": "usd", "dollar": "usd", "dollars": "usd", "token": "tokens", "request": "requests"}
_PART = re.compile(r"\$?\s*(\d[\d_,]*(?:\.\d+)?)\s*([kKM]?)\s*([a-z_$]*)", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1e3, "K": 1e3, "M": 1e6}
_SLACK = 1e-9
"""Of a budget: what sums of binary fractions may be off."""

Amounts = dict[str, float]


def parse_budget(budget: str | Mapping[str, float] | None) -> Amounts:
    """What ``budget=`` allows, by name: from "5 USD", "200000 tokens", "5 USD or 2M tokens", or a mapping.

    Raises:
        UsageError: it is none of these, or not above zero.
    """
    if budget is None:
        return {}
    if isinstance(budget, Mapping):
        found = {str(name): amount for name, amount in budget.items()}
    else:
        found = dict(_parsed(part, budget) for part in re.split(r"\s+or\s+", str(budget).strip()))
    for name, amount in found.items():
        if not _is_number(amount) or not 0 < amount < math.inf:
            raise UsageError(f"budget={budget!r}: {name} must be a number above 0")
    if not found:
        raise UsageError(f"budget={budget!r}: it names no amount")
    return found


def _parsed(part: str, whole: Any) -> tuple[str, float]:
    match = _PART.fullmatch(part.strip())
    unit = (match[3] or ("usd" if part.strip().startswith("$") else "")).lower() if match else ""
    name = _ALIASES.get(unit, unit)
    if match is None or name not in NAMES:
        raise UsageError(
            f'budget={whole!r}: write "5 USD", "200000 tokens", "5 USD or 2M tokens" (of {", ".join(NAMES)}), or a '
            "mapping such as {'credits': 100} for amounts of your own"
        )
    return name, float(re.sub("[_,]", "", match[1])) * _FACTORS[match[2]]


def _is_number(amount: Any) -> bool:
    return isinstance(amount, int | float) and not isinstance(amount, bool)


def checked(amounts: Mapping[str, Any]) -> Amounts:
    """The amounts, with ``tokens`` as the sum of input and output where it is not given.

    Raises:
        UsageError: one is not a number from 0.
    """
    for name, amount in amounts.items():
        if not _is_number(amount) or not 0 <= amount < math.inf:
            raise UsageError(f"{name}={amount!r} cannot be spent: a number from 0")
    found = dict(amounts)
    sides = [found[name] for name in ("input_tokens", "output_tokens") if name in found]
    if sides and "tokens" not in found:
        found["tokens"] = sum(sides)
    return found


class Spending:
    """The sums, safe from any thread.

    Args:
        budget: as of :func:`parse_budget`.

    Attributes:
        spent: over all sessions of the run, whatever became of the attempts.
        settled: of that, for items that have settled well; the rest was spent on failures and on lost work.
        at_start: ``spent`` when the session began; ``reused``: ``settled`` then.
        unsaved: there is something that no checkpoint holds.
    """

    def __init__(self, budget: Mapping[str, float] | None = None) -> None:
        self.budget = dict(budget or {})
        self._lock = threading.Lock()
        self._reserved: Amounts = {}
        self._on_items: dict[int, Amounts] = {}
        self.load({}, {})

    def load(self, spent: Mapping[str, float], settled: Mapping[str, float]) -> None:
        """Go on from a checkpoint."""
        self.spent, self.settled = dict(spent), dict(settled)
        self.at_start, self.reused = dict(spent), dict(settled)
        self._on_items.clear()
        self.unsaved = False

    def add(self, amounts: Mapping[str, float], ordinals: Iterable[int] = ()) -> bool:
        """Count amounts, for these items in equal parts; whether all before them was in a checkpoint."""
        numbers = tuple(ordinals)
        with self._lock:
            _add(self.spent, amounts)
            for number in numbers:
                _add(self._on_items.setdefault(number, {}), amounts, 1 / len(numbers))
            first, self.unsaved = not self.unsaved, True
            return first

    def settle(self, outcomes: Iterable[Settled]) -> None:
        """These are in the next checkpoint: what was spent on them is known to be of use."""
        if not self._on_items:
            return
        with self._lock:
            for outcome in outcomes:
                amounts = self._on_items.pop(outcome.item.ordinal, None)
                if amounts is not None and outcome.status != "failed":
                    _add(self.settled, amounts)

    def snapshot(self) -> Amounts:
        """``spent``, as it is now."""
        with self._lock:
            return dict(self.spent)

    def collect(self) -> tuple[Amounts, Amounts]:
        """``spent`` and ``settled``, for a checkpoint that holds all of it."""
        with self._lock:
            self.unsaved = False
            return dict(self.spent), dict(self.settled)

    def session(self) -> Amounts:
        """What this session has spent."""
        with self._lock:
            return {name: amount - self.at_start.get(name, 0) for name, amount in self.spent.items()}

    # Against the budget

    def reached(self) -> str | None:
        """The reason to begin nothing more: a budget is used up."""
        for name, most in self.budget.items():
            if self.spent.get(name, 0) >= most * (1 - _SLACK):
                return f"the budget of {shown(name, most)} is spent ({shown(name, self.spent[name])})"
        return None

    def hold(self, amounts: Mapping[str, float]) -> str | None:
        """Promise amounts to a call that is to begin; if they do not fit, the reason."""
        with self._lock:
            for name, most in self.budget.items():
                spent, held = self.spent.get(name, 0), self._reserved.get(name, 0)
                if spent + held + amounts.get(name, 0) > most * (1 + _SLACK):
                    return (
                        f"the next call may take {shown(name, amounts.get(name, 0))}, and of the budget of "
                        f"{shown(name, most)} {shown(name, spent)} are spent"
                        + (f" and {shown(name, held)} promised to calls under way" if held else "")
                    )
            _add(self._reserved, amounts)
            return None

    def release(self, amounts: Mapping[str, float]) -> None:
        """A promise is over, or that much of it was spent."""
        with self._lock:
            _add(self._reserved, amounts, -1)

    def fits_alone(self, amounts: Mapping[str, float]) -> bool:
        """Whether amounts would fit if nothing else were promised, so that waiting for the others may help."""
        with self._lock:
            return all(
                self.spent.get(name, 0) + amounts.get(name, 0) <= most * (1 + _SLACK)
                for name, most in self.budget.items()
            )


def _add(sums: Amounts, amounts: Mapping[str, float], factor: float = 1) -> None:
    for name, amount in amounts.items():
        sums[name] = sums.get(name, 0) + amount * factor


def shown(name: str, amount: float) -> str:
    """An amount as people read it: "2.29 USD", "1,200 tokens"."""
    if name == "usd":
        return f"{amount:.2f} USD" if amount >= 0.1 or not amount else f"{amount:.2g} USD"
    number = f"{amount:,.0f}" if amount == int(amount) or amount >= 100 else f"{amount:.3g}"
    return f"{number} {name.replace('_', ' ')}"


def budget_reached(reason: str, spending: Spending) -> BudgetReached:
    """The error that says so, and the way out."""
    return BudgetReached(f"{reason}; give a larger budget to go on", budget=spending.budget)
