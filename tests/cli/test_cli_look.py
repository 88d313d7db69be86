import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.processes import PROGRAM, Command, environment, items

PICKY = ["run", "app.py:picky", "--input", "items.jsonl", "--output", "out.jsonl"]


@pytest.fixture
def picky(app: Path, onward: Command) -> Path:
    """A finished run, 16 of 20 items succeeded."""
    assert onward(*PICKY).code == 3
    return app


# ---------------------------------------------------------------------------------------------------- status


def test_status_of_nothing(app: Path, onward: Command) -> None:
    ended = onward("status")
    assert (ended.code, ended.out) == (0, "")
    assert "no runs" in ended.err
    assert onward("status", "--json").document == {"runs": []}
    assert not Path(".onward").exists()


def test_status_lists_the_runs(picky: Path, onward: Command) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl", "--limit", "5")
    titles, *rows = onward("status").out.splitlines()
    assert titles.split()[:4] == ["JOB", "RUN", "STATUS", "DONE"]
    assert rows[0].split()[:5] == ["double", "default", "interrupted", "5/20", "25%"]
    assert rows[1].split()[:6] == ["picky", "default", "finished", "20/20", "100%", "4"]
    assert len(onward("status", "double").out.splitlines()) == 2
    assert onward("status", "double", "--json").document["runs"][0] == {
        "job": "double",
        "run": "default",
        "status": "interrupted",
        "created": pytest.approx(time.time(), abs=600),
        "total": 20,
        "settled": 5,
        "succeeded": 5,
        "failed": 0,
        "skipped": 0,
        "left": 15,
        "rate": 0.0,
        "seconds_left": None,
        "spent": {},
        "forecast": None,
        "saved_age": pytest.approx(5, abs=60),
        "owner": None,
    }


# ------------------------------------------------------------------------------------------------------ show


def test_show_tells_all(picky: Path, onward: Command) -> None:
    shown = onward("show", "picky").out
    assert shown.startswith("picky, run default: finished\n")
    assert "20/20: 16 succeeded, 4 failed" in shown
    assert "onward run app.py:picky" in shown
    assert "out.jsonl" in shown
    document = onward("show", "picky", "--json").document
    assert set(document) >= {"generation", "identity", "state", "counters", "output", "command", "sessions"}
    assert document["output"] | {"path": "", "bytes": 0} == {
        "path": "",
        "format": "jsonl",
        "items": 16,
        "bytes": 0,
    }
    (session,) = document["sessions"]
    assert (session["number"], session["settled"], session["failed"]) == (1, 20, 4)


def test_show_results(picky: Path, onward: Command) -> None:
    assert onward("show", "picky", "--results", "2").out.splitlines()[-3:] == ["results", '  "r1"', '  "r2"']
    assert onward("show", "picky", "--results", "2", "--json").document["results"] == ["r1", "r2"]


@pytest.mark.parametrize("command", ["show", "errors", "retry", "rm", "export"])
def test_a_run_that_is_not_there(picky: Path, onward: Command, command: str) -> None:
    words = [command, "nowhere", *(["x.csv"] if command == "export" else [])]
    ended = onward(*words)
    assert ended.code == 2
    assert "nowhere" in ended.err
    document = onward(*words, "--json").document
    assert document["error"]["type"] == "RunNotFound"
    assert document["error"]["exit_code"] == 2


# ---------------------------------------------------------------------------------------------------- errors


def test_errors_by_type_then_one_by_one(picky: Path, onward: Command) -> None:
    listed = onward("errors", "picky").out.splitlines()
    assert listed[:2] == ["picky: 4 failed", "       4  ValueError"]
    assert listed[2] == "4  ValueError: no r5 today  (1 attempt)"
    assert len(listed) == 6
    assert "in picky" in onward("errors", "picky", "--traceback").out


def test_errors_as_json(picky: Path, onward: Command) -> None:
    document = onward("errors", "picky", "--json").document
    assert document["failed"] == 4
    assert document["by_type"] == [{"type": "ValueError", "count": 4}]
    first = document["items"][0]
    assert (first["position"], first["key"], first["type"]) == (4, 4, "ValueError")
    assert (first["message"], first["attempts"]) == ("no r5 today", 1)
    assert "traceback" not in first
    assert "in picky" in onward("errors", "picky", "--json", "--traceback").document["items"][0]["traceback"]


def test_no_errors(app: Path, onward: Command) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl")
    assert onward("errors", "double").out == "double: 0 failed\n"


# ----------------------------------------------------------------------------------------------------- retry


def test_retry_repeats_the_command(picky: Path, onward: Command) -> None:
    Path("put-right").touch()
    retried = onward("retry", "picky", "--json")
    assert retried.code == 0, retried.err
    assert (retried.document["succeeded"], retried.document["failed"]) == (20, 0)
    assert len(Path("out.jsonl").read_text().splitlines()) == 20
    nothing = onward("retry", "picky")
    assert (nothing.code, nothing.err) == (0, "nothing failed, nothing to retry\n")


def test_retry_that_fails_again(picky: Path, onward: Command) -> None:
    assert onward("retry", "picky").code == 3


def test_retry_finds_the_store(app: Path, onward: Command) -> None:
    assert onward(*PICKY, env={"ONWARD_STORE": "runs"}).code == 3
    Path("put-right").touch()
    assert onward("retry", "picky", "--store", "runs").code == 0


@pytest.mark.parametrize("gone", ["app.py", "items"])
def test_retry_that_is_not_possible_here_says_what_is(app: Path, onward: Command, gone: str) -> None:
    if gone == "items":
        run = ["run", "app.py:picky", "--input", "-"]
        assert onward(*run, typed=Path("items.jsonl").read_text()).code == 3
    else:
        run = PICKY
        assert onward(*run).code == 3
        Path("app.py").unlink()
    ended = onward("retry", "picky")
    assert ended.code == 2
    assert ended.err.splitlines()[-1].startswith(f"Try again with:  onward {' '.join(run)}")
    assert "--retry-failed" in onward("retry", "picky", "--json").document["retry_with"]


def test_retry_of_a_run_started_from_python(app: Path, onward: Command) -> None:
    code = "import onward; onward.map(lambda n: 1 // n, [0, 1], job='py', version='1')"
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)
    ended = onward("retry", "py")
    assert ended.code == 2
    assert 'onward.map(..., job="py", retry_failed=True)' in ended.err


# ---------------------------------------------------------------------------------------------------- export


def test_export_of_an_unfinished_run(app: Path, onward: Command) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl", "--limit", "3")
    ended = onward("export", "double", "so-far.csv")
    assert (ended.code, ended.err) == (0, "results so far (3/20 done) in so-far.csv\n")
    assert Path("so-far.csv").read_text().split() == ["id,twice", "r1,2", "r2,4", "r3,6"]
    assert onward("export", "double", "so-far.csv").code == 4
    assert onward("export", "double", "so-far.csv", "--force").code == 0
    document = onward("export", "double", "results", "--format", "json", "--json").document
    assert (document["status"], document["settled"]) == ("interrupted", 3)


def test_export_of_a_finished_run(app: Path, onward: Command) -> None:
    onward("run", "app.py:double", "--input", "items.jsonl", "--output", "out.jsonl")
    assert onward("export", "double", "again.jsonl").code == 0
    assert Path("again.jsonl").read_bytes() == Path("out.jsonl").read_bytes()


# --------------------------------------------------------------------------------------------------- history


def test_history(app: Path, onward: Command) -> None:
    for limit in ("3", "4"):
        onward("run", "app.py:double", "--input", "items.jsonl", "--limit", limit)
    titles, first, second = onward("history", "double").out.splitlines()
    assert titles.split() == ["JOB", "RUN", "SESSION", "STARTED", "TOOK", "ENDED", "DONE", "PROCESS"]
    assert first.split()[:3] == ["double", "default", "1"]
    assert second.split()[:3] == ["double", "default", "2"]
    sessions = onward("history", "--json").document["sessions"]
    assert [(one["settled"], one["how"]) for one in sessions] == [(3, "interrupted"), (7, "interrupted")]
    assert onward("history", "double", "--run", "other").code == 2
    assert onward("history", "nothing").code == 0


# -------------------------------------------------------------------------------------------------------- rm


def test_rm_asks_or_is_told(picky: Path, onward: Command) -> None:
    refused = onward("rm", "picky", typed="y\n")
    assert refused.code == 2
    assert "--yes" in refused.err
    removed = onward("rm", "picky", "--yes", "--json")
    assert (removed.code, removed.document["removed"]) == (0, True)
    assert onward("status", "--json").document == {"runs": []}
    assert Path("out.jsonl").exists()


# --------------------------------------------------------------------------------------------- what all share


def test_a_reader_who_leaves(app: Path) -> None:
    items(Path("items.jsonl"), 3000)
    run = [*PROGRAM, "run", "app.py:double", "--input", "items.jsonl", "--quiet"]
    subprocess.run(run, check=True, env=environment())
    show = subprocess.Popen(
        [*PROGRAM, "show", "double", "--results", "3000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert show.stdout is not None
    show.stdout.readline()
    show.stdout.close()
    _, err = show.communicate(timeout=60)
    assert err == b""
    assert show.returncode == 0


def test_usage_errors_are_one_line(app: Path, onward: Command) -> None:
    for words in (["fly"], ["run"], ["run", "app.py"], ["show"], ["status", "--fast"], ["run", "--every"]):
        ended = onward(*words)
        assert ended.code == 2
        assert ended.err.startswith("onward: ")
        assert len(ended.err.splitlines()) == 1
        assert onward(*words, "--json").document["error"]["exit_code"] == 2


@pytest.mark.parametrize(
    "value", ["--workers=0", "--every=never", "--rate=fast", "--timeout=soon", "--param=x"]
)
def test_values_that_cannot_be_meant(app: Path, onward: Command, value: str) -> None:
    ended = onward("run", "app.py:double", "--input", "items.jsonl", value)
    assert ended.code == 2, ended.err
    assert len(ended.err.splitlines()) == 1


def test_unexpected_errors_are_short(app: Path, onward: Command) -> None:
    bug = "import onward.cli.looking as l; l.list_runs = lambda s: 1 // 0; l.load = l.list_runs"
    Path("sitecustomize.py").write_text(bug)
    path = os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])
    ended = onward("status", env={"PYTHONPATH": path})
    assert ended.code == 1
    first, second = ended.err.splitlines()
    assert first == "onward: ZeroDivisionError: integer division or modulo by zero"
    assert "ONWARD_DEBUG=1" in second
    assert "Traceback" in onward("status", env={"PYTHONPATH": path, "ONWARD_DEBUG": "1"}).err


def test_version(onward: Command) -> None:
    ended = onward("--version")
    assert ended.code == 0
    assert ended.out.startswith("onward 0.")


HOSTILE = "\x1b]0;owned\x07 \u202e%s {x} '$HOME' [red]"


def test_hostile_data_cannot_steer_the_terminal(app: Path, onward: Command) -> None:
    Path("hostile.py").write_text(
        "class Nasty\u00e9(Exception): ...\n"
        "def f(item):\n"
        "    if item['fail']: raise Nasty\u00e9(item['id'])\n"
        "    return item['id']\n"
    )
    rows = [{"id": f"{HOSTILE}{fail}", "fail": fail} for fail in (True, False)]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    job = "'$(touch owned)' \u202e"
    run = ["run", "hostile.py:f", "--input", "in.jsonl", "--key", "id", "--job", job]
    first = onward(*run, "--limit", "1")
    done = onward(*first.resume)
    assert done.code == 3, done.err
    looks = [["status"], ["show", job, "--results", "5"], ["errors", job, "--traceback"], ["history"]]
    for ended in [first, done, *(onward(*look) for look in looks)]:
        text = ended.out + ended.err
        assert "owned" in text
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert not Path("owned").exists()


def test_a_document_is_harmless_on_a_terminal(app: Path, onward: Command) -> None:
    Path("in.jsonl").write_text(json.dumps({"id": HOSTILE + "\x9b", "fail": False}) + "\n")
    Path("hostile.py").write_text("def f(item): return item['id']\n")
    assert onward("run", "hostile.py:f", "--input", "in.jsonl").code == 0
    shown = onward("show", "f", "--results", "1", "--json")
    assert shown.out.isascii()
    assert shown.out.rstrip().isprintable()
    assert shown.document["results"] == [HOSTILE + "\x9b"]


def test_names_that_are_not_unicode(app: Path, onward: Command) -> None:
    run = ["run", "app.py:double", "--input", os.fsdecode(b"\xff.jsonl"), "--job", os.fsdecode(b"j\xff")]
    ended = onward(*run, "--json")
    assert ended.code == 2
    assert r"\udcff" in ended.document["error"]["message"]


def test_a_narrow_encoding_loses_nothing(app: Path, onward: Command) -> None:
    Path("wide.py").write_text("def f(item): return '\u65e5\u672c'\n")
    onward("run", "wide.py:f", "--input", "items.jsonl")
    assert r"\u65e5" in onward("show", "f", "--results", "1", env={"PYTHONIOENCODING": "ascii"}).out
