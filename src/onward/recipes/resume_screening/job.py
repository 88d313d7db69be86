"""The job of resume screening: one resume in, one screening out; and the run over many.

What it does with a resume reads in :func:`screen` from top to bottom. All that makes it survive a crash is the
decorator on it and the call of ``map``.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from os import PathLike
from pathlib import Path
from typing import Any

import onward
from onward.llm import Model, Prompt
from onward.llm.grounding import find_quote
from onward.recipes import documents, naming
from onward.recipes.extras import need
from onward.recipes.resume_screening import asking, rules
from onward.recipes.resume_screening.blind import personal
from onward.recipes.resume_screening.criteria import Criteria
from onward.recipes.resume_screening.flags import find_flags
from onward.recipes.resume_screening.passages import addressed
from onward.recipes.resume_screening.person import Person, find_person
from onward.recipes.resume_screening.reasons import reason
from onward.recipes.resume_screening.results import Screening, Unscreened, rank, total, unmet
from onward.recipes.resume_screening.seen import Seen, Span, cut
from onward.recipes.resume_screening.wording import words
from onward.recipes.resume_screening.years import find_years
from onward.sources import SelectionSource

JOB = "resume-screening"
MAX_CHARACTERS = 200_000  # of a resume; a long academic one has 100,000


@onward.job(JOB)
def screen(
    path: Path,
    *,
    criteria: Criteria,
    model: Model | str,
    method: Prompt | str,
    blind: bool = True,
    region: str | None = None,
) -> Screening:
    """Screen one resume.

    Args:
        path: a PDF, DOCX, ODT, HTML, text or Markdown file.
        criteria: what the job asks for.
        model: a language model; or ``rules.MODEL`` for the rules over embedded vectors.
        method: how it is scored: the prompt, or the version of the rules.
        blind: hide from the scorer what must not count (name, gender, age, address).
        region: country of telephone numbers without a country code, such as "GB".

    Raises:
        UnreadableDocument: no text to screen.
        ModelError, Stopped: the model does not answer; see :mod:`onward.llm.base`.
    """
    document = read_resume(path)
    person = find_person(document.text, path, region)
    text = seen(document.text, person, blind=blind)
    flags = find_flags(document, criteria.lines)
    if isinstance(model, Model):
        assert isinstance(method, Prompt)
        judged = asking.judge(text, criteria, model, method)
        scores, why, named = judged.scores, judged.reason or reason(judged.scores), judged.model
        flags += judged.flags
    else:
        scores = rules.score(text, criteria)
        why, named = reason(scores), model
    return Screening(
        file=path.as_posix(),
        person=person,
        total=total(scores),
        scores=tuple(scores),
        years=find_years(document.text.splitlines()),
        gaps=unmet(scores),
        reason=why,
        flags=tuple(flags),
        mark=blake2b(" ".join(words(document.text)).encode(), digest_size=8).hexdigest(),
        model=named,
    )


def read_resume(path: Path) -> documents.Document:
    """The document, if it is of a length that a resume has.

    Raises:
        UnreadableDocument: it cannot be read, or is too long.
    """
    document = documents.read(path)
    if len(document.text) > MAX_CHARACTERS:
        long = f"{len(document.text):,} characters are more than a resume has"
        raise documents.UnreadableDocument(f"{path.name}: {long}")
    return document


def seen(text: str, person: Person, *, blind: bool) -> Seen:
    """The resume as the scorer gets it: without what addresses the screener, and blinded."""
    spans: list[Span] = list(personal(text, person)) if blind else []
    for block in addressed(text):
        if found := find_quote(block, text):
            spans.append((found.start, found.end, "[removed: it addressed the screener]"))
    return cut(text, spans)


def parameters(
    criteria: Criteria, model: Model | None = None, *, blind: bool = True, region: str | None = None
) -> dict[str, Any]:
    """The parameters of :func:`screen`, which are parts of a run's identity; without a model, the rules."""
    method = asking.PROMPT if model else rules.METHOD
    return {
        "criteria": criteria, "model": model or rules.MODEL, "method": method, "blind": blind, "region": region,
    }  # fmt: skip


def screen_resumes(
    criteria: Criteria,
    resumes: Sequence[str | PathLike[str]],
    *,
    model: Model | None = None,
    blind: bool = True,
    region: str | None = None,
    **options: Any,
) -> onward.Report:
    """Screen files and folders of resumes; called again after a crash, go on where it stopped.

    Args:
        criteria: what the job asks for; see :func:`~onward.recipes.resume_screening.read_description`.
        resumes: files, and folders of them.
        model: from :func:`onward.llm.model`; without one, rules over the embedded vectors.
        blind, region: see :func:`screen`.
        options: any of ``onward.map``'s, such as ``workers``, ``every``, ``store`` and ``run``. With a language
            model every resume is saved by itself and tried three times, unless ``every`` and ``retries`` say otherwise.

    Returns:
        The run's report. Files that could not be screened are its failures. :func:`ranking` makes more of it.

    Raises:
        UsageError: no resumes are named.
        OnwardError: whatever else keeps the run from finishing.
    """
    need("phonenumbers", "Resume screening", "screening")
    if model is not None:
        options = {"every": 1, "retries": 2, **options}
    params = parameters(criteria, model, blind=blind, region=region)
    return screen.map(SelectionSource(resumes), params=params, **options)


def ranking(report: onward.Report) -> tuple[list[Screening], list[Unscreened]]:
    """The screenings of a finished run, best first, and the files that could not be screened."""
    lost = [
        Unscreened(str(failure.key), failure.error.message if failure.error else "no reason")
        for failure in report.failures
    ]
    return rank(report.results()), lost


def run_name(job: Path, resumes: Sequence[Path]) -> str:
    """The run's name unless another is given: of the job's file and of the first folder or file."""
    return naming.run_name(f"{job.stem}-{resumes[0].resolve().stem}")
