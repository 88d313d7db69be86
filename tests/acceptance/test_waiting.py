"""A signal while the run waits for its source: nothing is in flight, so there is nothing to wait for."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PROGRAM = """
    import sys, time, onward
    face, workers = sys.argv[1], int(sys.argv[2])
    def source():
        yield from range(5)
        print("waiting", flush=True)
        time.sleep(60)
        yield 5
    def work(item):
        time.sleep(0.05)
        return item
    async def later(item):
        return item
    try:
        if face == "loop":
            with onward.run("job", grace=40) as run:
                for item in run.pending(source()):
                    run.succeed(item)
        else:
            onward.map(work if face == "sync" else later, source(), job="job", workers=workers, grace=40, version=1)
    except onward.Interrupted as interrupted:
        print(interrupted.report.succeeded, flush=True)
        sys.exit(interrupted.exit_code)
"""


@pytest.mark.parametrize(("face", "workers"), [("sync", 1), ("sync", 3), ("async", 1), ("loop", 1)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_breaks_off_the_waiting(tmp_path: Path, face: str, workers: int, number: int) -> None:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), face, str(workers)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    asked = time.monotonic()
    process.send_signal(number)
    rest, _ = process.communicate(timeout=50)
    assert (process.returncode, rest) == (75, "5\n")
    assert time.monotonic() - asked < 20, "it waited out the grace, or the source"
