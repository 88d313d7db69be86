"""Values to JSON and back: what goes into a checkpoint, and what callers see of it.

The rule: a value is accepted if its JSON gives back something equal in JSON's terms. Dataclasses, pydantic
models, datetimes, enums, paths, tuples and arrays go in as the JSON they stand for, and come back through the
return annotation of the function. NaN, infinities and keys that are not strings are refused, by path.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

import msgspec
import xxhash

from onward.errors import ValueRefused

Restore = Callable[[Any], Any]

_PLAIN = (Any, object, dict, dict[str, Any], list, list[Any], str, int, float, bool, type(None))
"""Annotations that say no more than JSON does itself."""

LONGEST_PATH = 120
"""Characters of a path to a refused part that a message shows."""

from_json = msgspec.json.Decoder().decode


def _to_plain(value: Any) -> Any:
    """What msgspec cannot encode itself but users return all the same; TypeError if it is none of these."""
    if hasattr(value, "model_dump"):  # pydantic
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):  # numpy arrays and scalars, array.array, torch tensors
        return value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON form")


to_json = msgspec.json.Encoder(enc_hook=_to_plain).encode
"""A value as JSON, without a look at what JSON cannot hold: for who compares :data:`from_json` of it with the value."""

_encode_sorted = msgspec.json.Encoder(enc_hook=_to_plain, order="deterministic").encode


def encode(value: Any, what: str = "the result") -> bytes:
    """The value as compact JSON.

    Raises:
        ValueRefused: it would not come back equal; the message names the path to the part.
    """
    return round_trip(value, what)[0]


def round_trip(value: Any, what: str = "the result") -> tuple[bytes, Any]:
    """As :func:`encode`, and the plain JSON value that this gives back."""
    try:
        raw = to_json(value)
        plain = from_json(raw)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueRefused(_refusal(value, what) or _way_out(what, "", str(error))) from error
    try:
        if plain == value:
            return raw, plain
    except Exception:  # an array compares item by item, and has no truth as a whole
        pass
    # Unequal is often harmless (a tuple came back as a list, a dataclass as a dict): look closer.
    refusal = _refusal(value, what)
    if refusal:
        raise ValueRefused(refusal)
    return raw, plain


def canonical(value: Any, what: str) -> bytes:
    """As :func:`encode`, the same for dicts and sets whatever order they were made in.

    Raises:
        ValueRefused: as :func:`encode`.
    """
    encode(value, what)
    return _encode_sorted(value)


def decode(raw: bytes) -> Any:
    """The plain JSON value of ``raw``."""
    return from_json(raw)


def _way_out(what: str, path: str, why: str) -> str:
    shown = path if len(path) <= LONGEST_PATH else f"{path[: LONGEST_PATH - 1]}…"
    place = f"{what} at {shown}" if path else what
    return (
        f"{place} cannot be saved: {why}. "
        "Return plain JSON values, dataclasses or pydantic models, with strings as keys and finite numbers"
    )


def _refusal(value: Any, what: str) -> str | None:
    try:
        found = _find_refused(value, "$", 0)
    except RecursionError:
        return _way_out(what, "", "it is nested too deeply or contains itself")
    return _way_out(what, *found) if found else None


def _find_refused(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    """The first part, depth first, that JSON would not give back equal: its path and why."""
    if isinstance(value, float):
        return None if math.isfinite(value) else (path, f"{value!r} has no JSON form")
    if isinstance(value, str):
        return _refused_text(value, path)
    if value is None or isinstance(value, int | bytes):
        return None
    if depth > 500:
        return path, "it is nested too deeply or contains itself"
    children = _children(value, path)
    if isinstance(children, str):
        return path, children
    for name, child in children:
        found = _find_refused(child, name, depth + 1)
        if found:
            return found
    return None


def _refused_text(value: str, path: str) -> tuple[str, str] | None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return path, "it holds half of a surrogate pair, which is not valid Unicode"
    return None


def _children(value: Any, path: str) -> list[tuple[str, Any]] | str:
    """The parts of a container with their paths, or the reason why it cannot be saved."""
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                return f"the key {key!r} is {_a(type(key).__name__)}, not a string"
            if _refused_text(key, path):
                return f"the key {key!r} holds half of a surrogate pair, which is not valid Unicode"
        return [(f"{path}.{key}", child) for key, child in value.items()]
    if isinstance(value, list | tuple | set | frozenset):
        return [(f"{path}[{number}]", child) for number, child in enumerate(value)]
    try:
        plain = msgspec.to_builtins(value, enc_hook=_to_plain, builtin_types=())
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return [(path, plain)] if type(plain) is not type(value) else []


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def digest(value: Any) -> int:
    """A 64-bit digest of the value's JSON with sorted keys (XXH3); 0 if it has no JSON form.

    It tells changes apart; it is no defence against someone who forges them.
    """
    try:
        return xxhash.xxh3_64_intdigest(_encode_sorted(value)) or 1
    except (TypeError, ValueError, OverflowError, RecursionError):
        return 0


def digests(values: Sequence[Any]) -> list[int]:
    """As :func:`digest`, of many."""
    try:
        found = list(map(xxhash.xxh3_64_intdigest, map(_encode_sorted, values)))
    except (TypeError, ValueError, OverflowError, RecursionError):
        found = [0]
    return found if all(found) else [digest(value) for value in values]


def restorer(function: Callable[..., Any], batch: bool = False) -> Restore | None:
    """What turns stored JSON into the function's annotated return type; None where plain JSON is it.

    Raises nothing for an annotation that cannot be resolved: the values then stay plain JSON.
    """
    annotation = _returned(function)
    if batch and annotation is not None:
        arguments: tuple[Any, ...] = getattr(annotation, "__args__", ())
        annotation = arguments[0] if len(arguments) == 1 else None
    if annotation is None or annotation in _PLAIN:
        return None
    return _converter(annotation)


def _returned(function: Callable[..., Any]) -> Any:
    target = getattr(function, "func", function)  # functools.partial
    if not hasattr(target, "__annotations__"):
        target = getattr(type(target), "__call__", target)  # noqa: B004 - an object called like a function
    try:
        return get_type_hints(target).get("return")
    except Exception:
        return None


def _converter(annotation: Any) -> Restore | None:
    def revive(kind: Any, plain: Any) -> Any:
        validate = getattr(kind, "model_validate", None)
        if validate is not None:
            return validate(plain)
        if isinstance(kind, type) and issubclass(kind, os.PathLike):
            path: Any = kind
            return path(plain)
        raise TypeError(f"no way back from JSON to {kind!r}")

    def can_revive(kind: Any) -> dict[str, Any]:
        if hasattr(kind, "model_validate") or (isinstance(kind, type) and issubclass(kind, os.PathLike)):
            return {"description": "restored by its own class"}
        raise TypeError(f"no way back from JSON to {kind!r}")

    def restore(plain: Any) -> Any:
        return msgspec.convert(plain, annotation, dec_hook=revive)

    try:
        msgspec.json.Decoder(annotation, dec_hook=revive)
        msgspec.json.schema(
            annotation, schema_hook=can_revive
        )  # asks about each type that msgspec does not know
    except TypeError:
        return None
    return restore
