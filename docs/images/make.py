"""Records a real kill and a real resume in a terminal, and writes them as an animated SVG.

    pip install pyte
    python docs/images/make.py            writes docs/images/kill-and-resume.svg

A shell in a pseudo-terminal runs `onward run` on a thousand small items. When 742 of them are saved the process gets
SIGKILL. Then the same command is typed again. All that the picture shows is what the terminal showed; only the typing
and the waiting between two commands are paced for readers. Where animations are off it shows the last moment.
"""

# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pyte

COLUMNS, ROWS = 106, 12
TARGET = Path(__file__).with_name("kill-and-resume.svg")
COMMAND = "onward run app.py:screen --input resumes.jsonl --output scores.jsonl"
APP = """
import time
import onward

@onward.job("screening", key="id", every=1)
def screen(resume):
    time.sleep(0.005)                      # stands for a call of a model
    return {"id": resume["id"], "score": resume["id"] % 10}
"""
KILL_AT = 742
HOLD = 4.0  # seconds that the last moment stands
CELL, LINE, SIZE, PAD = 8.4, 19, 14, 16
COLOURS = {
    "default": "#d6deeb",
    "black": "#5c6773",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "yellow": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#f778ba",
    "cyan": "#76e3ea",
    "white": "#d6deeb",
    "faint": "#7d8590",
}

Run = tuple[int, str, str, bool]  # column, text, colour, bold
Row = tuple[Run, ...]


class Screen(pyte.Screen):
    """A terminal that knows faint text, which pyte does not: it is kept as italics, which nobody uses here."""

    def select_graphic_rendition(self, *attributes: int, **kwargs: bool) -> None:
        super().select_graphic_rendition(*(3 if number == 2 else number for number in attributes), **kwargs)


class Recording:
    """A shell in a pseudo-terminal, and what its screen showed when."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.screen = Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.frames: list[tuple[float, list[Row]]] = []
        self.began = time.monotonic()
        self.idle = 0.0  # seconds cut out
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            environment = {
                "TERM": "xterm-256color",
                "PS1": "$ ",
                "PATH": path,
                "HOME": str(folder),
                "LANG": "C.UTF-8",
            }
            for name in ("PYTHONPATH",):
                if name in os.environ:
                    environment[name] = os.environ[name]
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        self.shell = pid
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.watch(0.6)
        self.idle += time.monotonic() - self.began - 0.2

    def watch(self, seconds: float) -> None:
        """Look on for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], min(left, 0.02))[0]:
                self.stream.feed(os.read(self.terminal, 65536))
                self.note()

    def note(self) -> None:
        rows = [self._row(number) for number in range(ROWS)]
        if not self.frames or self.frames[-1][1] != rows:
            self.frames.append((time.monotonic() - self.began - self.idle, rows))

    def _row(self, number: int) -> Row:
        line = self.screen.buffer[number]
        runs: list[list[object]] = []
        for column in range(COLUMNS):
            char = line[column]
            style = ("faint" if char.italics else char.fg, char.bold)
            if runs and runs[-1][2:] == [*style]:
                runs[-1][1] = str(runs[-1][1]) + char.data
            else:
                runs.append([column, char.data, *style])
        return tuple((int(c), str(t).rstrip(), str(f), bool(b)) for c, t, f, b in runs if str(t).strip())  # type: ignore[call-overload]

    def type(self, text: str, pace: float = 0.018) -> None:
        for character in text:
            os.write(self.terminal, character.encode())
            self.watch(pace)
        self.watch(0.4)
        os.write(self.terminal, b"\r")

    def until_prompt(self, patience: float = 60) -> None:
        """Look on until the shell is back."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.watch(0.05)
            line = self.screen.display[self.screen.cursor.y]
            if line.startswith("$") and not line[1:].strip():
                return
        raise SystemExit("\n".join(["the shell did not come back:", *self.screen.display]))

    def close(self) -> None:
        os.kill(self.shell, signal.SIGKILL)
        os.waitpid(self.shell, 0)


def record(folder: Path) -> list[tuple[float, list[Row]]]:
    (folder / "app.py").write_text(APP)
    lines = (json.dumps({"id": number}) + "\n" for number in range(1, 1001))
    (folder / "resumes.jsonl").write_text("".join(lines))
    recording = Recording(folder)
    recording.type(COMMAND)
    while saved(folder) < KILL_AT:
        recording.watch(0.005)
    os.kill(owner(folder), signal.SIGKILL)
    recording.until_prompt()
    recording.watch(1.2)
    recording.type("onward status")
    recording.until_prompt()
    recording.watch(1.2)
    recording.type(COMMAND)
    recording.until_prompt()
    recording.watch(0.8)
    recording.type("wc -l scores.jsonl")
    recording.until_prompt()
    recording.close()
    return recording.frames


def _run(folder: Path) -> object:
    import onward

    return onward.load("screening", store=folder / ".onward")


def saved(folder: Path) -> int:
    with contextlib.suppress(Exception):
        return int(_run(folder).progress.saved)  # type: ignore[attr-defined]
    return 0


def owner(folder: Path) -> int:
    return int(_run(folder).owner.pid)  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------- the picture


def thinned(frames: list[tuple[float, list[Row]]], gap: float = 0.09) -> list[tuple[float, list[Row]]]:
    """Fewer frames, the last of each burst."""
    kept: list[tuple[float, list[Row]]] = []
    for at, rows in frames:
        if kept and at - kept[-1][0] < gap and len(kept) > 1 and kept[-1][0] - kept[-2][0] < gap:
            kept[-1] = (kept[-1][0], rows)
        else:
            kept.append((at, rows))
    kept[-1] = (kept[-1][0], frames[-1][1])
    return kept


def spans(frames: list[tuple[float, list[Row]]], end: float) -> Iterator[tuple[int, Row, float, float]]:
    """Each row's content with the time it appeared and the time it went."""
    for number in range(ROWS):
        since, shown = 0.0, ()
        for at, rows in frames:
            if rows[number] != shown:
                if shown:
                    yield number, shown, since, at
                since, shown = at, rows[number]
        if shown:
            yield number, shown, since, end


def svg(frames: list[tuple[float, list[Row]]]) -> str:
    end = frames[-1][0] + HOLD
    width, height = COLUMNS * CELL + 2 * PAD, ROWS * LINE + 2 * PAD + 22
    css, texts = [], []
    for index, (number, row, since, until) in enumerate(spans(frames, end)):
        first, last = 100 * since / end, 100 * until / end
        y = PAD + 22 + (number + 1) * LINE - 5
        runs = "".join(_tspan(run) for run in row)
        # Timing is step-end: what a keyframe says holds until the next one.
        gone = "" if until >= end else f"{last:.3f}%,100%{{opacity:0}}"
        css.append(f"@keyframes k{index}{{0%{{opacity:0}}{first:.3f}%{{opacity:1}}{gone}}}")
        kind = "t gone" if gone else "t"
        texts.append(f'<text class="{kind}" style="animation-name:k{index}" y="{y}">{runs}</text>')
    dots = "".join(
        f'<circle cx="{PAD + 6 + 18 * n}" cy="18" r="5.5" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width:.0f} {height}" role="img">\n'
        "<title>A run of 1,000 items is killed part-way; the same command, typed again, goes on with the rest</title>\n"
        "<style>\n"
        f"text{{font:{SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
        "white-space:pre}\n"
        f".t{{animation-duration:{end:.2f}s;animation-iteration-count:infinite;animation-timing-function:step-end}}\n"
        ".gone{opacity:0}\n"
        "@media (prefers-reduced-motion:reduce){.t{animation:none!important}}\n"
        + "\n".join(css)
        + "\n</style>\n"
        f'<rect width="100%" height="100%" rx="10" fill="#0d1117"/>\n{dots}\n'
        + "\n".join(texts)
        + "\n</svg>\n"
    )


def _tspan(run: Run) -> str:
    column, text, colour, bold = run
    fill = COLOURS.get(colour, f"#{colour}" if len(colour) == 6 else COLOURS["default"])
    stripped = text.lstrip()
    x = PAD + (column + len(text) - len(stripped)) * CELL
    weight = ' font-weight="bold"' if bold else ""
    # Every run is stretched to its columns, so that no font can push the next one aside.
    return (
        f'<tspan x="{x:.1f}" fill="{fill}"{weight} textLength="{len(stripped) * CELL:.1f}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(stripped)}</tspan>'
    )


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="onward-picture-") as folder:
        frames = record(Path(folder))
    TARGET.write_text(svg(thinned(frames)), "utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1024} KiB, {frames[-1][0]:.1f} s")
    print("\n".join(line for line in _plain(frames[-1][1])))
    return 0


def _plain(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        line = ""
        for column, text, _, _ in row:
            line = line.ljust(column) + text
        yield line


if __name__ == "__main__":
    sys.exit(main())
