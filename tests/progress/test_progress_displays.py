import io
import os
import pty
import re
import subprocess
import sys
import textwrap
import time
import types
from pathlib import Path
from typing import Any

import pytest

from onward.events import InterruptRequested, SessionEnded, SessionStarted
from onward.model import Progress, RunInfo
from onward.progress import display
from onward.progress.notebook import NotebookBar
from onward.progress.plain import PlainLines
from onward.progress.screen import Screen


def started(name: str = "screening", **progress: Any) -> SessionStarted:
    found = Progress(**{"total": 10, "succeeded": 4, **progress})
    return SessionStarted(RunInfo(job=name, run="default", created=0.0), lambda: found)


# --------------------------------------------------------------------------------------------- which display


def test_nothing_is_shown_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert display(None) is None
    assert display(False) is None
    assert isinstance(display(True), PlainLines)


def test_a_closed_or_missing_stream_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    assert display(None) is None
    monkeypatch.setattr(sys, "stderr", None)
    assert display(None) is None


def test_false_wins_in_a_notebook(notebook: list[str]) -> None:
    assert display(False) is None
    assert isinstance(display(None), NotebookBar)
    assert isinstance(display(True), NotebookBar)


def test_neither_rich_nor_ipython_is_imported_before_it_is_needed() -> None:
    code = """
        import sys
        from onward.progress import display
        display(None), display(True)
        assert not {"rich", "IPython"} & set(sys.modules), "imported too early"
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, stderr=subprocess.DEVNULL)


# ---------------------------------------------------------------------------------------------- plain lines


def test_plain_lines(capfd: pytest.CaptureFixture[str]) -> None:
    show = PlainLines()
    show(started(failed=1))
    show(InterruptRequested(in_flight=2, grace=30.0))
    time.sleep(0.5)
    show(SessionEnded("interrupted", None))
    out, err = capfd.readouterr()
    assert out == ""
    first, second, last = err.splitlines()
    assert first == "screening: started, 5/10, 50%, 1 failed"
    assert second == "screening: stopping: saving; Ctrl-C again stops now"
    assert re.fullmatch(r"screening: 5/10, interrupted, in 0:00:0\d, 1 failed", last)


def test_plain_lines_come_again_and_again(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onward.progress.plain.EVERY", 0.3)
    show = PlainLines()
    show(started())
    seen = ""
    for _ in range(100):
        time.sleep(0.1)
        seen += capfd.readouterr().err
        if seen.count("screening: 4/10, 40%\n") >= 2:
            break
    else:
        pytest.fail(seen)
    show(SessionEnded("finished", None))


def test_a_reader_who_left_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    show = PlainLines()
    show(started())
    show(SessionEnded("finished", None))


def test_names_cannot_steer_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    show = PlainLines()
    show(started("a\x1b[2J\nb"))
    show(SessionEnded("finished", None))
    assert capfd.readouterr().err.splitlines()[0] == r"a\x1b[2J\nb: started, 4/10, 40%"


def test_events_without_a_session_are_ignored() -> None:
    PlainLines()(SessionEnded("finished", None))


# ------------------------------------------------------------------------------------------------- notebook


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A kernel, as far as a display can tell; the list is what it showed."""
    shown: list[str] = []
    handle = types.SimpleNamespace(update=shown.append)

    def show(html: str, display_id: bool) -> object:
        assert display_id
        shown.append(html)
        return handle

    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(HTML=str, display=show))
    return shown


def test_the_bar_in_a_notebook(notebook: list[str]) -> None:
    show = NotebookBar()
    show(started("<script>alert(1)</script>", failed=1))
    time.sleep(0.7)
    show(SessionEnded("finished", None))
    assert len(notebook) >= 3
    assert all("&lt;script&gt;" in html and "<script" not in html for html in notebook)
    assert '<progress value="5" max="10"' in notebook[0]
    assert "5/10  50%  1 failed" in notebook[0]
    assert "5/10  finished  in 0:00:0" in notebook[-1]


def test_no_bar_while_the_total_is_unknown(notebook: list[str]) -> None:
    show = NotebookBar()
    show(started(total=None))
    show(SessionEnded("finished", None))
    assert "<progress" not in notebook[0]


def test_the_real_ipython_takes_it() -> None:
    pytest.importorskip("IPython")
    show = NotebookBar()
    show(started())
    show(SessionEnded("finished", None))


# ------------------------------------------------------------------------------------------------ live line

LIVE = """
    import logging, sys, time
    from onward.events import InterruptRequested, SessionEnded, SessionStarted
    from onward.model import Progress, RunInfo
    from onward.progress import display

    begun = time.monotonic()

    def progress():
        done = 700 + int(100 * (time.monotonic() - begun))
        return Progress(total=1000, succeeded=done, failed=2, reused=700, in_flight=3, rate=12.1,
                        seconds_left=21.0, saved_age=0.4)

    def start(name="screening"):
        show = display(None)
        show(SessionStarted(RunInfo(name, "default", 0.0), progress))
        return show
"""

PLAIN = re.compile(r"\x1b\[[0-9;]*[mK]")


def on_terminal(tmp_path: Path, code: str, columns: int = 100, **env: str) -> str:
    """What a terminal receives from a program whose three streams it is."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(LIVE) + textwrap.dedent(code))
    ours, theirs = pty.openpty()
    settings = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", **env}
    process = subprocess.Popen(
        [sys.executable, script], stdin=theirs, stdout=theirs, stderr=theirs, env=settings
    )
    os.close(theirs)
    received = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        received += piece
    os.close(ours)
    assert process.wait(30) == 0, received.decode()
    return received.decode()


def rows(received: str, width: int = 1000) -> list[str]:
    """What is left to read on the screen: a carriage return writes over the row, an erase ends it."""
    found = []
    for row in re.sub(r"\x1b\[[0-9;]*m", "", received).split("\r\n"):
        cells: list[str] = []
        column = 0
        for piece in re.findall(r"\r|\x1b\[K|[^\r\x1b]", row):
            if piece == "\r":
                column = 0
            elif piece == "\x1b[K":
                del cells[column:]
            else:
                cells[column : column + 1] = [piece]
                column += 1
        found.append("".join(cells))
    return found


def test_the_live_line(tmp_path: Path) -> None:
    code = "show = start(); time.sleep(0.5); show(SessionEnded('finished', None))"
    received = on_terminal(tmp_path, code, columns=140)
    drawn = [line for line in PLAIN.sub("", received).split("\r") if "saved" in line]
    counts = r"\d+/1000  \d+%  12\.1/s  0:00:21 left  2 failed  700 reused  saved 0\.4 s ago"
    assert all(re.fullmatch(rf"screening  ━{{30}}  {counts}", line) for line in drawn), drawn
    assert 4 <= len(drawn) <= 7, "about ten times a second"
    assert re.fullmatch(
        r"screening  \d+/1000  finished  in 0:00:0\d  2 failed  700 reused", rows(received)[0]
    )


WIDE = "show = start(); show(SessionEnded('finished', None))"


@pytest.mark.parametrize("columns", [10, 20, 40, 60, 80, 100, 200])
def test_the_line_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    code = "show = start('名前' * 30); time.sleep(.2); show(SessionEnded('interrupted', None))"
    for line in re.split(r"[\r\n]+", PLAIN.sub("", on_terminal(tmp_path, code, columns))):
        assert sum(2 if ord(char) > 0x2E80 else 1 for char in line) < columns


def test_what_is_printed_stays_whole(tmp_path: Path) -> None:
    received = on_terminal(
        tmp_path,
        """
        logging.basicConfig(format="%(message)s")   # holds sys.stderr from before the line
        show = start()
        time.sleep(.15); print("one")
        time.sleep(.15); logging.warning("two")
        time.sleep(.15); print("three", end=" ", flush=True); time.sleep(.25); print("four")
        time.sleep(.15); print("five", end="", flush=True)
        show(SessionEnded('finished', None))
        print("six")
        """,
    )
    screen = rows(received)
    assert screen[:4] == ["one", "two", "three four", "five"]
    assert screen[4].startswith("screening  ")
    assert screen[5:] == ["six", ""]


def test_output_that_goes_elsewhere_is_left_alone(tmp_path: Path) -> None:
    received = on_terminal(
        tmp_path,
        """
        import io
        sys.stdout = kept = io.StringIO()
        show = start(); print("result"); show(SessionEnded('finished', None))
        assert kept.getvalue() == "result\\n"
        assert "write" not in vars(sys.stderr)
        """,
    )
    assert "result" not in received


def test_after_an_interrupt_it_says_what_it_waits_for(tmp_path: Path) -> None:
    received = on_terminal(
        tmp_path,
        """
        show = start(); show(InterruptRequested(3, 30.0)); time.sleep(.3)
        show(SessionEnded('interrupted', None))
        """,
    )
    plain = PLAIN.sub("", received)
    assert "screening  stopping: waiting for 3 items in flight, up to 30 s; Ctrl-C again stops now" in plain
    assert re.fullmatch(r"screening  \d+/1000  interrupted .*", rows(received)[0])


def test_no_colours_when_asked(tmp_path: Path) -> None:
    received = on_terminal(tmp_path, WIDE, NO_COLOR="1")
    assert not re.search(r"\x1b\[(3|9)\d", received)
    assert "─" in received, "what is left differs in shape"


def test_only_one_display_draws(tmp_path: Path) -> None:
    received = on_terminal(
        tmp_path,
        """
        outer = start("outer"); inner = start("inner"); time.sleep(.2)
        inner(SessionEnded('finished', None)); outer(SessionEnded('finished', None))
        after = start("after"); after(SessionEnded('finished', None))
        """,
    )
    assert "inner" not in received
    assert "after" in received


def test_names_cannot_steer_the_live_line(tmp_path: Path) -> None:
    received = on_terminal(tmp_path, WIDE.replace("start()", "start('[red]a\\x1b]0;owned\\x07[/]')"), 200)
    assert r"[red]a\x1b]0;owned\x07[/]" in received
    assert "\x1b]0" not in received


def test_a_forked_child_prints_without_waiting_for_the_line(tmp_path: Path) -> None:
    received = on_terminal(
        tmp_path,
        """
        import os
        show = start()
        for number in range(20):
            time.sleep(.02)
            child = os.fork()
            if not child:
                print("child", flush=True)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        show(SessionEnded('finished', None))
        """,
    )
    assert received.count("child") == 20


def test_a_dumb_terminal_gets_no_live_line(tmp_path: Path) -> None:
    code = "assert display(None) is None; assert type(display(True)).__name__ == 'PlainLines'"
    assert on_terminal(tmp_path, code, TERM="dumb") == ""


def test_a_stream_that_cannot_be_covered_is_left_alone() -> None:
    class Bare:
        __slots__ = ("written",)

        def __init__(self) -> None:
            self.written = ""

        def write(self, text: str) -> int:
            self.written += text
            return len(text)

        def flush(self) -> None: ...

        def isatty(self) -> bool:
            return True

    bare: Any = Bare()
    screen = Screen(bare)
    screen.open()
    screen.show("line")
    screen.close("end")
    assert bare.written == "\rline\x1b[K\rend\x1b[K\n"
