"""Clocks that step back, suspended processes, other hosts, reused process numbers: no lock stays, none is shared."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import Place

STORES = pytest.mark.parametrize("store", ["one.db", "one.journal"])

SCRIPT = """
    import time
    plain = time.time
    stepped = lambda: 9000 * given.get("step", 0) if first.get("seen", 0) > 5 else 0
    time.time = lambda: plain() + given.get("clock", 0) - stepped()
    first = {}

    def work(item):
        called(item["id"])
        first["seen"] = item["id"]
        if item["id"] == 8 and given.get("wait"):
            note("there")
            wait_for("go")
        if item["id"] == 8 and given.get("die"):
            kill()
        return item["id"]

    main(lambda: onward.map(work, numbers(12), job="job", store=given["store"], every=1))
"""


def whole(here: Place, store: str) -> None:
    assert list(here.view(store=store).results()) == list(range(1, 13))
    assert here.command("verify", "--store", store).code == 0


@STORES
def test_the_clock_steps_back_in_a_session_and_between_two(place: PlaceMaker, store: str) -> None:
    here = place(SCRIPT)
    here.run(store=store, clock=86_400, step=1, die=1)
    for words in (["status"], ["show", "job"], ["history"]):
        told = here.command(*words, "--store", store)
        assert (told.code, told.err) == (0, ""), told
    ended = here.run(store=store, clock=-86_400, step=1).finished()
    assert ended.calls == [8, 9, 10, 11, 12]
    for words in (["status"], ["show", "job"], ["history"]):
        assert here.command(*words, "--store", store).code == 0
    whole(here, store)


@STORES
def test_a_suspended_process_still_holds_its_run(place: PlaceMaker, store: str) -> None:
    here = place(SCRIPT)
    first = here.start(store=store, wait=1)
    first.until(here.notes)
    first.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(0.5)
        here.run(store=store).refused("RunHeld", 5, f"process {first.process.pid}")
        assert here.view(store=store).status == "running"
        (here.folder / "report.json").unlink()
        (here.folder / "go").touch()
    finally:
        first.process.send_signal(signal.SIGCONT)
    first.wait().finished()
    assert here.calls() == list(range(1, 13))
    whole(here, store)


@STORES
@pytest.mark.parametrize("pid", [1, os.getpid(), 2**22 + 1], ids=["init", "reused", "none"])
@pytest.mark.parametrize("host", ["elsewhere", os.uname().nodename])
def test_a_store_that_was_copied_with_its_lock_file(
    place: PlaceMaker, store: str, pid: int, host: str, tmp_path: Path
) -> None:
    """As it was on another machine, or where another process has its holder's number now."""
    here = place(SCRIPT)
    first = here.start(store=store, wait=1)
    first.until(here.notes)
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in here.folder.glob(f"{store}*"):
        shutil.copy(path, copies)
    lock = copies / f"{store}.lock"
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "pid": pid, "host": host}))
    copied = f"copies/{store}"
    assert here.view(store=copied).status == "interrupted"
    assert here.view(store=copied).owner is None
    assert sorted(here.run(store=copied).finished().calls) == [8, 9, 10, 11, 12]
    whole(here, copied)
    (here.folder / "go").touch()
    first.wait()
    whole(here, store)


@STORES
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="namespaces need root")
def test_processes_of_two_containers_share_no_run(place: PlaceMaker, store: str) -> None:
    """Each is process 1, or some other small number, of its own container."""
    here = place(SCRIPT)
    inside = ["unshare", "-fp", "--kill-child"]
    first = here.start(store=store, wait=1, prefix=inside)
    first.until(here.notes)
    here.run(store=store, prefix=inside).refused("RunHeld", 5, "process 1 ")
    here.run(store=store).refused("RunHeld", 5)
    first.process.kill()
    first.process.wait()
    for _ in range(500):
        if here.view(store=store).owner is None:
            break
        time.sleep(0.02)
    assert here.run(store=store, prefix=inside).finished().calls == [8, 9, 10, 11, 12]
    first.wait()
    whole(here, store)
