"""From a type to the JSON schema that a model is asked for, and from a model's text to a value of the type."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from onward.errors import UsageError
from onward.llm.base import ModelUnavailable, ReplyInvalid

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MOST_SHOWN = 5
"""Errors of an invalid reply that a message names."""

_FENCE = re.compile(r"\A```\w*\n(?P<inside>.*)\n```\Z", re.DOTALL)


_SIZES = frozenset({"minLength", "maxLength", "minItems", "maxItems"})
"""Keywords that OpenAI or others who speak its protocol refuse in a schema they enforce."""


@dataclass(frozen=True)
class Size:
    """How long a text or a list is wanted: ``Annotated[str, Size(300)]``.

    A provider that can holds the model to it, so that a small one that begins to repeat itself comes to an end. It is
    a wish and no condition: another length is valid, and what to do with it is for who asked.

    Attributes:
        most, least: characters of a text, entries of a list.
    """

    most: int
    least: int = 0

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        found: dict[str, Any] = handler(core)
        what = "Items" if found.get("type") == "array" else "Length"
        least = {f"min{what}": self.least} if self.least else {}
        return {**found, **least, f"max{what}": self.most}

    def whole_words(self, text: str) -> str:
        """A text without its last word, if it ends where it was held: that may be half a word."""
        return text.rpartition(" ")[0] if len(text) == self.most else text


class Schema:
    """What a reply has to be: a pydantic model, a dataclass or a TypedDict.

    Raises:
        UsageError: the type is none of these, so that its JSON is no object; providers enforce nothing else.
    """

    def __init__(self, kind: Any) -> None:
        self._type = _adapter(kind)
        self.json: Mapping[str, Any] = self._type.json_schema()
        self.name = re.sub(r"\W", "_", getattr(kind, "__name__", "reply"), flags=re.ASCII)[:64]
        if _resolved(self.json).get("type") != "object":
            raise UsageError(
                f"schema={kind!r}: providers enforce objects only; put it into a field of a pydantic model"
            )

    def read(self, text: str) -> Any:
        """The value that a reply stands for; a code fence around it is none of its content.

        Raises:
            ReplyInvalid: it is no JSON, or does not fit; the message names where and why.
        """
        from pydantic import ValidationError

        plain = text.strip()
        fenced = _FENCE.match(plain)
        try:
            return self._type.validate_json(fenced["inside"] if fenced else plain)
        except ValidationError as error:
            raise ReplyInvalid(_why(error), text=text) from None


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The root of a schema, which for a type that contains itself is a reference."""
    reference = schema.get("$ref")
    found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]] if reference else schema
    return found


def _why(error: Any) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{'.'.join(map(str, each['loc'])) or 'the reply'}: {each['msg']}" for each in found]
    more = [f"and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else []
    return "; ".join(lines[:MOST_SHOWN] + more)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    try:
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticUserError
    except ImportError as missing:
        raise ModelUnavailable('schema= needs pydantic: pip install "onward[llm]"') from missing
    try:
        return TypeAdapter(kind)
    except PydanticUserError as error:
        raise UsageError(
            f"schema={kind!r} has no JSON schema: give a pydantic model or a dataclass"
        ) from error


@cache
def _of(kind: Any) -> Schema:
    return Schema(kind)


def schema_of(kind: Any) -> Schema:
    """The schema of a type, made once.

    Raises:
        UsageError: it has none, or is no object.
        ModelUnavailable: pydantic is not installed.
    """
    return _of(kind)


def described(schema: Mapping[str, Any]) -> str:
    """An instruction to keep to a schema, for providers that do not enforce one."""
    text = json.dumps(schema, ensure_ascii=False)
    return f"Answer with one JSON value that fits this JSON schema, and with nothing else:\n{text}"


def strict(schema: Mapping[str, Any], *, sizes: bool = False) -> dict[str, Any] | None:
    """The schema in the subset that OpenAI enforces, or None if it has something outside of it.

    Every property is required, nothing else is allowed, no defaults, no keyword beside a ``$ref``; and no sizes,
    unless they are asked for.
    """
    left_out = {"default"} if sizes else {"default", *_SIZES}
    try:
        found: dict[str, Any] = _strict(schema, schema.get("$defs", {}), left_out)
        return found
    except _Open:
        return None


class _Open(Exception):
    """An object with properties that the schema does not name."""


def _strict(node: Any, defs: Mapping[str, Any], left_out: Set[str]) -> Any:
    if isinstance(node, list):
        return [_strict(each, defs, left_out) for each in node]
    if not isinstance(node, Mapping):
        return node
    if "$ref" in node and len(node) > 1 and "$defs" not in node:
        rest = {name: value for name, value in node.items() if name != "$ref"}
        return _strict({**defs[node["$ref"].rpartition("/")[2]], **rest}, defs, left_out)
    found = {name: _strict(value, defs, left_out) for name, value in node.items() if name not in left_out}
    if node.get("type") == "object":
        if node.get("additionalProperties", False) is not False:
            raise _Open
        # A property may be called as a keyword of schemas is: take them one by one, by name.
        found["properties"] = {
            name: _strict(each, defs, left_out) for name, each in node.get("properties", {}).items()
        }
        found["required"] = list(found["properties"])
        found["additionalProperties"] = False
    return found
