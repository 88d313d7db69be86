"""The text of a document, and apart from it the text that its readers do not see.

PDF, DOCX, ODT and HTML are read by a process of its own, because they come from strangers and their parsers
are large: it has limits of memory and time, opens nothing but the file, and can crash without harm to the run.
Text and Markdown are read here.

Needs the extra ``documents`` for PDF, DOCX, ODT and HTML. Nothing of it is imported in this process.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onward.errors import OnwardError

__all__ = ["SUFFIXES", "Document", "UnreadableDocument", "read"]

PLAIN = frozenset({".txt", ".md", ".markdown"})
PARSED = frozenset({".pdf", ".docx", ".odt", ".html", ".htm"})
SUFFIXES = PLAIN | PARSED
"""What can be read, by the file's ending."""

MAX_BYTES = 32 * 1024 * 1024  # of a file
MAX_CHARACTERS = 2_000_000  # of its text: a book
SECONDS = 120.0  # that reading one file may take on a busy machine

_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)


class UnreadableDocument(OnwardError):
    """The file has no text that can be read; the message names it and says why."""


@dataclass(frozen=True)
class Document:
    """What a file says.

    Attributes:
        text: what its readers see, line by line, in Unicode's compatibility form (NFKC) and without invisible
            characters. Headings begin with ``#`` and list entries with ``-`` where the file marks them.
        hidden: pieces that are in the file but not to be seen: white on white, tiny, off the page, comments.
            Only what can be proven; None is no promise that there is none.
    """

    text: str
    hidden: tuple[str, ...] = ()


def read(path: Path) -> Document:
    """Read one file.

    Raises:
        UnreadableDocument: another kind of file, damaged, encrypted, a scan without text, far too large, or
            the extra ``documents`` is missing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        kinds = ", ".join(sorted(SUFFIXES))
        raise UnreadableDocument(f"{path.name}: only {kinds} files can be read")
    size = _size(path)
    if size > MAX_BYTES:
        raise UnreadableDocument(f"{path.name}: {size:,} bytes are more than the {MAX_BYTES:,} allowed")
    found = _plain(path) if suffix in PLAIN else _parsed(path)
    document = Document(_clean(found.text), tuple(filter(str.strip, map(_clean, found.hidden))))
    if len(document.text) > MAX_CHARACTERS:
        raise UnreadableDocument(f"{path.name}: {len(document.text):,} characters are too many")
    if not any(character.isalnum() for character in document.text):
        raise UnreadableDocument(f"{path.name}: there is no text in it")
    return document


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise UnreadableDocument(f"{path.name}: cannot be read: {error.strerror}") from error


def _plain(path: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"{error.reason} at byte {error.start}"
        raise UnreadableDocument(f"{path.name}: not UTF-8 text ({why}); save it as UTF-8") from error
    except OSError as error:
        raise UnreadableDocument(f"{path.name}: cannot be read: {error.strerror}") from error
    if path.suffix.lower() == ".txt":
        return Document(text)
    hidden = [" ".join(comment.split()) for comment in _COMMENT.findall(text)]
    return Document(_COMMENT.sub("", text), tuple(hidden))


def _parsed(path: Path) -> Document:
    # -P: a file named like a module in the current folder is not imported.
    command = [sys.executable, "-P", "-m", "onward.recipes.documents.child", str(path.absolute())]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise UnreadableDocument(f"{path.name}: reading it took more than {SECONDS:g} s") from late
    answer = _answer(done.stdout)
    if answer is None:
        raise UnreadableDocument(
            f"{path.name}: its reader {_ending(done.returncode)}: it is damaged, or made to harm"
        )
    if "error" in answer:
        raise UnreadableDocument(f"{path.name}: {answer['error']}")
    return Document(answer["text"], tuple(answer["hidden"]))


def _answer(output: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(output)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _ending(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _clean(text: str) -> str:
    """NFKC, line ends as they are in Unix, and no invisible characters: what only a machine sees shall not pass."""
    text = unicodedata.normalize("NFKC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Cs"))
