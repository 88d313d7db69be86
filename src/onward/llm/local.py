"""A language model on this machine, without a key and without a network: llama.cpp, by way of xllamacpp.

The weights are the pinned ones of :mod:`onward.llm.weights`, or any GGUF file with a chat template. A schema becomes
a grammar that the model cannot leave, so that a whole reply is always valid JSON; what it says is another matter,
and a small model says a lot that is not so. It answers one question at a time, on all cores.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from functools import cache
from pathlib import Path
from typing import Any

from onward.llm import background, weights
from onward.llm.base import Completion, Finish, ModelUnavailable, Request, RequestRefused, Unavailable, Usage

CONTEXT = 8192
"""Tokens of prompt and reply together, if nothing else is asked for; 2.1 GB of memory with the pinned model."""

_loading = threading.Lock()
_FINISH: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Local:
    """A model loaded into this process, on the first question (2 to 20 s).

    Args:
        name: what the model is called here.
        path: a GGUF file; None for the pinned one.
        context: tokens of prompt and reply together.
    """

    def __init__(self, name: str, path: Path | None = None, context: int = CONTEXT) -> None:
        self.name = name
        self._path = path
        self._context = context
        self._turn = asyncio.Lock()

    async def complete(self, request: Request) -> Completion:
        async with self._turn:
            return await background.in_thread(lambda: self._complete(request))

    async def aclose(self) -> None:
        """The model stays loaded: others may be using it."""

    def _complete(self, request: Request) -> Completion:
        try:
            with _loading:
                server = _loaded(self._path, self._context, os.getpid())
        except RuntimeError as error:
            raise ModelUnavailable(f"{self.name} cannot be loaded: {error}") from error
        reply = server.handle_chat_completions(_body(request))
        if "error" in reply:
            raise self._translated(reply["error"])
        choice = reply["choices"][0]
        finish = _FINISH.get(choice["finish_reason"])
        if finish is None:
            raise Unavailable(f"{self.name} ended its reply because of {choice['finish_reason']!r}")
        used = reply["usage"]
        usage = Usage(used["prompt_tokens"], used["completion_tokens"])
        return Completion(choice["message"]["content"] or "", usage, self.name, finish)

    def _translated(self, error: dict[str, Any]) -> Exception:
        message = f"{self.name}: {error.get('message')}"
        if error.get("type") == "exceed_context_size_error":
            return RequestRefused(
                f'{message}: ask about less at a time, or open it with options={{"n_ctx": ...}}'
            )
        return RequestRefused(message) if error.get("code") == 400 else Unavailable(message)


@cache
def _loaded(path: Path | None, context: int, process: int) -> Any:
    """The model, once for each process: a forked child has none of the threads that compute."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path or weights.whole())
    parameters.n_ctx = context
    parameters.n_parallel = 1
    parameters.cache_ram_mib = 0  # earlier prompts do not come again, and would take gigabytes
    parameters.verbosity = -1
    parameters.warmup = False
    parameters.api_keys = [
        secrets.token_hex()
    ]  # it listens on a port of this machine, too; nobody else may ask
    return xllamacpp.Server(parameters)


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "max_tokens": request.max_tokens,
        **{name: value for name, value in request.options.items() if name != "n_ctx"},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.schema is not None:
        form = {"name": request.schema_name, "schema": dict(request.schema), "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body
