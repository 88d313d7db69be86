"""A model in a run: what it costs counts, what no item can mend stops the run, and a killed run pays nothing twice."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import onward
from acceptance.harness import Place
from llm.server import BAD_KEY, QUOTA, Fault, ModelServer, logged, server_process, throttled
from onward import llm
from onward.errors import BudgetReached, FunctionChanged


class Verdict(BaseModel):
    score: int


PRICE = llm.Price(input=1, output=10)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def open_model(server: ModelServer, **options: Any) -> llm.Model:
    return llm.model("openai:test", base_url=f"{server.url}/v1", timeout=5, max_tokens=10, **options)


@pytest.fixture
def model(server: ModelServer) -> Iterator[llm.Model]:
    model = open_model(server, price=PRICE)
    yield model
    model.close()


async def judge(item: int, *, model: llm.Model) -> int:
    return (await model.ask(f"Judge {item}", schema=Verdict)).value.score


def judge_plainly(item: int, *, model: llm.Model) -> int:
    return model.ask_sync(f"Judge {item}", schema=Verdict).value.score


def judged(model: llm.Model, items: int = 5, function: Any = judge, **options: Any) -> onward.Report:
    return onward.map(function, range(items), job="judge", params={"model": model}, **options)


def paid(calls: list[dict[str, Any]]) -> int:
    return len([call for call in calls if call["status"] == 200])


def spending() -> dict[str, float]:
    return onward.load("judge").head.spent


@pytest.mark.parametrize("function", [judge, judge_plainly])
@pytest.mark.parametrize("workers", [1, 4])
def test_what_it_costs_counts_in_the_run(model: llm.Model, function: Any, workers: int) -> None:
    report = judged(model, function=function, workers=workers)
    assert list(report.results()) == [1] * 5
    spent = spending()
    assert spent["requests"] == 5
    assert spent["tokens"] == spent["input_tokens"] + spent["output_tokens"] > 0
    assert spent["usd"] == pytest.approx((spent["input_tokens"] + 10 * spent["output_tokens"]) / 1e6)


def test_failed_and_mended_replies_count_too(model: llm.Model, server: ModelServer) -> None:
    replies = ["no", '{"score": 7}', "no", "no"]
    server.behaviour.answer = lambda *_: replies.pop(0)
    report = judged(model, 2)
    assert (report.succeeded, report.failed) == (1, 1)
    (failure,) = report.failures
    assert failure.error is not None
    assert failure.error.type.endswith("ReplyInvalid")
    assert spending()["requests"] == 4
    assert spending()["output_tokens"] > 0


def test_an_unknown_price_is_no_price(server: ModelServer) -> None:
    model = open_model(server)
    judged(model, 2)
    assert "usd" not in spending()
    assert spending()["tokens"] > 0
    assert not model.priced
    model.close()


def test_and_no_budget_in_dollars_can_be_kept_with_it(server: ModelServer) -> None:
    model = open_model(server)
    with pytest.raises(BudgetReached, match=r"the price of openai:test is not known.*price=Price"):
        judged(model, budget="5 USD")
    assert server.calls == []
    model.close()


def test_a_budget_stops_before_it_is_exceeded(model: llm.Model, server: ModelServer) -> None:
    with pytest.raises(BudgetReached) as stopped:
        judged(model, 50, budget="400 tokens", workers=4)
    report = stopped.value.report
    assert report is not None
    assert 0 < report.succeeded < 50
    assert report.failed == 0
    first = paid(server.calls)
    assert onward.load("judge").status == "interrupted"
    again = judged(model, 50, budget="100000 tokens", workers=4)
    assert again.succeeded == 50
    assert spending()["requests"] == paid(server.calls) == 50
    assert again.reused == first


@pytest.mark.parametrize(
    ("fault", "error"), [(BAD_KEY, llm.KeyRefused), (QUOTA, llm.QuotaExhausted)], ids=["key", "quota"]
)
@pytest.mark.parametrize("function", [judge, judge_plainly])
def test_what_no_item_can_mend_stops_the_run(
    model: llm.Model, server: ModelServer, fault: Fault, error: type[onward.Stopped], function: Any
) -> None:
    server.behaviour.faults.extend([None, None, *[fault] * 50])
    with pytest.raises(error) as stopped:
        judged(model, 40, function=function, workers=2)
    assert stopped.value.exit_code == 6
    report = stopped.value.report
    assert report is not None
    assert report.failed == 0, "no item failed by it"
    assert report.succeeded == 2
    server.behaviour.faults.clear()
    assert judged(model, 40, function=function, workers=2).succeeded == 40
    assert paid(server.calls) == 40


def test_hard_weather(server: ModelServer) -> None:
    """Faults of every passing kind, at a rate limit: each item is judged once, and none is lost."""
    faults = [
        throttled(0.05),
        Fault(),
        Fault("drop"),
        Fault("cut"),
        Fault("no json"),
        throttled(),
        Fault(status=503),
    ]
    server.behaviour.faults.extend(fault for pair in zip(faults, [None] * 7, strict=True) for fault in pair)
    model = open_model(server, price=PRICE)
    report = judged(model, 30, retries=onward.Retry(5, initial=0.01), workers=8)
    assert report.succeeded == 30
    assert paid(server.calls) >= 30
    model.close()


class Other(Verdict):
    reason: str = ""


async def work(item: int, *, model: llm.Model, prompt: llm.Prompt, schema: type[Verdict]) -> int:
    return (await model.ask(prompt(item=item), schema=schema)).value.score


def start(replies: Any, prompt: str, schema: type[BaseModel] = Verdict, **options: Any) -> onward.Report:
    model = llm.model(llm.Scripted(replies), **options)
    params = {"model": model, "prompt": llm.Prompt(prompt), "schema": schema}
    return onward.map(work, [1, 2, 3], job="job", params=params)


def test_each_part_of_the_identity_is_named() -> None:
    good = {"score": 1}
    with pytest.raises(llm.KeyRefused):
        start([good, llm.KeyRefused("no")], "Judge {item}")
    with pytest.raises(FunctionChanged) as changed:
        start([], "Judge well: {item}", Other, temperature=0.5, options={"seed": 7})
    for part in ("model.temperature: 0", "model.seed: (none)", "prompt.template:", "schema: Verdict(score)"):
        assert f"param {part}" in str(changed.value), part
    assert "max_tokens" not in str(changed.value)
    # How fast it may be asked decides about nothing.
    assert start([good, good], "Judge {item}", rpm=600, timeout=3, concurrency=7).succeeded == 3


# ----------------------------------------------------------------------------------- really killed

SCRIPT = """
    import onward.llm
    from pydantic import BaseModel

    class Verdict(BaseModel):
        score: int

    async def judge(item, *, model):
        answer = await model.ask(f"Judge {item['id']}", schema=Verdict)
        return {"id": item["id"], "score": answer.value.score, "model": answer.model}

    model = onward.llm.model("openai:test", base_url=given["url"] + "/v1", price=onward.llm.Price(1, 1))
    main(lambda: onward.map(judge, numbers(60), job="job", key="id", params={"model": model}, workers=4,
                            every="1 item", output="out.jsonl"))
"""


@pytest.mark.slow
def test_killed_again_and_again_it_pays_for_no_item_twice(tmp_path: Path) -> None:
    place, log = Place(tmp_path / "place", SCRIPT), tmp_path / "calls.jsonl"
    kills = 3
    with server_process("--log", str(log), "--latency", "0.02") as url:
        for kill in range(1, kills + 1):
            started = place.start(url=url)
            started.until(lambda seen=12 * kill: paid(logged(log)) >= seen)
            started.process.kill()
            started.wait()
        ended = place.run(url=url).finished()
    assert ended.told["succeeded"] == 60
    assert [line["id"] for line in place.lines()] == list(range(1, 61))
    assert {line["model"] for line in place.lines()} == {"test-2026-01-01"}
    calls = paid(logged(log))
    assert 60 <= calls <= 60 + kills * 2 * 4, (
        "those in flight at each kill, and those whose save was under way"
    )


STALLED = """
    import onward.llm

    def plain(item, *, model):
        return model.ask_sync(str(item["id"])).value

    async def coroutine(item, *, model):
        return (await model.ask(str(item["id"]))).value

    model = onward.llm.model("openai:test", base_url=given["url"] + "/v1")
    work = {"plain": plain, "coroutine": coroutine}[given["work"]]
    main(lambda: onward.map(work, numbers(8), job="job", params={"model": model}, workers=given["workers"],
                            grace=given["grace"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("work", ["plain", "coroutine"])
@pytest.mark.parametrize("workers", [1, 4])
def test_an_interrupt_does_not_wait_for_a_model_that_says_nothing(
    tmp_path: Path, server: ModelServer, work: str, workers: int
) -> None:
    server.behaviour.faults.extend([None] * 3 + [Fault("stall", seconds=300)] * 5)
    place = Place(tmp_path / "place", STALLED)
    started = place.start(url=server.url, work=work, workers=workers, grace=0.5)
    started.until(lambda: len(server.calls) > 3 and len(place.saved()) == 3)
    began = time.monotonic()
    started.process.send_signal(signal.SIGINT)
    ended = started.wait()
    assert ended.code == 75, ended
    assert time.monotonic() - began < 30, (
        "not as long as the model keeps silent, nor as the request's timeout"
    )
    assert ended.told["report"]["succeeded"] == 3
    server.behaviour.faults.clear()
    assert place.run(url=server.url, work=work, workers=workers, grace=0.5).finished().told["succeeded"] == 8


def test_many_threads_share_one_model(model: llm.Model, server: ModelServer) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.append(model.ask_sync("Judge", schema=Verdict).value.score)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 32
    assert json.dumps(server.calls)
