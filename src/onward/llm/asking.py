"""A model as its users see it: ask it, get a value that fits, and know what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from onward.errors import UsageError
from onward.llm import background
from onward.llm.base import (
    Completion,
    Message,
    ReplyCut,
    ReplyInvalid,
    ReplyWithheld,
    Request,
    Usage,
)
from onward.llm.line import Line
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
    """What decides about replies, beside the model; it is part of a run's identity.

    Attributes:
        max_tokens, temperature, options: see :class:`~onward.llm.base.Request`.
        schema_mode: "native" has the provider enforce a schema, "prompt" tells the model of it.
    """

    max_tokens: int = 1024
    temperature: float | None = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    schema_mode: SchemaMode = "native"

    def identity(self) -> dict[str, Any]:
        told = {} if self.schema_mode == "native" else {"schema_mode": self.schema_mode}
        return {"max_tokens": self.max_tokens, "temperature": self.temperature, **told, **self.options}


class Model:
    """A model behind one call. Get it by :func:`onward.llm.model`; use it from any thread and any event loop.

    As a parameter of a job (``params={"model": model}``) its name and its parameters are parts of the run's
    identity. In a job function its tokens and their cost count in the run, those of failed attempts too.

    Attributes:
        line: what connects it: its back end, its limits, its price.
        settings: what decides about its replies.
    """

    def __init__(self, line: Line, settings: Settings = Settings()) -> None:
        self.line = line
        self.settings = settings

    @property
    def name(self) -> str:
        """The provider and the model, such as "openai:gpt-5-mini"."""
        return self.line.name

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
        backend = self.line.backend()
        if not hasattr(backend, "embed"):
            raise UsageError(f'{self.name} makes no vectors; onward.llm.model("embedded") does')
        found: NDArray[Any] = backend.embed(texts)
        return found

    @property
    def priced(self) -> bool:
        """Whether it is known what its tokens cost."""
        return self.line.priced

    def close(self) -> None:
        """Give back its connections. It may be used again."""
        self.line.close()

    def onward_identity(self) -> Mapping[str, Any]:
        """What of it counts in a run's identity, each by its name."""
        return {"name": self.name, **self.settings.identity()}

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
        return Answer(value, last.text, last.model, usage, self.line.cost(completions), len(completions))

    async def _whole(self, request: Request) -> Completion:
        completion = await self.line.complete(request)
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


def _conversation(prompt: Asked, system: str | None) -> list[Message]:
    before = [Message("system", system)] if system else []
    return [*before, Message("user", prompt)] if isinstance(prompt, str) else [*before, *prompt]


def _mended(request: Request, reply: str, why: str) -> Request:
    again = Message("assistant", reply.strip() or "(nothing)"), Message("user", REPAIR.format(why=why))
    return replace(request, messages=[*request.messages, *again])


def _start(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
