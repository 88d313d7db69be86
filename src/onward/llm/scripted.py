"""A model that answers what a test tells it to."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from onward.codec import encode
from onward.llm.base import Completion, ModelError, Request, Usage

Reply = Any
"""A text; a value, which is answered as JSON; a Completion; or an exception, which is raised."""


class Scripted:
    """A back end for tests of what you build on a model: ``onward.llm.model(Scripted([...]))``.

    It counts three bytes as a token and costs nothing.

    Args:
        replies: what to answer, in the order asked; or a function that gets the prompt (the last message's text)
            and returns the answer. An answer is a text, a value that goes out as JSON (a dict, a pydantic model), a
            :class:`~onward.llm.base.Completion`, or an exception, which is raised: any error of a back end.
        name: what the model is called.

    Attributes:
        requests: all that was asked, in order.
    """

    def __init__(self, replies: Iterable[Reply] | Callable[[str], Reply], *, name: str = "scripted") -> None:
        self.name = name
        self.requests: list[Request] = []
        self._answer = replies if callable(replies) else _Queue(replies)
        self._asking = threading.Lock()

    async def complete(self, request: Request) -> Completion:
        prompt = request.messages[-1].content
        with self._asking:
            self.requests.append(request)
            reply = self._answer(prompt)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, Completion):
            return reply
        text = reply if isinstance(reply, str) else encode(reply, "the reply").decode()
        said = sum(len(message.content.encode()) for message in request.messages)
        return Completion(text, Usage(said // 3, len(text.encode()) // 3), self.name)

    async def aclose(self) -> None:
        """Nothing is open."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_asking"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _asking=threading.Lock())


class _Queue:
    """Replies in the order asked."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        self._left = deque(replies)

    def __call__(self, prompt: str) -> Reply:
        if not self._left:
            raise ModelError(f"the script has no reply left for {prompt[:80]!r}")
        return self._left.popleft()
