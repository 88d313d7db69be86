"""Real files to read: PDFs written byte by byte, DOCX, ODT and HTML through the libraries that made them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

LINES = [
    "Ada Miller",
    "ada.miller@example.com",
    "Experience",
    "Built data pipelines in Python that run every night in production.",
]


def pdf(path: Path, *content: str, resources: str = "", extra: list[bytes] | None = None) -> Path:
    """A PDF of one page; each ``content`` is a piece of page description. Font /F is Helvetica."""
    stream = "\n".join(content).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> "
        + resources.encode()
        + b" >> >>",
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *(extra or []),
    ]
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    path.write_bytes(out.getvalue())
    return path


def at(y: int, text: str, *, size: float = 11, colour: str = "0 0 0", mode: int = 0, x: int = 50) -> str:
    """A line of text in a page description."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F {size} Tf {colour} rg {mode} Tr {x} {y} Td ({escaped}) Tj ET"


def lines(*texts: str) -> list[str]:
    return [at(800 - 20 * number, text) for number, text in enumerate(texts)]


def scan(path: Path) -> Path:
    """A page that is a picture and nothing else."""
    picture = bytes(range(256)) * 4
    image = (
        b"<< /Type /XObject /Subtype /Image /Width 32 /Height 32 /ColorSpace /DeviceGray /BitsPerComponent 8"
        b" /Length %d >>\nstream\n" % len(picture) + picture + b"\nendstream"
    )
    return pdf(path, "q 595 0 0 842 0 0 cm /Im Do Q", resources="/XObject << /Im 6 0 R >>", extra=[image])


def encrypted(path: Path) -> Path:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=pdf(path, *lines(*LINES)))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)
    return path


def docx(path: Path, *texts: str) -> Path:
    import docx

    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    document.save(str(path))
    return path


def odt(path: Path, *texts: str) -> Path:
    import odfdo

    document = odfdo.Document("text")
    document.body.clear()
    for text in texts:
        document.body.append(odfdo.Paragraph(text))
    document.save(path)
    return path


def html(path: Path, body: str, style: str = "") -> Path:
    path.write_text(
        f"<!doctype html><meta charset=utf-8><title>t</title><style>{style}</style><body>{body}", "utf-8"
    )
    return path


def repacked(path: Path, **parts: Any) -> Path:
    """The archive with some parts replaced (dots and slashes of a name as __ and ___ in the keyword)."""
    raw = io.BytesIO(path.read_bytes())
    names = {name.replace("___", "/").replace("__", "."): content for name, content in parts.items()}
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, names.pop(part.filename, None) or old.read(part))
        for name, content in names.items():
            new.writestr(name, content)
    return path
