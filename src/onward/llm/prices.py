"""What tokens cost, in US dollars: by genai-prices, or as the user says. Unknown stays unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from onward.llm.base import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens.

    Attributes:
        input, output: what they cost.
        cached_input: input that the provider found in its cache; as ``input`` if not given.
    """

    input: float
    output: float
    cached_input: float | None = None

    def cost(self, usage: Usage) -> float:
        """US dollars."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage.input_tokens - usage.cached_input_tokens
        dollars = fresh * self.input + usage.cached_input_tokens * cached + usage.output_tokens * self.output
        return dollars / MILLION


FREE = Price(0, 0)
"""Of a model that runs on this machine."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The price that genai-prices knows for a model, as of its release: it asks no network.

    Attributes:
        model: the provider's name of it.
        provider: as genai-prices calls it ("openai", "anthropic").
        base_url: names the provider in its place, if given. An address that no provider is known by has no price.
    """

    model: str
    provider: str
    base_url: str | None = None

    def cost(self, usage: Usage) -> float | None:
        """US dollars, None if the price is not known."""
        try:
            from genai_prices import Usage as Counted
            from genai_prices import calc_price
        except ImportError:
            return None
        counted = Counted(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cached_input_tokens,
        )
        try:
            found = calc_price(counted, self.model, **self._whose()).total_price
        except LookupError:
            return None
        dollars = float(found)
        return dollars if math.isfinite(dollars) else None

    def _whose(self) -> dict[str, Any]:
        return {"provider_api_url": self.base_url} if self.base_url else {"provider_id": self.provider}


Priced = Price | Listed
