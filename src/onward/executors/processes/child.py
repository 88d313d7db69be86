"""The main function of onward's own worker processes.

A worker does what the coordinator says and nothing on its own: signals that a terminal or a service manager sends to
all processes are left to the coordinator, which drains and ends its workers; when it is gone, they end.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection, wait
from typing import Any

from onward.executors.processes.work import answered, begun

SIGNALS = (signal.SIGINT, signal.SIGTERM)
READY = b"ready"


def serve(connection: Connection, order: bytes) -> None:
    """Answer until nobody asks any more."""
    _end_with_parent()
    _leave_signals()
    work = begun(order)
    if isinstance(work, str):
        connection.send_bytes(work.encode("utf-8", "backslashreplace"))
        return
    connection.send_bytes(READY)
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        connection.send_bytes(answered(work, message))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="onward-parent", daemon=True).start()
    _end_with(sentinel)


def _end_with(sentinel: int) -> None:
    """The thread gets no turn while the function is in C code that keeps the interpreter; the kernel asks for none."""
    if not hasattr(os, "O_ASYNC"):
        return
    import fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)  # which is to end the process, when the other end is closed
    fcntl.fcntl(sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(sentinel, fcntl.F_SETFL, fcntl.fcntl(sentinel, fcntl.F_GETFL) | os.O_ASYNC)


def _leave_signals() -> None:
    """A handler that does nothing, and not ``SIG_IGN``, which programs that the function starts would inherit."""
    pid = os.getpid()

    def handler(number: int, frame: Any) -> None:
        if os.getpid() != pid:  # of a fork, which ends as it would without us
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in SIGNALS:
        signal.signal(number, handler)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
