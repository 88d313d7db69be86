"""Measures the systems, model by model, and writes evaluation/RESULTS.md.

Each model and system is a run of onward's, kept in evaluation/out: stop it, start it again, and it goes on. Results
of other models, measured before, stay in RESULTS.md.
"""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import click

import onward
from evaluation.measured import FOLDER, Facts, Measured, load_all, names, save
from evaluation.report import report
from evaluation.sets import DEVELOPMENT, ROOT, Sets
from evaluation.systems import SYSTEMS, Item, System, code_digest, measure, notes_items, screening_items
from onward.errors import OnwardError
from onward.llm import model as model_named

RESULTS = ROOT / "evaluation" / "RESULTS.md"
REAL = "ONWARD_REAL_MEETINGS"
WITH_KEY = {"OPENAI_API_KEY": "openai:gpt-5.4-mini", "ANTHROPIC_API_KEY": "anthropic:claude-haiku-5-5"}


@click.command(help=__doc__)
@click.option(
    "--model",
    "models",
    multiple=True,
    help="A model as onward.llm.model takes it; may be repeated. By default: embedded; local, if it is installed; "
    "a small one of each provider whose key is in the environment.",
)
@click.option("--system", "systems", multiple=True, type=click.Choice(SYSTEMS), help="Only this one.")
@click.option(
    "--only",
    multiple=True,
    help="Only meetings, and resumes as JOB/FILE, whose names begin so; said in the results.",
)
@click.option(
    "--development", is_flag=True, help="Only the development sets; print, and leave RESULTS.md alone."
)
@click.option(
    "--real",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar=REAL,
    help=f"Folder of QMSum's product meetings. By default ${REAL}, or none.",
)
def main(
    models: tuple[str, ...],
    systems: tuple[System, ...],
    only: tuple[str, ...],
    development: bool,
    real: Path | None,
) -> None:
    sets = Sets.load(real)
    chosen = sets.narrowed(only, DEVELOPMENT if development else None)
    folder = FOLDER / "development" if development else FOLDER
    measured = [
        measured_run(model, system, chosen, folder)
        for model in models or available()
        for system in systems or SYSTEMS
    ]
    if development:
        click.echo(report(measured, chosen))
        return
    RESULTS.write_text(report(load_all(folder), sets), "utf-8")
    click.echo(f"Written: {os.path.relpath(RESULTS)}")


def available() -> list[str]:
    """The models that can be asked here and now."""
    found = ["embedded"]
    try:
        model_named("local")
        found.append("local")
    except OnwardError as missing:
        click.echo(f"Not measured: local: {missing}", err=True)
    return found + [model for key, model in WITH_KEY.items() if os.environ.get(key)]


def measured_run(model: str, system: System, sets: Sets, folder: Path) -> Measured:
    """Measure all that the sets have for a system; go on where an earlier call was stopped."""
    items = items_of(system, sets)
    code = code_digest(system)
    output, _ = names(folder, model, system)
    folder.mkdir(parents=True, exist_ok=True)
    report = onward.map(
        measure,
        items,
        job="evaluation",
        run=output.stem,
        key="id",
        params={"system": system, "model": model, "code": code},
        store=folder / ".onward",
        output=output,
        on_change="restart",
        max_failures=None,
        retry_failed=True,
    )
    facts = Facts(
        model=model,
        system=system,
        day=datetime.now(UTC).date().isoformat(),
        code=code,
        version=onward.__version__,
        machine=f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        asked=[item["id"] for item in items],
        usd=report.spent.get("usd", 0.0),
        tokens=int(report.spent.get("tokens", 0)),
        failures={str(failed.key): str(failed.error) for failed in report.failures},
    )
    return save(facts, folder)


def items_of(system: System, sets: Sets) -> list[Item]:
    return screening_items(sets.rankings) if system == "screen" else notes_items(sets.meetings, sets.real)


if __name__ == "__main__":
    main()
