"""``onward notes``: notes of meetings, from their transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onward.cli import modelling, options
from onward.cli.answer import Answer
from onward.cli.commands import resuming, shown, with_flag, written
from onward.cli.endings import Started, finished, halted, near
from onward.progress import printable
from onward.progress.text import counted

if TYPE_CHECKING:
    from onward.recipes.meeting_notes import Published

_PATH: Any = click.Path(path_type=Path)
_OWN = ("transcripts", "output", "day", "zone", "force")
_DEFAULT_WORKERS = 4  # for models that are asked; the rules have the processor to themselves

_policies = options.together(
    modelling.model_options(),
    click.option("--run", "run", metavar="NAME", help="Name of the run [default: the output folder's]."),
    options.store,
    click.option("--every", metavar="WHEN", help='When to save: 10, "5s", auto [default: auto].'),
    click.option(
        "--workers", type=int, metavar="N", help="Meetings at a time [default: 4, without a model 1]."
    ),
    click.option("--retries", type=int, metavar="N", help="Further attempts at a meeting that fails."),
    click.option("--limit", type=int, metavar="N", help="Take notes of N more, then stop, to be resumed."),
    click.option("--retry-failed", is_flag=True, help="Try the files again that failed."),
    click.option(
        "--on-change",
        type=click.Choice(["stop", "keep", "redo", "restart"]),
        help="What to do if a transcript or the model was changed [default: stop].",
    ),
    click.option("--again", is_flag=True, help="Start a finished run from the beginning."),
)


@click.command()
@click.argument("transcripts", type=_PATH, nargs=-1, required=True, metavar="TRANSCRIPTS...")
@click.option("-o", "--output", type=_PATH, required=True, help="The folder for the notes.")
@click.option("--date", "day", metavar="DAY", help="When the meetings were, if no file says: 2026-11-25.")
@click.option("--tz", "zone", metavar="ZONE", help="Where they were: Europe/Berlin.")
@click.option("--force", is_flag=True, help="Write over notes that were changed by hand.")
@_policies
@options.quiet
@options.as_json
def notes(
    transcripts: tuple[Path, ...],
    output: Path,
    day: str | None,
    zone: str | None,
    force: bool,
    quiet: bool,
    **_: Any,
) -> Answer:
    """Take notes of meetings: summary, decisions, action items, open questions.

    TRANSCRIPTS are files or folders of them: .vtt, .srt, .json (Zoom, Teams, Otter, Whisper), .txt, .md, .docx.
    Every quote stands in the transcript; an owner or a date that is not known stays empty. Without --model no
    model writes: rules pick sentences, and the notes say so. Running the same command again is the resume.

    \b
    Example:
      onward notes meetings/ -o notes/
      onward notes meetings/ -o notes/ --model openai:gpt-5-mini --budget "5 USD"
    """
    from onward.recipes import meeting_notes as recipe

    given = options.overrides(click.get_current_context())
    for own in _OWN:
        given.pop(own, None)
    given.setdefault("run", recipe.run_name(output))
    words = resuming(click.get_current_context().obj)
    started = Started(words, recipe.JOB, given["run"], given.get("store"), quiet)
    try:
        model = (
            modelling.opened(given, quiet=quiet, max_tokens=modelling.NOTES_TOKENS)
            if "model" in given
            else None
        )
        if model is not None:
            given.setdefault("workers", _DEFAULT_WORKERS)
        report, published = recipe.make_notes(
            transcripts, output, model, day=day, zone=zone, force=force,
            command=written(words), progress=not quiet, **given,
        )  # fmt: skip
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - it says how to go on
        return halted(error, started)
    answer = finished(report, started)
    return answer._replace(
        document=lambda: {**answer.document(), "notes": _document(output, published)},
        notes=[*answer.notes, *([] if quiet else _said(output, published)), *_kept(published, words)],
    )


def _document(output: Path, published: Published) -> dict[str, Any]:
    return {
        "folder": str(output),
        "written": [path.name for path in published.written],
        "unchanged": [path.name for path in published.unchanged],
        "kept": [path.name for path in published.kept],
    }


def _said(output: Path, published: Published) -> list[str]:
    meetings = sum(path.suffix == ".json" for path in (*published.written, *published.unchanged))
    index = printable(near(str((output / "index.html").resolve())))
    return [f"  the notes of {counted(meetings, 'meeting')}:  {index}"]


def _kept(published: Published, words: list[str]) -> list[str]:
    if not published.kept:
        return []
    names = ", ".join(printable(path.name) for path in published.kept)
    return [
        f"  left as they are, because they were changed by hand or are not onward's:  {names}",
        f"  write over them:  {shown(with_flag(words, '--force'))}",
    ]
