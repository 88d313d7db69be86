"""What a provider's batch API is to the desk that uses it.

A batch is a list of requests, each under a custom id, that the provider answers within a day, for less money. The
contract:

* ``submit`` makes one batch or raises. If it raises ``Unavailable``, the batch may have been made all the same.
* ``find`` says whether a batch of that reservation was made, without making one. What cannot be told yet it waits for.
* ``replies`` gives what came of the requests of a batch that has ended, in any order; what is missing has expired.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from onward.errors import OnwardError
from onward.llm.base import Completion, ModelError, Request, Throttled
from onward.llm.responses import translated

SHARE = 0.5
"""What a request in a batch costs, as a share of its list price. OpenAI ("50% cost discount compared to synchronous
APIs", Batch API guide) and Anthropic ("50% of the standard API prices", Batch processing guide), both in 2026."""


@dataclass(frozen=True, slots=True)
class Again:
    """A request came to nothing, and is to be asked again in another batch.

    Attributes:
        crowded: the provider has too much in its queue; the next batch is smaller, and comes later.
    """

    why: str
    crowded: bool = False


Reply = Completion | OnwardError | Again


class Client(Protocol):
    """What a batch API needs of the back end whose requests it takes.

    Attributes:
        client: the provider's.
        failure: the root of the errors that it raises.
    """

    name: str
    failure: type[Exception]

    @property
    def client(self) -> Any: ...

    def body(self, request: Request) -> dict[str, Any]:
        """The request as JSON."""

    def read(self, reply: Any) -> Completion:
        """A reply; raises ``ModelError`` if it cannot be used."""

    def forgo_temperature(self, error: Any, request: Request) -> bool:
        """Whether the request is to be made again without a temperature."""


class BatchApi(Protocol):
    """One model's requests in batches.

    Attributes:
        most_requests, most_bytes: what one batch holds.
    """

    most_requests: int
    most_bytes: int

    def line(self, custom_id: str, request: Request) -> bytes:
        """A request as a line of JSON."""

    async def submit(self, reservation: str, lines: Sequence[bytes]) -> str:
        """Make a batch of these lines; its id."""

    async def find(self, reservation: str, since: float, requests: int, others: Set[str]) -> str | None:
        """The id of the batch that was made for a reservation, None if there is none.

        Args:
            since: wall time; it was made no earlier.
            requests: how many it has.
            others: ids of batches that are known to be of other reservations.
        """

    async def ended(self, batch: str) -> bool:
        """Whether the provider is done with it."""

    def replies(self, batch: str) -> AsyncIterator[tuple[str, Any]]:
        """Custom ids, and what came of each, as :meth:`reply` reads it."""

    def reply(self, told: Any, request: Request) -> Reply:
        """What came of one request."""


def reading(client: Client, reply: Any) -> Reply:
    """A reply, or the error that it is."""
    try:
        return client.read(reply)
    except ModelError as error:
        return error


def refused(client: Client, status: int, body: Any, request: Request) -> Reply:
    """What it means that the provider refused one request of a batch."""
    answered = _answered(status, body)
    if client.forgo_temperature(answered, request):
        return Again("the model takes no temperature")
    found = translated(answered, client.name)
    return Again(str(found)) if isinstance(found, Throttled) else found


def _answered(status: int, body: Any) -> Any:
    """The answer to one request of a batch, in the shape that errors of the providers' clients have."""
    return SimpleNamespace(
        status_code=status, body=body, message=str(body), response=SimpleNamespace(headers={})
    )
