"""``onward screen``: rank resumes for a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onward.cli import options
from onward.cli.answer import Answer, tell
from onward.cli.commands import resuming, shown, written
from onward.cli.endings import Started, finished, halted
from onward.cli.modelling import model_options, opened
from onward.errors import UsageError
from onward.progress import printable

if TYPE_CHECKING:
    from onward.llm import Model
    from onward.recipes.resume_screening import Criteria, Fairness, Outcome
    from onward.report import Report

_PATH: Any = click.Path(path_type=Path)
MAX_TOKENS = 4096
"""Of a language model's answer: some 30 criteria with their quotes."""

_own = options.together(
    click.argument("resumes", type=_PATH, nargs=-1),
    click.option(
        "--job", "job", type=_PATH, help="The job description: Markdown, or any file a resume may be."
    ),
    click.option("--criteria", type=_PATH, help="The criteria as YAML: written if there is none, else used."),
    click.option(
        "-o",
        "--output",
        type=_PATH,
        multiple=True,
        help="The ranking: .csv, .xlsx or .html; may be repeated.",
    ),
    click.option("--page", type=_PATH, help="The same as -o, for an .html file."),
    click.option(
        "--blind/--no-blind",
        default=True,
        help="Hide name, gender, age and address from the scorer [default: blind].",
    ),
    click.option(
        "--groups",
        type=_PATH,
        help="CSV of file or name, and group: check selection rates (four-fifths rule).",
    ),
    click.option(
        "--top", type=click.IntRange(1), metavar="K", help="How many count as selected in that check."
    ),
    click.option(
        "--region", metavar="XX", help="Country of telephone numbers without a country code, such as GB."
    ),
    click.option(
        "--as-of",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m"]),
        help="The day that 'present' means [default: today].",
    ),
)

_policies = options.together(
    click.option("--run", "run", metavar="NAME", help="Name of the run [default: JOB-FOLDER]."),
    options.store,
    click.option("--every", metavar="WHEN", help='When to save: 10, "5s", auto [default: auto].'),
    click.option("--workers", type=int, metavar="N", help="Resumes screened at once [default: 1]."),
    click.option("--retries", type=int, metavar="N", help="Further attempts at a resume that fails."),
    click.option("--limit", type=int, metavar="N", help="Screen N more, then stop, to be resumed."),
    click.option("--retry-failed", is_flag=True, help="Try the files again that could not be screened."),
    click.option(
        "--on-change",
        type=click.Choice(["stop", "keep", "redo", "restart"]),
        help="What to do if criteria, model or a resume were changed [default: stop].",
    ),
    click.option("--again", is_flag=True, help="Start a finished run from the beginning."),
)

_all = options.together(_own, model_options(), _policies, options.quiet, options.as_json)


@click.command()
@_all
def screen(resumes: tuple[Path, ...], **given: Any) -> Answer:
    """Rank resumes for a job, with the evidence.

    Files and folders: PDF, DOCX, ODT, HTML, text, Markdown. It ranks for a human and rejects nobody. Running the
    same command again is the resume.

    \b
    Examples:
      onward screen --job job.md RESUMES -o ranking.csv -o ranking.html
      onward screen --job job.md --criteria criteria.yaml              # write the criteria, to be edited
      onward screen --criteria criteria.yaml RESUMES -o ranking.xlsx   # and use them
    """
    job, criteria = given["job"], given["criteria"]
    if job is None and criteria is None:
        raise UsageError("name the job: --job job.md, or --criteria criteria.yaml")
    if not resumes:
        return _criteria_written(job, criteria)
    return _screened(click.get_current_context(), resumes, given)


def _criteria_written(job: Path | None, path: Path | None) -> Answer:
    """Without resumes, the criteria are all there is to say: write them, or say what is in the file."""
    from onward.recipes import resume_screening as recipe

    if path is None:
        raise UsageError(
            "name the resumes; or --criteria criteria.yaml, to write what the job asks for into it"
        )
    if job is None or path.exists():
        found = recipe.read_criteria(path)
        note = f"{printable(path)} was left as it is" if job else f"{printable(path)} can be used"
    else:
        found = recipe.read_description(job)
        recipe.write(path, recipe.to_yaml(found, source=str(job), name=str(path)).encode())
        note = f"wrote {printable(path)}: edit it, then screen with --criteria {printable(path)}"
    return Answer(lambda: _described(found), lines=_listed(found), notes=[note])


def _described(criteria: Criteria) -> dict[str, Any]:
    listed = [{"text": c.text, "must": c.must, "weight": c.weight} for c in criteria.criteria]
    return {"title": criteria.title, "criteria": listed}


def _listed(criteria: Criteria) -> list[str]:
    kinds = {True: "must have", False: "nice to have"}
    found = criteria.criteria
    return [
        printable(criteria.title),
        *(f"  {kinds[c.must]:<12}  weight {c.weight:g}  {printable(c.text)}" for c in found),
    ]


def _screened(context: click.Context, resumes: tuple[Path, ...], given: Mapping[str, Any]) -> Answer:
    from onward.recipes import resume_screening as recipe

    outputs = [*given["output"], *([given["page"]] if given["page"] else [])]
    if not outputs:
        raise UsageError("name the output: -o ranking.csv, .xlsx or .html")
    recipe.check_outputs(outputs)
    criteria = _criteria(given)
    group_of = _groups(given)
    policies = _given_policies(context)
    policies.setdefault("run", recipe.run_name(given["job"] or given["criteria"], resumes))
    words, quiet = resuming(context.obj), given["quiet"]
    model = _model(policies, quiet)
    started = Started(words, recipe.JOB, policies["run"], policies.get("store"), quiet)
    if not quiet:
        tell(_announced(criteria, given))
    try:
        report = recipe.screen_resumes(
            criteria, resumes, model=model, blind=given["blind"], region=given["region"],
            command=written(words), progress=not quiet, **policies,
        )  # fmt: skip
        return _answered(report, started, outputs, lambda: _outcome(report, criteria, group_of, given))
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, started)


_OWN = frozenset(
    {"resumes", "job", "criteria", "output", "page", "blind", "groups", "top", "region", "as_of"}
)


def _given_policies(context: click.Context) -> dict[str, Any]:
    return {name: value for name, value in options.overrides(context).items() if name not in _OWN}


def _criteria(given: Mapping[str, Any]) -> Criteria:
    from onward.recipes import resume_screening as recipe

    if given["criteria"] is None:
        return recipe.read_description(given["job"])
    if given["job"] and not given["criteria"].exists():
        raise UsageError(
            f"There is no {given['criteria']}. Write it, look at it, then screen:  "
            + shown(["screen", "--job", str(given["job"]), "--criteria", str(given["criteria"])])
        )
    return recipe.read_criteria(given["criteria"])


def _groups(given: Mapping[str, Any]) -> dict[str, str] | None:
    from onward.recipes import resume_screening as recipe

    if given["groups"] is None:
        return None
    if given["top"] is None:
        raise UsageError("--groups needs --top K: how many of the best count as selected")
    return recipe.read_groups(given["groups"])


def _model(policies: dict[str, Any], quiet: bool) -> Model | None:
    """The language model that is asked for; None for the rules over embedded vectors. Leaves the run's policies."""
    asked = policies.get("model", "embedded")
    model = opened(policies, quiet=quiet, max_tokens=MAX_TOKENS)
    return None if asked == "embedded" else model


def _announced(criteria: Criteria, given: Mapping[str, Any]) -> str:
    musts = len(criteria.musts)
    said = f"{musts} must-haves and {len(criteria.criteria) - musts} nice-to-haves for {printable(criteria.title)!r}"
    if given["criteria"]:
        return said
    edit = shown(["screen", "--job", str(given["job"]), "--criteria", "criteria.yaml"])
    return f"{said}; to see and edit them:  {edit}"


def _outcome(
    report: Report, criteria: Criteria, group_of: dict[str, str] | None, given: Mapping[str, Any]
) -> Outcome:
    from onward.recipes import resume_screening as recipe

    ranked, unscreened = recipe.ranking(report)
    fairness = recipe.check(ranked, group_of, given["top"]) if group_of is not None else None
    day: datetime | None = given["as_of"]
    return recipe.Outcome(
        criteria, ranked, unscreened, day.date() if day else _today(), given["blind"], fairness
    )


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day where the reader is


def _answered(
    report: Report, started: Started, outputs: list[Path], outcome: Callable[[], Outcome]
) -> Answer:
    """The run's own answer, and once it is finished its files and what the check of groups says."""
    from onward.recipes import resume_screening as recipe

    answer = finished(report, started)
    if report.status != "finished":  # limit= was given: a ranking of some would look like one of all
        return answer
    found = outcome()
    recipe.write_outputs(found, outputs)
    said = _fairness(found.fairness)
    if not started.quiet:
        said.append(f"  the ranking:  {' and '.join(printable(path) for path in outputs)}")
    return answer._replace(notes=[*answer.notes, *said])


def _fairness(fairness: Fairness | None) -> list[str]:
    if fairness is None:
        return []
    warned = [f"  check this: {printable(warning)}" for warning in fairness.warnings]
    return warned or [f"  groups: none is under four fifths of the highest rate among the top {fairness.top}"]
