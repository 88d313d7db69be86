"""Transcripts in documents: their text, a paragraph a line."""

from __future__ import annotations

from pathlib import Path

from onward.recipes.transcripts.base import UnreadableTranscript

ENDINGS = frozenset({".docx"})


def text_of(path: Path) -> str:
    """The paragraphs of a document, each on a line of its own; breaks within one are lines too.

    Raises:
        UnreadableTranscript: it cannot be read, or is something else.
    """
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = docx.Document(str(path))
        return "\n".join(paragraph.text for paragraph in document.paragraphs)
    except PackageNotFoundError as error:
        raise UnreadableTranscript(f"damaged, or no document: {error}") from error
