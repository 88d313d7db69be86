"""The upper layers in torch, to be learnt: what :mod:`onward.llm.layers` computes, with gradients and dropout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evaluation.tuning import start
from onward.llm.layers import APART, EPSILON, HEADS, MATRICES, NORMS, SCALE, UPPER, WIDTH, unpacked

DROPPED = 0.1
LARGE = WIDTH * WIDTH
"""Numbers in a matrix from which on it is kept as whole numbers."""


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, shape in MATRICES.items():
            self.add_module(name, nn.Linear(*shape))
        for name in NORMS:
            self.add_module(name, nn.LayerNorm(WIDTH, eps=EPSILON))
        self.drop = nn.Dropout(DROPPED)

    def forward(self, states: Tensor, apart: Tensor) -> Tensor:
        part = self.get_submodule
        query, key, value = (
            part(name)(states).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        attention = (query @ key.transpose(-1, -2) / math.sqrt(WIDTH / HEADS) + apart).softmax(-1)
        met = (self.drop(attention) @ value).transpose(1, 2).flatten(2)
        states = part("norm")(states + self.drop(part("joined")(met)))
        inner = nn.functional.gelu(part("wide")(states), approximate="tanh")
        return part("last norm")(states + self.drop(part("narrow")(inner)))


class Upper(nn.Module):
    """The upper layers as the embedded model has them."""

    def __init__(self) -> None:
        super().__init__()
        for layer in UPPER:
            self.add_module(str(layer), Layer())
        self.load(unpacked(start.kept()))

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """As :func:`onward.llm.layers.upper`."""
        for layer in self.children():
            states = layer(states, APART * (1 - mask[:, None, None, :]))
        return states

    def load(self, weights: Mapping[str, Any]) -> None:
        for name, parameter in self.named_parameters():
            array = torch.tensor(weights[name])
            parameter.data = array.T.contiguous() if array.ndim == 2 else array

    def arrays(self) -> dict[str, Any]:
        """The weights by the names, and in the shapes, that :mod:`onward.llm.layers` has."""
        return {name: value.detach().numpy().T for name, value in self.named_parameters()}


def write(path: Path, arrays: Mapping[str, Any]) -> None:
    """Arrays into a file that :func:`onward.llm.layers.read` reads.

    Large matrices become whole numbers from -127 to 127; each of their columns has a scale of its own.
    """
    kept: dict[str, Any] = {}
    for name, array in arrays.items():
        if array.ndim == 2 and array.size >= LARGE:
            kept[name + SCALE] = (np.abs(array).max(0, keepdims=True) / 127).astype(np.float32)
            kept[name] = np.round(array / kept[name + SCALE]).astype(np.int8)
        else:
            kept[name] = np.asarray(array, np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **kept)
