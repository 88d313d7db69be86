"""OpenAI, and all that speak its chat completions: Azure, OpenRouter, Ollama, vLLM, llama.cpp, by base URL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onward.errors import KeyRefused
from onward.llm.base import Completion, Finish, ReplyCut, Request, Unavailable, Usage
from onward.llm.responses import limits, refuses_steadiness, translated
from onward.llm.schemas import strict

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

_FINISH: dict[str | None, Finish] = {"stop": "stop", "length": "length", "content_filter": "filtered"}
_NEWER = ("api.openai.com", ".openai.azure.com")
"""Hosts that want ``max_completion_tokens``; the others know ``max_tokens``, which came before it."""


class OpenAICompatible:
    """One model behind the chat completions protocol.

    Args:
        name: what the model is called here, with the provider.
        model: what the provider calls it.
        base_url: None for OpenAI itself.
        api_key: from the environment's ``key_variable`` if None; servers of one's own need none.
        timeout: seconds for a request.

    Raises:
        KeyRefused: there is no key.
    """

    def __init__(
        self,
        name: str,
        model: str,
        *,
        base_url: str | None,
        api_key: str | None,
        key_variable: str,
        timeout: float,
    ) -> None:
        from openai import AsyncOpenAI

        key = api_key or os.environ.get(key_variable) or ("none" if base_url else None)
        if key is None:
            raise KeyRefused(f"{name} needs an API key: set {key_variable}, then run again")
        self.name = name
        self._model = model
        self._takes_temperature = True
        self._client = AsyncOpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0)
        newer = self._client.base_url.host.endswith(_NEWER)
        self._limit = "max_completion_tokens" if newer else "max_tokens"

    async def complete(self, request: Request) -> Completion:
        import openai

        try:
            return await self._complete(request)
        except openai.APIError as error:
            raise translated(error, self.name) from error

    async def aclose(self) -> None:
        await self._client.close()

    async def _complete(self, request: Request) -> Completion:
        import openai

        create = self._client.chat.completions.with_raw_response.create
        try:
            response = await create(**self._parameters(request))
        except openai.BadRequestError as error:
            if not (self._takes_temperature and refuses_steadiness(error, request)):
                raise
            self._takes_temperature = False
            return await self._complete(request)
        try:
            reply = response.parse()
        except ValueError as error:
            raise ReplyCut(f"the reply of {self.name} is broken off: {error}", permanent=False) from error
        return self._completion(reply, response.headers)

    def _parameters(self, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": each.role, "content": each.content} for each in request.messages],
            self._limit: request.max_tokens,
        }
        if request.temperature is not None and self._takes_temperature:
            found["temperature"] = request.temperature
        if request.schema is not None:
            found["response_format"] = _response_format(request.schema_name, request.schema)
        if request.options:
            found["extra_body"] = dict(request.options)
        return found

    def _completion(self, reply: ChatCompletion, headers: Mapping[str, str]) -> Completion:
        choices = getattr(reply, "choices", None)
        if not choices:
            raise Unavailable(
                f"{self.name} answered with something that is no chat completion: {reply!r:.200}"
            )
        message = choices[0].message
        refusal = getattr(message, "refusal", None)
        finish = "filtered" if refusal else _FINISH.get(choices[0].finish_reason)
        if finish is None:
            raise ReplyCut(
                f"the reply of {self.name} ended for a reason that is not its end: {choices[0].finish_reason}",
            )
        return Completion(
            text=refusal or message.content or "",
            usage=_usage(reply.usage),
            model=reply.model or self._model,
            finish=finish,
            limits=limits(headers),
        )


def _response_format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    enforced = strict(schema)
    form = {"name": name, "schema": enforced or dict(schema), "strict": enforced is not None}
    return {"type": "json_schema", "json_schema": form}


def _usage(told: Any) -> Usage:
    """What a server says it used; some say nothing."""
    if told is None:
        return Usage()
    details = getattr(told, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    return Usage(told.prompt_tokens or 0, told.completion_tokens or 0, cached or 0)
