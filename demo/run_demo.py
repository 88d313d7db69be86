"""The main job, killed part-way: what `make demo` runs. Needs onward with its extra `embedded`.

Screens the sample resumes in a process of its own, kills that process for real (SIGKILL, no chance to clean
up) once a few resumes are saved, starts the same command again, and checks that nothing saved was done twice
and that the ranking is the one an undisturbed run gives.
"""

from __future__ import annotations

import csv
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import onward

ROOT = Path(__file__).resolve().parent.parent
OUT = Path("demo/out")
JOB, RUN = "resume-screening", "job-resumes"
ENOUGH = 9  # saved resumes, then comes the kill
PATIENCE = 120.0  # seconds


def main() -> int:
    os.chdir(ROOT)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    total = len(list(Path("samples/resumes").iterdir()))

    say(f"1. Screening {total} resumes for samples/job.md, with a model on this machine, saving after each")
    command = screening(OUT)
    show(command)
    saved = kill_midway(command, OUT)
    print(f"\n   kill -9, with {len(saved)} of {total} saved and no ranking written")

    say("2. What a crash left behind")
    found = onward.load(JOB, run=RUN, store=OUT / ".onward")
    print(f"   run {RUN!r} of {JOB!r}: {found.status}, {found.progress.settled} settled, the last of them")
    for name in saved[-3:]:
        print(f"   - {name}")

    say("3. The very same command again")
    show(command)
    started = time.monotonic()
    subprocess.run(command, env=environment(OUT), check=True)
    print(f"   done in {time.monotonic() - started:.1f} s")

    say("4. Was anything done twice?")
    twice = witnesses(OUT)
    print(f"   {total} resumes: {len(saved)} reused, {total - len(saved)} screened by the second process")
    again = sorted(twice & set(saved))
    print(f"   saved before the kill and screened again: {', '.join(again) or 'none'}")
    print(
        f"   under way when the kill came, so begun again: {', '.join(sorted(twice - set(again))) or 'none'}"
    )
    same = undisturbed_ranking() == (OUT / "ranking.csv").read_bytes()
    print(f"   the ranking is, byte for byte, that of a run nobody killed: {'yes' if same else 'NO'}")

    say("5. The ranking")
    top_five()
    print(f"\n   All {total}, with the evidence: {OUT / 'ranking.html'} and {OUT / 'ranking.csv'}")
    return 0 if same and not again else 1


def screening(out: Path) -> list[str]:
    """The command, as one would type it; the store is beside the output so that each demo starts fresh."""
    words = "onward screen --job samples/job.md samples/resumes --every 1"
    return [
        *words.split(),
        "--store",
        f"{out}/.onward",
        "-o",
        f"{out}/ranking.csv",
        "--page",
        f"{out}/ranking.html",
    ]


def environment(out: Path) -> dict[str, str]:
    """The user's, with this Python's `onward` found first and the witness looking on."""
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": str(ROOT / "demo" / "witness"),
        "ONWARD_DEMO_LOG": str((out / "screened.log").resolve()),
    }


def kill_midway(command: list[str], out: Path) -> list[str]:
    """Start the command, kill it when enough is saved, and return what was saved: the files' names."""
    process = subprocess.Popen(command, env=environment(out))
    deadline = time.monotonic() + PATIENCE
    while count_saved(out) < ENOUGH:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise SystemExit(
                "The run ended, or hung, before it could be killed part-way. Try `make demo` again."
            )
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    if process.wait() != -signal.SIGKILL or (out / "ranking.csv").exists():
        raise SystemExit("The run had finished just before the kill. Try `make demo` again.")
    found = onward.load(JOB, run=RUN, store=out / ".onward")
    return [Path(result["file"]).name for result in found.results()]


def count_saved(out: Path) -> int:
    try:
        return onward.load(JOB, run=RUN, store=out / ".onward").progress.saved
    except onward.OnwardError:  # not there yet
        return 0


def witnesses(out: Path) -> set[str]:
    """What was begun more than once, by the witness's log."""
    begun = Counter((out / "screened.log").read_text("utf-8").split())
    return {name for name, times in begun.items() if times > 1}


def undisturbed_ranking() -> bytes:
    other = OUT / "undisturbed"
    command = screening(other)
    subprocess.run(
        command, env=environment(OUT) | {"ONWARD_DEMO_LOG": os.devnull}, check=True, capture_output=True
    )
    ranking = (other / "ranking.csv").read_bytes()
    shutil.rmtree(other)
    return ranking


def top_five() -> None:
    with (OUT / "ranking.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[:5]:
        bar = "█" * round(float(row["total"]) / 4)
        print(f"   {row['rank']}  {row['name']:<16} {row['total']:>5}  {bar}")


def say(line: str) -> None:
    print(f"\n{line}", flush=True)


def show(command: list[str]) -> None:
    print(f"   $ {shlex.join(command)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
