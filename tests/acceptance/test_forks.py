"""A function that forks: its child neither holds the run, nor lets go of it, nor writes, however it ends."""

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import Place

STORES = ["one.db", "one.journal"]
FACES = ["inline", "threads", "coroutine", "in threads of a loop", "loop"]

SCRIPT = """
    import asyncio, contextlib, subprocess, time

    def work(item):
        called(item["id"])
        if item["id"] == 5 and first_time("forked"):
            child = os.fork()
            if child:
                wait_for_child(child)
                note(elsewhere())
            elif given["end"] == "_exit":
                os._exit(0)
            elif given["end"] == "exit":
                sys.exit(0)
            elif given["end"] == "raise":
                raise ValueError("the child's")
            else:
                return {"id": "the child's"}
        return {"id": item["id"]}

    def wait_for_child(child):
        until = time.monotonic() + 5
        while not os.waitpid(child, os.WNOHANG)[0]:
            if time.monotonic() > until:
                os.kill(child, 9)
                note("the child goes on")
                os.waitpid(child, 0)
                return
            time.sleep(0.01)

    def elsewhere():
        "What another process is told that asks for the run now."
        code = (
            "import onward, sys\\n"
            "try: onward.map(str, [1], job='job', store=sys.argv[1])\\n"
            "except onward.OnwardError as error: print(type(error).__name__)"
        )
        asked = subprocess.run([sys.executable, "-c", code, given["store"]], capture_output=True, text=True)
        return asked.stdout.strip() or asked.stderr

    async def later(item):
        return work(item)

    def in_loop():
        with onward.run("job", store=given["store"], every=1) as run:
            for item in run.pending(numbers(12)):
                try:
                    run.succeed(work(item))
                except ValueError as error:
                    run.fail(error)
        return run.report

    def start():
        shared = {"job": "job", "store": given["store"], "every": 1}
        items = numbers(12)
        match given["face"]:
            case "inline":
                return onward.map(work, items, **shared)
            case "threads":
                return onward.map(work, items, workers=3, **shared)
            case "coroutine":
                return onward.map(later, items, **shared)
            case "in threads of a loop":
                return onward.amap(work, items, **shared)
            case "loop":
                return in_loop()

    main(start)
"""


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("end", ["return", "raise", "exit", "_exit"])
def test_a_forked_child_that_comes_back(place: PlaceMaker, store: str, face: str, end: str) -> None:
    here = place(SCRIPT)
    ended = here.run(store=store, face=face, end=end)
    assert here.notes() == ["RunHeld"]
    assert sorted(here.calls()) == list(range(1, 13))
    assert ended.finished().told["succeeded"] == 12
    assert [value["id"] for value in here.view(store=store).results()] == list(range(1, 13))
    assert_sound(here, store)


def assert_sound(here: Place, store: str) -> None:
    checked = here.command("verify", "--store", store)
    assert checked.code == 0, checked
