"""PDF through PDFium. Whether text can be seen is not guessed from its colour: the page is drawn, and looked at."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onward.recipes.documents.child import Found, Unreadable

MAX_PAGES = 100
MAX_CHARACTERS = 1_000_000
TINY = 4.0  # points; footnotes have 7
PIXELS_PER_POINT = 1.5
MAX_SIDE = 3_000  # pixels: a page may claim to be a mile wide
LEAST_CONTRAST = 20  # of 255, between the lightest and the darkest pixel of a word
HYPHEN = "\x02"  # PDFium's mark for the hyphen of a word broken over two lines

_SPACED = re.compile(
    r"(?m)^(?:[A-ZÀ-Þ]{1,2} ){3,}[A-ZÀ-Þ]{1,2}(?=\r?$)"
)  # E X P E R I E N C E, set with wide tracking

Box = tuple[float, float, float, float]


@dataclass
class Word:
    text: str = ""
    boxes: list[Box] = field(default_factory=list)


def read(path: Path) -> Found:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Unreadable("it is encrypted: save it without a password") from error
        raise Unreadable(f"it is damaged, or no PDF ({error})") from error
    if len(pdf) > MAX_PAGES:
        raise Unreadable(f"it has {len(pdf)} pages: no resume or transcript has more than {MAX_PAGES}")
    pages, hidden = [], []
    for page in pdf:
        text, unseen = _page(page)
        pages.append(text)
        hidden += unseen
    if not any(character.isalnum() for character in "".join(pages)) and not hidden:
        raise Unreadable(
            "it is a scan, pictures of pages without text: run text recognition (OCR) on it first"
        )
    return "\n".join(pages), hidden


def _page(page: Any) -> tuple[str, list[str]]:
    textpage = page.get_textpage()
    if textpage.count_chars() > MAX_CHARACTERS:
        raise Unreadable(f"a page has {textpage.count_chars():,} characters")
    if textpage.count_chars() == 0:
        return "", []
    seen = _Eye(page).sees
    shown: list[str] = []
    hidden: list[str] = []
    piece: list[str] = []
    for word in _words(textpage):
        if not word.boxes:  # white space and line ends
            shown.append(word.text)
        elif seen(word):
            shown.append(word.text)
            hidden += [" ".join(piece)] if piece else []
            piece = []
        else:
            piece.append(word.text)
    hidden += [" ".join(piece)] if piece else []
    text = "".join(shown).replace(f"{HYPHEN}\r\n", "").replace(HYPHEN, "-")
    return _SPACED.sub(lambda heading: heading.group().replace(" ", ""), text), hidden


def _words(textpage: Any) -> Iterator[Word]:
    word = Word()
    for at, character in enumerate(_characters(textpage)):
        if character.isspace() or character == HYPHEN:
            if word.text:
                yield word
            yield Word(character)
            word = Word()
        else:
            word.text += character
            word.boxes.append(_box(textpage, at))
    if word.text:
        yield word


def _characters(textpage: Any) -> Iterator[str]:
    from pypdfium2 import raw

    for at in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage, at)
        yield chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _box(textpage: Any, at: int) -> Box:
    """Left, bottom, right, top of the character's cell; its height is about the font's size."""
    from pypdfium2 import raw

    rectangle = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, at, ctypes.byref(rectangle))
    return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top


class _Eye:
    """A page as drawn: whether there is anything to be seen where a word is said to be."""

    def __init__(self, page: Any) -> None:
        width, height = page.get_size()
        scale = min(PIXELS_PER_POINT, MAX_SIDE / max(width, height, 1))
        self._bitmap = page.render(scale=scale)
        self._place = self._bitmap.get_posconv(page).to_bitmap
        self._pixels = bytes(self._bitmap.buffer)

    def sees(self, word: Word) -> bool:
        left, bottom = min(box[0] for box in word.boxes), min(box[1] for box in word.boxes)
        right, top = max(box[2] for box in word.boxes), max(box[3] for box in word.boxes)
        if min(right - left, top - bottom) < 0.1 or max(abs(b[3] - b[1]) for b in word.boxes) < TINY:
            return self._is_turned(word)
        (x0, y0), (x1, y1) = self._place(left, top), self._place(right, bottom)
        return self._contrast(*sorted((x0, x1)), *sorted((y0, y1))) >= LEAST_CONTRAST

    def _is_turned(self, word: Word) -> bool:
        """Turned text has narrow cells that are not small ones."""
        return max(abs(box[2] - box[0]) for box in word.boxes) >= TINY

    def _contrast(self, x0: int, x1: int, y0: int, y1: int) -> int:
        x0, y0 = max(0, x0), max(0, y0)
        x1, y1 = min(self._bitmap.width, x1 + 1), min(self._bitmap.height, y1 + 1)
        if x0 >= x1 or y0 >= y1:  # off the page
            return 0
        channels, stride = self._bitmap.n_channels, self._bitmap.stride
        area = b"".join(
            self._pixels[y * stride + x0 * channels : y * stride + x1 * channels] for y in range(y0, y1)
        )
        colours = (area[channel::channels] for channel in range(min(3, channels)))
        return max(max(colour) - min(colour) for colour in colours)
