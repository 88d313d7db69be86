"""Resume screening: rank resumes for a job, with the line of the resume behind every score.

The ranking is for a human who reads on: it rejects nobody. How scores come about, how good they are and what they
cannot say: docs/how-to/screen-resumes.md. The job itself, and what may be copied from it, is in ``job``.
"""

from onward.recipes.resume_screening.criteria import (
    Criteria,
    Criterion,
    from_description,
    from_yaml,
    read_criteria,
    read_description,
    to_yaml,
)
from onward.recipes.resume_screening.groups import Fairness, check, read_groups
from onward.recipes.resume_screening.job import JOB, ranking, run_name, screen, screen_resumes, seen
from onward.recipes.resume_screening.outputs import Outcome, check_outputs, write_outputs
from onward.recipes.resume_screening.person import Person
from onward.recipes.resume_screening.results import Score, Screening, Unscreened, rank
from onward.recipes.resume_screening.writing import write
from onward.recipes.resume_screening.years import Period, Years, find_years

__all__ = [
    "JOB",
    "Criteria",
    "Criterion",
    "Fairness",
    "Outcome",
    "Period",
    "Person",
    "Score",
    "Screening",
    "Unscreened",
    "Years",
    "check",
    "check_outputs",
    "find_years",
    "from_description",
    "from_yaml",
    "rank",
    "ranking",
    "read_criteria",
    "read_description",
    "read_groups",
    "run_name",
    "screen",
    "screen_resumes",
    "seen",
    "to_yaml",
    "write",
    "write_outputs",
]
