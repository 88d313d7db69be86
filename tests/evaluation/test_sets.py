"""The labels fit the files they are about."""

import json
import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from evaluation.measures import Spoken
from evaluation.scores import score_notes, score_ranking
from evaluation.sets import DEVELOPMENT, HELD_OUT, VALIDATION, Meeting, Ranking, meetings, rankings

MEETINGS, RANKINGS = meetings(), rankings()
each_meeting = pytest.mark.parametrize("meeting", MEETINGS, ids=lambda m: m.id)
each_ranking = pytest.mark.parametrize("ranking", RANKINGS, ids=lambda r: r.id)


def test_some_of_the_meetings_are_held_out() -> None:
    sets = [meeting.set for meeting in MEETINGS]
    assert (sets.count(DEVELOPMENT), sets.count(VALIDATION), sets.count(HELD_OUT)) == (174, 22, 16)
    learnt_from = {m.author for m in MEETINGS if m.set == DEVELOPMENT}
    assert not learnt_from & {m.author for m in MEETINGS if m.set == VALIDATION}


@each_meeting
def test_labels_are_about_turns_of_the_transcript(meeting: Meeting) -> None:
    numbers = [turn.n for turn in meeting.turns]
    assert numbers == list(range(1, len(numbers) + 1))
    for label in meeting.actions + meeting.decisions + meeting.questions:
        assert label.turns
        assert label.turns <= set(numbers)
    assert set(meeting.traps) <= set(numbers)
    assert {turn.speaker for turn in meeting.turns} == set(meeting.participants)
    ZoneInfo(meeting.timezone)


@each_meeting
def test_turns_stand_in_the_transcript_at_their_line(meeting: Meeting) -> None:
    gold = json.loads(meeting.transcript.with_name(f"{meeting.id}.gold.json").read_text("utf-8"))
    lines = meeting.transcript.read_text("utf-8").splitlines()
    for turn in gold["turns"]:
        line = lines[turn["line"] - 1]
        assert all(word in line for word in re.findall(r"\w+", turn["text"])[:3])


@each_meeting
def test_dates_are_days_from_the_meeting_on(meeting: Meeting) -> None:
    for label in meeting.actions:
        assert label.due
        assert all(
            due is None or date.fromisoformat(due) >= date.fromisoformat(meeting.date) for due in label.due
        )


@each_meeting
def test_the_answers_themselves_are_perfect(meeting: Meeting) -> None:
    """What the labels say, given as notes, has every measure at its best."""
    said = {turn.n: turn.text for turn in meeting.turns}
    notes = {
        "summary": [meeting.summary],
        "actions": [
            {"what": a.what, "quote": said[min(a.turns)], "owner": a.owner, "due": a.due[0]}
            for a in meeting.actions
        ],
        "decisions": [{"text": d.what, "quote": said[min(d.turns)]} for d in meeting.decisions],
        "questions": [{"text": q.what, "quote": said[min(q.turns)]} for q in meeting.questions],
    }
    score = score_notes(notes, meeting)
    assert (score.actions.f1, score.decisions.f1, score.questions.f1) == (1, 1, 1)
    assert (score.owners.precision, score.dates.precision, score.quotes.precision) == (1, 1, 1)
    assert (score.rouge, score.coverage) == (1, 1)
    assert not score.traps
    assert Spoken(meeting.turns).turns_of(said[1])


@each_meeting
def test_notes_that_fall_for_every_trap_are_told(meeting: Meeting) -> None:
    said = {turn.n: turn.text for turn in meeting.turns}
    traps = [turn for turn in meeting.traps if not any(turn in a.turns for a in meeting.actions)]
    notes = {"actions": [{"what": "?", "quote": said[t], "owner": None, "due": None} for t in traps]}
    score = score_notes(notes, meeting)
    assert score.actions.right <= 1  # a trap may be the talk around an action, quoted from the wrong turn
    assert sum(score.traps.values()) >= len(traps) - score.actions.right


def test_no_notes_are_worth_nothing() -> None:
    score = score_notes({}, MEETINGS[0])
    assert (score.actions.recall, score.rouge, score.coverage) == (0, 0, 0)


@each_ranking
def test_every_resume_is_labelled(ranking: Ranking) -> None:
    assert all(path.exists() for path in [ranking.job, *ranking.resumes])
    assert {path.name for path in ranking.resumes[0].parent.iterdir()} == set(ranking.tiers)
    assert set(ranking.lower_half) <= set(ranking.tiers)
    assert set(ranking.meets) in (set(), set(ranking.tiers))


@each_ranking
def test_a_ranking_by_tier_is_perfect_and_its_reverse_is_not(ranking: Ranking) -> None:
    worth = {"strong": 90.0, "good": 60.0, "weak": 30.0, "none": 1.0, "trap": 0.0}
    by_tier = {name: {"total": worth[tier], "scores": [], "text": ""} for name, tier in ranking.tiers.items()}
    assert score_ranking(by_tier, ranking).ndcg == 1
    assert all(score_ranking(by_tier, ranking).low.values())
    backwards = {name: {**found, "total": -found["total"]} for name, found in by_tier.items()}
    assert score_ranking(backwards, ranking).ndcg < 0.5


def test_the_samples_are_labelled_as_their_readme_says() -> None:
    for ranking in RANKINGS:
        if ranking.id == "samples":
            readme = (ranking.job.parent / "README.md").read_text("utf-8")
            told = dict(
                re.findall(r"^\| (\S+\.(?:md|txt)) \| (strong|good|weak|none|trap) \|", readme, re.MULTILINE)
            )
            assert told == ranking.tiers
