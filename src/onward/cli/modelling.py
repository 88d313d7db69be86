"""The options of commands that ask a model, and the model that they name. Keys are read from the environment only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from onward.cli import options
from onward.cli.answer import tell
from onward.errors import UsageError

if TYPE_CHECKING:
    from onward.llm import Model, Price

NAMES = "openai:NAME, anthropic:NAME, openrouter:NAME, ollama:NAME, local, local:FILE.gguf or embedded"

NOTES_TOKENS = 2048
"""Of a reply with the notes on a part of a meeting."""

_OPENING = ("model", "base_url", "rpm", "tpm", "price")
_PRICE = re.compile(r"\$?(?P<input>\d+(\.\d+)?)\s*/\s*\$?(?P<output>\d+(\.\d+)?)")


def model_options(default: str = "embedded") -> Any:
    """--model, --base-url, --rpm, --tpm, --price and --budget; none has a value unless it is given."""
    return options.together(
        click.option("--model", metavar="NAME", help=f"Which model: {NAMES} [default: {default}]."),
        click.option(
            "--base-url", metavar="URL", help="Where it is, if not at its provider's usual address."
        ),
        click.option("--rpm", type=click.IntRange(1), metavar="N", help="Most requests a minute."),
        click.option("--tpm", type=click.IntRange(1), metavar="N", help="Most tokens a minute."),
        click.option("--price", metavar="IN/OUT", help='USD a million tokens, if not known: "0.25/2".'),
        click.option(
            "--budget", metavar="AMOUNT", help='Most to spend in all sessions: "5 USD", "200000 tokens".'
        ),
    )


def opened(
    given: dict[str, Any], default: str = "embedded", *, quiet: bool = False, **settings: Any
) -> Model:
    """The model that the options name. It takes them out of what was given; the budget stays, for the run.

    Args:
        given: as :func:`onward.cli.options.overrides` has it.
        settings: further ones of :func:`onward.llm.model`.

    Raises:
        UsageError, ModelUnavailable: there is no such model, or not on this machine.
    """
    from onward import llm

    asked = {name: given.pop(name) for name in _OPENING if name in given}
    if "price" in asked:
        asked["price"] = _price(asked["price"])
    model = llm.model(asked.pop("model", default), **settings, **asked)
    if not model.priced and not quiet:
        tell(
            f"the price of {model.name} is not known: its tokens are counted, its cost is not (--price IN/OUT)"
        )
    return model


def _price(text: str) -> Price:
    from onward.llm import Price

    match = _PRICE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f'--price {text!r}: USD for a million tokens of input and of output, as in "0.25/2"')
    return Price(input=float(match["input"]), output=float(match["output"]))
