"""A model as its users see it: ask it, get a value that fits, and know what it cost.

From the outside in, one question is: ``ask`` (a conversation; read the reply, and have it mended once), ``_complete``
(one reply, however many requests that takes), ``_send`` (one request, promised against the budget and paid).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from onward.attempts.context import RunContext, current_run
from onward.errors import BudgetReached, Stopped, UsageError
from onward.llm import background
from onward.llm.base import (
    Backend,
    Completion,
    Message,
    ReplyCut,
    ReplyInvalid,
    ReplyWithheld,
    Request,
    Usage,
)
from onward.llm.batches import SHARE, desk_of
from onward.llm.pacing import Pacer, shared
from onward.llm.prices import Priced
from onward.llm.schemas import Schema, described, schema_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")
Asked = str | Sequence[Message]
SchemaMode = Literal["native", "prompt"]

REPAIR = "That reply is not valid: {why}. Answer again with the whole corrected JSON, and with nothing else."
SHOWN = 200
"""Characters of a reply that messages show."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a model answered.

    Attributes:
        value: an instance of the schema, or the text where none was asked for.
        text: the reply as it came.
        model: which model made it, as the provider names it: keep it with your results.
        usage: tokens of all requests it took.
        usd: what they cost in US dollars; None if the price of the model is not known.
        requests: how many replies it took: 2 if the first one had to be mended.
    """

    value: T
    text: str
    model: str
    usage: Usage
    usd: float | None
    requests: int = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is asked. What decides about replies is part of its identity, how fast they come is not.

    Attributes:
        max_tokens, temperature, options: see :class:`~onward.llm.base.Request`.
        schema_mode: "native" has the provider enforce a schema, "prompt" tells the model of it.
        rpm, tpm: most requests and tokens a minute; None for what the provider allows.
        concurrency: most requests at a time; None to find out.
    """

    max_tokens: int = 1024
    temperature: float | None = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    schema_mode: SchemaMode = "native"
    rpm: int | None = None
    tpm: int | None = None
    concurrency: int | None = None

    @property
    def limited(self) -> bool:
        """Whether any limit was given."""
        return not (self.rpm is None and self.tpm is None and self.concurrency is None)

    def identity(self) -> dict[str, Any]:
        return {"max_tokens": self.max_tokens, "temperature": self.temperature, **self.options}


class Model:
    """A model behind one call. Get it by :func:`onward.llm.model`; use it from any thread and any event loop.

    As a parameter of a job (``params={"model": model}``) its name and its parameters are parts of the run's
    identity. In a job function its tokens and their cost count in the run, those of failed attempts too.

    Attributes:
        name: the provider and the model, such as "openai:gpt-5-mini".
        settings: how it is asked.
        price: what its tokens cost.
        pool: the name of the limits that it shares with all models of the process that have the same; None if its
            requests need no pacing.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Backend],
        price: Priced,
        settings: Settings = Settings(),
        pool: str | None = None,
    ) -> None:
        self.name = name
        self.pool = pool
        self.settings = settings
        self.price = price
        self._connect = connect
        self._connected: tuple[int, Backend] | None = None

    @overload
    async def ask(self, prompt: Asked, *, schema: type[T], system: str | None = None) -> Answer[T]: ...
    @overload
    async def ask(self, prompt: Asked, *, schema: None = None, system: str | None = None) -> Answer[str]: ...
    async def ask(self, prompt: Asked, *, schema: Any = None, system: str | None = None) -> Answer[Any]:
        """Ask, and get a whole reply that fits.

        A reply that does not fit the schema is given back once, with what is wrong with it.

        Args:
            prompt: a text, or the messages of a conversation.
            schema: pydantic model, dataclass or TypedDict that the answer's value is to be.
            system: what comes before the prompt as the system's message.

        Raises:
            ReplyInvalid, ReplyCut, ReplyWithheld: there is a reply, but none that can be used.
            Throttled, Unavailable, RequestRefused: there is none.
            KeyRefused, QuotaExhausted, BudgetReached: no other item would fare better; they stop the run.
            UsageError: the model does not answer questions, or there is no such schema.
        """
        return await background.awaited(self._ask(prompt, schema, system))

    @overload
    def ask_sync(self, prompt: Asked, *, schema: type[T], system: str | None = None) -> Answer[T]: ...
    @overload
    def ask_sync(self, prompt: Asked, *, schema: None = None, system: str | None = None) -> Answer[str]: ...
    def ask_sync(self, prompt: Asked, *, schema: Any = None, system: str | None = None) -> Answer[Any]:
        """As :meth:`ask`, for plain functions; several threads may ask at a time."""
        return background.result(self._ask(prompt, schema, system))

    def embed(self, texts: Sequence[str]) -> NDArray[Any]:
        """A unit vector for each text; only the model "embedded" has them.

        Raises:
            UsageError: the model makes none.
        """
        backend = self._backend()
        if not hasattr(backend, "embed"):
            raise UsageError(f'{self.name} makes no vectors; onward.llm.model("embedded") does')
        found: NDArray[Any] = backend.embed(texts)
        return found

    @property
    def priced(self) -> bool:
        """Whether it is known what its tokens cost."""
        return self.price.cost(Usage(1, 1)) is not None

    def close(self) -> None:
        """Give back its connections. It may be used again."""
        if self._connected is not None and self._connected[0] == os.getpid():
            background.result(self._connected[1].aclose())
        self._connected = None

    def onward_identity(self) -> Mapping[str, Any]:
        """What of it counts in a run's identity, each by its name."""
        return {"name": self.name, **self.settings.identity()}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_connected": None}  # each process has connections of its own

    def __repr__(self) -> str:
        return f"Model({self.name!r})"

    # ---------------------------------------------------------------------------------- one question

    async def _ask(self, prompt: Asked, kind: Any, system: str | None) -> Answer[Any]:
        schema = None if kind is None else schema_of(kind)
        request = self._request(_conversation(prompt, system), schema)
        first = await self._whole(request)
        if schema is None:
            return self._answer(first.text, first)
        try:
            return self._answer(schema.read(first.text), first)
        except ReplyInvalid as invalid:
            second = await self._whole(_mended(request, first.text, str(invalid)))
        try:
            return self._answer(schema.read(second.text), first, second)
        except ReplyInvalid as invalid:
            first.forget()
            second.forget()
            raise ReplyInvalid(
                f"{self.name} gave no valid {schema.name}, nor did it when told what was wrong: {invalid}. "
                f"The reply: {_start(second.text)}",
                text=second.text,
            ) from None

    def _request(self, messages: Sequence[Message], schema: Schema | None) -> Request:
        request = Request(
            messages,
            max_tokens=self.settings.max_tokens,
            temperature=self.settings.temperature,
            options=self.settings.options,
        )
        if schema is None:
            return request
        if self.settings.schema_mode == "prompt":
            return replace(request, messages=[Message("system", described(schema.json)), *messages])
        return replace(request, schema=schema.json, schema_name=schema.name)

    def _answer(self, value: Any, *completions: Completion) -> Answer[Any]:
        last = completions[-1]
        usage = sum((each.usage for each in completions), Usage())
        usd = [self._amounts(each.usage, each.share).get("usd") for each in completions]
        cost = None if None in usd else sum(each or 0.0 for each in usd)
        return Answer(value, last.text, last.model, usage, cost, len(completions))

    async def _whole(self, request: Request) -> Completion:
        completion = await self._complete(request)
        if completion.finish != "stop":
            completion.forget()
        if completion.finish == "length":
            raise ReplyCut(
                f"the reply of {self.name} was cut after {completion.usage.output_tokens} tokens: "
                f"raise max_tokens (now {request.max_tokens}), or ask for less. It began: {_start(completion.text)}"
            )
        if completion.finish == "filtered":
            why = f": {_start(completion.text)}" if completion.text else " and gave no reason"
            raise ReplyWithheld(f"{self.name} refused to answer, or its provider held the reply back{why}")
        return completion

    async def _complete(self, request: Request) -> Completion:
        """One completion, in as many requests as it takes until one is not refused for being one too many."""
        run = current_run()
        if run is not None and run.batching:
            return await self._batched(request, run)
        pacer, most = self._pacer(), _most(request)
        if pacer is None:
            return await self._send(request)
        tokens = most.input_tokens + most.output_tokens
        return await pacer.paced(lambda: self._send(request), tokens, run)

    def _pacer(self) -> Pacer | None:
        if self.pool is None:
            return None
        limits = self.settings
        return shared(self.pool, rpm=limits.rpm, tpm=limits.tpm, concurrency=limits.concurrency)

    # ----------------------------------------------------------------------------------- one request

    async def _send(self, request: Request) -> Completion:
        """One request to the back end, promised against the run's budget and paid for whatever comes of it."""
        run = current_run()
        if run is None:
            return await self._backend().complete(request)
        self._check_price(run)
        async with run.reserve(**self._amounts(_most(request))):
            try:
                completion = await self._backend().complete(request)
            except BaseException:
                run.spend(requests=1)  # of its tokens, nobody tells
                raise
            run.spend(**self._amounts(completion.usage))
            return completion

    async def _batched(self, request: Request, run: RunContext) -> Completion:
        """One request in one of the provider's batches, promised and paid for at the price of those."""
        backend = self._backend()
        api = backend.batches() if hasattr(backend, "batches") else None
        if api is None:
            raise Stopped(f"{self.name} takes no batches: leave executor= out")
        self._check_price(run)
        desk = desk_of(run, self.pool or self.name, api)
        async with AsyncExitStack() as held:
            async with desk.admission:
                await held.enter_async_context(run.reserve(**self._amounts(_most(request), SHARE)))
            completion, question = await desk.answer(request, run)
            if not question.paid:
                run.spend(**self._amounts(completion.usage, SHARE))
                question.settle()
            return replace(completion, share=SHARE, forget=question.forget)

    def _check_price(self, run: RunContext) -> None:
        if "usd" in run.budget and not self.priced:
            raise BudgetReached(
                f"a budget in USD cannot be kept, because the price of {self.name} is not known: give the model "
                "price=Price(input=..., output=...), or the run a budget in tokens"
            )

    def _amounts(self, usage: Usage, share: float = 1.0) -> dict[str, float]:
        """A usage as amounts of a run, at a share of the price; without "usd" if the price is not known."""
        tokens: dict[str, float] = {
            "requests": 1,
            "tokens": usage.input_tokens + usage.output_tokens,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
        }
        usd = self.price.cost(usage)
        return tokens if usd is None else {"usd": usd * share, **tokens}

    def _backend(self) -> Backend:
        if self._connected is None or self._connected[0] != os.getpid():
            self._connected = os.getpid(), self._connect()
        return self._connected[1]


def _conversation(prompt: Asked, system: str | None) -> list[Message]:
    before = [Message("system", system)] if system else []
    return [*before, Message("user", prompt)] if isinstance(prompt, str) else [*before, *prompt]


def _mended(request: Request, reply: str, why: str) -> Request:
    again = Message("assistant", reply.strip() or "(nothing)"), Message("user", REPAIR.format(why=why))
    return replace(request, messages=[*request.messages, *again])


def _most(request: Request) -> Usage:
    """At most what a request will use, without asking for its tokenizer.

    Three bytes of UTF-8 a token is less than tokenizers of today need on prose in any script; a few tokens mark
    each message, and the schema is read as well.
    """
    said = sum(len(message.content.encode()) for message in request.messages)
    asked = len(repr(request.schema)) if request.schema else 0
    return Usage((said + asked) // 3 + 8 * len(request.messages) + 16, request.max_tokens)


def _start(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
