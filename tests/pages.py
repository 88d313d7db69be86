"""Does what a Markdown page tells its reader to do, in the current folder: ``python pages.py PAGE``.

In the order of the page:

- a ``python`` block runs; all of a page share one namespace, and ``await`` may stand at the top level;
- a ``console`` block has its lines that start with ``$ onward`` run by the shell;
- a block with a file's name (three backticks, then ``python title="app.py"``) becomes that file instead.

Comments say the rest, and do not show on the rendered page:

- ``<!-- setup``, then Python on the lines up to ``-->``, runs like a block;
- ``<!-- not run: the reason -->`` on the line above a block passes it over;
- ``<!-- exits: 75 -->`` on the line above a console block says how its commands end, where it is not with 0.
"""

import ast
import asyncio
import importlib
import inspect
import linecache
import re
import subprocess
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)(?P<info>.*)$")
TITLE = re.compile(r'title="(?P<file>[^"]+)"')
NOT_RUN = re.compile(r"^ *<!-- not run:(?P<reason>.*)-->$")
EXITS = re.compile(r"^ *<!-- exits: (?P<code>\d+) -->$")


class BadPage(Exception):
    """The page cannot be read as meant."""


@dataclass(frozen=True)
class Block:
    language: str  # "setup" for the hidden ones
    line: int  # of its first line of text, from 1
    text: str
    file: str | None = None
    exits: int = 0
    not_run: str | None = None  # the reason

    @property
    def commands(self) -> list[str]:
        """What a console block types after the prompt; a backslash goes on with the next line."""
        joined = re.sub(r"\\\n[> ]*", " ", self.text)
        return [line[2:] for line in joined.splitlines() if line.startswith("$ onward ")]


def parse(text: str) -> list[Block]:
    lines = text.splitlines()
    blocks = []
    at = 0
    while at < len(lines):
        start = at + 1
        if lines[at].strip() == "<!-- setup":
            at = _end(lines, start, "-->")
            blocks.append(Block("setup", start + 1, _cut(lines[start:at])))
        elif fence := FENCE.match(lines[at]):
            at = _end(lines, start, "```")
            above = lines[start - 2] if start > 1 else ""
            blocks.append(_block(fence, above, start + 1, _cut(lines[start:at], len(fence["indent"]))))
        at += 1
    return blocks


def _end(lines: list[str], start: int, closing: str) -> int:
    for at in range(start, len(lines)):
        if lines[at].strip() == closing:
            return at
    raise BadPage(f"line {start}: what opens here is not closed")


def _cut(lines: list[str], indent: int = 0) -> str:
    return "".join(f"{line[indent:]}\n" for line in lines)


def _block(fence: re.Match[str], above: str, line: int, text: str) -> Block:
    title, not_run, exits = TITLE.search(fence["info"]), NOT_RUN.match(above), EXITS.match(above)
    if not_run and not not_run["reason"].strip():
        raise BadPage(f"line {line - 2}: say why the block is not run")
    return Block(
        language=fence["language"],
        line=line,
        text=text,
        file=title["file"] if title else None,
        exits=int(exits["code"]) if exits else 0,
        not_run=not_run["reason"].strip() if not_run else None,
    )


def run(page: Path) -> None:
    blocks = [block for block in parse(page.read_text("utf-8")) if block.not_run is None]
    python = [block for block in blocks if block.language in ("python", "setup") and not block.file]
    # The page's Python as one script, each line where it is on the page: for tracebacks, for getsource,
    # and for worker processes, which import their parent's script.
    script = Path(page.stem.lower() + ".page.py").absolute()
    script.write_text(_script(python), "utf-8")
    main = types.ModuleType("__main__")
    main.__file__ = str(script)
    sys.modules["__main__"] = main
    sys.path[0] = str(Path.cwd())
    for block in blocks:
        if block.file:
            Path(block.file).write_text(block.text, "utf-8")
            importlib.invalidate_caches()
        elif block in python:
            _execute(block, script, vars(main))
        elif block.language == "console":
            _type(block)


def _script(blocks: list[Block]) -> str:
    lines: list[str] = []
    for block in blocks:
        lines += [""] * (block.line - 1 - len(lines)) + block.text.splitlines()
    return "\n".join(lines) + "\n"


def _execute(block: Block, script: Path, namespace: dict[str, Any]) -> None:
    linecache.checkcache(str(script))
    source = "\n" * (block.line - 1) + block.text
    code = compile(source, str(script), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    result = eval(code, namespace)
    if inspect.iscoroutine(result):
        asyncio.run(_awaited(result))


async def _awaited(coroutine: Any) -> None:
    await coroutine


def _type(block: Block) -> None:
    for command in block.commands:
        print(f"$ {command}", flush=True)
        code = subprocess.run(command, shell=True, check=False).returncode
        if code != block.exits:
            raise BadPage(f"line {block.line}: `{command}` exits with {code}, not {block.exits}")


if __name__ == "__main__":
    try:
        run(Path(sys.argv[1]))
    except BadPage as problem:
        sys.exit(f"{Path(sys.argv[1]).name}, {problem}")
