"""HTML through lxml: what a browser would show as text. No script runs, nothing is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onward.recipes.documents.child import Found, Unreadable

MAX_DEPTH = 200
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "td", "th", "tr", "ul",
})  # fmt: skip
UNTEXTED = frozenset({
    "script", "style", "template", "noscript", "head", "title", "svg", "object", "iframe", "select", "button",
})  # fmt: skip

_WHITE = r"(?:#fff(?:fff)?\b|white\b|rgba?\(\s*255\s*,\s*255\s*,\s*255)"
_UNSEEN = re.compile(
    r"(?:^|;|\s)(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)"
    r"|font-size\s*:\s*(?:0|[01]?\.\d+|[0-3](?:\.\d+)?\s*(?:px|pt))\s*(?:;|!|$|px|pt|em)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{4,}px|clip-path\s*:\s*inset\(\s*(?:50|100)%)",
    re.I,
)
_WHITE_TEXT = re.compile(rf"(?:^|;|\s)color\s*:\s*{_WHITE}", re.I)
_PAINTED = re.compile(rf"background(?:-color|-image)?\s*:\s*(?!\s*(?:{_WHITE}|none|transparent))", re.I)
_RULE = re.compile(r"([^{}@]{1,300})\{([^{}]{1,2000})\}")
_SELECTOR = re.compile(r"^[a-z]*(?:[.#][\w-]+)?$", re.I)


@dataclass(frozen=True)
class Looks:
    """What the page's own style says, as far as its selectors are simple enough to prove something by.

    ``plain``: no rule with another kind of selector paints a background, so white text without a painted
    element around it is white on white.
    """

    rules: dict[str, str]
    plain: bool

    def of(self, element: Any) -> str:
        names = [element.tag, f"#{element.get('id')}"]
        for name in element.get("class", "").split():
            names += [f".{name}", f"{element.tag}.{name}"]
        return ";".join(
            [*(self.rules[name] for name in names if name in self.rules), element.get("style", "")]
        )

    def is_unseen(self, element: Any, painted: bool) -> bool:
        style = self.of(element)
        if element.get("hidden") is not None or _UNSEEN.search(style):
            return True
        white = _WHITE_TEXT.search(style) or re.fullmatch(_WHITE, element.get("color", ""), re.I)
        return bool(white) and self.plain and not painted

    def paints(self, element: Any) -> bool:
        return bool(_PAINTED.search(self.of(element)) or element.get("bgcolor") or element.get("background"))


@dataclass
class Page:
    """What is shown and what is hidden, piece by piece; lines end with a vertical tab."""

    shown: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def lines(self) -> str:
        lines = (re.sub(r"[ \t\n]+", " ", line).strip() for line in "".join(self.shown).split("\v"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))

    def pieces(self) -> list[str]:
        return [" ".join(piece.split()) for piece in "".join(self.hidden).split("\v") if piece.strip()]


def read(path: Path) -> Found:
    from lxml import etree, html

    raw = path.read_bytes()
    parser = html.HTMLParser(no_network=True, huge_tree=False, encoding=_encoding(raw))
    try:
        root = html.document_fromstring(raw, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise Unreadable(f"there is no text in it ({error})") from error
    page = Page()
    _walk(root, _looks(root), page)
    return page.lines(), page.pieces()


def _encoding(raw: bytes) -> str | None:
    """UTF-8 if it is; else what the page says, which lxml finds by itself."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _looks(root: Any) -> Looks:
    css = " ".join(style.text or "" for style in root.iter("style"))
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    rules: dict[str, str] = {}
    plain = True
    for selectors, body in _RULE.findall(css):
        for selector in map(str.strip, selectors.split(",")):
            if _SELECTOR.match(selector):
                rules[selector] = f"{rules.get(selector, '')};{body}"
            elif _PAINTED.search(body):
                plain = False
    return Looks(rules, plain)


def _walk(
    element: Any, looks: Looks, page: Page, *, unseen: bool = False, painted: bool = False, depth: int = 0
) -> None:
    if depth > MAX_DEPTH:
        raise Unreadable(f"its elements are nested more than {MAX_DEPTH} deep")
    if not isinstance(element.tag, str):  # a comment, or a processing instruction
        comment = (element.text or "") if element.tag.__name__ == "Comment" else ""
        page.hidden.append("" if comment.startswith("[if") else f"\v{comment}\v")
        return
    if element.tag in UNTEXTED:
        return
    painted = painted or looks.paints(element)
    unseen = unseen or looks.is_unseen(element, painted)
    here = page.hidden if unseen else page.shown
    block = element.tag in BLOCKS
    here.append(f"\v{_mark(element.tag)}" if block or element.tag == "br" else "")
    here.append(_text(element.text))
    for child in element:
        _walk(child, looks, page, unseen=unseen, painted=painted, depth=depth + 1)
        here.append(_text(child.tail))
    here.append("\v" if block else "")
    page.hidden.append("\v" if unseen and not block else "")


def _text(text: str | None) -> str:
    return (text or "").replace("\v", " ")


def _mark(tag: str) -> str:
    return "## " if re.fullmatch(r"h[1-6]", tag) else "- " if tag == "li" else ""
