"""Budgets and what was spent, on the command line."""

import shlex
from pathlib import Path

from cli.processes import Command

PAYS = ["run", "app.py:pays", "--input", "items.jsonl"]


def test_a_budget_stops_the_run_and_a_larger_one_goes_on(app: Path, onward: Command) -> None:
    stopped = onward(*PAYS, "--budget", "6 USD")
    assert stopped.code == 6
    assert "onward: the budget of 6.00 USD is spent (6.00 USD); give a larger budget to go on" in stopped.err
    (line,) = [line for line in stopped.err.splitlines() if "Go on with:" in line]
    assert line.startswith("saved at 4/20. Go on with:  onward run app.py:pays --input items.jsonl --budget ")
    command = shlex.split(line.partition("Go on with:")[2])
    assert command[-1] == "12 usd"
    more = onward(*command[1:])
    assert (more.code, "saved at 8/20" in more.err) == (6, True)
    rest = onward(*PAYS, "--budget", "100 USD")
    assert rest.code == 0
    assert "  spent: 30.00 USD, 24,000 tokens, 20,000 input tokens, 4,000 output tokens\n" in rest.err
    assert "  reused 8 items: 12.00 USD, 9,600 tokens" in rest.err
    again = onward(*PAYS)
    assert "  reused 20 items: 30.00 USD, 24,000 tokens" in again.err


def test_a_budget_of_tokens_doubles_in_tokens(app: Path, onward: Command) -> None:
    stopped = onward(*PAYS, "--budget", "4000000 requests or 3000 tokens")
    assert stopped.code == 6
    assert "--budget '8000000 requests or 6000 tokens'" in stopped.err


def test_what_was_spent_is_shown(app: Path, onward: Command) -> None:
    onward(*PAYS, "--limit", "4")
    title, row = onward("status").out.splitlines()
    assert "SPENT" in title
    assert "6.00 USD" in row
    shown = onward("show", "pays").out
    assert (
        "  spent     6.00 USD, 4,800 tokens, 4,000 input tokens, 800 output tokens, about 24.00 USD to go\n"
        in shown
    )
    document = onward("show", "pays", "--json").document
    assert document["spent"] == {"usd": 6, "tokens": 4800, "input_tokens": 4000, "output_tokens": 800}
    assert document["forecast"] == 24
    report = onward(*PAYS, "--json").document
    assert (report["spent"]["usd"], report["reused_spent"]["usd"]) == (30, 6)
    assert report["reused_seconds"] > 0


def test_plain_lines_tell_what_is_spent(app: Path, onward: Command) -> None:
    said = onward(*PAYS).err
    assert "pays: 20/20, finished, in 0:00:00, 30.00 USD\n" in said


def test_a_budget_that_is_none_is_a_usage_error(app: Path, onward: Command) -> None:
    wrong = onward(*PAYS, "--budget", "5 EUR")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
    assert "budget='5 EUR': write" in wrong.err


def test_acts_in_doubt(app: Path, onward: Command) -> None:
    sends = ["run", "app.py:sends", "--input", "items.jsonl", "--limit", "1", "--max-failures", "100"]
    onward(*sends)
    assert "  in doubt  1 act: send of 0\n" in onward("show", "sends").out
    (act,) = onward("show", "sends", "--json").document["in_doubt"]
    assert (act["key"], act["name"]) == (0, "send")
    again = onward(*sends, "--retry-failed")
    assert again.code == 75
    assert "InDoubt: 'send' may have been done for item 0" in onward("errors", "sends").out
    onward(*sends, "--retry-failed", "--in-doubt", "redo")
    assert "ConnectionError: gone" in onward("errors", "sends").out
