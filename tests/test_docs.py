"""Every page does what it says: its blocks run, in order, in an empty folder with the samples beside it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pages import BadPage, parse
from shape import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

LINK = re.compile(r"\]\((?!\w+:|#)(?P<target>[^)#\s]+)")


def run(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, ROOT / "tests" / "pages.py", page],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "100", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@each_page
def test_page_runs(page: Path, tmp_path: Path) -> None:
    if (ROOT / "samples").is_dir():
        shutil.copytree(ROOT / "samples", tmp_path / "samples")
    done = run(page, tmp_path)
    assert done.returncode == 0, done.stdout


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    targets = {match["target"] for match in LINK.finditer(page.read_text("utf-8"))}
    assert not {target for target in targets if not (page.parent / target).exists()}


# --------------------------------------------------------------------------- how a page is run, on small ones


def small(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    page = tmp_path / "Page.md"
    page.write_text(text.replace("'''", "```"))
    folder = tmp_path / "folder"
    folder.mkdir()
    return run(page, folder)


def test_blocks_run_in_order_in_one_namespace(tmp_path: Path) -> None:
    done = small(
        tmp_path,
        """# Page
<!-- setup
words = ["a"]
-->
'''python
words.append("b")
'''
'''python title="other.py"
value = "c"
'''
Text, and a list:

- item
  '''python
  from other import value
  print(words, value)
  '''
'''json
not python
'''
""",
    )
    assert (done.returncode, done.stdout) == (0, "['a', 'b'] c\n")


def test_await_may_stand_at_the_top(tmp_path: Path) -> None:
    done = small(tmp_path, "'''python\nimport asyncio\nprint(await asyncio.sleep(0, 'slept'))\n'''\n")
    assert (done.returncode, done.stdout) == (0, "slept\n")


def test_functions_have_their_source_and_can_be_pickled(tmp_path: Path) -> None:
    done = small(
        tmp_path,
        """
'''python
import inspect, pickle
def double(x):
    return 2 * x
'''
'''python
print(inspect.getsource(double).count("\\n"), pickle.loads(pickle.dumps(double))(2))
'''
""",
    )
    assert (done.returncode, done.stdout) == (0, "2 4\n")


def test_an_error_names_the_line_of_the_page(tmp_path: Path) -> None:
    done = small(tmp_path, "text\n'''python\nx = 1\n1 / 0\n'''\n")
    assert done.returncode == 1
    assert 'page.page.py", line 4' in done.stdout


def test_console_commands_run_where_the_page_has_them(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    fake = bin_folder / "onward"
    fake.write_text('#!/bin/sh\necho "onward $* ($(cat note))"\n[ "$1" != stop ] || exit 75\n')
    fake.chmod(0o755)
    text = """
'''python
import os; os.environ["PATH"] = "BIN" + os.pathsep + os.environ["PATH"]
open("note", "w").write("1")
'''
'''console
$ onward run \\
    --quiet       # as on a terminal
output
$ rm note
'''
<!-- exits: 75 -->
'''console
$ onward stop
'''
<!-- not run: there is no such command -->
'''console
$ onward stop again
'''
'''console
$ onward stop
'''
""".replace("BIN", str(bin_folder))
    done = small(tmp_path, text)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("onward")] == [
        "onward run --quiet (1)",
        "onward stop (1)",
        "onward stop (1)",
    ]
    assert "`onward stop` exits with 75, not 0" in done.stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("```python\nx\n", "line 1: what opens here is not closed"),
        ("a\n<!-- setup\nx\n", "line 2: what opens here is not closed"),
        ("<!-- not run: -->\n```python\nx\n```\n", "line 1: say why the block is not run"),
    ],
)
def test_a_page_that_cannot_be_meant_is_refused(text: str, expected: str) -> None:
    with pytest.raises(BadPage, match=expected):
        parse(text)
