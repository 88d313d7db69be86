"""DOCX through python-docx: headers, body, tables and text boxes in the order of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onward.recipes.documents.child import Found, Unreadable
from onward.recipes.documents.packed import checked

TINY = 4.0  # points
LIGHT = 0xF0  # of each colour: white, and what cannot be told from it


def read(path: Path) -> Found:
    from docx import Document
    from docx.oxml.ns import qn

    archive = checked(path)
    try:
        document = Document(archive)
    except (KeyError, ValueError) as error:
        raise Unreadable(f"it is damaged, or no DOCX ({error})") from error
    dark_page = document.element.find(qn("w:background")) is not None
    lines: list[str] = []
    hidden: list[str] = []
    for element, part in _paragraphs(document):
        shown, unseen = _paragraph(element, part, dark_page)
        lines.append(shown)
        hidden += [unseen] if unseen.strip() else []
    return "\n".join(lines), hidden


def _paragraphs(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every paragraph with the part it belongs to; what a newer Word repeats for older ones once."""
    from docx.oxml.ns import qn

    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    section = document.sections[0] if document.sections else None
    for owner in (section and section.header, document._body, section and section.footer):
        if owner is None or getattr(owner, "is_linked_to_previous", False):
            continue
        for element in owner._element.iter(qn("w:p")):
            if not any(above.tag == fallback for above in element.iterancestors()):
                yield element, owner


def _paragraph(element: Any, owner: Any, dark_page: bool) -> tuple[str, str]:
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

    paragraph = Paragraph(element, owner)
    shown, unseen = "", ""
    for run in element.iter(qn("w:r")):
        if next(run.iterancestors(qn("w:p"))) is not element:
            continue  # of a text box in this paragraph, which comes by itself
        text = Run(run, paragraph).text
        if _is_hidden(Run(run, paragraph), paragraph, dark_page):
            unseen += text
        else:
            shown += text
    return _mark(paragraph) + shown if shown.strip() else "", unseen


def _mark(paragraph: Any) -> str:
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    if re.match(r"Heading \d|Title$", style):
        return "## "
    numbered = paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    return "- " if numbered or style.startswith("List") else ""


def _is_hidden(run: Any, paragraph: Any, dark_page: bool) -> bool:
    fonts = [run.font, *_style_fonts(run.style), *_style_fonts(paragraph.style)]
    vanish = next((font.hidden for font in fonts if font.hidden is not None), False)
    size = next((font.size for font in fonts if font.size is not None), None)
    if vanish or (size is not None and size.pt < TINY):
        return True
    colour = next((font.color.rgb for font in fonts if font.color.rgb is not None), None)
    if colour is None or min(colour) < LIGHT:
        return False
    return not (dark_page or run.font.highlight_color is not None or _is_shaded(run._r))


def _style_fonts(style: Any) -> Iterator[Any]:
    while style is not None:
        yield style.font
        style = style.base_style


def _is_shaded(element: Any) -> bool:
    """Whether anything around the text may be darker than it: white on a dark cell is meant to be read."""
    from docx.oxml.ns import qn

    around = [element, *element.iterancestors()]
    if any(above.tag.endswith("}txbxContent") for above in around):
        return True  # text boxes have fills of many kinds: not proven
    fills = (shade.get(qn("w:fill"), "auto") for above in around for shade in _shades(above))
    if any(fill.lower() not in ("auto", "ffffff") for fill in fills):
        return True
    return any(
        above.tag == qn("w:tbl") and above.find(f".//{qn('w:tblStyle')}") is not None for above in around
    )


def _shades(element: Any) -> Iterator[Any]:
    from docx.oxml.ns import qn

    for properties in ("w:rPr", "w:pPr", "w:tcPr", "w:tblPr"):
        found = element.find(qn(properties))
        if found is not None:
            yield from found.findall(qn("w:shd"))
