"""Transcripts in documents, as Teams and Meet write them."""

from __future__ import annotations

from pathlib import Path

from onward.recipes import documents
from onward.recipes.transcripts.base import UnreadableTranscript

ENDINGS = documents.PARSED


def text_of(path: Path) -> str:
    """The lines of a document.

    Raises:
        UnreadableTranscript: it cannot be read, or has no text.
    """
    try:
        return documents.read(path).text
    except documents.UnreadableDocument as error:
        raise UnreadableTranscript(str(error).removeprefix(f"{path.name}: ")) from error
