"""Names that come from outside, as names of files and runs."""

from __future__ import annotations

import re
import unicodedata

_LONGEST_FILE = 160
"""Bytes: what is put before and behind it must fit into the 255 that file systems take, on its way there too."""

_LONGEST_RUN = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\.|$)", re.IGNORECASE)


def file_name(text: str, otherwise: str) -> str:
    """A name, without an ending, that every file system takes, Windows' too, and that stays in its folder.

    Args:
        text: what it is to be like; its letters, digits, ``_``, ``.`` and ``-`` stay.
        otherwise: what it is called if none of them is left.
    """
    plain = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text)).strip("-.")[:80]
    short = _cut(plain, _LONGEST_FILE).rstrip("-.") or otherwise
    return f"_{short}" if _RESERVED.match(short) else short


def run_name(text: str) -> str:
    """A name for a run: the text, as far as it may be one."""
    return (
        _cut("".join(char if char.isprintable() else "-" for char in text).strip(), _LONGEST_RUN) or "default"
    )


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
