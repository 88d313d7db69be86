"""The options of commands that ask a model."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from onward import llm
from onward.cli import options
from onward.cli.modelling import model_options, opened
from onward.errors import UsageError

opened_models: list[tuple[llm.Model, dict[str, Any]]] = []


@click.command()
@model_options("scripted:builtins:str")
@options.quiet
def ask(quiet: bool, **_: Any) -> None:
    given = options.overrides(click.get_current_context())
    opened_models.append((opened(given, "scripted:builtins:str", quiet=quiet, max_tokens=7), given))


def run(*words: str) -> tuple[llm.Model, dict[str, Any], str]:
    opened_models.clear()
    result = CliRunner().invoke(ask, words, catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    (found,) = opened_models
    return *found, result.stderr


def test_nothing_given_is_the_default() -> None:
    model, rest, said = run()
    assert model.name == "scripted:builtins:str"
    assert model.settings.max_tokens == 7
    assert rest == {}
    assert said == ""


def test_what_is_given_reaches_the_model_and_the_budget_the_run() -> None:
    model, rest, said = run(
        *("--model", "openai:own", "--base-url", "http://127.0.0.1:1/v1", "--rpm", "600", "--tpm", "9000"),
        *("--price", "0.25/2", "--budget", "5 USD"),
    )
    assert model.name == "openai:own"
    assert (model.line.limits.rpm, model.line.limits.tpm) == (600, 9000)
    assert model.line.price == llm.Price(0.25, 2)
    assert rest == {"budget": "5 USD"}
    assert said == ""


def test_an_unknown_price_is_said_to_be_unknown() -> None:
    words = ("--model", "openai:own", "--base-url", "http://127.0.0.1:1/v1")
    assert "the price of openai:own is not known" in run(*words)[2]
    assert run(*words, "--quiet")[2] == ""
    assert run("--model", "openai:gpt-4o-mini")[2] == ""


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="--price 'cheap'"):
        run("--price", "cheap")
    with pytest.raises(UsageError, match="the providers are"):
        run("--model", "nobody:x")


def test_keys_are_no_options() -> None:
    assert "key" not in CliRunner().invoke(ask, ["--help"]).output.lower()
