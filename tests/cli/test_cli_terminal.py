"""On a real terminal, with a real Ctrl-C."""

import os
import pty
import re
import select
import signal
import time
from pathlib import Path

import pytest

from cli.processes import PROGRAM, Command, environment

SLOW = ["run", "app.py:slow", "--input", "items.jsonl", "--output", "out.jsonl"]


class Terminal:
    """A command with a terminal of its own, 100 columns wide."""

    def __init__(self, *words: str, **env: str) -> None:
        settings = environment(TERM="xterm-256color", COLUMNS="100", **env)
        self.received = ""
        self.pid, self._master = pty.fork()
        if not self.pid:
            os.execve(PROGRAM[0], [*PROGRAM, *words], settings)

    def read_until(self, pattern: str, seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while not re.search(pattern, self.plain):
            assert time.monotonic() < until, self.plain
            if not self._read(0.1):
                break
        assert re.search(pattern, self.plain), self.plain

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def press_until_gone(self, key: str) -> None:
        for _ in range(20):
            until = time.monotonic() + 1
            while time.monotonic() < until:
                if not self._read(0.1):
                    return
            self.type(key)

    def end(self, seconds: float = 30) -> int:
        until = time.monotonic() + seconds
        while self._read(0.1):
            if time.monotonic() > until:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self._master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @property
    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self.received)

    def _read(self, seconds: float) -> bool:
        """False once the other side is closed."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self._master, 65536)
        except OSError:
            return False
        self.received += piece.decode(errors="replace")
        return bool(piece)


def test_the_live_line_of_a_run(app: Path) -> None:
    terminal = Terminal(*SLOW)
    assert terminal.end() == 0
    assert re.search(r"slow  ━+  \d+/20  \d+%  [\d.]+/s", terminal.plain)
    assert "20/20  finished  in 0:00:0" in terminal.plain
    assert terminal.plain.rstrip().endswith("finished: 20 succeeded; results in out.jsonl")


def test_ctrl_c_says_where_it_is_and_how_to_go_on(app: Path, onward: Command) -> None:
    terminal = Terminal(*SLOW)
    terminal.read_until(r"slow  ━+  [1-9]\d?/20")
    terminal.type("\x03")
    assert terminal.end() == 75
    assert "Traceback" not in terminal.plain
    last = terminal.plain.rstrip().splitlines()[-1]
    assert re.fullmatch(
        r"saved at \d+/20\. Go on with:  onward run app\.py:slow --input items\.jsonl --output out\.jsonl",
        last,
    )
    assert onward(*SLOW).code == 0


def test_while_it_waits_it_says_so_and_ctrl_c_again_stops_now(app: Path) -> None:
    terminal = Terminal("run", "app.py:stuck", "--input", "items.jsonl", "--workers", "3")
    terminal.read_until("stuck  ━+  0/20")
    time.sleep(0.3)
    terminal.type("\x03")
    terminal.read_until(r"waiting for 3 items in flight, up to 30 s; Ctrl-C again stops now")
    terminal.type("\x03")
    assert terminal.end() == 130
    assert "Traceback" not in terminal.plain
    assert "saved at 0/20. Go on with:" in terminal.plain


def test_what_the_function_prints_stays_whole(app: Path) -> None:
    (app / "app.py").write_text(
        "import time\ndef talk(item):\n    time.sleep(.05)\n    print('working on', item['id'])\n"
    )
    terminal = Terminal("run", "app.py:talk", "--input", "items.jsonl")
    assert terminal.end() == 0
    for number in range(1, 21):
        assert re.search(rf"[\r\n]working on r{number}\r\n", terminal.plain)


def test_quiet_draws_nothing(app: Path) -> None:
    terminal = Terminal(*SLOW, "--quiet")
    assert terminal.end() == 0
    assert terminal.received == ""


def test_no_color(app: Path) -> None:
    terminal = Terminal(*SLOW, NO_COLOR="1")
    assert terminal.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*3\dm", terminal.received)


@pytest.mark.parametrize(("typed", "left"), [("y\n", 0), ("n\n", 1), ("\x03", 1)])
def test_rm_asks(app: Path, onward: Command, typed: str, left: int) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl")
    terminal = Terminal("rm", "double")
    terminal.read_until(r"Delete double, run default \(finished, 20/20 done\)\?")
    terminal.type(typed)
    if typed == "\x03":
        terminal.press_until_gone(typed)  # Python loses a Ctrl-C that comes just before it waits for input
    assert terminal.end() == (130 if typed == "\x03" else 0)
    assert len(onward("status", "--json").document["runs"]) == left
