"""Templates of prompts: text with named fields, whose wording is part of a run's identity."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from onward.errors import UsageError


class Prompt:
    """A prompt with fields, as in ``Prompt("Summarise this:\\n{text}")``.

    A field is a name in braces, and nothing more; a brace that is meant is doubled. What a field is filled with
    is not looked at, so that braces in data stay what they are. Given as a parameter of a job
    (``params={"prompt": Prompt(...)}``) its text is part of the run's identity.

    Raises:
        UsageError: the text is no template: an odd brace, or a field that is not a plain name.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self.fields = _fields(template)

    def __call__(self, **values: Any) -> str:
        """The prompt with its fields filled in.

        Raises:
            UsageError: a field is missing, or a value has no field.
        """
        missing, unknown = self.fields - values.keys(), values.keys() - self.fields
        if missing or unknown:
            wrong = [f"nothing is given for {{{name}}}" for name in sorted(missing)]
            wrong += [f"there is no field {{{name}}}" for name in sorted(unknown)]
            raise UsageError(f"{self!r}: {', '.join(wrong)}")
        return self.template.format_map({name: str(value) for name, value in values.items()})

    def onward_identity(self) -> Mapping[str, Any]:
        """What of it counts in a run's identity."""
        return {"template": self.template}

    def __repr__(self) -> str:
        start = self.template if len(self.template) <= 40 else self.template[:39] + "…"
        return f"Prompt({start!r})"


def _fields(template: str) -> frozenset[str]:
    try:
        parts = [(name, spec, form) for _, name, spec, form in string.Formatter().parse(template)]
    except ValueError as error:
        raise UsageError(f"Prompt: {error}; write a brace that is meant twice: {{{{ or }}}}") from None
    named = [(name, spec, form) for name, spec, form in parts if name is not None]
    for name, spec, form in named:
        if not name.isidentifier() or spec or form:
            raise UsageError(f"Prompt: {{{name}}} is not a plain name; write a brace that is meant twice")
    return frozenset(name for name, _, _ in named)
