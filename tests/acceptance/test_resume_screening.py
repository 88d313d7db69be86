"""`onward screen` against a real model server, killed again and again: the same ranking, no resume in vain."""

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llm.server import logged, server_process

SAMPLES = Path(__file__).parents[2] / "samples"
ANSWER = '''
import re

def answer(prompt, body):
    """Scores and quotes that depend on the prompt alone; every fifth quote is not in the resume."""
    lines = [line.strip("-* ") for line in prompt.splitlines() if len(line.split()) > 6]
    numbers = [int(n) for n in re.findall(r"^(\\\\d+)\\\\. .* \\\\((?:must|nice to) have\\\\)$", prompt, re.M)]
    scores = []
    for number in numbers:
        line = lines[(len(prompt) + number) % len(lines)]
        quote = line if (len(prompt) + number) % 5 else "nobody ever wrote this"
        scores.append({"criterion": number, "score": (len(prompt) * number) % 5, "quote": quote})
    return {"scores": scores, "reason": "It shows some of it. It does not show the rest."}
'''
KILLS = 20
COPIES = 5  # of each sample, every one a little different
WORKERS = 4


def write_resumes(folder: Path) -> int:
    folder.mkdir()
    for path in (SAMPLES / "resumes").iterdir():
        for copy in range(COPIES):
            text = path.read_text("utf-8") + f"\n\nWorked in room number {copy} of a very large building.\n"
            (folder / f"{path.stem}-{copy}{path.suffix}").write_text(text, "utf-8")
    return len(list(folder.iterdir()))


def command(url: str, output: str) -> list[str]:
    return [
        sys.executable, "-m", "onward.cli", "screen", "--job", str(SAMPLES / "job.md"), "resumes",
        "-o", f"{output}.csv", "-o", f"{output}.xlsx", "-o", f"{output}.html", "--as-of", "2026-11-25",
        "--store", f"store-{output}", "--model", "openai:test", "--base-url", f"{url}/v1",
        "--workers", str(WORKERS), "--quiet",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(
    None in map(importlib.util.find_spec, ["openai", "xlsxwriter", "phonenumbers"]),
    reason='the extras are not installed: pip install "onward[llm,screening]"',
)
def test_twenty_kills_change_nothing_and_cost_what_was_in_flight(tmp_path: Path) -> None:
    resumes = write_resumes(tmp_path / "resumes")
    (tmp_path / "app.py").write_text(ANSWER)
    environment = {**os.environ, "OPENAI_API_KEY": "test"}
    log = tmp_path / "calls.jsonl"
    options = ["--answer", f"{tmp_path / 'app.py'}:answer", "--log", str(log), "--latency", "0.05"]
    with server_process(*options) as url:
        whole = subprocess.run(command(url, "whole"), env=environment, check=False, stderr=subprocess.DEVNULL)
        assert whole.returncode == 0
        assert len(logged(log)) == resumes

        chance = random.Random(743)
        kills = wanted = 0
        while kills < KILLS:
            process = subprocess.Popen(command(url, "killed"), env=environment, stderr=subprocess.DEVNULL)
            # After its first few questions, at any moment of the next ones or of saving; but not twice running in the
            # first: a resume that the process died in three times, and did nothing else, would fail for it.
            wanted = chance.randint(0 if wanted else 1, 3)
            before = len(logged(log))
            deadline = time.monotonic() + 60
            while (
                len(logged(log)) <= before + wanted and process.poll() is None and time.monotonic() < deadline
            ):
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL, "it finished before it was killed often enough"
            kills += 1
            assert not (tmp_path / "killed.csv").exists()
        assert subprocess.run(command(url, "killed"), env=environment, check=False).returncode == 0
        made = len(logged(log)) - resumes

    for ending in ("csv", "xlsx", "html"):
        assert (tmp_path / f"killed.{ending}").read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()
    assert resumes <= made <= resumes + WORKERS * KILLS
    print(f"{made} calls for {resumes} resumes over {KILLS} kills")
