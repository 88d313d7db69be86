"""The runs that are kept of every released schema: made with the code of then, gone on with by today's.

    PYTHONPATH=path/to/src/of/then python tests/stores/released/jobs.py make .db

makes them in the current folder, ``.db`` being what the names of the stores end in. Nothing here may change: the
functions' source is part of what the runs remember of themselves. A new schema gets a new folder beside the others.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import onward

BEFORE = [{"id": f"r{number}", "n": number} for number in range(1, 13)]
"""What the keyed run began with; it was killed after r8."""

AFTER = [
    {"id": "new", "n": 100},
    *({**item, "n": 50} if item["id"] == "r3" else item for item in BEFORE if item["id"] != "r5"),
    {"id": "last", "n": 200},
]
"""What it went on with: one new in front and one at the end, one changed, one gone. It was killed again at r10."""


def dying(number):
    """Whether this process is to die at that item."""
    return os.environ.get("DIE_AT") == str(number)


def double(item):
    read = onward.step("read", lambda: called(f"read {item}") or item + 1)
    if dying(item):
        time.sleep(2)  # long enough for the step to be saved
        os._exit(9)
    called(item)
    return {"twice": 2 * item, "read": read}


def added(state, item, value):
    state["sum"] = state.get("sum", 0) + value["twice"]


def picky(item):
    called(item)
    if item == 6:
        raise onward.Skip("not six")
    if item % 4 == 0 and not os.environ.get("MENDED"):
        raise ValueError(f"no {item} today")
    return item


def keyed(item):
    if dying(item["id"]):
        os._exit(9)
    called(item["id"])
    return [item["id"], item["n"]]


def called(what):
    with Path("calls.log").open("a") as log:
        log.write(f"{what}\n")


def interrupted(store):
    """Killed in item 13 of 20, of which the first step is saved; with state."""
    items = list(range(1, 21))
    return onward.map(double, items, job="interrupted", store=store, every="1 item or 0.1s", on_result=added)


def failures(store, **more):
    """Finished: 12 items, three of them failed, one skipped."""
    return onward.map(picky, list(range(1, 13)), job="failures", store=store, max_failures=None, **more)


def moves(store, items, **more):
    """Keyed; killed twice, with other input the second time."""
    return onward.map(keyed, items, job="moves", store=store, key="id", every=1, **more)


def finished(store):
    """Finished."""
    return onward.map(str, ["a", "b"], job="finished", store=store, version=1)


def make(ending):
    """Every run, in the current folder."""
    again = [sys.executable, __file__]
    subprocess.run([*again, "interrupted", ending], env={**os.environ, "DIE_AT": "13"}, check=False)
    subprocess.run([*again, "failures", ending], check=True)
    subprocess.run([*again, "moves", ending], env={**os.environ, "DIE_AT": "r9"}, check=False)
    subprocess.run([*again, "moved", ending], env={**os.environ, "DIE_AT": "r10"}, check=False)
    subprocess.run([*again, "finished", ending], check=True)


if __name__ == "__main__":
    which, ending = sys.argv[1:]
    if which == "make":
        make(ending)
    elif which == "moves":
        moves(f"moves{ending}", BEFORE)
    elif which == "moved":
        moves(f"moves{ending}", AFTER, on_change="redo")
    else:
        globals()[which](f"{which}{ending}")
