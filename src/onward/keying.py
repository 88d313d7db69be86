"""What ``key=`` says: from an item's value to its key."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from onward.errors import UsageError
from onward.model import Key


class Keying:
    """Gives an item's key, by a field's name or by a function.

    Raises:
        UsageError: it can be neither.
    """

    def __init__(self, key: str | Callable[[Any], Key]) -> None:
        if not isinstance(key, str) and not callable(key):
            raise UsageError(f"key={key!r}: a field name, or a function that gives an item's key")
        self._field = key if isinstance(key, str) else None
        self._get = _field_getter(key) if isinstance(key, str) else key
        self._name = key if isinstance(key, str) else "key()"

    def __call__(self, value: Any) -> Key:
        """The key.

        Raises:
            UsageError: the item has no such field, or its key is neither str nor int.
        """
        found = self._get(value)
        if type(found) is int:
            return found
        if isinstance(found, bool) or not isinstance(found, str | int):
            raise UsageError(
                f"{self._name} gave {found!r} for the item {_short(value)}; a key is a str or an int, unique in the "
                "input"
            )
        if isinstance(found, str) and not _is_unicode(found):
            raise UsageError(
                f"{self._name} gave {found!r}, which is not valid Unicode, for the item {_short(value)}"
            )
        return found

    def many(self, values: Sequence[Any]) -> Sequence[Key] | None:
        """The keys of many dicts at once; None where they are to be looked at one by one."""
        if self._field is None or set(map(type, values)) != {dict}:
            return None
        try:
            found = list(map(operator.itemgetter(self._field), values))
        except KeyError:
            return None
        kinds = set(map(type, found))
        return found if kinds == {int} or (kinds == {str} and _is_unicode("".join(found))) else None


def _field_getter(name: str) -> Callable[[Any], Any]:
    attribute = operator.attrgetter(name)

    def get(value: Any) -> Any:
        try:
            # The type first: to ask an abstract class takes as long as all else here together.
            return value[name] if type(value) is dict or isinstance(value, Mapping) else attribute(value)
        except (KeyError, AttributeError) as error:
            raise UsageError(f"key={name!r}: the item {_short(value)} has no such field") from error

    return get


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"
