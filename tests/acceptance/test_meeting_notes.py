"""`onward notes` against a real model server, killed again and again: the same notes, and no question asked in vain."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llm.server import logged, server_process

ANSWER = '''
import re

def answer(prompt, body):
    """Notes that depend on the prompt alone."""
    if "These are notes" in prompt:
        return {"summary": [line[2:80] for line in prompt.splitlines() if line.startswith("- ")][:6]}
    said = prompt.rpartition("\\n\\n")[2]
    lines = [line.partition(": ")[2] for line in said.splitlines() if ": " in line]
    points = [
        {"quote": re.split(r"(?<=\\\\.) ", line)[0], "kind": "task", "what": "see to it", "owner": "I",
         "due_words": "by Friday"}
        for line in lines if "by Friday" in line
    ]
    return {"points": points, "summary": [lines[0][:60], lines[-1][:60]]}
'''
KILLS = 20
MEETINGS, TURNS = 3, 60


def write_meetings(folder: Path) -> None:
    folder.mkdir()
    for meeting in range(MEETINGS):
        lines = [
            f"{'Ada' if n % 2 else 'Grace'}: I'll see to number {n} of meeting {meeting} by Friday. "
            + "There is much to be said about it, and this is said at some length. " * 4
            for n in range(TURNS)
        ]
        (folder / f"2026-11-{20 + meeting}-plan.txt").write_text("\n".join(lines) + "\n")


def command(url: str, output: str) -> list[str]:
    return [
        sys.executable, "-m", "onward.cli", "notes", "meetings", "-o", output, "--store", f"store-{output}",
        "--model", "openai:test", "--base-url", f"{url}/v1", "--workers", "2", "--quiet",
    ]  # fmt: skip


def documents(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in sorted(folder.iterdir()) if not path.name.startswith(".")
    }


@pytest.mark.slow
def test_twenty_kills_change_nothing_and_cost_what_was_in_flight(tmp_path: Path) -> None:
    write_meetings(tmp_path / "meetings")
    (tmp_path / "app.py").write_text(ANSWER)
    environment = {**os.environ, "OPENAI_API_KEY": "test"}
    log = tmp_path / "calls.jsonl"
    options = ["--answer", f"{tmp_path / 'app.py'}:answer", "--log", str(log), "--latency", "0.1"]
    with server_process(*options) as url:
        whole = subprocess.run(command(url, "whole"), env=environment, check=False)
        assert whole.returncode == 0
        needed = len(logged(log))
        assert needed > 20

        chance = random.Random(743)
        kills = 0
        for _ in range(4 * KILLS):
            process = subprocess.Popen(command(url, "killed"), env=environment)
            before = len(logged(log))
            if kills < KILLS:
                # After its first few questions, at any moment of the next ones or of writing.
                wanted = before + chance.randint(0, 2)
                deadline = time.monotonic() + 60
                while len(logged(log)) <= wanted and process.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, 0.15))
                process.send_signal(signal.SIGKILL)
                kills += process.wait() == -signal.SIGKILL
            if process.wait() == 0:
                break
        else:
            raise AssertionError("it does not come to an end")
        made = len(logged(log)) - needed

    assert kills >= 10  # until the run was finished
    assert documents(tmp_path / "killed") == documents(tmp_path / "whole")
    assert needed <= made <= needed + 2 * kills  # two workers: two questions in flight at a kill


def test_an_interrupt_ends_a_long_meeting_after_its_part_and_it_goes_on_there(tmp_path: Path) -> None:
    write_meetings(tmp_path / "meetings")
    (tmp_path / "app.py").write_text(ANSWER)
    environment = {**os.environ, "OPENAI_API_KEY": "test"}
    log = tmp_path / "calls.jsonl"
    with server_process(
        "--answer", f"{tmp_path / 'app.py'}:answer", "--log", str(log), "--latency", "0.3"
    ) as url:
        process = subprocess.Popen(command(url, "notes"), env=environment, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while len(logged(log)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 75
        assert "Go on with:  onward notes meetings" in told
        asked = len(logged(log))
        assert asked <= 5  # the parts under way, and no more
        assert subprocess.run(command(url, "notes"), env=environment, check=False).returncode == 0
        prompts = [call["prompt"] for call in logged(log)]
    assert len(prompts) == len(set(prompts)) > 20
