"""OpenAI, and all that speak its chat completions: Azure, OpenRouter, Ollama, vLLM, llama.cpp, by base URL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from onward.llm.base import Finish, Request, Usage
from onward.llm.batches import BatchApi
from onward.llm.batches.openai import OpenAIBatches
from onward.llm.clients import Access, ClientBackend, Told
from onward.llm.schemas import strict

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NEWER = ("api.openai.com", ".openai.azure.com")
"""Hosts that want ``max_completion_tokens``; the others know ``max_tokens``, which came before it."""

_REFUSAL = "refusal"
"""Not a reason of the protocol's own: there a refusal is a message of another kind, and ends with "stop"."""


class OpenAICompatible(ClientBackend):
    """One model behind the chat completions protocol."""

    finishes: Mapping[str, Finish] = {
        "stop": "stop",
        "length": "length",
        "content_filter": "filtered",
        _REFUSAL: "filtered",
    }

    def _connected(self, access: Access) -> AsyncOpenAI:
        from openai import APIError, AsyncOpenAI

        self.failure = APIError
        client = AsyncOpenAI(
            api_key=access.key(self.name), base_url=access.base_url, timeout=access.timeout, max_retries=0
        )
        newer = client.base_url.host.endswith(_NEWER)
        self._limit = "max_completion_tokens" if newer else "max_tokens"
        return client

    async def _create(self, parameters: dict[str, Any]) -> Any:
        return await self._client.chat.completions.with_raw_response.create(**parameters)

    def _parameters(self, request: Request, temperature: float | None) -> dict[str, Any]:
        found: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            self._limit: request.max_tokens,
        }
        if temperature is not None:
            found["temperature"] = temperature
        if request.schema is not None:
            found["response_format"] = _response_format(request.schema_name, request.schema)
        if self._stream:
            found |= {"stream": True, "stream_options": {"include_usage": True}}
        if request.options:
            found["extra_body"] = dict(request.options)
        return found

    @cached_property
    def _batches(self) -> BatchApi:
        return OpenAIBatches(self)

    def batches(self) -> BatchApi:
        return self._batches

    def _whole(self, reply: Any) -> Told:
        choice = reply.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        reason = _REFUSAL if refusal else choice.finish_reason
        return Told(refusal or choice.message.content or "", reason, _usage(reply.usage), reply.model)

    def _add(self, told: Told, piece: Any) -> None:
        told.model = piece.model or told.model
        if piece.usage is not None:
            told.usage = _usage(piece.usage)
        for choice in piece.choices:
            refusal = getattr(choice.delta, "refusal", None)
            told.text += refusal or choice.delta.content or ""
            if refusal:
                told.reason = _REFUSAL
            elif told.reason != _REFUSAL:
                told.reason = choice.finish_reason or told.reason


def _response_format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    enforced = strict(schema)
    form = {"name": name, "schema": enforced or dict(schema), "strict": enforced is not None}
    return {"type": "json_schema", "json_schema": form}


def _usage(told: Any) -> Usage | None:
    """What a server says it used; some say nothing."""
    if told is None:
        return None
    details = getattr(told, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    return Usage(told.prompt_tokens or 0, told.completion_tokens or 0, cached or 0)
