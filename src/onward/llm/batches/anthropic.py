"""Anthropic's Message Batches API: requests go up with the batch, results come down as a stream of lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence, Set
from typing import Any

from onward.llm.base import Request, Unavailable
from onward.llm.batches.base import Again, Client, Reply, reading, refused
from onward.llm.responses import translated

CLOCKS_DIFFER = 3600.0
"""Seconds that the provider's clock may be behind ours."""

TRANSFER = 600.0
"""Seconds that a batch may take to go up."""

POLL = 30.0
"""Seconds between two looks at a batch that may be the one that is looked for."""

STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The HTTP statuses that the errors of single requests would have had."""


class AnthropicBatches:
    """See :class:`~onward.llm.batches.base.BatchApi`."""

    most_requests = 100_000
    most_bytes = 256_000_000

    def __init__(self, owner: Client) -> None:
        self._owner = owner
        self._batches = owner.client.with_options(timeout=TRANSFER).messages.batches

    def line(self, custom_id: str, request: Request) -> bytes:
        return json.dumps({"custom_id": custom_id, "params": self._owner.body(request)}).encode()

    async def submit(self, reservation: str, lines: Sequence[bytes]) -> str:
        try:
            made = await self._batches.create(requests=[json.loads(line) for line in lines])
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        return str(made.id)

    async def find(self, reservation: str, since: float, requests: int, others: Set[str]) -> str | None:
        """A batch carries no mark of ours but the custom ids, and those can be read only once it has ended."""
        try:
            candidates = [
                batch.id
                async for batch in self._since(since)
                if batch.id not in others and _size(batch) == requests
            ]
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        for candidate in candidates:
            while not await self.ended(candidate):  # noqa: ASYNC110 - at the provider
                await asyncio.sleep(POLL)
            async for custom_id, _ in self.replies(candidate):
                if custom_id.startswith(f"{reservation}-"):
                    return str(candidate)
                break
        return None

    async def _since(self, since: float) -> AsyncIterator[Any]:
        async for batch in self._batches.list(limit=100):  # the newest first
            if batch.created_at.timestamp() < since - CLOCKS_DIFFER:
                return
            yield batch

    async def ended(self, batch: str) -> bool:
        try:
            found = await self._batches.retrieve(batch)
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        return bool(found.processing_status == "ended")

    async def replies(self, batch: str) -> AsyncIterator[tuple[str, Any]]:
        from httpx2 import HTTPError

        try:
            async for each in await self._batches.results(batch):
                yield each.custom_id, each.result
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        except (HTTPError, ValueError) as error:
            raise Unavailable(f"{self._owner.name}: the results broke off: {error!r}") from error

    def reply(self, told: Any, request: Request) -> Reply:
        match told.type:
            case "succeeded":
                return reading(self._owner, told.message)
            case "expired":
                return Again(f"{self._owner.name}: it expired")
            case "errored":
                return self._errored(told.error, request)
            case other:
                return Unavailable(f"{self._owner.name}: the request was {other}")

    def _errored(self, error: Any, request: Request) -> Reply:
        kind = error.error.type
        body = {"error": {"type": kind, "message": error.error.message}}
        return refused(self._owner, STATUSES.get(kind, 500), body, request)


def _size(batch: Any) -> int:
    counts = batch.request_counts
    return int(counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired)
