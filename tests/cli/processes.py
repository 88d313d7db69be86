"""Real processes: every command runs as a user's would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "onward.cli"]

APP = """
    import os, sys, time
    from pathlib import Path
    import onward

    def double(item):
        return {"id": item["id"], "twice": item["n"] * 2}

    def slow(item):
        Path("begun").touch()
        time.sleep(0.05)
        return item["id"]

    def stuck(item):
        Path("begun").touch()
        time.sleep(60)

    def picky(item):
        if item["n"] % 5 == 0 and not Path("put-right").exists():
            raise ValueError(f"no {item['id']} today")
        return item["id"]

    def chatty(item):
        print("working on", item["id"])
        os.write(1, b"straight to the descriptor\\n")
        return item["id"]

    def leaves(item):
        sys.exit(0)

    def scaled(item, *, by=1):
        return item["n"] * by

    @onward.job("screening", key="id", workers=2)
    def screen(item, *, model="small"):
        return {"id": item["id"], "model": model}

    def pays(item):
        onward.spend(usd=1.5, input_tokens=1000, output_tokens=200)
        return item["id"]

    def sends(item):
        onward.once("send", send, item["id"])

    def send(name, *, idempotency_key):
        raise ConnectionError("gone")

    @onward.job("second")
    def other(item):
        return item
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def resume(self) -> list[str]:
        """The words of the command that the last line says goes on."""
        last = self.err.rstrip().splitlines()[-1]
        assert "Go on with:  onward " in last, self.err
        return words(last.partition("Go on with:  ")[2])


def words(line: str) -> list[str]:
    """The words after ``onward`` as a shell reads the line."""
    said = subprocess.run(
        ["bash", "-c", line.replace("onward", "printf '%s\\0'", 1)], capture_output=True, check=True
    )
    return os.fsdecode(said.stdout).split("\0")[:-1]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONWARD_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Ended:
    out, err = process.communicate(timeout=timeout)
    return Ended(process.returncode, out, err)


Command = Callable[..., Ended]
Starter = Callable[..., "subprocess.Popen[str]"]


def items(path: Path, count: int) -> None:
    path.write_text("".join(json.dumps({"id": f"r{n}", "n": n}) + "\n" for n in range(1, count + 1)))


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> None:
    """Send a signal once the function has been called."""
    wait_for(Path("begun").exists)
    process.send_signal(number)
