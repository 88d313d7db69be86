"""Acts on the world outside, such as a payment or a message, that a crash or a retry must not repeat.

An act's *intent* is durable before it, its result soon after. An intent without a result is *in doubt*: the act may
have been done or not, and only the world outside can tell. This is the intent log of transaction processing (Gray
and Reuter, 1992) with the idempotency keys of HTTP APIs (draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, cast

import msgspec

from onward import faults
from onward.attempts.context import Attempt, attempt_for
from onward.attempts.reservation import in_event_loop
from onward.attempts.steps import restored
from onward.attempts.threads import in_thread
from onward.codec import encode
from onward.errors import InDoubt, NotDone, UsageError

Reconcile = Callable[[Any, str, str], Any]
"""``reconcile(item, name, idempotency_key)``, plain or a coroutine function: a :class:`Done`, "redo" or "leave"."""


@dataclass(frozen=True, slots=True)
class Done:
    """What ``reconcile`` gives for an act that was done: with the result it had, as ``once`` is to return it."""

    value: Any = None


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored of an act.

    Attributes:
        state: "begun" is in doubt, "withdrawn" was not done.
        at: Unix seconds when it was begun; 0 if that is not known.
        digest: of the item's content then.
        error: how it ended, if by an exception.
    """

    state: Literal["begun", "done", "withdrawn"]
    at: float = 0.0
    digest: int = 0
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: str = ""


def read(raw: bytes) -> Record:
    """What is stored of an act."""
    return msgspec.json.decode(raw, type=Record)


class _Ask(NamedTuple):
    """A question to ``reconcile``."""

    reconcile: Reconcile


class _Save(NamedTuple):
    """What was kept must be durable before it goes on."""


class _Act(NamedTuple):
    """The act itself."""


_Wish = _Ask | _Save | _Act


def once(name: str, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Act on the world outside, and never again for this item: ``fn(*args, idempotency_key=..., **kwargs)``.

    Before it acts, its intent is made durable; what it returns is kept like a step's result, and a resume or a retry
    takes it from there. If a crash, an exception or a stop fell in between, the act is in doubt: ``reconcile`` is
    asked, or ``in_doubt`` says what to do. A function that knows that it has done nothing raises
    :class:`~onward.NotDone`.

    ``idempotency_key`` is a UUID made from job, run, item key and ``name``, and for items without a key from position
    and content: the same in every session and after a restart. In a coroutine function the call is awaited; a plain
    ``fn`` then runs in a thread.

    Raises:
        InDoubt: it may have been done before.
        UsageError: outside an item, or the name occurs twice in it.
        ValueRefused: the result cannot be saved.
        StoreError: the intent could not be saved; nothing was done.
    """
    attempt = attempt_for("once")
    if not name:
        raise UsageError("onward.once() needs a name for the act, its own within the item")
    act = _OneAct(attempt, name, fn, args, kwargs)
    if inspect.iscoroutinefunction(fn) or (attempt.home.asynchronous and in_event_loop()):
        return act.run_async()
    return act.run()


class _OneAct:
    def __init__(
        self,
        attempt: Attempt,
        name: str,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._attempt = attempt
        self._home = attempt.home
        self._item = attempt.item
        self._name = name
        self._fn = fn
        self._args = args
        self._key = self._idempotency_key()
        self._kwargs = {**kwargs, "idempotency_key": self._key}

    def _idempotency_key(self) -> str:
        import uuid

        parts = [self._home.job, self._home.run, self._home.effect_of(self._item), self._name]
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "onward:once:" + msgspec.json.encode(parts).decode()))

    # One way for plain code and event loops

    def _course(self) -> Generator[_Wish, Any, Any]:
        self._attempt.claim(self._name, "once")
        found = self._found()
        if found is not None and found.state == "done" and found.digest == self._item.digest:
            return restored(self._fn, bytes(found.value))
        if found is not None:
            done = yield from self._resolve(found)
            if done is not None:
                return self._finish(done.value)
        if found is None or found.state == "done" or not found.at:
            self._keep(Record("begun", time.time(), self._item.digest))
            faults.point("once.begun")
            try:
                yield _Save()
            except BaseException:  # broken off before the act: what was known of it stays
                self._keep(found if found is not None and found.at else Record("withdrawn"))
                raise
        faults.point("once.intended")
        try:
            value = yield _Act()
            faults.point("once.acted")
        except NotDone:
            self._keep(Record("withdrawn"))
            raise
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
            self._keep(Record("begun", time.time(), self._item.digest, error=text))
            raise
        return self._finish(value)

    def _found(self) -> Record | None:
        """What is known of the act; None if it was not begun."""
        raw = self._home.effect(self._item, self._name)
        if raw is not None:
            found = read(raw)
            if found.state != "withdrawn":
                return found
        return Record("begun") if self._home.redone(self._item) else None

    def _resolve(self, found: Record) -> Generator[_Wish, Any, Done | None]:
        """An act in doubt: what it gave if it was done, None to do it.

        Raises:
            InDoubt
        """
        home = self._home
        answer = home.in_doubt if home.reconcile is None else (yield _Ask(home.reconcile))
        if isinstance(answer, Done):
            return answer
        if answer == "redo":
            return None
        if answer not in ("fail", "leave"):
            raise UsageError(
                f'reconcile gave {answer!r} for {self._name!r}; onward.Done(value), "redo" or "leave"'
            )
        raise InDoubt(self._doubt(found))

    def _doubt(self, found: Record) -> str:
        when = f" at {datetime.fromtimestamp(found.at, UTC):%Y-%m-%d %H:%M:%S} UTC" if found.at else ""
        if found.digest == self._item.digest and found.at:
            how = f"was begun{when}, and no result of it is known" + (
                f" ({found.error})" if found.error else ""
            )
        else:
            how = f"was begun{when}, when the item had another content"
        way = (
            "look there, then retry failed items"
            if self._home.reconcile is not None
            else 'give reconcile= that looks there, or in_doubt="redo" if twice does no harm; then retry failed items'
        )
        return f"{self._name!r} may have been done for item {self._item.key!r}: it {how}; {way}"

    def _keep(self, record: Record) -> None:
        self._home.keep_effect(self._item, self._name, msgspec.json.encode(record))

    def _finish(self, value: Any) -> Any:
        raw = encode(value, f"the result of {self._name!r} of item {self._item.key!r}")
        self._keep(Record("done", time.time(), self._item.digest, msgspec.Raw(raw)))
        faults.point("once.kept")
        self._home.when_saved(lambda _: faults.point("once.saved"))
        return restored(self._fn, raw)

    # Plain code

    def run(self) -> Any:
        course = self._course()
        try:
            wish = next(course)
            while True:
                try:
                    answer = self._obey(wish)
                except BaseException as error:
                    wish = course.throw(error)
                else:
                    wish = course.send(answer)
        except StopIteration as end:
            return end.value

    def _obey(self, wish: _Wish) -> Any:
        if isinstance(wish, _Save):
            return self._attempt.save()
        if isinstance(wish, _Act):
            return self._fn(*self._args, **self._kwargs)
        if inspect.iscoroutinefunction(wish.reconcile):
            raise UsageError(
                "reconcile= is a coroutine function, and the job's function is not; make both the same"
            )
        return wish.reconcile(self._item.value, self._name, self._key)

    # Event loops

    async def run_async(self) -> Any:
        course = self._course()
        try:
            wish = next(course)
            while True:
                try:
                    answer = await self._obey_async(wish)
                except BaseException as error:
                    wish = course.throw(error)
                else:
                    wish = course.send(answer)
        except StopIteration as end:
            return end.value

    async def _obey_async(self, wish: _Wish) -> Any:
        if isinstance(wish, _Save):
            return await self._attempt.asave()
        if isinstance(wish, _Act):
            return await _called(self._fn, *self._args, **self._kwargs)
        return await _called(wish.reconcile, self._item.value, self._name, self._key)


async def _called(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a plain function, in a thread, or a coroutine function gives."""
    if inspect.iscoroutinefunction(fn):
        return await cast("Awaitable[Any]", fn(*args, **kwargs))
    return await in_thread(lambda: fn(*args, **kwargs))
