"""The page of results, from answers that are known to be right or wrong."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.measured import Facts, Measured, load_all, names, save
from evaluation.report import report
from evaluation.sets import DEVELOPMENT, RealMeeting, Sets, Turn
from evaluation.systems import notes_items, screening_items

REAL = [
    RealMeeting(
        "X1",
        "held out",
        [Turn(1, "Chair", "We build a remote control for a low price.")],
        "A remote control.",
    ),
    RealMeeting("X2", "development", [Turn(1, "Chair", "Hello.")], "They greeted each other."),
]
WHOLE = replace(Sets.load(), real=REAL)
ONE_OF_EACH = list({(meeting.set, meeting.author): meeting for meeting in reversed(WHOLE.meetings)}.values())
SETS = Sets(WHOLE.rankings, ONE_OF_EACH[::-1], REAL)
WORTH = {"strong": 90.0, "good": 60.0, "weak": 30.0, "none": 1.0, "trap": 0.0}


def facts(system: str, asked: list[str], **more: Any) -> Facts:
    given = {"model": "embedded", "day": "2026-11-25", "code": "c0de", "version": "1.0", "machine": "2 cores"}
    return Facts(
        **{**given, "system": system, "asked": asked, "usd": 0.0, "tokens": 0, "failures": {}, **more}
    )


def perfect_notes() -> Measured:
    values = {}
    for meeting in SETS.meetings:
        said = {turn.n: turn.text for turn in meeting.turns}
        values[meeting.id] = {
            "summary": [meeting.summary],
            "actions": [
                {"what": a.what, "quote": said[min(a.turns)], "owner": a.owner, "due": a.due[0]}
                for a in meeting.actions
            ],
            "decisions": [{"text": d.what, "quote": said[min(d.turns)]} for d in meeting.decisions],
            "questions": [{"text": q.what, "quote": said[min(q.turns)]} for q in meeting.questions],
            "seconds": 0.5,
            "model": "an oracle",
        }
    return Measured(facts("notes", [item["id"] for item in notes_items(SETS.meetings, SETS.real)]), values)


def perfect_screening() -> Measured:
    values = {
        f"{ranking.id}/{name}": {
            "total": WORTH[tier],
            "scores": [
                {"evidence": "I did it." if n in ranking.meets.get(name, {1}) else None} for n in range(1, 11)
            ],
            "text": "I did it.",
            "seconds": 0.1,
        }
        for ranking in SETS.rankings
        for name, tier in ranking.tiers.items()
    }
    return Measured(facts("screen", [item["id"] for item in screening_items(SETS.rankings)]), values)


def rows(page: str, heading: str) -> list[dict[str, str]]:
    lines = re.search(rf"^## {heading}\n\n?((?:\|.*\n)+)", page, re.MULTILINE)
    assert lines, page
    head, _, *found = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines[1].splitlines()
    ]
    return [dict(zip(head, row, strict=True)) for row in found]


def test_perfect_answers_have_perfect_figures_and_reach_the_goals() -> None:
    page = report([perfect_screening(), perfect_notes()], SETS)
    notes = rows(page, "Meeting notes")
    assert [row["set"] for row in notes] == ["held out", "validation", "development"]
    best = {
        "actions P": "1.00",
        "F1": "1.00",
        "owner": "1.00",
        "wrong owner": "0.00",
        "date": "1.00",
        "ROUGE-L": "1.00",
    }
    assert all(row[name] == value for row in notes for name, value in best.items())
    ranked = rows(page, "Resume screening")
    jobs = ["payroll", "operations", "kitchen", "laboratory", "samples", "translators"]
    assert [row["job"] for row in ranked] == jobs
    assert all(row["nDCG@10"] == "1.00" and row["evidence verbatim"] == "1.00" for row in ranked)
    assert (ranked[0]["evidence accepted"], ranked[0]["evidence found"]) == ("1.00", "1.00")
    assert "missed" not in page


def test_no_answers_count_as_nothing_found() -> None:
    asked = [item["id"] for item in notes_items(SETS.meetings, SETS.real)]
    page = report([Measured(facts("notes", asked, failures={asked[0]: "Unavailable: gone"}), {})], SETS)
    assert all(
        row["R"] == "0.00" and row["F1"] == "0.00" and row["key points"] == "0.00"
        for row in rows(page, "Meeting notes")
    )
    assert f"- embedded, {asked[0]}: Unavailable: gone" in page
    assert "| action items F1, held out | 0.75 | 0.00 | **missed** |" in page


def test_a_part_of_a_set_is_said_to_be_one() -> None:
    whole = perfect_notes()
    page = report([Measured(facts("notes", [SETS.meetings[0].id]), whole.values)], SETS)
    assert [(row["set"], row["meetings"]) for row in rows(page, "Meeting notes")] == [
        ("development", "1 of 19")
    ]
    some = perfect_screening()
    asked = [id_ for id_ in some.facts.asked if id_.startswith("payroll")][:5]
    page = report([Measured(facts("screen", asked), some.values)], SETS)
    (part,) = rows(page, "Resume screening")
    assert (part["resumes"], part["nDCG@10"], part["evidence accepted"]) == ("5 of 24", "-", "1.00")


def test_real_meetings_stand_beside_the_simplest_summary() -> None:
    found = rows(report([perfect_notes()], SETS), "Real meetings")
    assert [row["model"] for row in found] == ["the first 100 words", "the first 400 words", "embedded"] * 2
    assert found[0]["words of the human summary"] == "1.00"
    assert (found[2]["ROUGE-L"], found[2]["words"]) == ("0.00", "0")
    assert "no folder" in report([perfect_notes()], Sets(SETS.rankings, SETS.meetings, []))


@pytest.mark.parametrize(
    ("model", "usd", "told"),
    [("openai:a", 0.1, "0.0500"), ("openai:b", 0.0, "price not known"), ("local", 0.0, "0")],
)
def test_what_an_item_cost_is_said_or_that_it_is_not_known(model: str, usd: float, told: str) -> None:
    page = report([Measured(facts("notes", ["a", "b"], model=model, usd=usd, tokens=100), {})], SETS)
    (row,) = rows(page, "What was measured")
    assert (row["tokens an item"], row["USD an item"]) == ("50", told)


def test_what_was_measured_is_kept_and_found_again(tmp_path: Path) -> None:
    for model in ("openai:gpt-5", "embedded"):
        results, _ = names(tmp_path, model, "notes")
        results.write_text('{"id": "a", "seconds": 1}\n', "utf-8")
        save(facts("notes", ["a"], model=model), tmp_path)
    assert [one.facts.model for one in load_all(tmp_path)] == ["embedded", "openai:gpt-5"]
    assert all(one.values == {"a": {"id": "a", "seconds": 1}} for one in load_all(tmp_path))


@pytest.mark.parametrize(
    ("only", "count"), [((), 174), (["2026-03-10-platform", "2026-03-26-ward"], 2), (["nothing"], 0)]
)
def test_sets_can_be_narrowed(only: list[str], count: int) -> None:
    narrow = WHOLE.narrowed(only, DEVELOPMENT)
    assert len(narrow.meetings) == count
    assert all(one.set == DEVELOPMENT for one in [*narrow.meetings, *narrow.rankings, *narrow.real])


def test_sets_can_be_narrowed_to_single_resumes() -> None:
    (ranking,) = WHOLE.narrowed(["payroll/agnes", "nothing"]).rankings
    assert (ranking.id, list(ranking.tiers)) == ("payroll", ["agnes-moreau.md"])
    assert [ranking.id for ranking in WHOLE.narrowed(["payroll"]).rankings] == ["payroll"]
    assert [ranking.id for ranking in WHOLE.narrowed((), DEVELOPMENT).rankings] == [
        "kitchen",
        "laboratory",
        "samples",
        "translators",
    ]
