"""The ranking as a page: one HTML file that needs nothing else and runs no script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from string import Template

from onward.recipes.resume_screening.criteria import Criteria
from onward.recipes.resume_screening.groups import CITED, Fairness
from onward.recipes.resume_screening.results import Score, Screening, Unscreened

_TEMPLATE = Path(__file__).with_name("page.html")


def page(
    criteria: Criteria,
    ranked: Sequence[Screening],
    unscreened: Sequence[Unscreened] = (),
    *,
    today: date,
    blind: bool = True,
    fairness: Fairness | None = None,
) -> bytes:
    """The page, in UTF-8."""
    flagged = sum(bool(screening.flags) for screening in ranked)
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(criteria.title),
        counts=_counts(len(ranked), flagged, len(unscreened)),
        day=f"{today:%d %B %Y}".lstrip("0"),
        month=f"{today:%B %Y}",
        model=escape(", ".join(sorted({s.model for s in ranked})) or "no model"),
        rules="".join(_how(ranked)),
        blind=_BLIND if blind else _OPEN,
        criteria="".join(map(_criterion, enumerate(criteria.criteria, 1))),
        candidates="".join(_candidate(place, s, today) for place, s in enumerate(ranked, 1)),
        fairness=_fairness(fairness),
        unscreened=_unscreened(unscreened),
    )
    return text.encode()


_BLIND = (
    "Name, words that show gender, age, birth, photo and address were taken out before a resume was scored; "
    "you see them here because you read the resumes, not the scorer."
)
_OPEN = "Resumes were scored as they are, with name, gender, age and address (<code>--no-blind</code>)."


def _counts(ranked: int, flagged: int, unscreened: int) -> str:
    said = [
        f"{ranked} ranked",
        f"{flagged} with flags" if flagged else "",
        f"{unscreened} not screened" * bool(unscreened),
    ]
    return " · ".join(filter(None, said))


def _how(ranked: Sequence[Screening]) -> Iterable[str]:
    models = {screening.model for screening in ranked}
    if any(model.startswith("rules") for model in models):
        yield "These are rules over a small model of word meanings, not an understanding of careers. "
        yield "A low score can mean other words, another language or a terse resume."
        return
    if any(model.startswith("local") for model in models):
        yield "That is a small language model on this machine, and a weak judge: it misses and misreads much. "
    yield "A language model read each resume once. Every quote was checked to stand in the resume; "
    yield "whether it shows what it is quoted for is for you to judge."


def _criterion(numbered: tuple[int, object]) -> str:
    number, criterion = numbered
    text, must, weight = (getattr(criterion, name) for name in ("text", "must", "weight"))
    kind = "must have" if must else "nice to have"
    return f'<li value="{number}">{escape(text)} <small>{kind}, weight {weight:g}</small></li>'


def _candidate(place: int, screening: Screening, today: date) -> str:
    flags = "".join(f"<li>{escape(flag)}</li>" for flag in screening.flags)
    count = len(screening.flags)
    mark = (
        f'<span class="mark" title="{count} flag{"s" * (count > 1)}, see inside">⚑ {count}</span>'
        if count
        else ""
    )
    return (
        f'<details class="candidate"><summary><span class="rank">{place}</span>'
        f'<span class="who"><b>{escape(screening.name)}</b>{mark}'
        f"<small>{escape(_line(screening, today))}</small></span>"
        f'<span class="strip" aria-hidden="true">{"".join(map(_cell, enumerate(screening.scores, 1)))}</span>'
        f'<span class="total">{screening.total:.1f}</span></summary><div class="inside">'
        f'<p class="reason">{escape(screening.reason)}</p>'
        f"{f'<ul class=flags>{flags}</ul>' if flags else ''}"
        f'<ol class="scores">{"".join(map(_score, screening.scores))}</ol>'
        f"{_facts(screening, today)}</div></details>\n"
    )


def _line(screening: Screening, today: date) -> str:
    musts = [score for score in screening.scores if score.must]
    met = f"{sum(s.evidence is not None for s in musts)} of {len(musts)} must-haves" if musts else ""
    years = f"{screening.years.proven(today):g} years by its dates" if screening.years.periods else ""
    return " · ".join(filter(None, [met, years, Path(screening.file).name]))


def _cell(numbered: tuple[int, Score]) -> str:
    number, score = numbered
    level = 0 if score.evidence is None else 1 + min(3, int(score.score * 4))
    kind = "must" if score.must else "nice"
    return f'<i class="{kind} l{level}" title="{number}. {escape(score.criterion)}: {100 * score.score:.0f}"></i>'


def _score(score: Score) -> str:
    kind = "must have" if score.must else "nice to have"
    percent = round(100 * score.score)
    return (
        f'<li><div class="head"><span>{escape(score.criterion)} <small>{kind}, weight {score.weight:g}</small></span>'
        f'<span class="bar" role="img" aria-label="{percent} of 100"><i style="width:{percent}%"></i></span>'
        f'<span class="points">{percent}</span></div>{_shown(score)}</li>'
    )


def _shown(score: Score) -> str:
    if score.evidence is not None:
        return f"<blockquote>{escape(score.evidence)}</blockquote>"
    if score.mention is not None:
        note = escape(score.note or "only named")
        return f'<p class="none">No evidence, {note}:</p><blockquote class="weak">{escape(score.mention)}</blockquote>'
    why = f" ({escape(score.note)})" if score.note else ""
    return f'<p class="none">no evidence found{why}</p>'


def _facts(screening: Screening, today: date) -> str:
    person, years = screening.person, screening.years
    facts = [
        ("Contact", [*person.emails, *person.phones, *person.links]),
        (f"Years, to {today:%B %Y}", _proof(screening, today)),
        ("Said without dates", list(years.said)),
        ("Must-haves without evidence", list(screening.gaps)),
        ("File", [screening.file]),
        ("Scored by", [screening.model]),
    ]
    rows = (
        f"<dt>{escape(name)}</dt><dd>{'<br>'.join(map(escape, found))}</dd>" for name, found in facts if found
    )
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _proof(screening: Screening, today: date) -> list[str]:
    years = screening.years
    if not years.periods:
        return ["none can be proven: there are no dates of posts"]
    return [
        f"{years.proven(today):g} by these lines, overlaps counted once:",
        *dict.fromkeys(p.line for p in years.periods),
    ]


def _fairness(fairness: Fairness | None) -> str:
    if fairness is None:
        return ""
    head, *rows = fairness.table()
    shown = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    titles = "".join(f"<th>{escape(str(title))}</th>" for title in head)
    warned = "".join(f"<li>{escape(warning)}</li>" for warning in fairness.warnings)
    verdict = (
        f"<ul class=warned>{warned}</ul>"
        if warned
        else "<p>No group is under four fifths of the highest rate.</p>"
    )
    return (
        f'<section class="card"><h2>Groups among the top {fairness.top}</h2><div class="wide"><table>'
        f"<tr>{titles}</tr>{shown}</table></div>{verdict}<p><small>{escape(CITED)}. A check of this ranking, "
        "neither legal advice nor proof of fairness.</small></p></section>"
    )


def _unscreened(files: Sequence[Unscreened]) -> str:
    if not files:
        return ""
    items = "".join(f"<li><b>{escape(f.file)}</b>: {escape(f.reason)}</li>" for f in files)
    return f'<section class="card"><h2>Not screened: {len(files)}</h2><ul>{items}</ul></section>'
