"""The systems as they are measured: every resume and every transcript is an item of an onward run, and goes through
the same function as with `onward screen` and `onward notes`."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypedDict

from evaluation.sets import Meeting, Ranking, RealMeeting
from onward.cli.modelling import NOTES_TOKENS
from onward.cli.screen import MAX_TOKENS
from onward.llm import model as model_named
from onward.llm.agreement import WEIGHTS
from onward.recipes.documents import read as read_document
from onward.recipes.meetings import notes_to_json
from onward.recipes.transcripts import read_transcript

System = Literal["screen", "notes"]
SYSTEMS: tuple[System, ...] = ("screen", "notes")


class Item(TypedDict):
    """One resume for one job, or one transcript; ``text`` is that of a transcript that is no file."""

    id: str
    path: str
    job: str
    text: str


def screening_items(rankings: Iterable[Ranking]) -> list[Item]:
    return [
        Item(id=f"{ranking.id}/{path.name}", path=str(path), job=str(ranking.job), text="")
        for ranking in rankings
        for path in ranking.resumes
    ]


def notes_items(meetings: Iterable[Meeting], real: Iterable[RealMeeting]) -> list[Item]:
    own = [Item(id=m.id, path=str(m.transcript), job="", text="") for m in meetings]
    spoken = {m.id: "".join(f"{turn.speaker}: {turn.text}\n" for turn in m.turns) for m in real}
    return own + [Item(id=id_, path="", job="", text=text) for id_, text in spoken.items()]


def measure(item: Item, *, system: System, model: str, code: str) -> dict[str, Any]:
    """What a system makes of an item, and how long it took. ``code`` is a part of the run's identity only."""
    started = time.perf_counter()
    if system == "screen":
        value = _screened(Path(item["path"]), Path(item["job"]), model)
    elif item["path"]:
        value = _noted(Path(item["path"]), model)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"{item['id']}.txt")
            path.write_text(item["text"], "utf-8")
            value = _noted(path, model)
    return {"id": item["id"], "seconds": round(time.perf_counter() - started, 3), **value}


def _screened(resume: Path, job: Path, model: str) -> dict[str, Any]:
    from onward.recipes.resume_screening.job import parameters, screen

    # Without a model it follows rules. With one, replies are as long as `onward screen` allows them to be.
    scorer = None if model == "embedded" else model_named(model, max_tokens=MAX_TOKENS)
    found = screen(resume, **parameters(_criteria(job), scorer))
    scores = [{"criterion": s.criterion, "score": s.score, "evidence": s.evidence} for s in found.scores]
    text = read_document(resume).text
    return {
        "total": found.total,
        "scores": scores,
        "flags": list(found.flags),
        "text": text,
        "model": found.model,
    }


@cache
def _criteria(job: Path) -> Any:
    from onward.recipes.resume_screening import read_description

    return read_description(job)


def _noted(transcript: Path, model: str) -> dict[str, Any]:
    from onward.recipes.note_taking import in_steps, take_notes

    asked = model_named(model, max_tokens=NOTES_TOKENS)
    return notes_to_json(take_notes(read_transcript(transcript), asked, step=in_steps))


def code_digest(system: System) -> str:
    """Of the source that decides about results: this module, the recipes, and what they ask."""
    import onward.llm

    package = Path(onward.llm.__file__).parent.parent
    folders = {"screen": ["resume_screening", "documents"], "notes": ["note_taking", "transcripts"]}[system]
    parts = [package / "llm", *(package / "recipes" / folder for folder in folders), package / "recipes"]
    files = sorted(
        {file for part in parts for file in part.glob("*.py" if part.name == "recipes" else "**/*.py")}
    )
    digest = hashlib.blake2b(digest_size=8)
    for file in [Path(__file__), WEIGHTS, *files]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
