"""The demo's witness: every Python process started with this folder on PYTHONPATH writes down, by itself and
not by onward, each resume it starts to screen. Python imports a module of this name when it starts.
"""

import os
from pathlib import Path

from onward.recipes.documents import Document
from onward.recipes.resume_screening import job

_read = job.read_resume


def _witnessed(path: Path) -> Document:
    log = os.open(os.environ["ONWARD_DEMO_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(log, f"{path.name}\n".encode())
    os.close(log)
    return _read(path)


job.read_resume = _witnessed
