"""What a progress display says, as parts that may be left out where there is no room. Pure functions."""

from __future__ import annotations

from typing import NamedTuple

from onward.model import Progress
from onward.progress import text


class Part(NamedTuple):
    """One piece of the line. The higher ``rank``, the sooner it is left out."""

    shown: str
    style: str
    rank: int


def parts(now: Progress) -> list[Part]:
    """All that is worth saying about a run under way, in the order it is shown."""
    found = [Part(text.done_of(now.settled, now.total), "bold", 0)]
    if now.total is not None:
        found.append(Part(text.percent(now.settled, now.total), "", 1))
    if speed := text.rate(now.rate):
        found.append(Part(speed, "cyan", 4))
    if now.seconds_left is not None and now.left != 0:
        found.append(Part(f"{text.duration(now.seconds_left)} left", "", 3))
    found += _counts(now)
    found += _spent(now) + _forecast(now)
    if now.saved_age is not None:
        found.append(Part(f"saved {text.age(now.saved_age)} ago", "dim", 5))
    return found


def ending(now: Progress, how: str, seconds: float) -> list[Part]:
    """What stays on the line when the session is over."""
    return [
        Part(text.done_of(now.settled, now.total), "bold", 0),
        Part(how, "green" if how == "finished" else "yellow", 1),
        Part(f"in {text.duration(seconds)}", "", 3),
        *_counts(now),
        *_spent(now),
    ]


def stopping(in_flight: int, grace: float) -> str:
    """What is said between a Ctrl-C and the end of the session."""
    if in_flight <= 0:
        return "stopping: saving; Ctrl-C again stops now"
    waiting = f"waiting for {text.counted(in_flight, 'item')} in flight, up to {grace:.0f} s"
    return f"stopping: {waiting}; Ctrl-C again stops now"


def fit(found: list[Part], room: int, gap: int = 2) -> list[Part]:
    """The parts that fit into ``room`` characters: the highest ranks go first, the lowest always stays."""
    kept = list(found)
    while len(kept) > 1 and sum(len(part.shown) + gap for part in kept) - gap > room:
        kept.remove(max(kept, key=lambda part: part.rank))
    return kept


def joined(found: list[Part], gap: str = ", ") -> str:
    return gap.join(part.shown for part in found)


def _counts(now: Progress) -> list[Part]:
    counts = [(now.failed, "failed", "bold red", 2), (now.skipped, "skipped", "yellow", 7)]
    counts.append((now.reused, "reused", "green", 6))
    return [Part(f"{number} {word}", style, rank) for number, word, style, rank in counts if number]


def _spent(now: Progress) -> list[Part]:
    spent = text.spent_of(now.spent)
    return [Part(spent, "magenta", 4)] if spent else []


def _forecast(now: Progress) -> list[Part]:
    return [Part(f"{text.spent_of({'usd': now.forecast})} to go", "", 5)] if now.forecast else []
