"""Ways to a worker: processes of onward's own, or somebody else's pool. A message goes there, an answer comes back."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from typing import Protocol

from onward.errors import OnwardError, UsageError
from onward.executors.processes.child import READY, SIGNALS, serve
from onward.executors.processes.work import answer
from onward.stop import Abandoned

PARTING = 1.0
"""Seconds that workers get to end by themselves when nothing is left to do."""

_context = multiprocessing.get_context("spawn")
_starting = threading.Lock()


class Died(BaseException):
    """The worker process ended before it answered."""


class Ends(BaseException):
    """Something that ends the run, and is no item's failure."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Channels(Protocol):
    """Called from any number of threads, which wait for a worker that is free."""

    def ask(self, message: bytes, timeout: float | None) -> bytes:
        """The answer to a message.

        Raises:
            TimeoutError: it did not come in time.
            Died, Ends, Abandoned
        """

    def free_slot(self) -> None:
        """Wait until what this thread has asked last is over, if it was late."""

    def close(self) -> None:
        """Nothing more is asked; who waits gets Abandoned."""


class Workers:
    """So many processes of onward's own. They are started when first needed, and anew when they died.

    Args:
        halted: nothing more is to be begun.
    """

    def __init__(self, order: bytes, count: int, halted: Callable[[], bool]) -> None:
        self._halted = halted
        self._closed = False
        self._all = [Worker(order) for _ in range(count)]
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._all:
            self._free.put(worker)
        atexit.register(
            self.close
        )  # of a stream that nobody closed; before multiprocessing waits for its children

    def ask(self, message: bytes, timeout: float | None) -> bytes:
        worker = self._free.get()
        try:
            if self._closed or self._halted():
                raise Abandoned
            return worker.ask(message, timeout)
        except Died:
            if self._closed:
                raise Abandoned from None
            raise
        finally:
            self._free.put(worker)

    def free_slot(self) -> None:
        """A late attempt was ended."""

    def close(self) -> None:
        self._closed = True
        atexit.unregister(self.close)
        idle = []
        with contextlib.suppress(Empty):
            while True:
                idle.append(self._free.get_nowait())
        for worker in self._all:
            if worker not in idle:
                worker.kill()
        end = time.monotonic() + PARTING
        for worker in idle:
            worker.part()
        for worker in idle:
            worker.end(end - time.monotonic())
            self._free.put(worker)


class Worker:
    """One process, asked by one thread at a time."""

    def __init__(self, order: bytes) -> None:
        self._order = order
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._killed = False

    def ask(self, message: bytes, timeout: float | None) -> bytes:
        connection = self._connection or self._start()
        try:
            connection.send_bytes(message)
            if timeout is None or connection.poll(timeout):
                return connection.recv_bytes()
        except (EOFError, OSError):
            raise Died(self.end(PARTING)) from None
        self.end(0)
        raise TimeoutError(f"no result within {timeout:g} s; its worker process was ended")

    def _start(self) -> Connection:
        ours, theirs = _context.Pipe()
        process = _context.Process(target=serve, args=(theirs, self._order), name="onward-worker")
        try:
            with _starting, _signals_wait():
                if self._killed:
                    raise Died
                process.start()
                self._process = process
        except (OSError, RuntimeError, AssertionError) as error:
            raise Ends(OnwardError(f"a worker process cannot be started: {error}")) from error
        finally:
            theirs.close()
        self._connection = ours
        try:
            said = ours.recv_bytes()
        except (EOFError, OSError):
            how = self.end(PARTING)
            if self._killed:
                raise Died(how) from None
            raise Ends(_not_begun(how)) from None
        if said != READY:
            raise Ends(UsageError(said.decode()))
        return ours

    def kill(self) -> None:
        """From another thread than the one that asks, which is told that it died."""
        with _starting:
            self._killed = True
            if self._process is not None:
                with contextlib.suppress(ValueError):  # it is closed: it has ended
                    self._process.kill()

    def part(self) -> None:
        """Let it end by itself."""
        if self._connection is not None:
            self._connection.close()

    def end(self, seconds: float) -> str:
        """Wait so long for it to end, then end it; says how it did."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is None:
            return ""
        process.join(max(seconds, 0))
        if process.exitcode is None:
            process.kill()
            process.join()
        code = process.exitcode or 0
        process.close()
        return _how(code)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # one without a name
        return f"signal {-code}"


def _not_begun(how: str) -> OnwardError:
    return OnwardError(
        f"a worker process ended ({how}) before it could begin; what it printed says why. Workers import the file "
        'that was started: what it does must stand under  if __name__ == "__main__":'
    )


@contextlib.contextmanager
def _signals_wait() -> Iterator[None]:
    """A child that is started here is not hit by a Ctrl-C before it can say what it does about it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start would let the signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Pool:
    """Somebody else's pool, which is left as it is."""

    def __init__(self, order: bytes, pool: Executor, count: int, halted: Callable[[], bool]) -> None:
        self._order = order
        self._pool = pool
        self._halted = halted
        self._closed = False
        self._room = threading.Semaphore(count)
        self._late = threading.local()
        self._asked: set[Future[bytes]] = set()

    def ask(self, message: bytes, timeout: float | None) -> bytes:
        late: Future[bytes] | None = getattr(self._late, "future", None)
        if late is not None and not _over(late, timeout):
            raise TimeoutError(f"an earlier attempt is still running after its timeout of {timeout:g} s")
        with self._room:
            if self._closed or self._halted():
                raise Abandoned
            try:
                future = self._pool.submit(answer, self._order, message)
                self._asked.add(future)
            except (RuntimeError, BrokenExecutor) as error:
                raise Ends(_unusable(error)) from error
            return self._result(future, timeout)

    def _result(self, future: Future[bytes], timeout: float | None) -> bytes:
        try:
            return future.result(timeout)
        except TimeoutError:
            if not future.cancel():
                self._late.future = future
            raise TimeoutError(f"no result within {timeout:g} s") from None
        except CancelledError as error:
            if self._closed:
                raise Abandoned from None
            raise Ends(_unusable(error)) from error
        except Exception as error:
            raise Ends(_unusable(error)) from error
        finally:
            self._asked.discard(future)

    def free_slot(self) -> None:
        late: Future[bytes] | None = getattr(self._late, "future", None)
        if late is not None:
            _over(late, None)
            self._late.future = None

    def close(self) -> None:
        self._closed = True
        for future in list(self._asked):
            future.cancel()


def _over(future: Future[bytes], seconds: float | None) -> bool:
    try:
        future.exception(seconds)
    except TimeoutError:
        return False
    except CancelledError:
        pass
    return True


def _unusable(error: BaseException) -> OnwardError:
    return OnwardError(
        f"the executor that was given can be used no more: {type(error).__name__}: {error}. What has settled is "
        'saved; run the same again with a new one, or with executor="processes", which outlives a worker that dies'
    )
