"""What a back end of a model is: one request in, one completion or one of a few errors out.

A back end talks to one model of one provider. It makes exactly one request for each call of ``complete``: it
neither retries nor waits nor paces, and whoever calls it decides about that. Its own library's retries are off.

What it promises:

- The text of a completion is whole if and only if ``finish`` is "stop". What was cut by length comes back with
  "length", what the provider held back with "filtered", both with their usage, which was paid for. A connection
  or a stream that ends before the reply did raises.
- Every foreign exception is translated into one of the errors below, which say whether another attempt can help.
- ``schema`` is enforced by the provider where it can be; whether the text fits it is for the caller to check.

    OnwardError
    ├── ModelError                  an item's call failed
    │   ├── Throttled                   429: too many requests; has .retry_after and .limits
    │   ├── Unavailable                 5xx, no connection, a time-out, a stream that ended early
    │   ├── RequestRefused              the provider does not take the request: 400, 404, 413, 422
    │   ├── ReplyCut                    the reply is not whole
    │   ├── ReplyInvalid                the reply does not fit the schema, and one repair did not help
    │   └── ReplyWithheld               the model or a filter of the provider refused to answer
    ├── ModelUnavailable            a package, a file or a model is missing on this machine
    └── Stopped
        ├── KeyRefused                  stops the run, to be resumed
        └── QuotaExhausted              stops the run, to be resumed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from onward.errors import OnwardError

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "filtered"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """All that decides about one completion, but the model.

    Attributes:
        schema: JSON schema that the reply has to fit; None for free text.
        schema_name: what the schema is called to the provider: letters, digits and _ only.
        max_tokens: most tokens of the reply.
        temperature: 0 is as steady as the model can be; None leaves it to the provider.
        options: further parameters of the provider's own, sent as they are.
    """

    messages: Sequence[Message]
    schema: Mapping[str, Any] | None = None
    schema_name: str = "reply"
    max_tokens: int = 1024
    temperature: float | None = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or several requests; ``cached_input_tokens`` are those of the input that cost less."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
        )


def read_at_most(request: Request) -> int:
    """Tokens that a model reads for a request, at most, without asking for its tokenizer.

    Three bytes of UTF-8 a token is less than tokenizers of today need on prose in any script; a few tokens mark
    each message, and the schema is read as well.
    """
    said = sum(len(message.content.encode()) for message in request.messages)
    asked = len(repr(request.schema)) if request.schema else 0
    return (said + asked) // 3 + 8 * len(request.messages) + 16


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the provider said about its limits; None where it said nothing.

    Attributes:
        requests_per_minute, tokens_per_minute: the limits, as told in the ``limit`` headers.
        requests_left, tokens_left: until the next reset.
        requests_reset_s, tokens_reset_s: seconds from now until it.
    """

    requests_per_minute: int | None = None
    requests_left: int | None = None
    requests_reset_s: float | None = None
    tokens_per_minute: int | None = None
    tokens_left: int | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply.

    Attributes:
        model: the model that made it, as the provider names it.
        finish: "stop" if the text is whole.
        share: of the list price, what it cost.
        forget: what kept it for a repetition of the same request keeps it no more.
    """

    text: str
    usage: Usage
    model: str
    finish: Finish = "stop"
    limits: RateLimits | None = None
    share: float = 1.0
    forget: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)


class Backend(Protocol):
    """One model of one provider."""

    @property
    def name(self) -> str:
        """The provider and the model, such as "openai:gpt-5-mini"."""

    async def complete(self, request: Request) -> Completion:
        """One request to the provider.

        Raises:
            Throttled, Unavailable, RequestRefused, ReplyCut, ModelUnavailable, KeyRefused, QuotaExhausted: as above.
        """

    async def aclose(self) -> None:
        """Give back connections; may be called twice."""


class ModelError(OnwardError):
    """A model gave no usable reply to one request.

    Attributes:
        permanent: whether another attempt would only cost.
        retry_after: seconds that the provider asked to wait, if it did.
    """

    permanent = False

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(ModelError):
    """Too many requests or tokens at a time (HTTP 429)."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, limits: RateLimits | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.limits = limits


class Unavailable(ModelError):
    """The provider could not answer now: overloaded, out of reach, too slow, or it broke off."""


class RequestRefused(ModelError):
    """The provider does not take the request as it is: an unknown model, a parameter, a text too long."""

    permanent = True


class ReplyCut(ModelError):
    """The reply is not whole: it reached ``max_tokens``, or its stream ended early."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class ReplyInvalid(ModelError):
    """The reply does not fit the schema, nor does the one that was asked for in its place.

    Attributes:
        text: the last reply.
    """

    permanent = True

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class ReplyWithheld(ModelError):
    """The model refused, or a filter of the provider held the reply back."""

    permanent = True


class ModelUnavailable(OnwardError):
    """A model that runs on this machine cannot: its extra or its weights are missing, or are not the right ones."""

    permanent = True
