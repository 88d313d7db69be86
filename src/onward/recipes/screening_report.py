"""What resume screening finds out, in order of rank, as a spreadsheet and as a page."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from string import Template

from onward.recipes.screening_text import JobDescription, Kind

_TEMPLATE = Path(__file__).with_name("screening_page.html")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LOOSE_BELOW = 0.5
"""Scores under this rest on evidence that is right little more often than not; the page says so."""

_NOTES: dict[Kind, str] = {
    "list": "only named in a list of keywords",
    "plan": "a plan or a course, not experience",
}


@dataclass(frozen=True)
class Score:
    """How well one requirement is met: 0 to 1, and the passage that shows it best, verbatim.

    ``evidence`` is None, and the score 0, if no passage comes close enough.
    """

    requirement: str
    weight: float
    score: float
    evidence: str | None = None
    kind: Kind = "experience"


@dataclass(frozen=True)
class Screening:
    """One resume, screened. ``total`` is the weighted mean of the scores, 0 to 100."""

    file: str
    name: str
    total: float
    scores: list[Score]
    flags: list[str]
    model: str


@dataclass(frozen=True)
class Unscreened:
    """A file that could not be screened, and why."""

    file: str
    reason: str


def rank(screenings: Iterable[Screening]) -> list[Screening]:
    """Best total first, equal totals by file name; candidates who share a name are flagged."""
    ranked = sorted(screenings, key=lambda s: (-s.total, s.file))
    names = Counter(s.name.casefold() for s in ranked)
    note = "another resume has the same name: two people, or two files of one?"
    return [replace(s, flags=[*s.flags, note]) if names[s.name.casefold()] > 1 else s for s in ranked]


def write_csv(path: Path, ranked: Sequence[Screening], unscreened: Sequence[Unscreened] = ()) -> None:
    """Write the ranking for a spreadsheet: UTF-8 with a byte order mark, so that Excel shows accents right.

    Cells that a spreadsheet would take for a formula get an apostrophe in front. Files that could not be
    screened come last, without a rank.
    """
    requirements = [score.requirement for score in ranked[0].scores] if ranked else []
    columns = [f"{what}: {text}" for text in requirements for what in ("score", "evidence")]
    rows: list[list[object]] = [["rank", "name", "file", "total", "flags", *columns, "model"]]
    for place, screening in enumerate(ranked, 1):
        found = [cell for score in screening.scores for cell in (score.score, score.evidence or "")]
        flags = "; ".join(screening.flags)
        rows.append([place, screening.name, screening.file, screening.total, flags, *found, screening.model])
    rows += [["", "", lost.file, "", f"not screened: {lost.reason}"] for lost in unscreened]
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([_harmless(cell) for cell in row] for row in rows)
    _write(path, "\ufeff" + buffer.getvalue())


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def write_page(
    path: Path, job: JobDescription, ranked: Sequence[Screening], unscreened: Sequence[Unscreened] = ()
) -> None:
    """Write the ranking as one HTML file that needs nothing else and runs no script."""
    page = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(job.title),
        count=len(ranked),
        model=escape(", ".join(sorted({s.model for s in ranked})) or "no model"),
        requirements="".join(
            f"<li>{escape(r.text)} <small>weight {r.weight:g}</small></li>" for r in job.requirements
        ),
        candidates="".join(_candidate(place, s) for place, s in enumerate(ranked, 1)),
        unscreened=_unscreened(unscreened),
    )
    _write(path, page)


def _candidate(place: int, screening: Screening) -> str:
    flags = "".join(f'<li class="flag">{escape(flag)}</li>' for flag in screening.flags)
    mark = f'<span class="mark" title="{len(screening.flags)} flag(s), see inside">⚑</span>' if flags else ""
    return (
        f'<details><summary><span class="rank">{place}</span>'
        f'<span class="who"><b>{escape(screening.name)}</b> {mark}'
        f"<small>{escape(screening.file)}</small></span>"
        f'{_bar(screening.total / 100)}<span class="total">{screening.total:.1f}</span></summary>'
        f"{f'<ul class=flags>{flags}</ul>' if flags else ''}"
        f'<ol class="scores">{"".join(map(_score, screening.scores))}</ol></details>\n'
    )


def _score(score: Score) -> str:
    if score.evidence is None:
        evidence = '<p class="none">no evidence found</p>'
    else:
        loose = "a loose match: judge for yourself" if score.score < LOOSE_BELOW else None
        note = _NOTES.get(score.kind, loose)
        evidence = f"<blockquote>{escape(score.evidence)}</blockquote>"
        evidence += f'<p class="none">{note}</p>' if note else ""
    return (
        f'<li><div class="head"><span class="req">{escape(score.requirement)} '
        f"<small>weight {score.weight:g}</small></span>"
        f'{_bar(score.score)}<span class="total">{100 * score.score:.0f}</span></div>{evidence}</li>'
    )


def _bar(share: float) -> str:
    percent = round(100 * share)
    return (
        f'<span class="bar" role="img" aria-label="{percent} of 100"><i style="width:{percent}%"></i></span>'
    )


def _unscreened(files: Sequence[Unscreened]) -> str:
    if not files:
        return ""
    items = "".join(f"<li><b>{escape(f.file)}</b>: {escape(f.reason)}</li>" for f in files)
    return f'<section class="note"><h2>Not screened: {len(files)}</h2><ul>{items}</ul></section>'


def _write(path: Path, text: str) -> None:
    """The old file or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
