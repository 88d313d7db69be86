"""What back ends over a provider's own client share: one request, its errors translated, its stream read to the end."""

from __future__ import annotations

import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onward.errors import KeyRefused
from onward.llm import background
from onward.llm.base import (
    Completion,
    Finish,
    RateLimits,
    ReplyCut,
    Request,
    Unavailable,
    Usage,
    read_at_most,
)
from onward.llm.batches import BatchApi
from onward.llm.responses import limits, refuses_steadiness, translated


@dataclass(frozen=True, slots=True)
class Access:
    """How a provider is reached.

    Attributes:
        base_url: None for the provider itself.
        api_key: from the environment's ``key_variable`` if None; servers of one's own need none.
        timeout: seconds for a request; of a stream, for each piece.
        stream: whether to have the reply in pieces.
    """

    base_url: str | None
    api_key: str | None
    key_variable: str
    timeout: float
    stream: bool = False

    def key(self, name: str) -> str:
        """The API key.

        Raises:
            KeyRefused: there is none.
        """
        found = self.api_key or os.environ.get(self.key_variable) or ("none" if self.base_url else None)
        if found is None:
            raise KeyRefused(f"{name} needs an API key: set {self.key_variable}, then run again: it goes on")
        return found


@dataclass(slots=True)
class Told:
    """A reply as far as the provider has told it.

    Attributes:
        reason: why it ended; None until it says so.
        usage: None if it says nothing of it.
    """

    text: str = ""
    reason: str | None = None
    usage: Usage | None = None
    model: str = ""


class ClientBackend(ABC):
    """One request by a client whose own retries are off.

    Attributes:
        name: what the model is called here, with the provider.
        model: what the provider calls it.
        failure: the root of the errors that the client raises.
        finishes: what the provider's reasons to end a reply mean.
    """

    failure: type[Exception]
    finishes: Mapping[str, Finish]

    def __init__(self, name: str, model: str, access: Access) -> None:
        self.name = name
        self.model = model
        self._stream = access.stream
        self._takes_temperature = True
        self._client = self._connected(access)
        background.when_gone(self, self._client.close)

    @abstractmethod
    def _connected(self, access: Access) -> Any:
        """The provider's client."""

    @abstractmethod
    async def _create(self, parameters: dict[str, Any]) -> Any:
        """The client's raw response."""

    @abstractmethod
    def _parameters(self, request: Request, temperature: float | None) -> dict[str, Any]:
        """The request as the client takes it."""

    @abstractmethod
    def _whole(self, reply: Any) -> Told:
        """What a reply in one piece says; AttributeError, TypeError or IndexError if it is no reply."""

    @abstractmethod
    def _add(self, told: Told, piece: Any) -> None:
        """What a piece of a stream adds."""

    async def aclose(self) -> None:
        await self._client.close()

    async def complete(self, request: Request) -> Completion:
        try:
            response = await self._asked(request)
            told = await self._told(response)
        except self.failure as error:
            raise translated(error, self.name) from error
        if told.usage is None:
            told.usage = _estimated(request, told.text)
        return self._completed(told, limits(response.headers))

    def _completed(self, told: Told, limits: RateLimits | None) -> Completion:
        finish = self.finishes.get(told.reason) if told.reason else None
        if finish is None:
            why = "before it said that it was whole" if told.reason is None else f"because of {told.reason!r}"
            raise ReplyCut(f"the reply of {self.name} ended {why}", permanent=told.reason is not None)
        return Completion(told.text, told.usage or Usage(), told.model or self.model, finish, limits)

    async def _asked(self, request: Request) -> Any:
        temperature = self._temperature(request)
        try:
            return await self._create(self._parameters(request, temperature))
        except self.failure as error:
            if temperature is None or not self.forgo_temperature(error, request):
                raise
            return await self._create(self._parameters(request, None))

    def _temperature(self, request: Request) -> float | None:
        return request.temperature if self._takes_temperature else None

    def forgo_temperature(self, error: Any, request: Request) -> bool:
        """Whether the request came to nothing for its temperature alone; from then on none is sent."""
        if not refuses_steadiness(error, request):
            return False
        self._takes_temperature = False
        return True

    # In a batch

    @property
    def client(self) -> Any:
        """The provider's client."""
        return self._client

    def batches(self) -> BatchApi | None:
        """Its requests in batches; None if the provider makes none."""
        return None

    def body(self, request: Request) -> dict[str, Any]:
        """The request as JSON."""
        found = self._parameters(request, self._temperature(request))
        extra = found.pop("extra_body", {})
        return {name: value for name, value in {**found, **extra}.items() if not name.startswith("stream")}

    def read(self, reply: Any) -> Completion:
        """A reply in one piece."""
        return self._completed(self._in_one(reply), None)

    async def _told(self, response: Any) -> Told:
        try:
            reply = response.parse()
            if inspect.isawaitable(reply):  # as one client has it, and the other will
                reply = await reply
        except ValueError as error:
            raise ReplyCut(f"the reply of {self.name} is broken off: {error}", permanent=False) from error
        return await self._streamed(reply) if self._stream else self._in_one(reply)

    def _in_one(self, reply: Any) -> Told:
        try:
            return self._whole(reply)
        except (AttributeError, TypeError, IndexError) as error:
            raise Unavailable(
                f"{self.name} answered with something that is no reply: {reply!r:.200}"
            ) from error

    async def _streamed(self, stream: Any) -> Told:
        from httpx2 import HTTPError

        told = Told()
        try:
            async with stream:
                async for piece in stream:
                    self._add(told, piece)
        except (HTTPError, ValueError) as error:
            raise ReplyCut(f"the reply of {self.name} broke off: {error!r}", permanent=False) from error
        return told


def _estimated(request: Request, text: str) -> Usage:
    """What a server used that does not say: rather too much, so that a budget of tokens means something."""
    return Usage(read_at_most(request), len(text.encode()) // 3 + 1)
