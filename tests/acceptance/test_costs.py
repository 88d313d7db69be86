"""What an item and a save cost, counted: numbers that no other program on the machine can change.

Times drift with the machine; calls, bytes and syncs do not. A limit here is what was measured and a margin; who
exceeds it makes every run slower, and should either mend that or say why it is worth it.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import onward
from onward import flight

MARGIN = 1.1


def work(item: dict[str, int]) -> dict[str, Any]:
    return {"id": item["id"], "score": 0.5, "label": "ok", "text": "x" * 157}


def calls(count: int, store: Path, **policies: Any) -> int:
    """Calls of functions, Python's and C's, in this thread while a run of so many items is made."""
    items = [{"id": number} for number in range(count)]
    found: Counter[str] = Counter()

    def note(frame: Any, event: str, argument: Any) -> None:
        found[event] += 1

    sys.setprofile(note)
    try:
        onward.map(work, items, job="costs", store=store, every=100_000, progress=False, **policies)
    finally:
        sys.setprofile(None)
    return found["call"] + found["c_call"]


@pytest.mark.parametrize(
    ("policies", "most"),
    [({}, 18), ({"key": "id", "on_result": lambda state, item, value: None}, 40)],
    ids=["plain", "everything"],
)
def test_calls_for_an_item(
    policies: dict[str, Any], most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "BRIEF", 1.0)  # to count makes items slow; without it they would be brief
    calls(10, tmp_path / "warm", **policies)
    few, many = (calls(count, tmp_path / str(count), **policies) for count in (1000, 3000))
    per_item = (many - few) / 2000
    print(f"{per_item:.2f} calls for an item")
    assert per_item <= most * MARGIN


SCRIPT = """
import json, sys, onward

def work(number):
    return {"id": number, "text": "abcdefghij" * 15}

def written():
    return int(open("/proc/self/io").read().split()[3])

before = written()
onward.map(work, range(int(sys.argv[1])), job="costs", store="store", every=int(sys.argv[2]), progress=False)
print(json.dumps(written() - before))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_bytes_written_for_a_thousand_items(tmp_path: Path) -> None:
    def written(count: int) -> int:
        command = [sys.executable, "-c", SCRIPT, str(count), "1000"]
        place = tmp_path / str(count)
        place.mkdir()
        return int(json.loads(subprocess.run(command, cwd=place, capture_output=True, check=True).stdout))

    per_thousand = (written(40_000) - written(20_000)) / 20
    print(
        f"{per_thousand:,.0f} bytes for a thousand items of {len(json.dumps({'id': 9999, 'text': 'x' * 150}))}"
    )
    assert per_thousand <= 32_000 * MARGIN


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace counts system calls")
def test_a_save_syncs_once(tmp_path: Path) -> None:
    def syncs(count: int) -> int:
        place = tmp_path / str(count)
        place.mkdir()
        command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", "trace", sys.executable, "-c"]
        ended = subprocess.run(
            [*command, SCRIPT, str(count), "1"], cwd=place, capture_output=True, check=False
        )
        if ended.returncode:
            pytest.skip(f"strace cannot trace here: {ended.stderr.decode()[-200:]}")
        return (place / "trace").read_text().count("sync(")

    more = syncs(300) - syncs(100)
    print(f"{more} syncs for 200 saves")
    assert 200 <= more <= 210  # SQLite now and then moves its log into the database
