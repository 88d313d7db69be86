"""The process that reads one document: prints ``{"text", "hidden"}`` or ``{"error"}`` as JSON and ends.

Whatever it meets, the worst it can do is to end: memory and processor time are limited before a byte is read,
and a new file cannot be written.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

MEMORY = 2 * 1024**3  # bytes of address space
PROCESSOR = 60  # seconds

READERS = {".pdf": "pdf", ".docx": "docx", ".odt": "odt", ".html": "html", ".htm": "html"}

Found = tuple[str, list[str]]


class Unreadable(Exception):
    """Why there is no text; the message is for the user."""


def limit() -> None:
    """Limits that the system enforces, where it can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def answer(path: Path) -> dict[str, object]:
    try:
        reader = import_module(f"onward.recipes.documents.{READERS[path.suffix.lower()]}")
        read: Callable[[Path], Found] = reader.read
        text, hidden = read(path)
    except Unreadable as reason:
        return {"error": str(reason)}
    except ModuleNotFoundError as missing:
        return {"error": f'reading it needs the package {missing.name}: pip install "onward[documents]"'}
    except MemoryError:
        return {"error": f"reading it needs more than {MEMORY >> 20} MiB of memory: damaged, or made to harm"}
    except Exception as error:  # noqa: BLE001 - parsers raise whatever they like at a damaged file
        return {"error": f"it is damaged ({type(error).__name__}: {error})"[:300]}
    return {"text": text, "hidden": hidden}


def main() -> None:
    limit()
    # Not sys.stdout: what a parser prints must not get into the answer.
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    output.write(json.dumps(answer(Path(sys.argv[1]))).encode())
    output.flush()


if __name__ == "__main__":
    # By its import name, so that the readers raise the Unreadable that is caught here.
    import_module("onward.recipes.documents.child").main()
