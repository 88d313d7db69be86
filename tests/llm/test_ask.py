"""Asking a model through the real clients of its provider, against a real server on this machine."""

import asyncio
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from llm.server import BAD_KEY, QUOTA, Fault, ModelServer, logged, server_process, throttled
from onward import llm


class Verdict(BaseModel):
    score: int
    reason: str


GOOD = '{"score": 7, "reason": "fits"}'


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(params=["openai", "openai, streamed", "anthropic", "anthropic, streamed"])
def model(server: ModelServer, request: pytest.FixtureRequest) -> Iterator[llm.Model]:
    provider, _, streamed = request.param.partition(", ")
    base = server.url if provider == "anthropic" else f"{server.url}/v1"
    model = llm.model(f"{provider}:test", base_url=base, timeout=5, stream=bool(streamed))
    yield model
    model.close()


def answers(server: ModelServer, *replies: Any) -> None:
    left = list(replies)
    server.behaviour.answer = lambda *_: left.pop(0)


def test_a_text(model: llm.Model, server: ModelServer) -> None:
    answers(server, "Hello.")
    answer = model.ask_sync("Say hello", system="Be short")
    assert answer.value == answer.text == "Hello."
    assert answer.model in ("test-2026-01-01", "test-20260101")
    assert answer.usage.input_tokens > 0
    assert answer.usd is None  # nobody knows what a server of one's own costs


def test_a_value(model: llm.Model, server: ModelServer) -> None:
    answers(server, GOOD)
    answer = asyncio.run(model.ask("Judge", schema=Verdict))
    assert answer.value == Verdict(score=7, reason="fits")
    assert answer.requests == 1


def test_the_provider_is_asked_to_enforce_the_schema(model: llm.Model, server: ModelServer) -> None:
    bodies = []

    def answer(_: str, body: dict[str, Any]) -> str:
        bodies.append(body)
        return GOOD

    server.behaviour.answer = answer
    model.ask_sync("Judge", schema=Verdict)
    body = bodies[0]
    assert body["temperature"] == 0
    assert body["max_tokens"] == 1024
    if "response_format" in body:
        form = body["response_format"]["json_schema"]
        assert form["strict"] is True
        assert form["name"] == "Verdict"
    else:
        form = body["output_config"]["format"]
    assert form["schema"]["required"] == ["score", "reason"]
    assert form["schema"]["additionalProperties"] is False


def test_an_invalid_reply_is_mended_once(model: llm.Model, server: ModelServer) -> None:
    answers(server, '{"score": "high"}', GOOD)
    answer = model.ask_sync("Judge", schema=Verdict)
    assert answer.value.score == 7
    assert answer.requests == 2
    assert len(server.calls) == 2
    told = server.calls[1]["prompt"]
    assert "score: Input should be a valid integer" in told
    assert "reason: Field required" in told


def test_and_then_it_is_a_failure(model: llm.Model, server: ModelServer) -> None:
    answers(server, "no", '{"score": 1}')
    with pytest.raises(llm.ReplyInvalid, match=r"no valid Verdict.*reason: Field required") as caught:
        model.ask_sync("Judge", schema=Verdict)
    assert caught.value.text == '{"score": 1}'
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (throttled(), llm.Throttled),
        (throttled(3), llm.Throttled),
        (Fault(), llm.Unavailable),
        (Fault(status=503), llm.Unavailable),
        (Fault("drop"), llm.Unavailable),
        (Fault("length", text='{"score": 1'), llm.ReplyCut),
        (Fault("filter", text=""), llm.ReplyWithheld),
        (Fault("refusal", text="I cannot"), llm.ReplyWithheld),
        (Fault(status=400, code="invalid_request"), llm.RequestRefused),
        (Fault(status=404, code="model_not_found"), llm.RequestRefused),
        (BAD_KEY, llm.KeyRefused),
        (Fault(status=403, code="forbidden"), llm.KeyRefused),
        (QUOTA, llm.QuotaExhausted),
        (Fault(status=402, code="payment"), llm.QuotaExhausted),
    ],
    ids=lambda each: f"{each.kind} {each.status} {each.code}" if isinstance(each, Fault) else each.__name__,
)
def test_each_fault_has_its_error(
    model: llm.Model, server: ModelServer, fault: Fault, expected: type[Exception]
) -> None:
    server.behaviour.faults.append(fault)
    model.line.pool = None  # what paces requests would ask again after a 429
    with pytest.raises(expected) as caught:
        model.ask_sync("Judge", schema=Verdict)
    assert type(caught.value) is expected
    assert len(server.calls) == 1, "one call, one request: retries are not the client's"
    assert model.name in str(caught.value)
    if expected is llm.Throttled:
        told = getattr(caught.value, "retry_after", None)
        assert (told is None) if fault.retry_after is None else (3 <= told <= 3.2)


@pytest.mark.parametrize("fault", ["cut", "no json"])
def test_half_a_reply_is_never_taken_for_whole(model: llm.Model, server: ModelServer, fault: str) -> None:
    server.behaviour.faults.append(Fault(fault, text=GOOD))
    with pytest.raises((llm.Unavailable, llm.ReplyCut)) as caught:
        model.ask_sync("Judge")  # half of a text would do, if it were taken
    assert not getattr(caught.value, "permanent", True), "another attempt may have better luck"
    assert model.ask_sync("Judge").value == "ok"


def test_a_stall_is_a_time_out(server: ModelServer) -> None:
    model = llm.model("openai:test", base_url=f"{server.url}/v1", timeout=0.3)
    server.behaviour.faults.append(Fault("stall"))
    with pytest.raises(llm.Unavailable, match="openai:test gave no answer in time"):
        model.ask_sync("Judge")
    model.close()


def test_it_is_asked_from_any_thread_and_any_loop(model: llm.Model, server: ModelServer) -> None:
    def ask() -> None:
        answered.append(model.ask_sync("Say").value)

    async def ask_many() -> None:
        answered.extend(each.value for each in await asyncio.gather(*(model.ask("Say") for _ in range(8))))

    answered: list[str] = []
    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    asyncio.run(ask_many())
    asyncio.run(ask_many())
    for thread in threads:
        thread.join()
    assert answered == ["ok"] * 24


def test_it_goes_to_other_processes(server: ModelServer, tmp_path: Path) -> None:
    model = llm.model("openai:test", base_url=f"{server.url}/v1")
    assert model.ask_sync("Say").value == "ok"  # it has connections, which stay here
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    script = "import pickle; print(pickle.load(open('model', 'rb')).ask_sync('Say').value)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ok\n", "")
    model.close()


def test_a_wait_that_is_cancelled_cancels_the_call(server: ModelServer) -> None:
    model = llm.model("openai:test", base_url=f"{server.url}/v1", timeout=30)
    server.behaviour.faults.append(Fault("stall"))

    async def give_up() -> None:
        asking = asyncio.ensure_future(model.ask("Say"))
        while server.behaviour.faults:  # noqa: ASYNC110 - until the server, in threads of its own, has got it
            await asyncio.sleep(0.01)
        asking.cancel()
        await asking

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())
    assert model.ask_sync("Say").value == "ok"
    model.close()


def test_limits_are_read_from_the_headers(server: ModelServer) -> None:
    server.requests.per_minute, server.requests._most = 600, 60
    backend = llm.model("openai:test", base_url=f"{server.url}/v1").line._connect()

    async def ask() -> llm.Completion:
        try:
            return await backend.complete(llm.Request([llm.Message("user", "Say")]))
        finally:
            await backend.aclose()

    limits = asyncio.run(ask()).limits
    assert limits is not None
    assert (limits.requests_per_minute, limits.requests_left) == (600, 59)
    assert limits.requests_reset_s is not None


def test_the_server_as_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "answers.py").write_text(
        "from llm.server import QUOTA\n"
        "def answer(prompt, body):\n"
        "    return QUOTA if 'too much' in prompt else {'score': 3, 'reason': prompt}\n"
    )
    log = tmp_path / "calls.jsonl"
    with server_process(
        "--answer", f"{tmp_path / 'answers.py'}:answer", "--log", str(log), "--rpm", "2"
    ) as url:
        model = llm.model("anthropic:test", base_url=url)
        model.line.pool = None  # what paces requests would learn of the limit, and keep to it
        assert model.ask_sync("Judge", schema=Verdict).value == Verdict(score=3, reason="Judge")
        with pytest.raises(llm.QuotaExhausted):
            model.ask_sync("too much", schema=Verdict)
        with pytest.raises(llm.Throttled) as caught:
            model.ask_sync("Judge", schema=Verdict)
        assert 50 < (caught.value.retry_after or 0) <= 61
        assert caught.value.limits is not None
        assert caught.value.limits.requests_left == 0
        model.close()
    assert [call["status"] for call in logged(log)] == [200, 429, 429]


@pytest.mark.parametrize("stream", [False, True])
def test_a_server_that_does_not_say_what_it_used(server: ModelServer, stream: bool) -> None:
    server.behaviour.usage = False
    model = llm.model("openai:test", base_url=f"{server.url}/v1", stream=stream)
    usage = model.ask_sync("Say a word. " * 100).usage
    assert 400 <= usage.input_tokens < 600, "estimated, rather too much"
    assert usage.output_tokens == 1
    model.close()


def test_models_that_take_no_temperature(model: llm.Model, server: ModelServer) -> None:
    refusal = Fault(status=400, code="unsupported_value", text="Unsupported value: 'temperature'")
    server.behaviour.faults.append(refusal)
    assert model.ask_sync("Say").value == "ok"
    assert model.ask_sync("Say").value == "ok"
    assert [call["status"] for call in server.calls] == [400, 200, 200]


def test_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(llm.KeyRefused, match="set OPENAI_API_KEY"):
        llm.model("openai:gpt-5-mini").ask_sync("Say")
