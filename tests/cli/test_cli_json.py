"""The documented shapes, key by key: what programs rely on."""

import subprocess
import sys
from pathlib import Path

from cli.processes import Command, Starter, ended, environment, interrupt

RUN = ["run", "app.py:picky", "--input", "items.jsonl", "--output", "out.jsonl"]

REPORT = {
    *["job", "run", "exit_code", "resume", "ways_out", "error", "status", "already_finished", "total"],
    *["succeeded", "failed", "skipped", "reused", "retired", "attempts", "duration", "session_duration"],
    *["state", "counters", "spent", "reused_spent", "reused_seconds", "output"],
}
LISTED = {
    *["job", "run", "status", "created", "total", "settled", "succeeded", "failed", "skipped", "left"],
    *["rate", "seconds_left", "spent", "forecast", "saved_age", "owner"],
}
SHOWN = (
    LISTED | {"generation", "identity", "state", "counters", "in_doubt", "output", "command"} | {"sessions"}
)
PLANNED = {
    *["job", "run", "total", "reuse", "failed", "skipped", "todo", "new", "changed", "retry", "retired"],
    *["finished", "reasons", "refusal", "ways_out"],
}
SESSION = {
    *["job", "run", "number", "host", "pid", "started", "ended", "seconds", "how", "settled", "failed"],
}
FAILURE = {"position", "key", "type", "message", "attempts", "duration", "at"}


def test_the_shape_of_every_answer(app: Path, onward: Command) -> None:
    assert set(onward("plan", *RUN[1:], "--json").document) == PLANNED
    report = onward(*RUN, "--json").document
    assert set(report) == REPORT
    assert set(report["output"]) == {"path", "format", "items", "bytes"}
    (listed,) = onward("status", "--json").document["runs"]
    assert set(listed) == LISTED
    shown = onward("show", "picky", "--json").document
    assert set(shown) == SHOWN
    assert all(set(part) == {"digest", "shown"} for part in shown["identity"].values())
    assert set(shown["sessions"][0]) == SESSION
    assert set(onward("show", "picky", "--results", "1", "--json").document) == {*SHOWN, "results"}
    failures = onward("errors", "picky", "--json").document
    assert set(failures) == {"job", "run", "failed", "by_type", "items"}
    assert set(failures["by_type"][0]) == {"type", "count"}
    assert set(failures["items"][0]) == FAILURE
    assert set(onward("retry", "picky", "--json").document) == REPORT
    exported = onward("export", "picky", "x.csv", "--json").document
    assert set(exported) == {"job", "run", "status", "total", "settled", "output"}
    assert set(onward("history", "--json").document["sessions"][0]) == SESSION
    assert set(onward("rm", "picky", "--yes", "--json").document) == {"job", "run", "removed"}


def test_the_shape_of_what_was_refused_or_stopped(app: Path, start: Starter, onward: Command) -> None:
    limited = onward(*RUN, "--limit", "3", "--json").document
    assert set(limited) == REPORT
    assert (limited["status"], limited["exit_code"], limited["error"]) == ("interrupted", 75, None)
    assert limited["resume"] == f"onward {' '.join(RUN)} --json"
    refused = onward(*RUN, "--key", "id", "--json").document
    assert set(refused) == REPORT
    assert refused["error"] == {"type": "FunctionChanged", "exit_code": 4} | {
        "message": refused["error"]["message"]
    }
    slow = ["run", "app.py:slow", "--input", "items.jsonl", "--json"]
    process = start(*slow)
    interrupt(process)
    stopped = ended(process).document
    assert set(stopped) == REPORT
    assert (stopped["status"], stopped["error"]["type"]) == ("interrupted", "Interrupted")
    assert stopped["resume"] == f"onward {' '.join(slow)}"


def test_a_run_that_never_saved_anything_is_not_listed(app: Path, onward: Command) -> None:
    code = "from onward.stores import open_runs; open_runs().writer('begun', 'default').acquire()"
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)
    assert list(Path(".onward").rglob("*.db"))
    assert onward("status", "--json").document == {"runs": []}
    assert onward("history", "--json").document == {"sessions": []}
    assert onward("show", "begun").code == 2


def test_a_damaged_run_hides_no_other(app: Path, onward: Command) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl")
    (store,) = Path(".onward").rglob("*.db")
    onward(*RUN)
    store.write_bytes(b"\0" * 4096 + store.read_bytes()[4096:])
    damaged, sound = onward("status", "--json").document["runs"]
    assert set(damaged) == {"job", "run", "status", "error"}
    assert (damaged["job"], damaged["status"], damaged["error"]["exit_code"]) == ("double", "damaged", 7)
    assert sound["status"] == "finished"
    listed = onward("status")
    assert "damaged" in listed.out
    assert store.name in listed.err
    assert onward("history").out.count("picky") == 1
