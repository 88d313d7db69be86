"""What the settled items were made with, part by part: the function, each declared parameter, the keying.

A parameter that knows what decides about it (a model, a prompt) says so, and each of its parts is compared by name.

A function's identity is its source without comments, layout and decorators (which carry policies, not what is
computed), so that only a change of what it does counts. What it calls does not count; give ``version=`` then.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, Protocol, runtime_checkable

import msgspec

from onward.codec import canonical, decode
from onward.errors import UsageError, ValueRefused
from onward.model import Part

SHOWN = 80
"""Characters of a part that messages show."""

Identity = dict[str, Part]


def identify(
    function: Callable[..., Any] | None,
    *,
    params: Mapping[str, Any],
    version: str | int | None,
    keyed: bool,
) -> Identity:
    """The parts of a job's identity, by name: "function", "param NAME" or "param NAME.PART" each, "key".

    Raises:
        UsageError: a parameter has no JSON form.
    """
    parts: Identity = {}
    if version is not None:
        parts["function"] = Part(_digest(f"version {version}"), f"version {version}")
    elif function is not None:
        parts["function"] = Part(_digest(normalised_source(function)), _name(function))
    for name, value in sorted(params.items()):
        parts |= _parameter(name, value)
    parts["key"] = keying_part(keyed)
    return parts


def keying_part(keyed: bool) -> Part:
    """The part that says whether items are told apart by key or by position."""
    name = "keyed" if keyed else "positional"
    return Part(name, name)


def keying(parts: Identity) -> bool:
    """Whether items of a run with this identity are told apart by key."""
    return parts.get("key") == keying_part(True)


def differences(old: Identity, new: Identity) -> list[str]:
    """A line for each part that differs: its name, old and new."""
    lines = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None or now is None or was.digest != now.digest:
            lines.append(_difference(name, was, now))
    return lines


def _difference(name: str, was: Part | None, now: Part | None) -> str:
    before = f"{was.shown} ({was.digest[:8]})" if was else "(none)"
    after = f"{now.shown} ({now.digest[:8]})" if now else "(none)"
    if was and now and was.shown == now.shown and name == "function":
        return f"{name} {now.shown}: its source changed ({was.digest[:8]} to {now.digest[:8]})"
    return f"{name}: {before} is now {after}"


@runtime_checkable
class Declared(Protocol):
    """A value that is no JSON itself, but says what of it decides about results."""

    def onward_identity(self) -> Mapping[str, Any]:
        """The parts, by name, each with a JSON form."""


def _parameter(name: str, value: Any) -> Identity:
    if isinstance(value, type):
        return {f"param {name}": _type(name, value)}
    if isinstance(value, Declared):
        return {
            f"param {name}.{part}": _value(f"{name}.{part}", each)
            for part, each in value.onward_identity().items()
        }
    return {f"param {name}": _value(name, value)}


def _type(name: str, kind: type[Any]) -> Part:
    """A type decides by its schema: the fields, what they may be and what is said of them."""
    if hasattr(kind, "model_json_schema"):  # pydantic
        schema = kind.model_json_schema()
    else:
        try:
            schema = msgspec.json.schema(kind)
        except TypeError as error:
            raise UsageError(
                f"the parameter {name} is the type {kind.__name__}, without a schema: {error}"
            ) from error
    fields: Any = getattr(kind, "model_fields", None) or getattr(kind, "__annotations__", ())
    return Part(_value(name, schema).digest, _shortened(f"{kind.__name__}({', '.join(fields)})"))


def _value(name: str, value: Any) -> Part:
    try:
        raw = canonical(value, f"the parameter {name}")
    except ValueRefused as refusal:
        raise UsageError(
            f"{refusal}; parameters are part of the run's identity and need a JSON form"
        ) from refusal
    text = json.dumps(decode(raw), ensure_ascii=False)
    return Part(_digest(text), _shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _name(function: Callable[..., Any]) -> str:
    function = _unwrap(function)
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _unwrap(function: Callable[..., Any]) -> Callable[..., Any]:
    while isinstance(function, functools.partial):
        function = function.func
    found: Callable[..., Any] = inspect.unwrap(function)
    return found


def normalised_source(function: Callable[..., Any]) -> str:
    """The function's source as the parser sees it, without decorators; its byte code where there is no source."""
    bound = ""
    if isinstance(function, functools.partial):
        bound = repr((_plain(function.args), _plain(function.keywords)))
    target = _unwrap(function)
    if not (inspect.isroutine(target) or inspect.isclass(target)):
        target = type(target)  # an object with __call__
    return bound + (_from_source(target) or _from_code(target))


def _plain(value: Any) -> Any:
    try:
        return canonical(value, "an argument")
    except ValueRefused:
        raise UsageError(
            "a functools.partial with arguments that have no JSON form has no identity; give version= or params="
        ) from None


def _from_source(target: Any) -> str | None:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(target)))
    except (OSError, TypeError, SyntaxError):
        return None  # no source, or a lambda cut out of the middle of an expression
    if getattr(target, "__name__", "") == "<lambda>":
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        # Two lambdas on one line cannot be told apart by source.
        return ast.unparse(found[0]) if len(found) == 1 else None
    node = tree.body[0]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        node.decorator_list = []
    return ast.unparse(node)


def _from_code(target: Any) -> str:
    methods = vars(target).items() if inspect.isclass(target) else ()
    own = [(name, _from_code(method)) for name, method in methods if inspect.isfunction(method)]
    if own:
        return repr(sorted(own))
    code = getattr(target, "__code__", None)
    if code is None:  # built in, or written in C
        return f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', target)}"
    return repr((_code_parts(code), _default(target.__defaults__), _default(target.__kwdefaults__)))


def _default(value: Any) -> Any:
    """A default as far as it looks the same in every process: an object's address does not."""
    try:
        return canonical(value, "a default")
    except ValueRefused:
        return type(value).__qualname__


def _code_parts(code: CodeType) -> tuple[Any, ...]:
    return code.co_code.hex(), code.co_names, code.co_varnames, [_constant(c) for c in code.co_consts]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _code_parts(value)
    if isinstance(value, frozenset):  # has another order in every process
        return sorted(map(repr, value))
    return repr(value)
