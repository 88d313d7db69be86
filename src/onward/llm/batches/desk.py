"""Collects what a session asks of a model into batches, and hands each answer to who asked.

A batch is *reserved* (a note of the run holds the reservation, a step of each item says which of its requests are in
it; all durable), then *submitted*, then its id is *saved* (durable), then it is polled, and collected when it has
ended. Killed anywhere, the next session finds the reservation: with an id it goes on polling; without one it asks the
provider whether there is such a batch, and only if there is none do its requests go into another. A request that is
repeated is told by its text and its place among the like ones of its item, so the answers find those who ask again.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from onward import faults
from onward.attempts.context import RunContext
from onward.errors import OnwardError, Stopped
from onward.llm.base import Completion, Request, RequestRefused, Throttled, Unavailable
from onward.llm.batches.base import Again, BatchApi, Reply
from onward.llm.batches.question import Question
from onward.stop import Abandoned

T = TypeVar("T")

QUIET, LONGEST_QUIET = 2.0, 30.0
"""Seconds without a new request after which a batch is made, and the longest wait for that."""

POLL, LONGEST_POLL = 5.0, 60.0
"""Seconds between two looks at a batch, at first and at last."""

LOOK_AGAIN = 30.0
"""Seconds after which a batch that was not found is looked for once more: a request sent just before a crash may
have been on its way."""

CROWDED = 300.0
"""Seconds to the next try when the provider's queue is full."""

PATIENCE = 1800.0
"""Seconds that the provider may be out of reach before the run stops, to be resumed."""

TRIES = 5
"""Batches that a request may expire in before it fails."""

LOOK = 0.2
"""Seconds between two looks whether the session stops."""


@dataclass
class Ticket:
    """A batch, as the run's note keeps it.

    Attributes:
        reservation: its name with us.
        at: wall time of the reservation.
        requests: how many are in it.
        batch: its name with the provider, None until that is known.
    """

    reservation: str
    at: float
    requests: int
    batch: str | None = None


class Desk:
    """One session's batches of one model; all of it happens in one event loop.

    Args:
        note: name of the note that the run keeps.

    Attributes:
        admission: who must wait for room in a budget waits in here, so that not all of thousands ask for it.
    """

    def __init__(self, api: BatchApi, note: str, run: RunContext) -> None:
        self.api = api
        self._run = run
        self._tickets = {each["reservation"]: Ticket(**each) for each in run.note(note) or []}
        self._pending: list[Question] = []
        self._waiting: dict[str, dict[str, Question]] = {}
        self._open: set[Question] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._submitting = asyncio.Lock()
        self.admission = asyncio.Lock()
        self._most = api.most_requests
        run.keep_note(note, self._noted)

    async def answer(self, request: Request, run: RunContext) -> tuple[Completion, Question]:
        """What the provider answers, hours later; and the question, which can be forgotten.

        Raises:
            ModelError: the request came to nothing.
            Stopped: the provider takes no batches, or not from this key.
            Abandoned: the session stops.
        """
        question = Question(request, run, asyncio.get_running_loop().create_future())
        self._run = run
        self._open.add(question)
        try:
            self._start("watch", self._watch)
            self._place(question)
            return await question.answer, question
        finally:
            self._open.discard(question)
            self._waiting.get(question.reservation or "", {}).pop(question.custom_id, None)

    def _place(self, question: Question) -> None:
        """Where it is waited for: with the batch that it is in, or for the next one."""
        ticket = self._tickets.get(question.reservation or "")
        if ticket is None:
            self._queue(question)
        else:
            self._waiting.setdefault(ticket.reservation, {})[question.custom_id] = question
            self._start(ticket.reservation, functools.partial(self._follow, ticket))

    def _queue(self, question: Question) -> None:
        self._pending.append(question)
        self._start("send", self._send)

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have the work done, unless it is being done."""
        running = self._tasks.get(name)
        if running is None or running.done():
            self._tasks[name] = asyncio.get_running_loop().create_task(work())

    def _noted(self) -> list[dict[str, Any]]:
        return [asdict(ticket) for ticket in list(self._tickets.values())]

    async def _watch(self) -> None:
        """Let all go home when the session stops; but not in the middle of a submission."""
        while self._open:
            await asyncio.sleep(LOOK)
            if self._run.stopping:
                async with self._submitting:
                    _fail(list(self._open), Abandoned)
                for name, task in self._tasks.items():
                    if name != "watch":
                        task.cancel()
                self._pending.clear()
                return

    # Reserve, submit, save

    async def _send(self) -> None:
        while self._pending:
            await self._gathered()
            async with self._submitting:
                questions, lines, reservation = self._next()
                if not questions:
                    continue
                try:
                    await self._submit(reservation, questions, lines)
                except Exception as error:  # noqa: BLE001 - who asked gets it
                    _fail(questions, _stopping(error))

    async def _gathered(self) -> None:
        """Return when nobody asks any more for a while, or a batch is full."""
        until = time.monotonic() + LONGEST_QUIET
        seen = -1
        while seen != len(self._pending) < self._most and time.monotonic() < until:
            seen = len(self._pending)
            await asyncio.sleep(QUIET)

    def _next(self) -> tuple[list[Question], list[bytes], str]:
        """As many pending questions as one batch may hold, and their lines."""
        reservation = secrets.token_hex(8)
        questions: list[Question] = []
        lines: list[bytes] = []
        size = 0
        while self._pending and len(questions) < self._most:
            question = self._pending[0]
            line = self.api.line(question.custom_id_in(reservation), question.request)
            if lines and size + len(line) + 1 > self.api.most_bytes:
                break
            self._pending.pop(0)
            if question.answer.done():
                continue
            if len(line) > self.api.most_bytes:
                question.fail(RequestRefused(f"a request of {len(line)} bytes is too long for a batch"))
                continue
            questions.append(question)
            lines.append(line)
            size += len(line) + 1
        return questions, lines, reservation

    async def _submit(self, reservation: str, questions: list[Question], lines: Sequence[bytes]) -> None:
        ticket = Ticket(reservation, time.time(), len(questions))
        self._tickets[reservation] = ticket
        for question in questions:
            question.enter(reservation)
        self._waiting[reservation] = {each.custom_id: each for each in questions}
        await self._run.asave()
        faults.point("batch.reserved")
        try:
            ticket.batch = await self._made(ticket, lines)
        except (Unavailable, Throttled):  # nobody knows whether there is one now: the next session asks
            raise
        except OnwardError:  # the provider said no
            self._void(ticket)
            raise
        faults.point("batch.submitted")
        await self._run.asave()
        faults.point("batch.saved")
        self._start(reservation, functools.partial(self._follow, ticket))

    async def _made(self, ticket: Ticket, lines: Sequence[bytes]) -> str:
        """The batch's id, once there is one: looked for before it is submitted again."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self.api.submit(ticket.reservation, lines)
            except (Unavailable, Throttled) as error:
                found = await self._find(ticket)
                if found is not None:
                    return found
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(error.retry_after or POLL)

    async def _find(self, ticket: Ticket) -> str | None:
        """The batch of a reservation that may have been submitted or not."""
        others = {each.batch for each in self._tickets.values() if each.batch is not None}
        look = functools.partial(self.api.find, ticket.reservation, ticket.at, ticket.requests, others)
        found = await self._patiently(look)
        if found is None:
            await asyncio.sleep(LOOK_AGAIN)
            found = await self._patiently(look)
        return found

    def _void(self, ticket: Ticket) -> None:
        """There is no such batch: its questions are in none."""
        del self._tickets[ticket.reservation]
        self._waiting.pop(ticket.reservation, None)

    # Poll, collect

    async def _follow(self, ticket: Ticket) -> None:
        """See a batch through, for those who wait for it."""
        waiting = self._waiting.setdefault(ticket.reservation, {})
        try:
            if ticket.batch is None and not await self._found(ticket):
                for question in waiting.values():
                    self._queue(question)
                return
            await self._ended(ticket.batch or "")
            faults.point("batch.ended")
            while waiting:
                await self._collect(ticket, waiting)
        except Exception as error:  # noqa: BLE001 - who asked gets it
            _fail(list(waiting.values()), _stopping(error))

    async def _found(self, ticket: Ticket) -> bool:
        ticket.batch = await self._find(ticket)
        if ticket.batch is None:
            self._void(ticket)
            return False
        await self._run.asave()
        return True

    async def _ended(self, batch: str) -> None:
        pause = POLL
        while not await self._patiently(functools.partial(self.api.ended, batch)):
            await asyncio.sleep(pause)
            pause = min(LONGEST_POLL, 1.5 * pause)

    async def _collect(self, ticket: Ticket, waiting: dict[str, Question]) -> None:
        """Hand out what came of the batch; who comes while it is read waits for the next reading."""
        await asyncio.sleep(min(QUIET, 0.5))  # after a resume many come at a time
        asked = dict(waiting)

        async def read() -> None:
            async for custom_id, told in self.api.replies(ticket.batch or ""):
                question = asked.pop(custom_id, None)
                if question is not None:
                    self._hand_out(question, self.api.reply(told, question.request), ticket)

        await self._patiently(read)
        faults.point("batch.collected")
        for question in asked.values():
            self._hand_out(question, Again("it is not among the results of its batch"), ticket)

    def _hand_out(self, question: Question, reply: Reply, ticket: Ticket) -> None:
        self._waiting.get(question.reservation or "", {}).pop(question.custom_id, None)
        match reply:
            case Completion():
                question.succeed(reply)
            case Again():
                self._again(question, reply, ticket)
            case error:
                question.forget()
                question.fail(error)

    def _again(self, question: Question, reply: Again, ticket: Ticket) -> None:
        question.forget()
        question.tries += not reply.crowded
        if question.tries >= TRIES:
            question.fail(Unavailable(f"in {TRIES} batches it came to nothing: {reply.why}"))
        elif reply.crowded:
            self._most = max(1, min(self._most, ticket.requests // 2))
            asyncio.get_running_loop().call_later(CROWDED, self._queue, question)
        else:
            self._queue(question)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """What the work gives, though the provider may be out of reach for a while: the batch does not go away."""
        pause, until = POLL, time.monotonic() + PATIENCE
        while True:
            try:
                return await work()
            except (Unavailable, Throttled) as error:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(error.retry_after or pause)
                pause = min(LONGEST_POLL, 2 * pause)


def _fail(questions: Sequence[Question], error: Callable[[], BaseException]) -> None:
    for question in questions:
        question.fail(error())


def _stopping(error: Exception) -> Callable[[], Stopped]:
    """What goes wrong with a batch concerns all of its requests: the run stops, rather than fail them all.

    An error for each, because what is raised grows a traceback.
    """
    kind = type(error) if isinstance(error, Stopped) else Stopped
    said = str(error) if isinstance(error, OnwardError) else repr(error)
    text = said if isinstance(error, Stopped) else f"the batch could not be made or read: {said}"
    return lambda: kind(text)
