import json
import shlex
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from cli.processes import PROGRAM, Command, Starter, ended, environment, interrupt, items, wait_for, words

RUN = ["run", "app.py:double", "--input", "items.jsonl"]
SLOW = ["run", "app.py:slow", "--input", "items.jsonl", "--output", "out.jsonl"]


def lines(path: str) -> list[object]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


# ------------------------------------------------------------------------------------------------ to the end


def test_a_run_from_start_to_finish(app: Path, onward: Command) -> None:
    done = onward(*RUN, "--output", "out.jsonl")
    assert (done.code, done.out) == (0, "")
    assert lines("out.jsonl")[:2] == [{"id": "r1", "twice": 2}, {"id": "r2", "twice": 4}]
    assert done.err.splitlines()[-1] == "finished: 20 succeeded; results in out.jsonl"
    assert "double: started" in done.err


def test_the_same_command_again_runs_nothing(app: Path, onward: Command) -> None:
    onward(*RUN, "--output", "out.jsonl")
    again = onward(*RUN, "--output", "out.jsonl")
    assert again.code == 0
    assert again.err.splitlines()[0] == "already finished: 20 succeeded; results in out.jsonl"
    assert "onward run app.py:double --input items.jsonl --output out.jsonl --again" in again.err


def test_again_starts_from_the_beginning(app: Path, onward: Command) -> None:
    onward(*RUN, "--output", "out.jsonl")
    again = onward(*RUN, "--output", "out.jsonl", "--again", "--json")
    assert again.code == 0
    assert (again.document["already_finished"], again.document["reused"]) == (False, 0)


def test_quiet_says_nothing_of_a_run_that_ends_well(app: Path, onward: Command) -> None:
    done = onward(*RUN, "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_failed_items_exit_with_3_and_are_retried(app: Path, onward: Command) -> None:
    run = ["run", "app.py:picky", "--input", "items.jsonl", "--output", "out.jsonl", "--quiet"]
    done = onward(*run)
    assert done.code == 3
    assert "finished: 16 succeeded, 4 failed; results in out.jsonl" in done.err
    assert "onward errors picky" in done.err
    assert onward(*run).code == 3, "still so"
    Path("put-right").touch()
    retried = onward(*run, "--retry-failed")
    assert (retried.code, retried.err) == (0, "")
    assert lines("out.jsonl") == [f"r{n}" for n in range(1, 21)]


def test_items_from_standard_input(app: Path, onward: Command) -> None:
    typed = Path("items.jsonl").read_text()
    done = onward("run", "app.py:double", "--input", "-", "--output", "out.jsonl", typed=typed)
    assert (done.code, len(lines("out.jsonl"))) == (0, 20)


def test_an_empty_input_finishes(app: Path, onward: Command) -> None:
    Path("items.jsonl").write_text("")
    assert onward(*RUN, "--output", "out.jsonl").code == 0
    assert Path("out.jsonl").read_text() == ""


# ---------------------------------------------------------------------------------------- stopped and resumed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_go_on(
    app: Path, start: Starter, onward: Command, number: int
) -> None:
    process = start(*SLOW, "--key", "id")
    interrupt(process, number)
    stopped = ended(process)
    assert stopped.code == 75
    assert "Traceback" not in stopped.err
    assert "/20. Go on with:  onward run app.py:slow" in stopped.err.splitlines()[-1]
    assert stopped.resume == [*SLOW, "--key", "id"]
    resumed = onward(*stopped.resume)
    assert resumed.code == 0
    assert lines("out.jsonl") == [f"r{n}" for n in range(1, 21)]


def test_a_second_signal_stops_at_once(app: Path, start: Starter, onward: Command) -> None:
    process = start("run", "app.py:stuck", "--input", "items.jsonl")
    interrupt(process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    stopped = ended(process, 10)
    assert stopped.code == 130
    assert stopped.resume == ["run", "app.py:stuck", "--input", "items.jsonl"]
    assert onward("status", "--json").document["runs"][0]["status"] == "interrupted"


def test_a_second_sigterm_stops_at_once(app: Path, start: Starter) -> None:
    process = start("run", "app.py:stuck", "--input", "items.jsonl", "--workers", "2")
    interrupt(process, signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    assert ended(process, 10).code == 143


def test_a_killed_run_goes_on(app: Path, start: Starter, onward: Command) -> None:
    items(app / "items.jsonl", 100)
    process = start(*SLOW, "--every", "1")
    wait_for(lambda: onward("status", "--json").document.get("runs"))
    wait_for(lambda: onward("status", "--json").document["runs"][0]["settled"] >= 2)
    process.kill()
    process.communicate()
    (run,) = onward("status", "--json").document["runs"]
    assert run["status"] == "interrupted"
    assert run["owner"] is None
    assert onward("history").out.splitlines()[1].count("died") == 1
    resumed = onward(*SLOW, "--every", "1", "--json")
    assert resumed.code == 0
    assert resumed.document["reused"] >= run["settled"]
    assert lines("out.jsonl") == [f"r{n}" for n in range(1, 101)]


def test_try_ten_then_the_rest(app: Path, onward: Command) -> None:
    tried = onward(*RUN, "--output", "out.jsonl", "--limit", "10")
    assert tried.code == 75
    assert tried.err.splitlines()[-1].startswith("limit reached, saved at 10")
    assert tried.resume == [*RUN, "--output", "out.jsonl"]
    rest = onward(*tried.resume, "--json")
    assert (rest.code, rest.document["reused"], rest.document["succeeded"]) == (0, 10, 20)


def test_resuming_never_starts_again(app: Path, onward: Command) -> None:
    onward(*RUN, "--output", "out.jsonl")
    tried = onward(*RUN, "--output", "out.jsonl", "--again", "--limit", "3")
    assert tried.code == 75
    assert "--again" not in tried.resume


def test_a_deadline_exits_with_6(app: Path, onward: Command) -> None:
    stopped = onward(*SLOW, "--deadline", "0.3s")
    assert stopped.code == 6
    assert stopped.err.count("onward: ") == 1
    assert stopped.resume == [*SLOW, "--deadline", "0.3s"]


def test_too_many_failures_exit_with_6(app: Path, onward: Command) -> None:
    stopped = onward("run", "app.py:picky", "--input", "items.jsonl", "--max-failures", "2")
    assert stopped.code == 6
    assert "--max-failures 2 --retry-failed\n" in stopped.err
    assert stopped.resume[-2:] == ["--max-failures", "2"]


def test_a_function_that_exits_does_not_look_finished(app: Path, onward: Command) -> None:
    stopped = onward("run", "app.py:leaves", "--input", "items.jsonl")
    assert stopped.code == 1
    assert "SystemExit" in stopped.err
    assert stopped.resume


def test_an_input_that_breaks_off_says_how_to_go_on(app: Path, onward: Command) -> None:
    with Path("items.jsonl").open("a") as file:
        file.write("{broken\n")
    stopped = onward(*RUN)
    assert stopped.code == 1
    assert "line 21" in stopped.err
    assert "saved at 20" in stopped.err
    items(Path("items.jsonl"), 21)
    assert onward(*stopped.resume).code == 0


def test_an_input_that_is_not_there_does_not(app: Path, onward: Command) -> None:
    stopped = onward("run", "app.py:double", "--input", "missing.jsonl")
    assert stopped.code == 1
    assert len(stopped.err.splitlines()) == 1
    assert "missing.jsonl" in stopped.err


def test_a_state_that_is_no_json_yet(app: Path, onward: Command) -> None:
    Path("app.py").write_text(
        "import onward, datetime\n"
        "@onward.job('j', state={'at': datetime.date(2026, 1, 2)}, on_result=lambda s, i, v: s)\n"
        "def f(item): return 1\n"
    )
    done = onward("run", "app.py:f", "--input", "items.jsonl", "--json")
    assert done.code == 0, done.err
    assert done.document["state"] == {"at": "2026-01-02"}


# --------------------------------------------------------------------------------------------------- refused


def test_a_changed_parameter_is_refused_with_the_way_out(app: Path, onward: Command) -> None:
    run = ["run", "app.py:scaled", "--input", "items.jsonl", "--output", "out.jsonl"]
    assert onward(*run, "--param", "by=2", "--limit", "5").code == 75
    refused = onward(*run, "--param", "by=3")
    assert refused.code == 4
    assert refused.err.startswith("onward: ")
    assert "param by: 2" in refused.err
    ways = [line.strip() for line in refused.err.splitlines() if line.startswith("  onward")]
    assert [words(way)[-1] for way in ways] == ["keep", "redo", "restart"]
    assert onward(*words(ways[1])).code == 0
    assert lines("out.jsonl")[:3] == [3, 6, 9]


def test_changed_input_is_refused(app: Path, onward: Command) -> None:
    assert onward(*RUN, "--limit", "5").code == 75
    text = Path("items.jsonl").read_text()
    Path("items.jsonl").write_text(text.replace('"n": 2}', '"n": 99}'))
    refused = onward(*RUN)
    assert refused.code == 4
    assert "--on-change redo" in refused.err
    assert "Traceback" not in refused.err
    assert len(onward(*RUN, "--json").document["ways_out"]) == 3


def test_a_foreign_output_is_refused(app: Path, onward: Command) -> None:
    Path("out.jsonl").write_text("precious\n")
    refused = onward(*RUN, "--output", "out.jsonl")
    assert (refused.code, Path("out.jsonl").read_text()) == (4, "precious\n")
    assert "--force" in refused.err
    assert onward(*RUN, "--output", "out.jsonl", "--force").code == 0


def test_a_run_that_is_held_exits_with_5(app: Path, start: Starter, onward: Command) -> None:
    items(app / "items.jsonl", 200)
    process = start(*SLOW)
    wait_for(Path("begun").exists)
    refused = onward(*SLOW)
    assert refused.code == 5
    assert str(process.pid) in refused.err
    (run,) = onward("status", "--json").document["runs"]
    assert (run["status"], run["owner"]["pid"]) == ("running", process.pid)
    assert f"pid {process.pid} on " in onward("status").out
    assert onward("rm", "slow", "--yes").code == 5
    assert process.poll() is None


def test_a_corrupt_store_exits_with_7(app: Path, onward: Command) -> None:
    assert onward(*RUN, "--limit", "5").code == 75
    (store,) = Path(".onward").glob("**/*.db")
    store.write_bytes(b"\0" * 4096 + store.read_bytes()[4096:])
    refused = onward(*RUN)
    assert refused.code == 7
    assert store.name in refused.err
    assert "Traceback" not in refused.err


def test_a_foreign_store_exits_with_7(app: Path, onward: Command) -> None:
    with sqlite3.connect("mine.db") as database:
        database.execute("CREATE TABLE mine (a)")
    database.close()
    assert onward(*RUN, "--store", "mine.db").code == 7


# --------------------------------------------------------------------------------------------------- options


def test_options_go_before_the_jobs_own(app: Path, onward: Command) -> None:
    run = ["run", "app.py:screen", "--input", "items.jsonl", "--output", "out.jsonl"]
    assert onward(*run, "--param", "model=large", "--job", "named", "--run", "r 2").code == 0
    assert lines("out.jsonl")[0] == {"id": "r1", "model": "large"}
    (listed,) = onward("status", "--json").document["runs"]
    assert (listed["job"], listed["run"]) == ("named", "r 2")


@pytest.mark.parametrize(
    ("text", "value"), [("2", 2), ("[1,2]", [1, 2]), ("two", "two"), ('"2"', "2"), ("NaN", "NaN"), ("", "")]
)
def test_parameters_are_json_or_text(app: Path, onward: Command, text: str, value: object) -> None:
    Path("app.py").write_text("def give(item, *, p): return p")
    run = ["run", "app.py:give", "--input", "items.jsonl", "--output", "out.jsonl"]
    assert onward(*run, "--param", f"p={text}").code == 0
    assert lines("out.jsonl")[0] == value


def test_every_option_reaches_the_run(app: Path, onward: Command) -> None:
    Path("app.py").write_text("def together(items): return [i['n'] for i in items]")
    done = onward(
        *["run", "app.py:together", "--input", "items.jsonl", "--format", "jsonl", "--output", "out"],
        *["--output-format", "json", "--job", "j", "--run", "r", "--store", "elsewhere", "--key", "id"],
        *["--every", "5 items or 2s", "--workers", "2", "--executor", "threads", "--rate", "1000/s"],
        *["--retries", "1", "--timeout", "20s", "--grace", "0", "--deadline", "1 min", "--limit", "100"],
        *["--batch", "4", "--max-failures", "50%", "--retry-failed", "--on-change", "redo"],
        *["--duplicates", "skip", "--again", "--fn-version", "v1", "--force", "--quiet", "--json"],
    )
    assert done.code == 0, done.err
    assert json.loads(Path("out").read_text()) == list(range(1, 21))
    assert Path("elsewhere").is_dir()


def test_the_store_from_the_environment(app: Path, onward: Command) -> None:
    assert onward(*RUN, env={"ONWARD_STORE": "else where"}).code == 0
    assert onward("status").out == ""
    assert "double" in onward("status", env={"ONWARD_STORE": "else where"}).out


# ---------------------------------------------------------------------------------------------------- prints


def test_what_the_function_prints_goes_through(app: Path, onward: Command) -> None:
    done = onward("run", "app.py:chatty", "--input", "items.jsonl", "--quiet")
    assert done.out.count("working on") == 20
    assert done.out.count("straight to the descriptor") == 20
    assert done.err == ""


def test_with_json_the_document_stands_alone(app: Path, onward: Command) -> None:
    done = onward("run", "app.py:chatty", "--input", "items.jsonl", "--json")
    assert done.document["succeeded"] == 20
    assert done.err.count("working on") == 20
    assert done.err.count("straight to the descriptor") == 20


# ------------------------------------------------------------------------------------------------------ plan


def test_plan_says_what_run_would_do_and_does_nothing(app: Path, onward: Command) -> None:
    onward(*RUN, "--limit", "5")
    before = onward("show", "double", "--json").document["sessions"]
    planned = onward("plan", *RUN[1:], "--output", "out.jsonl")
    assert planned.code == 0
    assert planned.out.splitlines()[:2] == ["double: 20 items", "  reuse 5, do 15"]
    assert not Path("out.jsonl").exists()
    assert onward("show", "double", "--json").document["sessions"] == before


def test_plan_before_the_first_run(app: Path, onward: Command) -> None:
    planned = onward("plan", *RUN[1:], "--json")
    assert (planned.code, planned.document["todo"], planned.document["refusal"]) == (0, 20, None)
    assert not Path(".onward").exists()


def test_plan_tells_of_a_refusal(app: Path, onward: Command) -> None:
    run = ["app.py:scaled", "--input", "items.jsonl"]
    onward("run", *run, "--param", "by=2", "--limit", "5")
    planned = onward("plan", *run, "--param", "by=3")
    assert planned.code == 4
    assert "by" in planned.out
    assert "onward run app.py:scaled" in planned.out


def test_the_jobs_own_store_is_named_in_what_is_proposed(app: Path, onward: Command) -> None:
    Path("app.py").write_text(
        "import onward\n@onward.job('j', store='my runs')\ndef f(item): return 10 // (item['n'] - 1)\n"
    )
    done = onward("run", "app.py:f", "--input", "items.jsonl")
    assert done.code == 3
    assert "onward errors j --store 'my runs'" in done.err
    assert onward("errors", "j", "--store", "my runs").out.startswith("j: 1 failed")
    assert onward("retry", "j", "--store", "my runs").code == 3


def test_growth_is_planned_and_done(app: Path, onward: Command) -> None:
    assert onward(*RUN, "--output", "out.jsonl").code == 0
    items(Path("items.jsonl"), 25)
    assert onward("plan", *RUN[1:], "--output", "out.jsonl", "--json").document["total"] == 25
    assert onward(*RUN, "--output", "out.jsonl").code == 0
    assert len(lines("out.jsonl")) == 25


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("options", ["", " --json"])
def test_closed_streams_are_no_error(app: Path, onward: Command, closed: str, options: str) -> None:
    command = f"{shlex.join(PROGRAM)} run app.py:chatty --input items.jsonl{options} {closed}"
    done = subprocess.run(
        command, check=False, shell=True, env=environment(), stderr=subprocess.PIPE, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert onward("status", "--json").document["runs"][0]["succeeded"] == 20


@pytest.mark.parametrize("name", ["a\x9bb\u202e'\\.jsonl", "tab\t\x1b1\u2028é\U000e0041f.jsonl"])
def test_the_line_that_goes_on_names_the_same_file(app: Path, onward: Command, name: str) -> None:
    Path("items.jsonl").rename(name)
    stopped = onward("run", "app.py:double", "--input", name, "--limit", "3")
    assert stopped.resume[3] == name
    assert onward(*stopped.resume).code == 0
