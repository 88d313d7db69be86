"""OpenAI's Batch API: a file of requests goes up, a batch is made of it, files of answers come down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence, Set
from typing import Any

from onward.llm.base import Request, RequestRefused, Unavailable
from onward.llm.batches.base import Again, Client, Reply, reading, refused
from onward.llm.responses import translated

ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
ENDPOINT = "/v1/chat/completions"
METADATA = "onward_reservation"
CLOCKS_DIFFER = 3600.0
"""Seconds that the provider's clock may be behind ours."""

TRANSFER = 600.0
"""Seconds that a file may take to go up or to begin to come down."""


class OpenAIBatches:
    """See :class:`~onward.llm.batches.base.BatchApi`."""

    most_requests = 50_000
    most_bytes = 200_000_000

    def __init__(self, owner: Client) -> None:
        self._owner = owner
        self._client = owner.client.with_options(timeout=TRANSFER)

    def line(self, custom_id: str, request: Request) -> bytes:
        body = self._owner.body(request)
        return json.dumps({"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}).encode()

    async def submit(self, reservation: str, lines: Sequence[bytes]) -> str:
        name, content = f"{reservation}.jsonl", b"\n".join(lines) + b"\n"
        try:
            file = await self._client.files.create(file=(name, content), purpose="batch")
            made = await self._client.batches.create(
                input_file_id=file.id,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={METADATA: reservation},
            )
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        return str(made.id)

    async def find(self, reservation: str, since: float, requests: int, others: Set[str]) -> str | None:
        try:
            async for batch in self._client.batches.list(limit=100):  # the newest first
                if (batch.metadata or {}).get(METADATA) == reservation:
                    return str(batch.id)
                if batch.created_at < since - CLOCKS_DIFFER:
                    break
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        return None

    async def ended(self, batch: str) -> bool:
        return (await self._retrieve(batch)).status in ENDED

    async def _retrieve(self, batch: str) -> Any:
        try:
            return await self._client.batches.retrieve(batch)
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error

    async def replies(self, batch: str) -> AsyncIterator[tuple[str, Any]]:
        found = await self._retrieve(batch)
        if found.status == "failed":
            async for custom_id, why in self._failed(found):
                yield custom_id, why
            return
        for file in (found.output_file_id, found.error_file_id):
            if file is not None:
                async for line in self._lines(file):
                    yield line["custom_id"], line

    async def _failed(self, batch: Any) -> AsyncIterator[tuple[str, Any]]:
        """A batch that was not even begun: who is to blame for it fails, the others are asked again."""
        errors = (batch.errors.data if batch.errors else None) or []
        blamed = {each.line: each.message for each in errors if each.line is not None}
        crowded = any(each.code == "token_limit_exceeded" for each in errors)
        why = "; ".join(str(each.message) for each in errors) or "the provider did not say why"
        number = 0
        async for line in self._lines(batch.input_file_id):
            number += 1
            if crowded or (blamed and number not in blamed):
                yield line["custom_id"], Again(why, crowded)
            else:
                yield line["custom_id"], RequestRefused(f"{self._owner.name}: {blamed.get(number, why)}")

    async def _lines(self, file: str) -> AsyncIterator[dict[str, Any]]:
        from httpx2 import HTTPError

        try:
            async with self._client.files.with_streaming_response.content(file) as response:
                async for line in response.iter_lines():
                    if line.strip():
                        yield json.loads(line)
        except self._owner.failure as error:
            raise translated(error, self._owner.name) from error
        except (HTTPError, ValueError) as error:
            raise Unavailable(f"{self._owner.name}: the results broke off: {error!r}") from error

    def reply(self, told: Any, request: Request) -> Reply:
        if isinstance(told, Again | RequestRefused):
            return told
        response, error = told.get("response"), told.get("error")
        if not response:
            return self._unanswered(error or {})
        if response["status_code"] != 200:
            return refused(self._owner, response["status_code"], response.get("body"), request)
        from openai.types.chat import ChatCompletion

        return reading(self._owner, ChatCompletion.construct(**response["body"]))

    def _unanswered(self, error: dict[str, Any]) -> Reply:
        why = f"{self._owner.name}: {error.get('message') or error.get('code') or 'no answer'}"
        return Again(why) if error.get("code") == "batch_expired" else Unavailable(why)
