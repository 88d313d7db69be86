"""What an item and a save cost, counted: numbers that no other program on the machine can change.

Times drift with the machine; calls, system calls, bytes, syncs and memory do not. A limit here is what was measured
and a margin; who exceeds it makes every run slower, and should either mend that or say why it is worth it.
"""

import gc
import json
import shutil
import subprocess
import sys
import tracemalloc
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
    [({}, 12), ({"key": "id", "on_result": lambda state, item, value: None}, 21)],
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


def held(first: int, last: int, store: Path, every: int, **policies: Any) -> tuple[float, float]:
    """Blocks and bytes of memory that an item between these two adds, with so many items from save to save."""
    noted: dict[int, tuple[int, int]] = {}

    def noting(item: dict[str, int]) -> dict[str, Any]:
        if item["id"] in (first, last):
            gc.collect()
            noted[item["id"]] = (sys.getallocatedblocks(), tracemalloc.get_traced_memory()[0])
        return work(item)

    items = [{"id": number} for number in range(last + 1)]
    tracemalloc.start()
    try:
        onward.map(
            noting, items, job="costs", store=store, version=1, every=every, progress=False, **policies
        )
    finally:
        tracemalloc.stop()
    blocks, size = (b - a for a, b in zip(noted[first], noted[last], strict=True))
    return blocks / (last - first), size / (last - first)


@pytest.mark.parametrize(
    ("policies", "blocks", "size"),
    [({}, 5, 517), ({"key": "id"}, 6, 566)],
    ids=["plain", "keyed"],
)
def test_memory_of_an_item_that_waits_for_its_save(
    policies: dict[str, Any], blocks: float, size: float, tmp_path: Path
) -> None:
    held(1, 100, tmp_path / "warm", 100_000, **policies)
    found = held(1_000, 5_000, tmp_path / "store", 100_000, **policies)
    print(f"{found[0]:.2f} blocks, {found[1]:.0f} bytes for an item that waits")
    assert found[0] <= blocks * MARGIN
    assert found[1] <= size * MARGIN


@pytest.mark.parametrize("policies", [{}, {"key": "id"}], ids=["plain", "keyed"])
def test_memory_of_a_saved_item(policies: dict[str, Any], tmp_path: Path) -> None:
    """Nothing but, in keyed runs, a digest and a mark in tables that grow by themselves, now and then."""
    held(1, 100, tmp_path / "warm", 100, **policies)
    found = held(2_000, 6_000, tmp_path / "store", 500, **policies)  # both as many items after a save
    print(f"{found[0]:.4f} blocks, {found[1]:.1f} bytes for a saved item")
    assert found[0] <= 0.1
    assert found[1] <= 5


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
def test_a_save_syncs_once_and_asks_little_of_the_system(tmp_path: Path) -> None:
    def system_calls(count: int, every: int) -> tuple[int, int]:
        """All of them, and the syncs among them."""
        place = tmp_path / f"{count}-{every}"
        place.mkdir()
        command = ["strace", "-f", "-qq", "-o", "trace", sys.executable, "-c", SCRIPT, str(count), str(every)]
        ended = subprocess.run(command, cwd=place, capture_output=True, check=False)
        if ended.returncode:
            pytest.skip(f"strace cannot trace here: {ended.stderr.decode()[-200:]}")
        lines = (place / "trace").read_text(errors="replace").splitlines()
        made = [line for line in lines if "resumed>" not in line]
        return len(made), sum("fsync(" in line or "fdatasync(" in line for line in made)

    few, many = system_calls(100, 1), system_calls(300, 1)
    print(f"{(many[0] - few[0]) / 200:.1f} system calls and {(many[1] - few[1]) / 200:.2f} syncs for a save")
    assert 200 <= many[1] - few[1] <= 210  # SQLite now and then moves its log into the database
    assert (many[0] - few[0]) / 200 <= 14 * MARGIN

    few, many = system_calls(10_000, 1_000), system_calls(20_000, 1_000)
    print(f"{(many[0] - few[0]) / 10:.1f} system calls for a thousand items and their save")
    assert (many[0] - few[0]) / 10 <= 40 * MARGIN
