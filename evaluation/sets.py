"""The labelled sets, as values: meetings with their answers, resumes with their tiers, real meetings with summaries."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MEETINGS = ROOT / "evaluation" / "meetings"
RESUMES = ROOT / "evaluation" / "resumes"
DEVELOPMENT, VALIDATION, HELD_OUT = "development", "validation", "held out"
"""Sets to make methods with, and to learn from; to choose between methods, but not to learn from; and to measure on."""


@dataclass(frozen=True)
class Turn:
    """What somebody said; numbered from 1."""

    n: int
    speaker: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """An action item, a decision or a question that should be found. ``due`` holds every date that counts as right;
    None among them: no date."""

    what: str
    turns: frozenset[int]
    owner: str | None = None
    due: tuple[str | None, ...] = (None,)


@dataclass(frozen=True)
class Meeting:
    """A transcript and its answers. ``author``: the folder of all that one annotator wrote."""

    id: str
    set: str
    author: str
    transcript: Path
    date: str
    timezone: str
    participants: list[str]
    turns: list[Turn]
    actions: list[Wanted]
    decisions: list[Wanted]
    questions: list[Wanted]
    key_points: list[list[list[str]]]
    summary: str
    traps: dict[int, str]


@dataclass(frozen=True)
class RealMeeting:
    """Speech as it was, and a summary by a human hand."""

    id: str
    set: str
    turns: list[Turn]
    summary: str


@dataclass(frozen=True)
class Ranking:
    """Resumes for one job. ``meets``, where it was labelled: the requirements, from 1, that a resume shows."""

    id: str
    set: str
    job: Path
    resumes: list[Path]
    tiers: dict[str, str]
    meets: dict[str, frozenset[int]]
    lower_half: list[str]

    def only(self, names: Set[str]) -> Ranking:
        """The same with these resumes only."""
        return replace(
            self,
            resumes=[path for path in self.resumes if path.name in names],
            tiers={name: tier for name, tier in self.tiers.items() if name in names},
            meets={name: met for name, met in self.meets.items() if name in names},
            lower_half=[name for name in self.lower_half if name in names],
        )


def meetings() -> list[Meeting]:
    found = []
    for name in (DEVELOPMENT, VALIDATION, HELD_OUT):
        folder = MEETINGS / name.replace(" ", "-")
        found += [_meeting(path, name) for path in sorted(folder.rglob("*.gold.json"))]
    return found


def _meeting(path: Path, name: str) -> Meeting:
    gold = json.loads(path.read_text("utf-8"))
    return Meeting(
        id=path.name.removesuffix(".gold.json"),
        set=name,
        author=path.parent.name,
        transcript=path.with_name(gold["transcript"]),
        date=gold["date"],
        timezone=gold["timezone"],
        participants=gold["participants"],
        turns=[Turn(turn["n"], turn["speaker"], turn["text"]) for turn in gold["turns"]],
        actions=[_wanted(item["what"], item) for item in gold["actions"]],
        decisions=[_wanted(item["text"], item) for item in gold["decisions"]],
        questions=[_wanted(item["text"], item) for item in gold["questions"]],
        key_points=[point["words"] for point in gold["key_points"]],
        summary=gold["summary"],
        traps={turn: trap["kind"] for trap in gold["traps"] for turn in trap["turns"]},
    )


def _wanted(what: str, item: dict[str, Any]) -> Wanted:
    return Wanted(what, frozenset(item["turns"]), item.get("owner"), tuple(item.get("due", [None])))


def real_meetings(folder: Path | None) -> list[RealMeeting]:
    """Those of QMSum's files that have a summary of the whole; every second one is held out."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.json")) if folder else []):
        meeting = json.loads(path.read_text("utf-8"))
        whole = [q["answer"] for q in meeting["general_query_list"] if "summar" in q["query"].lower()]
        spoken = [(turn["speaker"], _bare(turn["content"])) for turn in meeting["meeting_transcripts"]]
        turns = [Turn(n, *turn) for n, turn in enumerate(spoken, 1)]
        if whole:
            found.append(RealMeeting(path.stem, HELD_OUT if number % 2 else DEVELOPMENT, turns, whole[0]))
    return found


def _bare(spoken: str) -> str:
    """Without the transcribers' marks ("{vocalsound}"), and without blanks before punctuation."""
    return re.sub(r"\s+([.,?!])", r"\1", " ".join(re.sub(r"\{.*?\}|<.*?>", " ", spoken).split()))


def rankings() -> list[Ranking]:
    return [_ranking(path) for path in sorted(RESUMES.glob("*.labels.json"))]


def _ranking(path: Path) -> Ranking:
    labels = json.loads(path.read_text("utf-8"))
    resumes = labels["resumes"]
    return Ranking(
        id=path.name.removesuffix(".labels.json"),
        set=labels["set"],
        job=(path.parent / labels["job"]).resolve(),
        resumes=[(path.parent / labels["folder"] / name).resolve() for name in resumes],
        tiers={name: resume["tier"] for name, resume in resumes.items()},
        meets={name: frozenset(resume["meets"]) for name, resume in resumes.items() if "meets" in resume},
        lower_half=labels["lower_half"],
    )


@dataclass(frozen=True)
class Sets:
    """All that there is to measure on."""

    rankings: list[Ranking]
    meetings: list[Meeting]
    real: list[RealMeeting]

    @classmethod
    def load(cls, real: Path | None = None) -> Sets:
        return cls(rankings(), meetings(), real_meetings(real))

    def narrowed(self, beginnings: Sequence[str] = (), name: str | None = None) -> Sets:
        """Those whose names begin in one of these ways ("payroll/anna" for resumes), of the set of that name."""

        def chosen(one: Ranking | Meeting | RealMeeting) -> bool:
            return name in (None, one.set) and (not beginnings or one.id.startswith(tuple(beginnings)))

        def resumes(ranking: Ranking) -> Ranking:
            ids = {file: f"{ranking.id}/{file}" for file in ranking.tiers}
            named = {file for file, id_ in ids.items() if id_.startswith(tuple(beginnings))}
            return ranking.only(named) if beginnings and name in (None, ranking.set) else ranking

        return Sets(
            [
                ranking
                for ranking in map(resumes, self.rankings)
                if ranking.tiers and name in (None, ranking.set)
            ],
            [one for one in self.meetings if chosen(one)],
            [one for one in self.real if chosen(one)],
        )
