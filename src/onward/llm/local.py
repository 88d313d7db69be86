"""A language model on this machine, without a key and without a network: llama.cpp, by way of xllamacpp.

The weights are the pinned ones of :mod:`onward.llm.weights`, or any GGUF file with a chat template. A schema becomes
a grammar that the model cannot leave, so that a whole reply is always valid JSON; what it says is another matter,
and a small model says a lot that is not so. It answers one question at a time, on all cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from onward.llm import background, weights
from onward.llm.base import Completion, Finish, ModelUnavailable, Request, RequestRefused, Unavailable, Usage
from onward.llm.schemas import strict

CONTEXT = 8192
"""Tokens of prompt and reply together, if nothing else is asked for; 2.1 GB of memory with the pinned model."""

_WAITING = "OMP_WAIT_POLICY"
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
        cached = used.get("prompt_tokens_details", {}).get("cached_tokens", 0)
        usage = Usage(used["prompt_tokens"], used["completion_tokens"], cached)
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
    with _patient():
        import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(path or weights.whole())
    parameters.n_ctx = context
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = _cores()
    parameters.cache_ram_mib = 0  # what begins as the prompt before is kept; older ones would take gigabytes
    parameters.verbosity = -1
    parameters.warmup = False
    parameters.api_keys = [
        secrets.token_hex()
    ]  # it listens on a port of this machine, too; nobody else may ask
    return xllamacpp.Server(parameters)


def _grammar(schema: Mapping[str, Any]) -> str:
    """What the model may write. Left to choose, it sets JSON with line breaks and margins: half of its tokens."""
    from xllamacpp import json_schema_to_grammar

    closed = strict(schema, sizes=True) or schema
    on_one_line = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    grammar: str = json_schema_to_grammar(json.dumps({**closed, "x-guidance": on_one_line}))
    return grammar


@contextmanager
def _patient() -> Iterator[None]:
    """Have the threads that compute sleep, not spin, while they wait for each other; OpenMP reads it as it is loaded.

    Where other work shares the cores, spinning keeps the one they wait for from its core: a tenth of the tokens.
    """
    known = os.environ.get(_WAITING)
    os.environ.setdefault(_WAITING, "passive")
    try:
        yield
    finally:
        if known is None:
            os.environ.pop(_WAITING, None)


def _cores() -> int:
    """Those that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": [{"role": each.role, "content": each.content} for each in request.messages],
        "max_tokens": request.max_tokens,
        **{name: value for name, value in request.options.items() if name != "n_ctx"},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.schema is not None:
        body["grammar"] = _grammar(request.schema)
    return body
