"""One writer at a time, told apart from a dead one by the kernel; and what others see of a run meanwhile."""

import socket
import stat
import time

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import KILLED, Place, Started, write_jsonl

SCRIPT = """
    def work(item):
        called(item["id"])
        if item["id"] == 13 and given.get("wait"):
            if given["wait"] == "fork" and not os.fork():
                time.sleep(3)  # outlives its parent
                os._exit(0)
            note("there")
            wait_for("go")
        return {"id": item["id"]}

    main(lambda: onward.map(work, numbers(30), job="job", output="out.jsonl", every=1))
"""


def holding(here: Place, wait: str = "yes") -> Started:
    session = here.start(wait=wait)
    session.until(here.notes)
    return session


def test_two_at_once(place: PlaceMaker) -> None:
    here = place(SCRIPT)
    before = time.time()
    first = holding(here)
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(before))
    pid = first.process.pid
    second = here.run().refused("RunHeld", 5, f"process {pid}", socket.gethostname(), since[:-1])
    assert second.calls == []
    (here.folder / "report.json").unlink()
    (here.folder / "go").touch()
    first.wait().finished()
    assert here.calls() == list(range(1, 31))


def test_after_a_kill_nothing_needs_cleaning(place: PlaceMaker) -> None:
    here = place(SCRIPT)
    first = holding(here)
    first.process.kill()
    assert first.wait().code == KILLED
    assert here.run().finished().calls == list(range(13, 31))


def test_a_forked_child_does_not_hold_the_run(place: PlaceMaker) -> None:
    here = place(SCRIPT)
    first = holding(here, "fork")
    first.process.kill()
    first.process.wait()
    assert here.run().finished().calls == list(range(13, 31))
    first.wait()


def test_status_from_a_third_process(place: PlaceMaker) -> None:
    here = place(SCRIPT)
    first = holding(here)
    assert here.view().status == "running"
    owner = here.view().owner
    assert owner is not None
    assert owner.pid == first.process.pid
    assert here.view().progress.saved >= 11
    status = here.command("status", "--json")
    assert (status.code, '"running"' in status.out) == (0, True), status
    first.process.kill()
    first.wait()
    assert here.view().status == "interrupted"
    assert '"interrupted"' in here.command("status", "--json").out
    here.run().finished()
    assert here.view().status == "finished"
    assert here.view().owner is None


def test_looking_does_not_disturb(place: PlaceMaker) -> None:
    """A reader that opens and closes the store in the writer's own process must not drop its lock."""
    here = place(
        """
        def work(item):
            called(item["id"])
            list(onward.load("job").outcomes())
            assert onward.load("job").status == "running"
            if item["id"] == 13 and given.get("wait"):
                note("there")
                wait_for("go")
            return {"id": item["id"]}

        main(lambda: onward.map(work, numbers(30), job="job", output="out.jsonl", every=1))
        """
    )
    first = holding(here)
    here.run().refused("RunHeld", 5)
    (here.folder / "report.json").unlink()
    (here.folder / "go").touch()
    assert first.wait().finished().told["failed"] == 0


def test_two_runs_of_one_job_do_not_meet(place: PlaceMaker) -> None:
    here = place(
        """
        def work(item):
            called(item)
            if given["run"] == "a":
                note("there")
                wait_for("go")
            return item

        main(lambda: onward.map(work, [1, 2], job="job", run=given["run"]))
        """
    )
    first = here.start(run="a")
    first.until(here.notes)
    here.run(run="b").finished()
    first.process.kill()
    first.wait()
    assert here.view(run="a").status == "interrupted"
    assert here.view(run="b").status == "finished"


def test_by_command(place: PlaceMaker) -> None:
    here = place("")
    (here.folder / "app.py").write_text(
        "import pathlib, time\n"
        "def job(item):\n"
        "    pathlib.Path('notes.log').write_text('1')\n"
        "    while not pathlib.Path('go').exists(): time.sleep(0.01)\n"
        "    return item\n"
    )
    write_jsonl(here.folder / "items.jsonl", range(3))
    words = ["run", "app.py:job", "--input", "items.jsonl", "--output", "out.jsonl"]
    first = here.start_command(*words)
    first.until(lambda: here.has("notes.log"))
    second = here.command(*words)
    assert second.code == 5, second
    assert str(first.process.pid) in second.err
    removed = here.command("rm", "job", "--yes")
    assert removed.code != 0
    assert here.store.exists()
    (here.folder / "go").touch()
    assert first.wait().code == 0


@pytest.mark.parametrize("name", ["default.db", "default.db-wal", "default.db-shm", "default.db.lock"])
def test_files_are_the_owners_alone(name: str, place: PlaceMaker) -> None:
    here = place(SCRIPT)
    first = holding(here)
    mode = stat.S_IMODE((here.store.parent / name).stat().st_mode)
    assert mode == 0o600, oct(mode)
    first.process.kill()
    first.wait()
