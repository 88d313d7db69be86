"""What becomes of a ranking: CSV, XLSX and HTML files, by their names' endings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from onward.errors import StoreUnwritable, UsageError
from onward.recipes.extras import need
from onward.recipes.resume_screening import sheets
from onward.recipes.resume_screening.criteria import Criteria
from onward.recipes.resume_screening.groups import Fairness
from onward.recipes.resume_screening.page import page
from onward.recipes.resume_screening.results import Screening, Unscreened
from onward.recipes.resume_screening.writing import write

ENDINGS = (".csv", ".xlsx", ".html")


@dataclass(frozen=True)
class Outcome:
    """All there is to say about a job's candidates."""

    criteria: Criteria
    ranked: Sequence[Screening]
    unscreened: Sequence[Unscreened]
    today: date
    blind: bool = True
    fairness: Fairness | None = None


def check_outputs(paths: Sequence[Path]) -> None:
    """Refuse, before anything is paid for, what could not be written in the end.

    Raises:
        UsageError: another ending, or a folder, or the package that writes it is missing.
    """
    for path in paths:
        if path.suffix.lower() == ".xlsx":
            need("xlsxwriter", f"{path}: a spreadsheet", "screening")
        if path.suffix.lower() not in ENDINGS:
            raise UsageError(f"{path}: the ranking's name ends in {', '.join(ENDINGS)}")
        if path.is_dir():
            raise UsageError(f"{path} is a folder; give the name of a file in it")


def write_outputs(outcome: Outcome, paths: Sequence[Path]) -> None:
    """Write the ranking, each file in one step.

    Raises:
        UsageError: as :func:`check_outputs`.
        StoreUnwritable: a file cannot be written.
    """
    check_outputs(paths)
    for path in paths:
        try:
            write(path, _content(outcome, path.suffix.lower()))
        except OSError as error:
            raise StoreUnwritable(
                f"{path}: cannot be written: {error.strerror}; see to it and run the same command again"
            ) from error


def _content(outcome: Outcome, ending: str) -> bytes:
    if ending == ".html":
        return page(
            outcome.criteria, outcome.ranked, outcome.unscreened,
            today=outcome.today, blind=outcome.blind, fairness=outcome.fairness,
        )  # fmt: skip
    rows = sheets.table(outcome.ranked, outcome.unscreened, outcome.today)
    return sheets.as_csv(rows) if ending == ".csv" else sheets.as_xlsx(rows, outcome.fairness, outcome.today)
