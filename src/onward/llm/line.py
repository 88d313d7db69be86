"""The line to a model: at its pace, within the run's budget, and paid for whatever comes of it.

From the outside in: ``complete`` is one reply, in as many requests as it takes until one gets through; ``_send`` is
one request, promised against the budget and paid; the back end makes it. ``_batched`` is the same by batches.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from onward.attempts.context import RunContext, current_run
from onward.errors import BudgetReached, Stopped
from onward.llm import background
from onward.llm.base import Backend, Completion, Request, Usage, read_at_most
from onward.llm.batches import SHARE, desk_of
from onward.llm.pacing import Pacer, shared
from onward.llm.prices import Priced


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast a model may be asked.

    Attributes:
        rpm, tpm: most requests and tokens a minute; None for what the provider allows.
        concurrency: most requests at a time; None to find out.
    """

    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None


class Line:
    """What connects a process with one model.

    Attributes:
        name: the provider and the model.
        price: what its tokens cost.
        limits: how fast it may be asked.
        pool: the name of the limits that it shares with all lines of the process that have the same; None if its
            requests need no pacing.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Backend],
        price: Priced,
        limits: Limits = Limits(),
        pool: str | None = None,
    ) -> None:
        self.name = name
        self.price = price
        self.limits = limits
        self.pool = pool
        self._connect = connect
        self._connected: tuple[int, Backend] | None = None

    @property
    def priced(self) -> bool:
        """Whether it is known what its tokens cost."""
        return self.price.cost(Usage(1, 1)) is not None

    def cost(self, completions: tuple[Completion, ...]) -> float | None:
        """What replies cost in US dollars; None if that is not known."""
        usd = [self.amounts(each.usage, each.share).get("usd") for each in completions]
        return None if None in usd else sum(each or 0.0 for each in usd)

    def backend(self) -> Backend:
        """The back end, connected once in each process."""
        if self._connected is None or self._connected[0] != os.getpid():
            self._connected = os.getpid(), self._connect()
        return self._connected[1]

    def close(self) -> None:
        """Give back its connections. It may be used again."""
        if self._connected is not None and self._connected[0] == os.getpid():
            background.result(self._connected[1].aclose())
        self._connected = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_connected": None}  # each process has connections of its own

    async def complete(self, request: Request) -> Completion:
        """One completion, in as many requests as it takes until one is not refused for being one too many."""
        run = current_run()
        if run is not None and run.batching:
            return await self._batched(request, run)
        pacer, most = self._pacer(), _most(request)
        if pacer is None:
            return await self._send(request)
        tokens = most.input_tokens + most.output_tokens
        return await pacer.paced(lambda: self._send(request), tokens, run)

    def _pacer(self) -> Pacer | None:
        if self.pool is None:
            return None
        limits = self.limits
        return shared(self.pool, rpm=limits.rpm, tpm=limits.tpm, concurrency=limits.concurrency)

    async def _send(self, request: Request) -> Completion:
        """One request to the back end, promised against the run's budget and paid for whatever comes of it."""
        run, backend = current_run(), self.backend()
        if run is None:
            return await backend.complete(request)
        self._check_price(run)
        async with run.reserve(**self.amounts(_most(request))):
            try:
                completion = await backend.complete(request)
            except BaseException:
                run.spend(requests=1)  # of its tokens, nobody tells
                raise
            run.spend(**self.amounts(completion.usage))
            return completion

    async def _batched(self, request: Request, run: RunContext) -> Completion:
        """One request in one of the provider's batches, promised and paid for at the price of those."""
        backend = self.backend()
        api = backend.batches() if hasattr(backend, "batches") else None
        if api is None:
            raise Stopped(f"{self.name} takes no batches: leave executor= out")
        self._check_price(run)
        desk = desk_of(run, self.pool or self.name, api)
        async with AsyncExitStack() as held:
            async with desk.admission:
                await held.enter_async_context(run.reserve(**self.amounts(_most(request), SHARE)))
            with run.elsewhere():
                completion, question = await desk.answer(request, run)
            if not question.paid:
                question.pay(self.amounts(completion.usage, SHARE))
            return replace(completion, share=SHARE, forget=question.forget)

    def _check_price(self, run: RunContext) -> None:
        if "usd" in run.budget and not self.priced:
            raise BudgetReached(
                f"a budget in USD cannot be kept, because the price of {self.name} is not known: give the model "
                "price=Price(input=..., output=...), or the run a budget in tokens"
            )

    def amounts(self, usage: Usage, share: float = 1.0) -> dict[str, float]:
        """A usage as amounts of a run, at a share of the price; without "usd" if the price is not known."""
        tokens: dict[str, float] = {
            "requests": 1,
            "tokens": usage.input_tokens + usage.output_tokens,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
        }
        usd = self.price.cost(usage)
        return tokens if usd is None else {"usd": usd * share, **tokens}


def _most(request: Request) -> Usage:
    """At most what a request will use."""
    return Usage(read_at_most(request), request.max_tokens)
