"""The options that commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from onward.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

store = click.option(
    "--store", metavar="PLACE", help="Where runs live: a folder, FILE.db or URL [default: .onward]."
)
run_name = click.option("--run", "run", metavar="NAME", default="default", help="Which run of the job.")
as_json = click.option(
    "--json", is_flag=True, expose_value=False, help="Answer with one JSON document on standard output."
)
quiet = click.option("--quiet", is_flag=True, help="No progress, and nothing said of a run that ends well.")
job = click.argument("job")


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, shown in the order given."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


one_run = together(job, run_name, store, as_json)
"""JOB, --run, --store and --json: how a command names the run it is about."""


def _policy(*names: str, **settings: Any) -> Callable[[F], F]:
    """An option without a default: what is not given stays as the job has it."""
    return click.option(*names, default=None, **settings)


source = together(
    click.argument("target"),
    click.option(
        "--input", "items", metavar="PATH", required=True, help="The items: a file, a folder, or - ."
    ),
    _policy("--format", "source_format", metavar="NAME", help="Format of the input, if its name is silent."),
)
"""TARGET and what to run it on."""

identity = together(
    _policy("--job", metavar="NAME", help="Name of the job [default: the function's]."),
    _policy("--run", metavar="NAME", help="Name of the run [default: default]."),
    _policy(
        "--store", metavar="PLACE", help="Where the run lives: a folder, FILE.db or URL [default: .onward]."
    ),
    _policy("--key", metavar="FIELD", help="The field that identifies an item [default: its position]."),
    _policy("--param", metavar="K=V", multiple=True, help="A parameter of the function; V is JSON or text."),
    _policy("--fn-version", "version", metavar="TEXT", help="The function's version, instead of its source."),
    _policy(
        "--duplicates", type=click.Choice(["refuse", "skip"]), help="What to do with a key that comes twice."
    ),
    _policy(
        "--on-change",
        type=click.Choice(["stop", "keep", "redo", "restart"]),
        help="What to do if input or function differ from what is settled [default: stop].",
    ),
    _policy("--retry-failed", is_flag=True, help="Try the failed items again."),
    _policy("--again", is_flag=True, help="Start a finished run from the beginning."),
)
"""What decides which items are to be done."""

policies = together(
    _policy("-o", "--output", metavar="PATH", help="Where the results go: .jsonl, .csv, .tsv or .json."),
    _policy("--output-format", metavar="NAME", help="Format of the output, if its name is silent."),
    _policy("--force", is_flag=True, help="Replace an output file that the run did not write."),
    _policy(
        "--every", metavar="WHEN", help='When to save: 100, "5s", "100 items or 5s", auto [default: auto].'
    ),
    _policy("--workers", type=int, metavar="N", help="Items at a time."),
    _policy(
        "--executor",
        metavar="NAME",
        help="Where the function runs: inline, threads, asyncio, processes, batch.",
    ),
    _policy("--rate", metavar="RATE", help='At most so many calls: "500/min", "10/s".'),
    _policy("--budget", metavar="AMOUNT", help='Most to spend in all sessions: "5 USD", "200000 tokens".'),
    _policy("--retries", type=int, metavar="N", help="Further attempts at an item that fails."),
    _policy("--timeout", metavar="TIME", help='How long an attempt may take: 30, "30s", "2 min".'),
    _policy(
        "--grace", metavar="TIME", help="How long a Ctrl-C waits for the items in flight [default: 30s]."
    ),
    _policy("--deadline", metavar="TIME", help="Stop, to be resumed, after so long."),
    _policy("--limit", type=int, metavar="N", help="Settle N more items, then stop, to be resumed."),
    _policy("--batch", type=int, metavar="N", help="Give the function lists of N items."),
    _policy(
        "--in-doubt",
        type=click.Choice(["fail", "redo"]),
        help="What to do about an act that may have been done already [default: fail].",
    ),
    _policy(
        "--max-crashes",
        type=int,
        metavar="N",
        help="Fail an item that killed the process N times [default: 3].",
    ),
    _policy("--max-failures", metavar="N", help="Stop when more fail in this session: 20 or 5%."),
)
"""How it is to be done."""


crashing = together(
    _policy("--key", metavar="FIELD", help="The field that identifies an item [default: its position]."),
    _policy("--param", metavar="K=V", multiple=True, help="A parameter of the function; V is JSON or text."),
    _policy("--every", metavar="WHEN", help='When to save: 100, "5s", auto [default: the job\'s].'),
    _policy("--workers", type=int, metavar="N", help="Items at a time."),
    _policy("--executor", metavar="NAME", help="Where the function runs: inline, threads, asyncio."),
    _policy("--retries", type=int, metavar="N", help="Further attempts at an item that fails."),
    _policy("--batch", type=int, metavar="N", help="Give the function lists of N items."),
)
"""What a crash test may change of a job."""


def overrides(context: click.Context) -> dict[str, Any]:
    """The policies given on the command line, as ``map`` takes them; the job's own stay for the others."""
    found: dict[str, Any] = {}
    for name, value in context.params.items():
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ("target", "items", "quiet"):
            found[name] = _READ.get(name, lambda text: text)(value)
    if "param" in found:
        found["params"] = found.pop("param")
    return found


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _zero_or_text(text: str) -> float | str:
    return 0 if text == "0" else text  # a duration is above zero, but no grace at all can be meant


def _params(pairs: tuple[str, ...]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--param {pair!r}: write NAME=VALUE, where NAME is a parameter of the function")
        found[name] = _json_or_text(text)
    return found


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _refuse(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are Python's idea of JSON: they stay text


_READ: dict[str, Callable[[Any], Any]] = {
    "every": _number_or_text,
    "max_failures": _number_or_text,
    "grace": _zero_or_text,
    "param": _params,
}
