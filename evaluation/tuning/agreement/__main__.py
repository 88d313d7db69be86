"""Learns the agreement reader, and says what it is worth on the authors of the validation set, whom it does not know.

    python -m evaluation.tuning.agreement                 # what it is worth
    python -m evaluation.tuning.agreement --write         # and the weights, into the package

Needs torch. The order of the examples and what is dropped are drawn with a fixed seed, so that the same meetings on the
same machine give the same weights.
"""

from __future__ import annotations

import click

from evaluation.sets import DEVELOPMENT, VALIDATION, meetings
from evaluation.tuning.agreement.learning import learn, worth
from evaluation.tuning.agreement.lessons import lesson
from evaluation.tuning.twin import write
from onward.llm.agreement import WEIGHTS


@click.command(help=__doc__)
@click.option("--write", "into", is_flag=True, help="Put the weights into the package.")
@click.option("--epochs", default=5, show_default=True)
def main(into: bool, epochs: int) -> None:
    net = learn([lesson(one) for one in meetings() if one.set == DEVELOPMENT], epochs, click.echo)
    apart = [lesson(one) for one in meetings() if one.set == VALIDATION]
    arrays = net.arrays()
    for author in dict.fromkeys(one.meeting.author for one in apart):
        click.echo(f"{author}: {worth([one for one in apart if one.meeting.author == author], arrays)}")
    if into:
        write(WEIGHTS, arrays)
        click.echo(f"Written: {WEIGHTS}")


if __name__ == "__main__":
    main()
