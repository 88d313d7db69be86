"""The wish to stop: its two degrees, and the signals that express it, sent for real to a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onward.stop import Abandoned, Stop, signals

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


def test_a_request_wakes_who_listens_and_who_waits() -> None:
    stop, woken = Stop(), []
    stop.listeners.append(lambda: woken.append("woken"))
    threading.Timer(0.01, stop.request).start()
    with pytest.raises(Abandoned):
        stop.pause(60)
    assert stop.requested
    assert not stop.forced
    assert woken == ["woken"]


def test_a_pause_without_a_request_is_a_pause() -> None:
    began = time.monotonic()
    Stop().pause(0.01)
    assert time.monotonic() - began >= 0.009


def test_forcing_is_requesting_too() -> None:
    stop = Stop()
    stop.force()
    assert stop.requested
    assert stop.forced
    with pytest.raises(Abandoned):
        stop.pause(60)


def test_the_first_signal_is_remembered() -> None:
    stop = Stop()
    stop.request(signal.SIGTERM)
    stop.request(signal.SIGINT)
    assert stop.signal == signal.SIGTERM


def test_user_code_can_be_broken_off_and_nothing_else() -> None:
    stop = Stop()
    assert not stop.interruptible
    seen = []
    with contextlib.suppress(KeyError), stop.user_code():
        seen.append(stop.interruptible)
        raise KeyError
    assert seen == [True]
    assert not stop.interruptible


def test_abandoning_is_no_error_that_users_catch() -> None:
    assert not issubclass(Abandoned, Exception)


# Signals


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    inside = []
    with contextlib.suppress(KeyError), signals(Stop(), 30, lambda: None):
        inside.append(signal.getsignal(signal.SIGINT))
        raise KeyError
    assert inside != [before[0]]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_outside_the_main_thread_no_handler_is_set() -> None:
    before, found = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with signals(Stop(), 30, lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before]


@posix
def test_a_first_signal_requests_a_second_forces() -> None:
    stop, announced = Stop(), []
    with signals(stop, 30, lambda: announced.append(1)):
        signal.raise_signal(signal.SIGTERM)
        assert (stop.requested, stop.forced, stop.signal) == (True, False, signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        assert stop.forced
        assert not stop.out_of_grace
    assert announced == [1]


@posix
def test_a_second_signal_breaks_off_user_code() -> None:
    stop = Stop()
    with signals(stop, 30, lambda: None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), stop.user_code():
            signal.raise_signal(signal.SIGINT)


@posix
def test_the_end_of_grace_forces() -> None:
    stop = Stop()
    with signals(stop, 0.02, lambda: None):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), stop.user_code():
            time.sleep(30)
    assert stop.forced
    assert stop.out_of_grace


@posix
def test_a_third_signal_goes_to_the_old_handler() -> None:
    seen: list[int] = []
    old = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    try:
        with signals(Stop(), 30, lambda: None):
            for _ in range(4):
                signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, old)
    assert seen == [signal.SIGTERM] * 2


# In a process of its own

PROGRAM = """
    import os, sys, time, onward
    face, workers, slow = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    def work(item):
        os.write(1, f"began {item}\\n".encode())  # whole, among threads
        time.sleep(slow if item == 3 else 0.01)
        return item
    async def later(item):
        import asyncio
        os.write(1, f"began {item}\\n".encode())  # whole, among threads
        await asyncio.sleep(slow if item == 3 else 0.01)
        return item
    try:
        if face == "loop":
            with onward.run("job") as run:
                for item in run.pending(range(500)):
                    run.succeed(work(item))
        else:
            onward.map(
                later if face == "async" else work, range(500), job="job", workers=workers, grace=20, version=1,
                executor="asyncio" if face == "in loop" else None)
    except onward.Interrupted as interrupted:
        print("interrupted", interrupted.report.succeeded, interrupted.exit_code, flush=True)
        sys.exit(interrupted.exit_code)
"""
FACES = [("sync", 1), ("sync", 2), ("async", 1), ("async", 2), ("loop", 1), ("in loop", 2)]


@contextlib.contextmanager
def started(folder: Path, face: str, workers: int, slow: float) -> "Iterator[subprocess.Popen[str]]":
    """The program, once it is in the middle of the slow item."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), face, str(workers), str(slow)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while process.stdout.readline() != "began 3\n":
        assert process.poll() is None
    try:
        yield process
    finally:
        process.kill()


@posix
@pytest.mark.parametrize(("face", "workers"), FACES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_what_is_in_flight_settle(
    tmp_path: Path, face: str, workers: int, number: int
) -> None:
    if number == signal.SIGTERM and (face, workers) not in FACES[:3:2]:
        return
    with started(tmp_path, face, workers, 0.3) as process:
        process.send_signal(number)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 75
    assert int(told.split()[told.split().index("interrupted") + 1]) >= 4
    assert "began 499" not in told


@posix
@pytest.mark.parametrize(("face", "workers"), FACES)
def test_two_signals_do_not_wait_for_it(tmp_path: Path, face: str, workers: int) -> None:
    with started(tmp_path, face, workers, 600) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT
    assert int(told.split()[told.split().index("interrupted") + 1]) >= 3
