"""The commands, gathered."""

from __future__ import annotations

import click

from onward._version import __version__
from onward.cli import crash, history, keeping, looking, notes, retrying, running, screen, tasks, upkeep

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class InOrder(click.Group):
    """Lists the commands in the order they were added, which is that of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=InOrder, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="onward", message="%(prog)s %(version)s")
def app() -> None:
    """Run a function over many items, and survive anything: run the same command again, and it goes on.

    \b
    Example:
      onward run app.py:screen --input resumes.jsonl --output scores.jsonl
      onward status
      onward errors screening

    Exit codes: 0 finished, 1 unexpected error, 2 usage, 3 finished with failed items, 4 refused because
    input, function or settings changed, 5 held by another process, 6 stopped by a deadline or failure limit,
    7 store corrupt, 75 interrupted and saved, 130 or 143 stopped by force.
    """


for command in (
    running.run,
    running.plan,
    looking.status,
    looking.show,
    looking.errors,
    retrying.retry,
    keeping.export,
    history.history,
    keeping.rm,
    upkeep.verify,
    upkeep.copy,
    upkeep.repair,
    crash.crash_test,
    screen.screen,
    notes.notes,
    tasks.tasks,
):
    app.add_command(command)
