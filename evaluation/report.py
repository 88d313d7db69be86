"""The results as a page: the held-out sets first, then those that the methods were made with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from statistics import mean

from evaluation.measured import Facts, Measured
from evaluation.measures import rouge_l, words_covered
from evaluation.scores import NotesScore, RankingScore, score_notes, score_ranking, score_summary
from evaluation.sets import DEVELOPMENT, HELD_OUT, VALIDATION, Ranking, RealMeeting, Sets
from evaluation.systems import code_digest

SECOND_JOB = "second job"
ORDER = [HELD_OUT, VALIDATION, SECOND_JOB, DEVELOPMENT]
MEETINGS = (HELD_OUT, VALIDATION, DEVELOPMENT)
LEADS = (100, 400)  # words of the beginning of a meeting, as the simplest of summaries

HEAD = """# Results

Written by `make evaluate`. How it is measured, and what it does not show: [docs/evaluation.md](../docs/evaluation.md).

Methods were made with the development sets, and learnt from them; the validation set chose between methods.
**The held-out rows are the ones to believe.**
"""


def report(measured: Sequence[Measured], sets: Sets) -> str:
    screen = [one for one in measured if one.facts.system == "screen"]
    notes = [one for one in measured if one.facts.system == "notes"]
    sections = [HEAD]
    if notes:
        sections += ["## Meeting notes\n", notes_table(notes, sets), traps_table(notes, sets)]
        sections += [authors_table(notes, sets)]
    if screen:
        sections += ["## Resume screening\n", screening_table(screen, sets)]
    if notes:
        sections += ["## Real meetings\n", real_table(notes, sets)]
    sections += ["## Goals for `embedded`\n", goals_table(measured, sets)]
    sections += ["## What was measured\n", facts_table(measured), failures(measured)]
    return "\n".join(section for section in sections if section)


# ------------------------------------------------------------------------------------- meeting notes


def notes_scores(one: Measured, sets: Sets, name: str) -> tuple[NotesScore, int]:
    """Over the meetings of a set that were asked for; a failed one counts as empty notes. And how many there are."""
    meetings = [m for m in sets.meetings if m.set == name]
    asked = [m for m in meetings if m.id in one.facts.asked]
    return total(score_notes(one.values.get(m.id, {}), m) for m in asked), len(meetings)


def total(scores: Iterable[NotesScore]) -> NotesScore:
    return reduce(add, scores, NotesScore())


def notes_table(measured: Sequence[Measured], sets: Sets) -> str:
    rows = []
    for name in MEETINGS:
        for one in measured:
            score, there = notes_scores(one, sets, name)
            if score.meetings:
                rows.append(
                    [
                        name,
                        one.facts.model,
                        part(score.meetings, there),
                        *notes_cells(score),
                        *pace(one, sets, name),
                    ]
                )
    head = ["set", "model", "meetings", "actions P", "R", "F1", "owner", "wrong owner", "date", "wrong date"]
    head += ["decisions F1", "questions F1", "quotes verbatim", "ROUGE-L", "key points", "s a meeting"]
    return table(head, rows)


def notes_cells(score: NotesScore) -> list[str]:
    actions, hits = score.actions, score.owners.found
    return [
        of(actions.precision, actions.found),
        *(figure(x) for x in (actions.recall, actions.f1)),
        *(of(x, hits) for x in (score.owners.precision, score.wrong_owners / max(1, hits))),
        *(of(x, hits) for x in (score.dates.precision, score.wrong_dates / max(1, hits))),
        *(figure(x) for x in (score.decisions.f1, score.questions.f1)),
        of(score.quotes.precision, score.quotes.found),
        *(figure(x / score.meetings) for x in (score.rouge, score.coverage)),
    ]


def traps_table(measured: Sequence[Measured], sets: Sets) -> str:
    kinds = sorted({kind for meeting in sets.meetings for kind in meeting.traps.values()})
    rows = []
    for name in MEETINGS:
        there = [kind for m in sets.meetings if m.set == name for kind in m.traps.values()]
        for one in measured:
            score, _ = notes_scores(one, sets, name)
            if score.meetings:
                cells = [f"{score.traps[kind]} of {there.count(kind)}" for kind in kinds]
                rows.append([name, one.facts.model, *cells])
    return "Wrong action items, by the trap they fell into (turns of that kind in the set):\n\n" + table(
        ["set", "model", *kinds], rows
    )


def authors_table(measured: Sequence[Measured], sets: Sets) -> str:
    """By who wrote the meetings, since each has manners of its own."""
    rows = []
    for name, author in dict.fromkeys(
        (name, m.author) for name in MEETINGS for m in sets.meetings if m.set == name
    ):
        for one in measured:
            asked = [
                m for m in sets.meetings if (m.set, m.author) == (name, author) and m.id in one.facts.asked
            ]
            score = total(score_notes(one.values.get(m.id, {}), m) for m in asked)
            if asked:
                rows.append(
                    [
                        name,
                        author,
                        one.facts.model,
                        str(len(asked)),
                        str(score.actions.wanted),
                        *author_cells(score),
                    ]
                )
    head = ["set", "author", "model", "meetings", "action items", "P", "R", "F1", "owner", "date"]
    return "By author:\n\n" + table(head, rows)


def author_cells(score: NotesScore) -> list[str]:
    actions, hits = score.actions, score.owners.found
    return [
        of(actions.precision, actions.found),
        *(figure(x) for x in (actions.recall, actions.f1)),
        *(of(x, hits) for x in (score.owners.precision, score.dates.precision)),
    ]


# ---------------------------------------------------------------------------------- resume screening


def ranking_score(one: Measured, ranking: Ranking) -> RankingScore:
    """Of the resumes that were asked for; one that failed ranks last."""
    asked = ranking.only({name for name in ranking.tiers if f"{ranking.id}/{name}" in one.facts.asked})
    values = {name: one.values.get(f"{ranking.id}/{name}") for name in asked.tiers}
    return score_ranking({name: value for name, value in values.items() if value}, asked)


def screening_table(measured: Sequence[Measured], sets: Sets) -> str:
    rows = []
    for ranking in sorted(sets.rankings, key=lambda ranking: ORDER.index(ranking.set)):
        for one in measured:
            score = ranking_score(one, ranking)
            if not score.resumes:
                continue
            rows.append([ranking.set, ranking.id, one.facts.model, *screening_cells(score, ranking)])
            rows[-1].append(
                spent([v["seconds"] for id_, v in one.values.items() if id_.startswith(f"{ranking.id}/")])
            )
    head = ["set", "job", "model", "resumes", "nDCG@10", "stuffed and injected in the lower half"]
    return table([*head, "evidence verbatim", "evidence accepted", "evidence found", "s a resume"], rows)


def screening_cells(score: RankingScore, ranking: Ranking) -> list[str]:
    whole = score.resumes == len(ranking.tiers)  # a part of a ranking is none
    high = ", ".join(name for name, low in score.low.items() if not low)
    low = f"{sum(score.low.values())} of {len(score.low)}" + (f" (not {high})" if high else "")
    shown, lines = score.shown, score.verbatim
    return [
        part(score.resumes, len(ranking.tiers)),
        *([figure(score.ndcg), low] if whole else ["-", "-"]),
        of(lines.precision, lines.found),
        *([of(shown.precision, shown.found), of(shown.recall, shown.wanted)] if ranking.meets else ["", ""]),
    ]


# -------------------------------------------------------------------------------------- real meetings


def real_table(measured: Sequence[Measured], sets: Sets) -> str:
    if not sets.real:
        return "Not measured: no folder of real meetings was given.\n"
    head = ["set", "model", "meetings", "words", "ROUGE-L", "words of the human summary"]
    rows = [
        row
        for name in (HELD_OUT, DEVELOPMENT)
        if (meetings := [meeting for meeting in sets.real if meeting.set == name])
        for row in [*lead_rows(name, meetings), *real_rows(name, meetings, measured)]
    ]
    return table([*head, "quotes verbatim", "actions found", "s a meeting"], rows)


def lead_rows(name: str, meetings: Sequence[RealMeeting]) -> list[list[str]]:
    return [
        [
            *(name, f"the first {length} words", str(len(meetings)), str(length)),
            *(
                figure(mean(measure(lead(m, length), m.summary) for m in meetings))
                for measure in (rouge_l, words_covered)
            ),
            *["-"] * 3,
        ]
        for length in LEADS
    ]


def lead(meeting: RealMeeting, length: int) -> str:
    return " ".join(" ".join(turn.text for turn in meeting.turns).split()[:length])


def real_rows(name: str, meetings: Sequence[RealMeeting], measured: Sequence[Measured]) -> list[list[str]]:
    rows = []
    for one in measured:
        asked = [m for m in meetings if m.id in one.facts.asked]
        score = total(score_summary(one.values.get(m.id, {}), m) for m in asked)
        if asked:
            rows.append(
                [
                    *(
                        name,
                        one.facts.model,
                        part(len(asked), len(meetings)),
                        f"{score.words / len(asked):.0f}",
                    ),
                    *(figure(x / len(asked)) for x in (score.rouge, score.coverage)),
                    of(score.quotes.precision, score.quotes.found),
                    f"{score.actions.found / len(asked):.1f}",
                    spent([one.values[m.id]["seconds"] for m in asked if m.id in one.values]),
                ]
            )
    return rows


# ------------------------------------------------------------------------------------------- goals


def goals_table(measured: Sequence[Measured], sets: Sets) -> str:
    by_system = {one.facts.system: one for one in measured if one.facts.model == "embedded"}
    rows = []
    if "screen" in by_system:
        for ranking in sorted(sets.rankings, key=lambda ranking: ORDER.index(ranking.set)):
            score = ranking_score(by_system["screen"], ranking)
            if score.resumes == len(ranking.tiers):
                where = f"{ranking.id} ({ranking.set})"
                rows.append(goal(f"nDCG@10, {where}", 0.9, score.ndcg))
                rows.append(
                    goal(f"stuffed and injected in the lower half, {where}", 1.0, mean(score.low.values()))
                )
                rows.append(
                    goal(f"evidence verbatim, {where}", 1.0, score.verbatim.precision, score.verbatim.found)
                )
    if "notes" in by_system:
        for name in MEETINGS:
            score, _ = notes_scores(by_system["notes"], sets, name)
            if score.meetings:
                rows.append(goal(f"action items F1, {name}", 0.75, score.actions.f1))
                rows.append(goal(f"owner, {name}", 0.9, score.owners.precision, score.owners.found))
                rows.append(goal(f"date, {name}", 0.95, score.dates.precision, score.dates.found))
                rows.append(goal(f"quotes verbatim, {name}", 1.0, score.quotes.precision, score.quotes.found))
    return table(["goal", "at least", "measured", ""], rows)


def goal(what: str, least: float, found: float, count: int = 1) -> list[str]:
    """``count``: of how many things it is a share."""
    reached = count and found >= least
    return [what, figure(least), of(found, count), "reached" if reached else "**missed**"]


# ------------------------------------------------------------------------------------------- facts


def facts_table(measured: Sequence[Measured]) -> str:
    rows = []
    for one in measured:
        facts, own = one.facts, sorted({str(value.get("model")) for value in one.values.values()})
        tokens = f"{facts.tokens / max(1, len(facts.asked)):.0f}"
        state = "this" if facts.code == code_digest(facts.system) else "an earlier one"
        counts = [str(len(facts.asked)), str(len(facts.failures)), tokens, cost(facts)]
        rows.append([facts.model, facts.system, ", ".join(own), *counts, facts.day, state, facts.machine])
    head = [
        "model",
        "system",
        "its own name",
        "items",
        "failed",
        "tokens an item",
        "USD an item",
        "day",
        "state of the code",
        "machine",
    ]
    return table(head, rows)


def cost(facts: Facts) -> str:
    """Dollars an item, all attempts counted."""
    paid = facts.model.startswith(("openai:", "openrouter:", "anthropic:"))
    if paid and facts.tokens and not facts.usd:
        return "price not known"
    return f"{facts.usd / max(1, len(facts.asked)):.4f}" if paid else "0"


def failures(measured: Sequence[Measured]) -> str:
    failed = [(m.facts.model, key, why) for m in measured for key, why in m.facts.failures.items()]
    lines = [f"- {model}, {key}: {' '.join(why.split())[:200]}" for model, key, why in failed]
    return "\n".join(["Failed, and counted as nothing found:\n", *lines, ""]) if lines else ""


# ------------------------------------------------------------------------------------------- cells


def figure(value: float) -> str:
    return f"{value:.2f}"


def of(share: float, count: int) -> str:
    """The share; a dash if there was nothing to have a share of."""
    return figure(share) if count else "-"


def part(some: int, there: int) -> str:
    return str(some) if some == there else f"{some} of {there}"


def spent(seconds: Sequence[float]) -> str:
    return f"{mean(seconds):.2f}" if seconds else ""


def pace(one: Measured, sets: Sets, name: str) -> list[str]:
    ids = [m.id for m in sets.meetings if m.set == name]
    return [spent([one.values[id_]["seconds"] for id_ in ids if id_ in one.values])]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
