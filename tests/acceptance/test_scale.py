"""A million items cost what a thousand cost, each: in time, and in memory.

Times are the process's own, so that what else the machine does is not measured.
"""

import json
import random
import sys
from itertools import pairwise

import pytest

from acceptance.conftest import PlaceMaker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads memory from /proc"),
]

SLICES = 10
"""Parts of the run that are measured one by one; each holds a save at least."""

GROWTH = 6 * 1024
"""KiB that memory may grow from a fifth of the run on: what a save holds in passing, and the table of the keys."""

FINISHING = 16 * 1024
"""KiB that finishing may need beside: the outcomes of a checkpoint or two, read back and written out."""

SLOWER = 1.25
"""How much longer an item at the end may take than one at the beginning: noise, not growth."""

SCRIPT = """
    count, slices = given["count"], given["slices"]
    marks = []

    def memory():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def work(item):
        if not item % (count // slices):
            marks.append((time.process_time(), memory()))
        return None

    def start():
        report = onward.map(work, range(count), job="job", **given["policies"])
        note(marks + [(time.process_time(), memory())])
        return report

    main(start)
"""


@pytest.mark.parametrize(
    ("count", "policies"),
    [
        (1_000_000, {"output": "out.jsonl"}),
        (100_000, {"key": "real", "output": "out.jsonl"}),
    ],
    ids=["positional", "keyed"],
)
def test_flat(count: int, policies: dict[str, str], place: PlaceMaker) -> None:
    here = place(SCRIPT)
    ended = here.run(count=count, slices=SLICES, policies=policies).finished()
    assert ended.told["succeeded"] == count
    (marks,) = here.notes()
    times = [later - earlier for (earlier, _), (later, _) in pairwise(marks[:-1])]
    memory = [kib for _, kib in marks]
    # Whatever disturbs a part makes it longer, never shorter: the shortest of a few is the undisturbed one.
    first, last = (min(part) / (count // SLICES) * 1e6 for part in (times[1:5], times[-4:]))
    print(
        f"{count} items, {json.dumps(policies)}: {ended.told['seconds']:.1f} s in all; "
        f"{first:.2f} us an item at the beginning, {last:.2f} at the end; "
        f"{memory[2] / 1024:.1f} MiB at a fifth, {memory[-2] / 1024:.1f} at the end, {memory[-1] / 1024:.1f} finished"
    )
    assert last <= SLOWER * first
    assert memory[-2] - memory[2] <= GROWTH
    assert memory[-1] - memory[-2] <= FINISHING


def test_keys_in_another_order_take_no_more_memory(place: PlaceMaker) -> None:
    """Neither to find what is settled, nor to bring the results into the new order."""
    here = place(
        """
        import random

        def memory():
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024

        def work(item):
            return item

        def start():
            items = list(range(100_000))
            random.Random(given["seed"]).shuffle(items)
            before = memory()
            report = onward.map(
                work, items, job="job", key="real", output="out.jsonl", limit=given.get("limit"), every="10s"
            )
            note(memory() - before)
            return report

        main(start)
        """
    )
    assert here.run(seed=1, limit=99_000).told["status"] == "interrupted"
    assert here.run(seed=2).finished().told["reused"] == 99_000
    _, grown = here.notes()
    print(f"100,000 items in another order: {grown / 1024:.1f} MiB more")
    order = list(range(100_000))
    random.Random(2).shuffle(order)
    assert [int(line) for line in (here.folder / "out.jsonl").read_text().splitlines()] == order
    assert grown <= 40 * 1024


def test_a_resume_costs_what_is_left(place: PlaceMaker) -> None:
    """Nothing of what is done is read again from a file, and the time to begin does not grow with it."""
    here = place(
        """
        def work(item):
            if not marks:
                marks.append(time.process_time())
            return None

        marks = []

        def start():
            began = time.process_time()
            report = onward.map(work, "items.txt", job="job", every=10_000, limit=given.get("limit"))
            note((marks[0] if marks else 0) - began)
            return report

        main(start)
        """
    )
    (here.folder / "items.txt").write_text("".join(f"item {number}\n" for number in range(300_000)))
    for limit in (1000, 290_000):
        assert here.run(limit=limit).told["status"] == "interrupted"
    assert here.run().finished().told["reused"] == 291_000
    first, second, third = here.notes()
    print(
        f"to the first item: {first:.3f} s; with 1,000 done {second:.3f} s; with 291,000 done {third:.3f} s"
    )
    assert third <= second + 0.2
