"""``executor="batch"``: the real clients of both providers, against a real server that speaks their batch APIs."""

import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import onward
from llm.batch_api import Fate, Made
from llm.server import BAD_KEY, Fault, ModelServer
from onward import llm
from onward.errors import BudgetReached, UsageError
from onward.llm.batches import anthropic, desk

PRICE = llm.Price(input=2.0, output=10.0)


class Verdict(BaseModel):
    number: int


def answer(prompt: str, body: dict[str, Any]) -> Any:
    return f"answer to {prompt}"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(answer=answer) as server:
        yield server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes minutes with a provider takes moments here."""
    for name, seconds in {"QUIET": 0.2, "POLL": 0.1, "LOOK_AGAIN": 0.5, "CROWDED": 0.5, "LOOK": 0.05}.items():
        monkeypatch.setattr(desk, name, seconds)
    monkeypatch.setattr(anthropic, "POLL", 0.1)


MakeModel = Callable[..., llm.Model]


@pytest.fixture(params=["openai", "anthropic"])
def make_model(request: pytest.FixtureRequest, server: ModelServer) -> Iterator[MakeModel]:
    models = []

    def make(**given: Any) -> llm.Model:
        url = server.url + ("/v1" if request.param == "openai" else "")
        models.append(llm.model(f"{request.param}:test", base_url=url, api_key="k", price=PRICE, **given))
        return models[-1]

    yield make
    for model in models:
        model.close()


def run(model: llm.Model, items: Any = range(10), **given: Any) -> onward.Report:
    async def ask(number: int) -> str:
        return (await model.ask(f"question {number}")).value

    policies = {"executor": "batch", "output": "out.jsonl", "version": 1, "max_failures": None, **given}
    return onward.map(ask, items, job="ask", **policies)


def asked(server: ModelServer) -> Counter[str]:
    return Counter(
        each["body"]["messages"][-1]["content"] for made in server.batches.made for each in made.requests
    )


# ------------------------------------------------------------------------------------------ as it should be


def test_many_questions_are_one_batch_at_half_the_price(make_model: MakeModel, server: ModelServer) -> None:
    report = run(make_model())
    assert report.succeeded == 10
    assert list(report.results()) == [f"answer to question {n}" for n in range(10)]
    assert [len(made.requests) for made in server.batches.made] == [10]
    assert not server.calls, "none was asked by itself"
    spent = report.spent
    assert spent["requests"] == 10
    full = PRICE.cost(llm.Usage(int(spent["input_tokens"]), int(spent["output_tokens"])))
    assert spent["usd"] == pytest.approx(full / 2)


def test_an_answer_says_what_it_cost(make_model: MakeModel) -> None:
    model = make_model()

    async def ask(number: int) -> dict[str, Any]:
        answer = await model.ask(f"question {number}")
        return {"usd": answer.usd, "full": PRICE.cost(answer.usage)}

    report = onward.map(ask, range(2), job="ask", executor="batch")
    assert all(each["usd"] == pytest.approx(each["full"] / 2) for each in report.results())


def test_a_second_question_is_a_second_batch(make_model: MakeModel, server: ModelServer) -> None:
    model = make_model()

    async def ask(number: int) -> list[str]:
        first = await model.ask(f"first {number}")
        return [first.value, (await model.ask(f"second to {first.value}")).value]

    report = onward.map(ask, range(5), job="ask", executor="batch")
    assert list(report.results())[4][1] == "answer to second to answer to first 4"
    assert [len(made.requests) for made in server.batches.made] == [5, 5]


def test_the_same_question_twice_is_asked_twice(make_model: MakeModel, server: ModelServer) -> None:
    import asyncio

    model = make_model()

    async def ask(number: int) -> int:
        return len(await asyncio.gather(*(model.ask("heads or tails?") for _ in range(3))))

    assert onward.map(ask, range(2), job="ask", executor="batch").succeeded == 2
    assert asked(server) == {"heads or tails?": 6}
    (made,) = server.batches.made
    assert len({each["custom_id"] for each in made.requests}) == 6


def test_a_schema_is_asked_for_and_read(make_model: MakeModel, server: ModelServer) -> None:
    replies = {"question 1": ['{"number": "one"}', '{"number": 1}']}

    def answer(prompt: str, body: dict[str, Any]) -> Any:
        for question, left in replies.items():
            if any(question == each["content"] for each in body["messages"]):
                return left.pop(0)
        return {"number": 7}

    server.behaviour.answer = answer
    model = make_model()

    async def ask(number: int) -> int:
        return (await model.ask(f"question {number}", schema=Verdict)).value.number

    report = onward.map(ask, range(3), job="ask", executor="batch")
    assert list(report.results()) == [7, 1, 7]
    assert [len(made.requests) for made in server.batches.made] == [3, 1], (
        "the repair is asked in a batch of its own"
    )


def test_batches_hold_no_more_than_the_provider_allows(
    make_model: MakeModel, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model()
    api = model.line.backend().batches()  # type: ignore[attr-defined]
    monkeypatch.setattr(api, "most_requests", 4)
    assert run(model).succeeded == 10
    assert [len(made.requests) for made in server.batches.made] == [4, 4, 2]


def test_and_no_more_bytes(
    make_model: MakeModel, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model()
    api = model.line.backend().batches()  # type: ignore[attr-defined]
    monkeypatch.setattr(api, "most_bytes", 1000)
    report = run(model, [*range(6), "x" * 1000])
    assert (report.succeeded, report.failed) == (6, 1)
    (failure,) = report.failures
    assert "too long for a batch" in str(failure.error)
    assert len(server.batches.made) > 1


def test_workers_bound_what_waits(make_model: MakeModel, server: ModelServer) -> None:
    assert run(make_model(), workers=3).succeeded == 10
    assert max(len(made.requests) for made in server.batches.made) <= 3


# ---------------------------------------------------------------------------------------- item by item


def test_errors_are_their_items_failures(make_model: MakeModel, server: ModelServer) -> None:
    server.behaviour.answer = lambda prompt, body: (
        Fault(status=400, code="invalid_request", text="too odd") if prompt == "question 3" else "fine"
    )
    report = run(make_model())
    assert (report.succeeded, report.failed) == (9, 1)
    (failure,) = report.failures
    assert failure.key == 3
    assert "too odd" in str(failure.error)
    assert max(asked(server).values()) == 1


def test_what_failed_is_asked_again_when_retried(make_model: MakeModel, server: ModelServer) -> None:
    bad = [Fault(status=500, text="broken")]
    server.behaviour.answer = lambda prompt, body: bad.pop() if bad and prompt == "question 3" else "fine"
    model = make_model()
    assert run(model).failed == 1
    assert run(model, retry_failed=True).succeeded == 10
    assert asked(server)["question 3"] == 2
    assert sum(asked(server).values()) == 11


def test_a_reply_that_cannot_be_used_is_not_reused_by_a_retry(
    make_model: MakeModel, server: ModelServer
) -> None:
    cut = [Fault("length", text="cut o")]
    server.behaviour.answer = lambda prompt, body: cut.pop() if cut else "whole"
    model = make_model()
    assert run(model, [1]).failed == 1
    assert list(run(model, [1], retry_failed=True).results()) == ["whole"]


def test_a_failure_after_the_answer_does_not_pay_for_it_again(
    make_model: MakeModel, server: ModelServer
) -> None:
    model = make_model()
    failing = [True]

    async def ask(number: int) -> str:
        answer = await model.ask(f"question {number}")
        if failing:
            failing.clear()
            raise ConnectionError("of another service")
        return answer.value

    report = onward.map(ask, range(3), job="ask", executor="batch", retries=onward.Retry(1, initial=0.01))
    assert report.succeeded == 3
    assert max(asked(server).values()) == 1
    assert report.spent["requests"] == 3


@pytest.mark.parametrize("kind", ["expired", "cancelled"])
def test_a_batch_that_ends_half_way(make_model: MakeModel, server: ModelServer, kind: str) -> None:
    server.batches.fates.append(Fate(kind))
    report = run(make_model())
    if kind == "expired":
        assert report.succeeded == 10
        assert [len(made.requests) for made in server.batches.made] == [10, 5]
    else:
        assert (report.succeeded, report.failed) == (5, 5)
        assert all("cancel" in str(each.error) for each in report.failures)
        assert [len(made.requests) for made in server.batches.made] == [10]


def test_what_expires_again_and_again_fails(make_model: MakeModel, server: ModelServer) -> None:
    server.batches.fates.extend([Fate("expired")] * 20)
    server.batches.seconds = 0.1
    report = run(make_model(), [1])
    assert report.failed == 1
    assert len(server.batches.made) == desk.TRIES


def test_a_model_that_takes_no_temperature(make_model: MakeModel, server: ModelServer) -> None:
    server.behaviour.answer = lambda prompt, body: (
        Fault(status=400, code="invalid_request", text="Unsupported value: 'temperature'")
        if "temperature" in body
        else "fine"
    )
    assert run(make_model(), range(3)).succeeded == 3
    assert [len(made.requests) for made in server.batches.made] == [3, 3]


def openai_at(server: ModelServer) -> llm.Model:
    return llm.model("openai:test", base_url=f"{server.url}/v1", price=PRICE)


def test_a_line_that_fails_a_batch_fails_alone(server: ModelServer) -> None:
    server.batches.fates.append(Fate("failed", line=4))
    report = run(openai_at(server))
    assert (report.succeeded, report.failed) == (9, 1)
    assert [len(made.requests) for made in server.batches.made] == [10, 9]


def test_a_full_queue_is_waited_for_with_smaller_batches(server: ModelServer) -> None:
    server.batches.fates.append(Fate("failed", code="token_limit_exceeded"))
    assert run(openai_at(server)).succeeded == 10
    assert [len(made.requests) for made in server.batches.made] == [10, 5, 5]


# --------------------------------------------------------------------------- what stops the run, resumably


def test_a_batch_that_is_refused_stops_the_run(make_model: MakeModel, server: ModelServer) -> None:
    server.batches.fates.append(Fate("refused"))
    model = make_model()
    with pytest.raises(onward.Stopped, match="that is no batch") as stopped:
        run(model)
    assert stopped.value.report is not None
    assert stopped.value.report.failed == 0
    assert run(model).succeeded == 10
    assert max(asked(server).values()) == 1


def test_a_lost_reply_is_looked_for(make_model: MakeModel, server: ModelServer) -> None:
    """The provider made the batch, but its maker was told that something went wrong."""
    server.batches.fates.append(Fate("lost"))
    assert run(make_model()).succeeded == 10
    assert len(server.batches.made) == 1


def test_a_provider_out_of_reach_stops_the_run_in_the_end(
    make_model: MakeModel, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its batch was made, but neither the answer to that nor any later one got through."""
    monkeypatch.setattr(desk, "PATIENCE", 0.5)
    server.batches.fates.append(Fate("lost"))
    server.batches.out_of_reach = True
    model = make_model()
    with pytest.raises(onward.Stopped, match="could not be made or read") as stopped:
        run(model)
    assert stopped.value.report is not None
    assert stopped.value.report.failed == 0
    server.batches.out_of_reach = False
    assert run(model).succeeded == 10
    assert len(server.batches.made) == 1


def test_a_budget_is_kept_at_the_price_of_batches(make_model: MakeModel, server: ModelServer) -> None:
    model = make_model(
        max_tokens=100
    )  # a request may cost half of 1.1 thousandths of a dollar, and costs far less
    with pytest.raises(BudgetReached):
        run(model, budget="0.0007 USD")
    assert 1 <= sum(asked(server).values()) < 10
    assert run(model, budget="1 USD").succeeded == 10
    assert max(asked(server).values()) == 1


def test_a_model_without_batches_says_so() -> None:
    with pytest.raises(onward.Stopped, match="takes no batches"):
        run(llm.model(llm.Scripted(lambda prompt: "ok")))


@pytest.mark.parametrize(("given", "why"), [({"timeout": 5}, "hours"), ({"batch": 5}, "itself")])
def test_what_does_not_go_together_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        run(llm.model(llm.Scripted(lambda prompt: "ok")), **given)


def test_plain_functions_are_refused() -> None:
    with pytest.raises(UsageError, match="coroutine"):
        onward.map(len, ["a"], job="ask", executor="batch")


# ------------------------------------------------------------------------------------- killed anywhere

SCRIPT = """
import sys, onward, onward.llm
from onward.llm.batches import anthropic, desk

desk.QUIET, desk.POLL, desk.LOOK_AGAIN, desk.LOOK, anthropic.POLL = 0.2, 0.1, 1.0, 0.05, 0.1
model = onward.llm.model(sys.argv[1], base_url=sys.argv[2], api_key="k", price=onward.llm.Price(2, 10))

async def ask(number):
    first = await model.ask(f"first {number}")
    second = await model.ask(f"second {number} to {first.value}")
    return second.value

report = onward.map(ask, range(20), job="ask", executor="batch", output="out.jsonl", version=1, progress=False,
                    max_crashes=int(sys.argv[3]))
print(report.succeeded, report.spent["requests"], report.spent["usd"])
"""

MANY = 100
"""Deaths that no item is failed for."""

POINTS = [f"batch.{name}" for name in ("reserved", "submitted", "saved", "ended", "collected")]


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("point", [*POINTS, "batch.reserved:2", "batch.collected:2"])
def test_killed_at_every_step(server: ModelServer, tmp_path: Path, provider: str, point: str) -> None:
    """Two batches for each item; killed at a step of the first or of the second. None is ever made twice."""
    ended = _start(server, provider, tmp_path, {"ONWARD_FAULT": point})
    assert ended.returncode == -9, ended
    ended = _start(server, provider, tmp_path, {})
    assert ended.returncode == 0, ended.stderr
    _check(server, tmp_path, ended.stdout)


@pytest.mark.slow
def test_a_stranger_s_batch_is_not_taken_for_ones_own(server: ModelServer, tmp_path: Path) -> None:
    """Of Anthropic's batches only number and, once they have ended, custom ids can be compared."""
    strangers = [
        {"custom_id": f"x-{n}", "body": {"model": "x", "messages": [{"content": f"x {n}"}]}}
        for n in range(20)
    ]
    ended = _start(server, "anthropic", tmp_path, {"ONWARD_FAULT": "batch.reserved"})
    assert ended.returncode == -9, ended
    server.batches.made.append(Made("batch_of_others", "anthropic", time.time(), Fate(), strangers))
    ended = _start(server, "anthropic", tmp_path, {})
    assert ended.returncode == 0, ended.stderr
    server.batches.made.pop(0)
    _check(server, tmp_path, ended.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_killed_again_and_again(server: ModelServer, tmp_path: Path, provider: str) -> None:
    import random

    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    server.batches.seconds = 1.0
    for _ in range(12):
        _kill(server, provider, tmp_path, chance.uniform(0.5, 4))
    ended = _start(server, provider, tmp_path, {}, crashes=MANY)
    assert ended.returncode == 0, ended.stderr
    _check(server, tmp_path, ended.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_who_waits_for_a_batch_is_not_suspected(server: ModelServer, tmp_path: Path, provider: str) -> None:
    """However often the process dies meanwhile: none is failed for it, and none made to wait for the others."""
    server.batches.seconds = 600
    for _ in range(7):
        looked = server.batches.looked
        process = subprocess.Popen(_command(server, provider), cwd=tmp_path)
        while server.batches.looked == looked:
            time.sleep(0.05)
        process.kill()
        process.wait()
    server.batches.seconds = 0.2
    ended = _start(server, provider, tmp_path, {})
    assert ended.returncode == 0, ended.stderr
    _check(server, tmp_path, ended.stdout)
    assert [len(made.requests) for made in server.batches.made] == [20, 20]


def _kill(server: ModelServer, provider: str, folder: Path, seconds: float) -> None:
    """Start it, and kill it after so long, unless it has ended before.

    Where the machine is slow it dies every time in its first item, which loads the provider's client.
    """
    process = subprocess.Popen(_command(server, provider, crashes=MANY), cwd=folder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.kill()
    process.wait()


def _check(server: ModelServer, folder: Path, told: str) -> None:
    lines = (folder / "out.jsonl").read_text().splitlines()
    assert lines == [f'"answer to second {n} to answer to first {n}"' for n in range(20)]
    assert max(asked(server).values()) == 1, "none was asked twice"
    assert sum(asked(server).values()) == 40
    succeeded, requests, _ = told.split()
    assert (int(succeeded), float(requests)) == (20, 40), "and each was counted once"


def _command(server: ModelServer, provider: str, crashes: int = 3) -> list[str]:
    url = server.url + ("/v1" if provider == "openai" else "")
    return [sys.executable, "-c", SCRIPT, f"{provider}:test", url, str(crashes)]


def _start(
    server: ModelServer, provider: str, folder: Path, env: dict[str, str], crashes: int = 3
) -> "subprocess.CompletedProcess[str]":
    import os

    return subprocess.run(
        _command(server, provider, crashes),
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_a_stop_lets_go_and_a_resume_attaches(server: ModelServer, tmp_path: Path) -> None:
    import signal

    server.batches.seconds = 4
    process = subprocess.Popen(_command(server, "openai"), cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not server.batches.made:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "onward.errors.Interrupted" in said
    ended = _start(server, "openai", tmp_path, {})
    assert ended.returncode == 0, ended.stderr
    _check(server, tmp_path, ended.stdout)


def test_a_refused_key_stops_the_run(server: ModelServer) -> None:
    server.behaviour.answer = lambda prompt, body: BAD_KEY
    with pytest.raises(llm.KeyRefused):
        run(openai_at(server))


LEFT = """
import gc, sys, onward, onward.llm
from onward.llm.batches import desk
from onward.session.session import Session

desk.QUIET, desk.POLL = 0.2, 0.1
model = onward.llm.model("openai:test", base_url=sys.argv[1], price=onward.llm.Price(2, 10))

async def ask(number):
    return (await model.ask(f"question {number}")).value

for executor in ("batch", None):
    onward.map(ask, range(3), job="ask", executor=executor, version=1, again=True, progress=False)
gc.collect()
print(sum(isinstance(each, Session) for each in gc.get_objects()))
"""


@pytest.mark.slow
def test_a_session_leaves_nothing_behind(server: ModelServer, tmp_path: Path) -> None:
    command = [sys.executable, "-c", LEFT, f"{server.url}/v1"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stdout == "0\n", ended
