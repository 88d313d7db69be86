"""Pacing of real requests: to a real server that refuses, from real runs that stop, die and go on."""

import asyncio
import importlib.util
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import onward
from llm.server import Fault, ModelServer, throttled
from onward import llm
from onward.llm.pacing import pacer
from shape import ROOT


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


def model_at(server: ModelServer, **given: Any) -> llm.Model:
    return llm.model("openai:test", base_url=f"{server.url}/v1", timeout=10, **given)


def test_a_refused_request_is_asked_again_and_costs_no_attempt(server: ModelServer) -> None:
    server.behaviour.faults.extend([throttled(0.2), None, throttled(0.1)])
    model = model_at(server)

    async def ask(number: int) -> str:
        return (await model.ask(f"question {number}")).text

    report = onward.map(ask, range(20), job="ask", workers=8)
    assert (report.succeeded, report.attempts) == (20, 20)
    assert [call["status"] for call in server.calls].count(429) == 2
    assert len(server.served) == 20
    model.close()


def test_one_retry_after_pauses_all(server: ModelServer) -> None:
    server.behaviour.faults.extend([throttled(1.5)])
    model = model_at(server)
    model_too = model_at(server)

    async def ask_all() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await model.ask("first")
        await asyncio.gather(*(each.ask("more") for each in (model, model_too) for _ in range(5)))

    asyncio.run(ask_all())
    refused, *others = server.calls
    assert len(others) == 10
    assert all(call["at"] - refused["at"] >= 1.4 for call in others)
    model.close()
    model_too.close()


def test_threads_share_it_too(server: ModelServer) -> None:
    model = model_at(server, concurrency=2)
    server.behaviour.latency = 0.02
    threads = [threading.Thread(target=model.ask_sync, args=("Say",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.served) == 12
    assert server.most_at_once <= 2
    model.close()


def test_a_rate_that_is_given_is_kept(server: ModelServer) -> None:
    model = model_at(server, rpm=1200)

    async def ask_all() -> None:
        await asyncio.gather(*(model.ask("Say") for _ in range(40)))

    began = time.monotonic()
    asyncio.run(ask_all())
    assert time.monotonic() - began >= (40 - 0.5 * 20 - 1) / 20
    model.close()


def test_a_pause_longer_than_the_patience_stops_the_run(server: ModelServer) -> None:
    server.behaviour.faults.extend([None, throttled(7200)])
    model = model_at(server)

    def ask(number: int) -> str:
        return model.ask_sync(f"question {number}").text

    with pytest.raises(llm.QuotaExhausted, match=r"asks to wait until .* \(120 min\)") as stopped:
        onward.map(ask, range(5), job="ask")
    assert stopped.value.report is not None
    assert stopped.value.report.failed == 0
    assert onward.map(ask, range(5), job="ask").succeeded == 5
    assert len(server.calls) == 6
    model.close()


def test_patience_ends(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacer, "PATIENCE", 0.5)
    server.behaviour.answer = lambda *_: throttled(0.1)
    model = model_at(server)
    with pytest.raises(llm.Throttled):
        model.ask_sync("Say")
    assert len(server.calls) > 2
    model.close()


def test_who_waits_notices_that_the_session_stops(server: ModelServer) -> None:
    server.behaviour.faults.append(throttled(300))
    model = model_at(server)

    async def ask(number: int) -> str:
        return (await model.ask(f"question {number}")).text

    began = time.monotonic()
    with pytest.raises(onward.Stopped) as stopped:
        onward.map(ask, range(10), job="ask", workers=4, deadline=1)
    assert time.monotonic() - began < 60
    assert stopped.value.report is not None
    assert stopped.value.report.failed == 0
    assert stopped.value.report.left >= 1
    model.close()


def test_an_error_frees_its_place(server: ModelServer) -> None:
    model = model_at(server, concurrency=1)
    server.behaviour.faults.extend([Fault(), Fault("drop"), Fault(status=503, retry_after=0.3)])
    for _ in range(3):
        with pytest.raises(llm.Unavailable):
            model.ask_sync("Say")
    began = time.monotonic()
    assert model.ask_sync("Say").text == "ok"
    assert time.monotonic() - began >= 0.25, "503 with Retry-After pauses as 429 does"
    model.close()


def test_it_is_not_for_models_that_nobody_limits() -> None:
    assert llm.model(llm.Scripted(lambda prompt: "ok")).line.pool is None
    assert llm.model(llm.Scripted(lambda prompt: "ok"), rpm=60).line.pool is not None


# ------------------------------------------------------------------------------------ across sessions

SCRIPT = """
import sys, onward, onward.llm
model = onward.llm.model("openai:test", base_url=sys.argv[1])

async def ask(number):
    return (await model.ask(f"question {number}")).text

onward.map(ask, range(int(sys.argv[2])), job="ask", workers=16, every=1, version=1, progress=False)
"""


def test_a_pause_is_kept_by_a_resume(server: ModelServer, tmp_path: Path) -> None:
    """Killed in a pause, the run goes on when the pause is over, and not before."""
    server.behaviour.faults.extend([*[None] * 20, throttled(6)])
    command = [sys.executable, "-c", SCRIPT, f"{server.url}/v1", "60"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        while not any(call["status"] == 429 for call in server.calls):
            time.sleep(0.02)
        while not (noted := _noted(tmp_path, f"{server.url}/v1")) or noted["paused_until"] is None:
            time.sleep(0.02)
        process.kill()
    before = len(server.calls)
    refused = next(call["at"] for call in server.calls if call["status"] == 429)
    assert noted["paused_until"] == pytest.approx(refused + 6, abs=1)
    subprocess.run(command, cwd=tmp_path, check=True)
    assert len(server.calls) > before
    assert min(call["at"] for call in server.calls[before:]) >= refused + 5.9


def _noted(folder: Path, url: str) -> Any:
    """The note that the run keeps, as the store holds it now."""
    raw = onward.load("ask", store=folder / ".onward").head.notes.get(f"pacing openai:test {url}")
    return None if raw is None else json.loads(bytes(raw))


@pytest.mark.slow
@pytest.mark.parametrize("known", ["given", "headers"])
@pytest.mark.parametrize("limiter", ["window", "bucket of 6 s"])
def test_what_is_allowed_is_used(known: str, limiter: str) -> None:
    """The benchmark in short. What has to be learnt takes longer than a test may: see its figures in the docs."""
    benchmark = _benchmark()
    given = benchmark.arguments(["--seconds", "40"])
    for half in benchmark.measure(given, limiter, known):
        assert half.used >= 0.9
        assert half.refused < 0.02


def _benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pacing_benchmark", ROOT / "benchmarks" / "pacing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
