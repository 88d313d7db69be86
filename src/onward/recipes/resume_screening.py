"""Resume screening: rank a folder of resumes for a job, with the evidence for every score.

Each requirement of the job description is compared with each passage of a resume by a small embedding model;
the closest passage is the evidence and gives the score. The ranking is for a human who reads on: it rejects
nobody. How scores come about and what they cannot say: docs/how-to/screen-resumes.md.

    python -m onward.recipes.resume_screening --job job.md RESUMES -o ranking.csv --page ranking.html
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onward
from onward.errors import UsageError
from onward.llm import embedded
from onward.recipes.screening_report import Score, Screening, Unscreened, rank, write_csv, write_page
from onward.recipes.screening_text import (
    JobDescription,
    Passage,
    Requirement,
    candidate_name,
    content_words,
    looks_english,
    parse_job,
    passages,
    read_resume,
    words,
)

if TYPE_CHECKING:
    from onward.llm.embedded import Vectors

JOB = "resume-screening"

# Chosen by looking at samples/job.md; the guide says how the ranking does there and elsewhere.
NO_EVIDENCE_BELOW = 0.30  # closeness under which a passage shows nothing
NOTHING, FULL = 0.20, 0.60  # closeness that would be worth 0 and is worth 1
SHARED_WORDS = 0.20  # what naming every word of the requirement adds to the closeness of meaning
VALUE = {"experience": 1.0, "plan": 0.25, "list": 0.1, "copy": 0.0, "addressed": 0.0}


@onward.job(JOB)
def screen(path: Path, *, job_description: str, model: str) -> Screening:
    """Score one resume.

    Args:
        path: a .txt or .md file.
        job_description: the job description's text, in Markdown.
        model: the model to score with; there is one, ``onward.llm.embedded.MODEL``.

    Raises:
        UnreadableResume: no text to screen.
        UsageError: a job description without requirements, or a model that is not there.
    """
    if model != embedded.MODEL:
        raise UsageError(f"There is no model {model!r} here, only {embedded.MODEL!r}")
    text = read_resume(path)
    job, targets = _targets(job_description)
    found = passages(text, job)
    scores = _scores(job, targets, found)
    weight = sum(score.weight for score in scores)
    total = 100 * sum(score.weight * score.score for score in scores) / weight
    return Screening(
        path.as_posix(), candidate_name(text, path), round(total, 1), scores, _flags(found), model
    )


@lru_cache(maxsize=4)
def _targets(job_description: str) -> tuple[JobDescription, Vectors]:
    job = parse_job(job_description)
    return job, _embed([requirement.text for requirement in job.requirements])


def _embed(texts: list[str]) -> Vectors:
    return embedded.load(threads=1).embed(texts)  # one thread each: workers share out the cores


def _scores(job: JobDescription, targets: Vectors, found: list[Passage]) -> list[Score]:
    closeness = targets @ _embed([passage.text for passage in found]).T
    return [
        _best(requirement, found, closeness[row].tolist()) for row, requirement in enumerate(job.requirements)
    ]


def _best(requirement: Requirement, found: list[Passage], closeness: list[float]) -> Score:
    """The passage worth most; of equal ones the first."""
    asked = content_words(requirement.text)
    best = Score(requirement.text, requirement.weight, 0.0)
    for passage, meaning in zip(found, closeness, strict=True):
        shared = len(asked & content_words(passage.text)) / max(1, len(asked))
        near = meaning + SHARED_WORDS * shared
        worth = VALUE[passage.kind] * min(1.0, (near - NOTHING) / (FULL - NOTHING))
        if near >= NO_EVIDENCE_BELOW and round(worth, 2) > best.score:
            best = Score(requirement.text, requirement.weight, round(worth, 2), passage.text, passage.kind)
    return best


def _flags(found: list[Passage]) -> list[str]:
    listed = sum(len(words(p.text)) for p in found if p.kind == "list")
    copied = sum(p.kind == "copy" for p in found)
    told = " ".join(p.text for p in found if p.kind != "list")
    flags = {
        "text addressed to the screener: gives no points": any(p.kind == "addressed" for p in found),
        "copies the job description: copied lines give no points": copied >= 2,
        "mostly lists of keywords": listed * 3 >= sum(len(words(p.text)) for p in found) > 0,
        "very little text": len(found) < 5,
        "may not be in English, which is all the model reads": not looks_english(told),
    }
    return [flag for flag, raised in flags.items() if raised]


def screen_folder(
    job_description: Path, resumes: Path, output: Path, page: Path | None = None, **options: Any
) -> onward.Report:
    """Screen a folder of resumes and write the ranking; called again after a crash, go on where it stopped.

    Args:
        job_description: a Markdown file with bullets under "Must have" and "Nice to have".
        resumes: the folder, one resume a file.
        output: the ranking as CSV.
        page: the ranking as an HTML page, if wanted.
        options: any of ``onward.map``'s, such as ``workers``, ``every``, ``store`` and ``run``
            (default: :func:`run_name`).

    Returns:
        The run's report. Files that could not be screened are its failures, and listed last in the ranking.
        If ``limit`` ended it, there is no ranking yet.

    Raises:
        UsageError: there is no such file or folder, or the job description has no requirements.
        OnwardError: whatever else keeps the run from finishing.
    """
    job, text = _read_job(job_description)
    if not resumes.is_dir():
        raise UsageError(f"{resumes} is not a folder of resumes")
    options.setdefault("run", run_name(job_description, resumes))
    report = screen.map(resumes, params={"job_description": text, "model": embedded.MODEL}, **options)
    unscreened = [
        Unscreened((resumes / str(lost.key)).as_posix(), lost.error.message if lost.error else "no reason")
        for lost in report.failures
    ]
    if report.status != "finished":  # limit= was given: a ranking of some would look like one of all
        return report
    ranked = rank(report.results())
    write_csv(output, ranked, unscreened)
    if page is not None:
        write_page(page, job, ranked, unscreened)
    return report


def run_name(job_description: Path, resumes: Path) -> str:
    """The run's name unless another is given: of the job description's file and of the folder."""
    return f"{job_description.stem}-{resumes.resolve().name}"


def _read_job(path: Path) -> tuple[JobDescription, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The job description {path} cannot be read: {error}") from error
    return parse_job(text), text


def main(arguments: list[str] | None = None) -> int:
    """The command line, for when there is no ``onward`` command at hand; returns the exit code."""
    from argparse import ArgumentParser

    parser = ArgumentParser(
        prog="python -m onward.recipes.resume_screening", description="Rank resumes for a job."
    )
    parser.add_argument("resumes", type=Path, help="a folder of .txt and .md files")
    parser.add_argument("--job", type=Path, required=True, help="the job description, in Markdown")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the ranking, as CSV")
    parser.add_argument("--page", type=Path, help="the ranking, as an HTML page")
    parser.add_argument("--store", help="where the run is kept (default: ./.onward)")
    parser.add_argument("--every", default="auto", help='when to save: "auto", "10", "5s" (default: auto)')
    parser.add_argument("--workers", type=int, default=1, help="resumes screened at once (default: 1)")
    asked = vars(parser.parse_args(arguments))
    try:
        report = screen_folder(asked.pop("job"), **asked)
    except (onward.OnwardError, onward.Interrupted) as stop:
        parser.exit(stop.exit_code, f"{stop}\n")
    return 3 if report.failed else 0


if __name__ == "__main__":
    # By its import name, so that the job is the same one however it was started.
    from importlib import import_module

    raise SystemExit(import_module("onward.recipes.resume_screening").main())
