"""The call whose function runs in another process: what goes there in groups, and what is made of what comes back.

The first attempt at each unit is made with the others of its group. What does not succeed goes the way of
:mod:`onward.attempts.calls` from where that has left it, as one that was tried here would; only the function's place is
taken by a question to a worker.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from onward import errors
from onward.attempts.calls import SyncCall
from onward.attempts.context import Attempt, BatchAttempt
from onward.attempts.course import Policy, Tally
from onward.attempts.failures import Reported, crashed
from onward.codec import decode
from onward.errors import BatchMismatch, OnwardError, Skip, Stopped, UsageError, ValueRefused
from onward.executors.base import Unit
from onward.executors.processes.channels import Channels, Died, Ends
from onward.executors.processes.groups import Groups, Pace
from onward.executors.processes.work import Reply, Result, Told
from onward.model import Settled
from onward.stop import Abandoned


class SentTally(Tally):
    """What happened to a unit that is sent: the worker says how long it took and what it counted."""

    __slots__ = ("took",)

    def __init__(self, policy: Policy, unit: Unit) -> None:
        super().__init__(policy, unit)
        self.took = 0.0

    @property
    def argument(self) -> Any:
        """What the function's stand-in gets: all of it."""
        return self

    @property
    def entry(self) -> tuple[Sequence[Any], Any]:
        """What goes to the worker."""
        return [item.key for item in self.unit], super().argument

    def end(self, error: Exception | None = None) -> None:
        self.spent += self.took
        self.took = 0.0
        self.error = error

    def succeeded(self, returned: Sequence[Result | None]) -> list[Settled]:
        pairs = zip(self.unit, returned, strict=True)
        return [self._settled(item, *result) for item, result in pairs if result is not None]


class SentCall:
    """See the module.

    Args:
        policy: ``fn`` and ``params`` of it are in the order that workers have.
        max_crashes: workers that a unit may kill while it is alone in one.
    """

    def __init__(self, policy: Policy, channels: Channels, max_crashes: int) -> None:
        self._timeout = policy.timeout
        self._policy = replace(policy, fn=self._stand_in, params={}, timeout=None, flight=None)
        self._single = SyncCall(self._policy)
        self._channels = channels
        self._max_crashes = max_crashes
        self._crashes: dict[int, int] = {}
        self._pace = Pace()
        self._groups: Groups[SentTally]

    def grouped(self, units: Iterator[Unit]) -> Iterator[list[SentTally]]:
        """What the call takes at a time. With a limit to ask or a timeout to watch, that is one."""
        policy = self._policy
        singly = policy.permission is not None or self._timeout is not None
        self._groups = Groups(
            units,
            lambda unit: SentTally(policy, unit),
            None if singly else self._pace,
            lambda: policy.stop.requested,
        )
        return self._groups

    def __call__(self, group: list[SentTally]) -> list[Settled]:
        try:
            if self._policy.stop.requested:
                return []
            return self._single.go_on(group[0]) if len(group) == 1 else self._together(group)
        except Died as died:
            return self._after_crash(group, str(died))
        except Ends as ends:
            raise ends.error from ends.error.__cause__

    def free_slot(self) -> None:
        """Wait until no late attempt of this thread is running."""
        self._channels.free_slot()

    def close(self) -> None:
        """Nothing more is called."""
        self._channels.close()

    def _stand_in(self, tally: SentTally) -> Sequence[Result | None]:
        try:
            return self._meant(tally, self._exchange([tally])[0])
        except TimeoutError:
            tally.took = self._timeout or 0.0
            raise

    # A group, and what becomes of each in it

    def _together(self, group: list[SentTally]) -> list[Settled]:
        try:
            replies = self._exchange(group)
        except Abandoned:
            return []
        settled: list[Settled] = []
        for tally, reply in zip(group, replies, strict=False):
            try:
                settled += self._first(tally, reply)
            except (
                Ends,
                ValueRefused,
                BatchMismatch,
            ) as error:  # what the others gave is settled before it ends
                self._groups.error = error.error if isinstance(error, Ends) else error
                return settled
        if len(replies) < len(group):
            self._groups.again.append(group[len(replies) :])
        return settled

    def _first(self, tally: SentTally, reply: Reply) -> list[Settled]:
        if not isinstance(reply, Told):
            return [Settled(tally.unit[0], "succeeded", reply[0], None, 1, reply[1])]
        tally.attempts = 1
        try:
            results = self._meant(tally, reply)
        except Exception as error:
            tally.end(error)
            return self._decided(tally, error)
        tally.end()
        return tally.succeeded(results)

    def _decided(self, tally: SentTally, error: Exception) -> list[Settled]:
        """Of who needs more calls, or a wait, nobody in the group is kept waiting."""
        known = isinstance(error, Skip | Stopped | ValueRefused | BatchMismatch)
        retries = self._policy.retries
        again = len(tally.unit) > 1 or (retries.times and not retries.is_permanent(error))
        if again and not known:
            self._groups.again.append([tally])
            return []
        return self._single.go_on(tally)

    def _after_crash(self, group: list[SentTally], how: str) -> list[Settled]:
        """Who was in a worker that died runs again alone; who did it alone, too often, fails."""
        again = self._groups.again
        unit = group[0].unit
        if len(group) > 1:
            again.extend([SentTally(self._policy, tally.unit)] for tally in group)
            return []
        if len(unit) > 1:
            again.extend([SentTally(self._policy, [item])] for item in unit)
            return []
        item = unit[0]
        count = self._crashes[item.ordinal] = self._crashes.get(item.ordinal, 0) + 1
        if count >= self._max_crashes:
            return [Settled(item, "failed", b"null", crashed(count, f"its worker ended by {how}"), count)]
        group[0].attempts -= 1
        again.append(group)
        return []

    # There and back

    def _exchange(self, tallies: Sequence[SentTally]) -> list[Reply]:
        message = _packed(tallies)
        answer = self._channels.ask(message, self._timeout)
        replies: list[Reply] | str = pickle.loads(answer)  # noqa: S301 - from a process of ours
        if isinstance(replies, str):
            raise Ends(UsageError(replies))
        seconds = sum(reply.seconds if isinstance(reply, Told) else reply[1] for reply in replies)
        self._pace.learn(len(replies), seconds, len(message) + len(answer))
        return replies

    def _meant(self, tally: SentTally, reply: Reply) -> Sequence[Result | None]:
        """The results of a unit; raises what the function did, as far as it says here what follows."""
        if not isinstance(reply, Told):
            tally.took = reply[1]
            return [("succeeded", reply[0], None)]
        tally.took = reply.seconds
        if reply.counters:
            kind = BatchAttempt if self._policy.batch else Attempt
            tally.attempt = kind(tally.unit, self._policy.home, reply.counters)
        if reply.stop is not None:
            self._policy.home.halt(cast(Stopped, _raised(reply.stop)))
        if reply.kind == "done":
            return reply.results
        raise _raised(reply)


def _packed(tallies: Sequence[SentTally]) -> bytes:
    try:
        return pickle.dumps([tally.entry for tally in tallies], pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        if len(tallies) > 1:
            for tally in tallies:
                _packed([tally])
        key = tallies[0].unit[0].key
        raise Ends(
            UsageError(
                f"the value of item {key!r} cannot be sent to a worker process: {error}; give values that pickle, "
                "such as names of files, and open them in the function"
            )
        ) from error


def _raised(reply: Told) -> BaseException:
    if reply.failure is not None:
        return Reported(reply.failure, reply.permanent, reply.asked)
    if reply.kind == "skipped":
        return Skip(decode(reply.message))
    if reply.kind == "stopped":
        kind: Any = getattr(errors, reply.name)
        stopped: Stopped = kind(reply.message)
        return stopped
    if reply.name in ("ValueRefused", "BatchMismatch"):
        return (ValueRefused if reply.name == "ValueRefused" else BatchMismatch)(reply.message)
    ending: dict[str, type[BaseException]] = {
        "UsageError": UsageError,
        "SystemExit": SystemExit,
        "KeyboardInterrupt": KeyboardInterrupt,
    }
    found = ending.get(reply.name)
    return Ends(found(reply.message) if found else OnwardError(f"{reply.name} in a worker: {reply.message}"))
