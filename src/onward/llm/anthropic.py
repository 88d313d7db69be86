"""Anthropic's models, by the Messages API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from onward.llm.base import Finish, Request, Usage
from onward.llm.batches import BatchApi
from onward.llm.batches.anthropic import AnthropicBatches
from onward.llm.clients import Access, ClientBackend, Told
from onward.llm.schemas import described, strict

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic


class Anthropic(ClientBackend):
    """One of Anthropic's models."""

    finishes: Mapping[str, Finish] = {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "refusal": "filtered",
    }

    def _connected(self, access: Access) -> AsyncAnthropic:
        from anthropic import APIError, AsyncAnthropic

        self.failure = APIError
        return AsyncAnthropic(
            api_key=access.key(self.name), base_url=access.base_url, timeout=access.timeout, max_retries=0
        )

    async def _create(self, parameters: dict[str, Any]) -> Any:
        return await self._client.messages.with_raw_response.create(**parameters)

    def _parameters(self, request: Request, temperature: float | None) -> dict[str, Any]:
        system = [each.content for each in request.messages if each.role == "system"]
        found: dict[str, Any] = {
            "model": self.model,
            "max_tokens": request.max_tokens,
            "messages": [
                {"role": each.role, "content": each.content}
                for each in request.messages
                if each.role != "system"
            ],
        }
        if request.schema is not None and (enforced := _enforced(request.schema)) is not None:
            found["output_config"] = {"format": {"type": "json_schema", "schema": enforced}}
        elif request.schema is not None:
            system.append(described(request.schema))
        if system:
            found["system"] = "\n\n".join(system)
        if self._stream:
            found["stream"] = True
        # The client has no word for temperature any more; the API still takes it, for models that know it.
        steady = {} if temperature is None else {"temperature": temperature}
        return {**found, "extra_body": {**steady, **request.options}}

    @cached_property
    def _batches(self) -> BatchApi:
        return AnthropicBatches(self)

    def batches(self) -> BatchApi:
        return self._batches

    def _whole(self, reply: Any) -> Told:
        text = "".join(part.text for part in reply.content if part.type == "text")
        return Told(text, reply.stop_reason, _usage(reply.usage), reply.model)

    def _add(self, told: Told, piece: Any) -> None:
        match piece.type:
            case "message_start":
                told.model = piece.message.model
                told.usage = _usage(piece.message.usage)
            case "content_block_delta" if piece.delta.type == "text_delta":
                told.text += piece.delta.text
            case "message_delta":
                told.reason = piece.delta.stop_reason
                read = told.usage or Usage()
                told.usage = Usage(read.input_tokens, piece.usage.output_tokens, read.cached_input_tokens)


def _enforced(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema as Anthropic enforces it; None if it has objects whose properties it does not name."""
    from anthropic import transform_schema

    if strict(schema) is None:
        return None
    try:
        return transform_schema(dict(schema))
    except ValueError:  # a field that may be anything
        return None


def _usage(told: Any) -> Usage:
    """Anthropic counts what its cache held apart from the rest of the input; here it is part of it."""
    cached = told.cache_read_input_tokens or 0
    written = told.cache_creation_input_tokens or 0
    return Usage(told.input_tokens + cached + written, told.output_tokens, cached)
