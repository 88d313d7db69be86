"""ODT through odfdo: headings, paragraphs and list entries in the order of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onward.recipes.documents.child import Found, Unreadable
from onward.recipes.documents.packed import checked

TINY = 4.0  # points
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"


def read(path: Path) -> Found:
    from odfdo import Document

    document = Document(checked(path))
    if document.get_type() not in ("text", "text-template"):
        raise Unreadable(f"it is a {document.get_type()}, not a text document")
    body = document.body._xml_element
    unseen_styles = _unseen_styles(document)
    lines: list[str] = []
    hidden: list[str] = []
    for element in body.iter(f"{_TEXT}p", f"{_TEXT}h"):
        shown, unseen = _split(element, unseen_styles, False)
        mark = "## " if element.tag == f"{_TEXT}h" else "- " if _in_list(element) else ""
        lines.append(mark + shown if shown.strip() else "")
        hidden += [unseen] if unseen.strip() else []
    return "\n".join(lines), hidden


def _in_list(element: Any) -> bool:
    return any(above.tag == f"{_TEXT}list-item" for above in element.iterancestors())


def _split(element: Any, unseen_styles: set[str], hidden: bool) -> tuple[str, str]:
    """What is shown and what is not of an element's text, tabs and line breaks included."""
    hidden = (
        hidden or element.get(f"{_TEXT}style-name") in unseen_styles or element.tag == f"{_TEXT}hidden-text"
    )
    shown, unseen = ("", element.text or "") if hidden else (element.text or "", "")
    for child in element:
        if child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
            continue  # in a frame or note; it comes by itself
        inner_shown, inner_unseen = (
            _split(child, unseen_styles, hidden) if isinstance(child.tag, str) else ("", "")
        )
        mark = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n", f"{_TEXT}s": " "}.get(child.tag, "")
        tail = child.tail or ""
        shown += mark + inner_shown + ("" if hidden else tail)
        unseen += inner_unseen + (tail if hidden else "")
    return shown, unseen


def _unseen_styles(document: Any) -> set[str]:
    found = set()
    for part in ("content.xml", "styles.xml"):
        for style in document.get_part(part).root._xml_element.iter(f"{_STYLE}style"):
            properties = style.find(f"{_STYLE}text-properties")
            if properties is not None and _is_unseen(properties):
                found.add(style.get(f"{_STYLE}name"))
    return found


def _is_unseen(properties: Any) -> bool:
    if properties.get(f"{_TEXT}display") == "none":
        return True
    size = properties.get(f"{_FO}font-size", "")
    if size.endswith("pt") and float(size[:-2]) < TINY:
        return True
    white = properties.get(f"{_FO}color", "").lower() in ("#ffffff", "#fefefe")
    return white and properties.get(f"{_FO}background-color", "transparent") in ("transparent", "#ffffff")
