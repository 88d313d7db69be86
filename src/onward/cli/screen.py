"""``onward screen``: rank a folder of resumes for a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from onward.cli import options
from onward.cli.answer import Answer
from onward.cli.commands import resuming, written
from onward.cli.endings import Started, finished, halted
from onward.progress import printable

_PATH: Any = click.Path(path_type=Path)

_policies = options.together(
    click.option("--run", "run", metavar="NAME", help="Name of the run [default: JOB-FOLDER]."),
    options.store,
    click.option("--every", metavar="WHEN", help='When to save: 10, "5s", auto [default: auto].'),
    click.option("--workers", type=int, metavar="N", help="Resumes screened at once [default: 1]."),
    click.option("--limit", type=int, metavar="N", help="Screen N more, then stop, to be resumed."),
    click.option("--retry-failed", is_flag=True, help="Try the files again that could not be screened."),
    click.option(
        "--on-change",
        type=click.Choice(["stop", "keep", "redo", "restart"]),
        help="What to do if the job description or a resume was changed [default: stop].",
    ),
    click.option("--again", is_flag=True, help="Start a finished run from the beginning."),
)


@click.command()
@click.argument("resumes", type=_PATH)
@click.option("--job", "job_description", type=_PATH, required=True, help="The job description, in Markdown.")
@click.option("-o", "--output", type=_PATH, required=True, help="The ranking, as CSV.")
@click.option("--page", type=_PATH, help="The ranking, as an HTML page.")
@_policies
@options.quiet
@options.as_json
def screen(
    resumes: Path,
    job_description: Path,
    output: Path,
    page: Path | None,
    quiet: bool,
    **_: Any,
) -> Answer:
    """Rank a folder of resumes (.txt, .md) for a job, with the evidence.

    It ranks for a human and rejects nobody. Running the same command again is the resume.

    \b
    Example:
      onward screen --job job.md RESUMES -o ranking.csv --page ranking.html
    """
    from onward.recipes import resume_screening as recipe

    context = click.get_current_context()
    given = options.overrides(context)
    for own in ("resumes", "job_description", "output", "page"):
        given.pop(own, None)
    given.setdefault("run", recipe.run_name(job_description, resumes))
    words = resuming(context.obj)
    started = Started(words, recipe.JOB, given["run"], given.get("store"), quiet)
    try:
        report = recipe.screen_folder(
            job_description, resumes, output, page, command=written(words), progress=not quiet, **given
        )
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, started)
    answer = finished(report, started)
    if quiet or report.status != "finished":
        return answer
    written_to = " and ".join(printable(path) for path in (output, page) if path)
    return answer._replace(notes=[*answer.notes, f"  the ranking:  {written_to}"])
