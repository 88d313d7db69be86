"""One request that waits for a batch, and which batch that is, as its item remembers it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from hashlib import blake2b
from typing import Any

from onward.attempts.context import RunContext
from onward.llm.base import Completion, Request


class Question:
    """A request of one item.

    It has a step of its item to itself, named by its text and by how many like it the attempt asked before; the step
    holds the reservation of the batch that it is in, and whether it was paid for.

    Attributes:
        reservation: of its batch, None while it is in none.
        paid: an earlier session has counted what it cost.
        tries: batches that it came to nothing in.
    """

    def __init__(self, request: Request, run: RunContext, answer: asyncio.Future[Completion]) -> None:
        self.request = request
        self.answer = answer
        self.tries = 0
        self._run = run
        self._digest = digest(request, run.item.key)
        self._step = f"batched {self._digest} {run.nth(self._digest)}"
        kept: dict[str, Any] = json.loads(run.finished(self._step) or b"null") or {}
        self.reservation: str | None = kept.get("in")
        self.paid = bool(kept.get("paid"))

    @property
    def custom_id(self) -> str:
        return self.custom_id_in(self.reservation or "")

    def custom_id_in(self, reservation: str) -> str:
        """What the provider calls it: at most 64 letters, digits and dashes, the reservation first."""
        return f"{reservation}-{self._within}"

    @cached_property
    def _within(self) -> str:
        return blake2b(self._step.encode(), digest_size=16).hexdigest()

    def enter(self, reservation: str) -> None:
        """It is in a batch now; durable with the next checkpoint."""
        self.reservation, self.paid = reservation, False
        self._keep({"in": reservation})

    def pay(self, amounts: Mapping[str, float]) -> None:
        """Count what it cost, and that it is counted: after a crash it is not asked again, but read again."""
        self.paid = True
        self._keep({"in": self.reservation, "paid": True}, **amounts)

    def forget(self) -> None:
        """It is in no batch: asked again, it goes into the next one."""
        self.reservation, self.paid = None, False
        self._keep(None)

    def _keep(self, value: Any, **spent: float) -> None:
        self._run.keep(self._step, json.dumps(value).encode(), **spent)

    def succeed(self, completion: Completion) -> None:
        if not self.answer.done():
            self.answer.set_result(completion)

    def fail(self, error: BaseException) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


def digest(request: Request, key: Any) -> str:
    """What tells an item's requests apart."""
    text = json.dumps([key, asdict(request)], sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=16).hexdigest()
