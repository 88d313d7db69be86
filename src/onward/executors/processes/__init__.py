"""Worker processes: onward's own, or those of a pool of the user's.

They know nothing of the run. A thread of the coordinator waits for each (:mod:`~onward.executors.threads`); ``calls``
decides there what follows, ``groups`` how much goes at a time, ``channels`` are the ways to a worker, ``sending`` what
goes there, ``child`` and ``work`` what runs there. Workers import this module: it imports nothing of the coordinator's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onward.errors import UsageError

if TYPE_CHECKING:
    from onward.attempts.course import Policy
    from onward.executors.processes.calls import SentCall
    from onward.settings import Settings


def check_not_a_worker() -> None:
    """Refuse to begin where a worker imports the script that started it.

    Raises:
        UsageError
    """
    import multiprocessing

    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(
            "this is a worker process, which imports the file that was started: what starts the run must stand under  "
            'if __name__ == "__main__":'
        )


def order_of(fn: Callable[..., Any], settings: Settings) -> bytes:
    """What workers are told beforehand.

    Raises:
        UsageError: the function or its parameters cannot be sent there.
    """
    from onward.executors.processes.sending import sent
    from onward.executors.processes.work import Order

    batch, retries = settings.batch is not None, settings.terms.retries
    return sent(Order(fn, settings.params or {}, batch, retries, settings.job, settings.run))


def make_call(policy: Policy, settings: Settings, executor: Any, workers: int) -> SentCall:
    """The call for a function that is to run elsewhere.

    Raises:
        UsageError: the function or its parameters cannot be sent there.
    """
    from onward.executors.processes.calls import SentCall
    from onward.executors.processes.channels import Channels, Pool, Workers

    order = order_of(policy.fn, settings)

    def halted() -> bool:
        return policy.stop.requested

    channels: Channels = (
        Workers(order, workers, halted) if executor == "processes" else Pool(order, executor, workers, halted)
    )
    return SentCall(policy, channels, settings.max_crashes)
