"""DOCX and ODT are ZIP archives of XML: what is refused before any parser sees them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from onward.recipes.documents.child import Unreadable

MAX_PARTS = 5_000
MAX_UNPACKED = 256 * 1024 * 1024  # bytes of all parts together
MAX_XML = 48 * 1024 * 1024  # bytes of one XML part: a parsed one needs some twenty times as much
MAX_RATIO = 200  # unpacked to packed; prose in XML reaches about 20
SMALL = 1024 * 1024  # bytes under which the ratio says nothing
OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # what Word wraps an encrypted DOCX in, and an old .doc is

_DOCTYPE = re.compile(rb"<\0?!\0?D\0?O\0?C\0?T\0?Y\0?P\0?E|<\0?!\0?E\0?N\0?T\0?I\0?T\0?Y")


def checked(path: Path) -> io.BytesIO:
    """The archive, if its parts are of a size that a document has and none brings entities of its own.

    Sizes are those declared; Python's zipfile reads no more of a part than it declares.

    Raises:
        Unreadable: it is not, or is no archive, or is encrypted.
    """
    raw = path.read_bytes()
    if raw.startswith(OLE):
        raise Unreadable("it is encrypted, or an old .doc: save it without a password as .docx")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_sizes(archive.infolist())
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    _check_xml(part.filename, archive.read(part))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise Unreadable(f"it is damaged: {error}") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise Unreadable("it is encrypted: save it without a password") from error
    return io.BytesIO(raw)


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise Unreadable(f"it unpacks to {unpacked:,} bytes in {len(parts):,} parts: no document is so large")
    for part in parts:
        if part.file_size > SMALL and part.file_size > MAX_RATIO * max(1, part.compress_size):
            raise Unreadable(f"{part.filename} in it unpacks to {part.file_size:,} bytes: a zip bomb")
        if part.filename.endswith(".xml") and part.file_size > MAX_XML:
            raise Unreadable(f"{part.filename} in it has {part.file_size:,} bytes: no document is so large")


def _check_xml(name: str, content: bytes) -> None:
    if _DOCTYPE.search(content):
        raise Unreadable(f"{name} in it declares entities, which no document needs")
