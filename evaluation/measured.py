"""What was measured, as files: for each model and system the results (onward's output) and the facts about the run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.sets import ROOT

FOLDER = ROOT / "evaluation" / "out"


@dataclass(frozen=True)
class Facts:
    """Of one model and system: when and with what it was measured, and what that cost. ``asked`` are the items,
    ``code`` is the digest of the source that decides about results."""

    model: str
    system: str
    day: str
    code: str
    version: str
    machine: str
    asked: list[str]
    usd: float
    tokens: int
    failures: dict[str, str]


@dataclass(frozen=True)
class Measured:
    """The facts, and the result for each item that did not fail."""

    facts: Facts
    values: Mapping[str, dict[str, Any]]


def names(folder: Path, model: str, system: str) -> tuple[Path, Path]:
    """The files of results and of facts."""
    stem = re.sub(r"[^\w.]+", "-", f"{system}-{model}").strip("-")
    return folder / f"{stem}.jsonl", folder / f"{stem}.json"


def save(facts: Facts, folder: Path) -> Measured:
    names(folder, facts.model, facts.system)[1].write_text(json.dumps(asdict(facts), indent=1), "utf-8")
    return load(facts, folder)


def load(facts: Facts, folder: Path) -> Measured:
    lines = names(folder, facts.model, facts.system)[0].read_text("utf-8").splitlines()
    return Measured(facts, {value["id"]: value for value in map(json.loads, lines)})


def load_all(folder: Path) -> list[Measured]:
    """All that was measured, the embedded model first."""
    facts = [Facts(**json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))]
    return [load(one, folder) for one in sorted(facts, key=lambda one: (one.model != "embedded", one.model))]
