"""Acts on the world outside under SIGKILL: never done twice, and in doubt where nothing tells.

The world is a file that every act appends one line to, or a server that counts; both outlive the process.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from acceptance.conftest import PlaceMaker
from acceptance.harness import KILLED, Ended, Place

SCRIPT = """
    def act(name, *, idempotency_key):
        time.sleep(given.get("slow", 0))
        note([name, idempotency_key])
        time.sleep(given.get("slow", 0))
        return {"acted": name}

    async def act_async(name, *, idempotency_key):
        await asyncio.sleep(given.get("slow", 0))
        note([name, idempotency_key])
        await asyncio.sleep(given.get("slow", 0))
        return {"acted": name}

    def work(item):
        return onward.once("act", act, item["id"])

    async def work_async(item):
        return await onward.once("act", act_async, item["id"])

    async def work_mixed(item):
        return await onward.once("act", act, item["id"])

    def look(item, name, idempotency_key):
        lines = Path("notes.log").read_text().splitlines() if Path("notes.log").exists() else []
        done = [item["id"], idempotency_key] in [json.loads(line) for line in lines]
        return onward.Done({"acted": item["id"]}) if done else "redo"

    fn = {"async": work_async, "mixed": work_mixed}.get(given["kind"], work)
    main(lambda: onward.map(
        fn, numbers(given["count"]), job="job", key="id", output="out.jsonl", max_failures=None, version=1,
        workers=given["workers"], every=given.get("every", "auto"), in_doubt=given.get("in_doubt", "fail"),
        retry_failed=given.get("retry_failed", False), reconcile=look if given.get("looks") else None,
    ))
"""

WAYS = [("inline", 1), ("threads", 4), ("async", 4), ("mixed", 4)]


def acts(here: Place) -> Counter[int]:
    return Counter(name for name, _ in here.notes())


def in_doubt(here: Place) -> set[int]:
    failures = list(here.view().failures())
    assert all(str(outcome.error).startswith("onward.errors.InDoubt: 'act' may") for outcome in failures)
    return {int(outcome.key) for outcome in failures}


@pytest.mark.parametrize(("kind", "workers"), WAYS)
@pytest.mark.parametrize("point", ["begun", "intended", "acted", "kept", "saved"])
def test_a_kill_at_every_moment_of_an_act(kind: str, workers: int, point: str, place: PlaceMaker) -> None:
    here = place(SCRIPT)
    given = {"kind": kind, "workers": workers, "count": 12}
    killed = here.run(env={"ONWARD_FAULT": f"once.{point}:5"}, **given)
    assert killed.code == KILLED, killed
    done = acts(here)

    second = here.run(**given)
    doubtful = in_doubt(here) if second.told["failed"] else set()
    assert second.told["left"] == 0
    assert max(acts(here).values()) == 1, "never twice"
    assert set(acts(here)) >= set(range(1, 13)) - doubtful, "never forgotten"
    assert len(doubtful) <= workers, "only what was in flight is in doubt"
    if workers == 1:  # what exactly the fifth item was; a save may have come before the kill
        assert (5 in done) == (point not in ("begun", "intended"))
        assert (5 in doubtful) == (point in ("intended", "acted")) or point in ("begun", "kept")

    last = here.run(**given, retry_failed=True, looks=True).finished()
    assert last.told["failed"] == 0
    assert acts(here) == Counter(range(1, 13)), "each once"
    assert here.lines() == [{"acted": number} for number in range(1, 13)]


def storm(here: Place, given: dict[str, Any], kills: int, chance: random.Random) -> Ended:
    """Kill sessions at random moments, then let one go on to its end."""
    for _ in range(kills):
        _kill_somewhere(here, given, chance)
    return here.run(**given)


def _kill_somewhere(here: Place, given: dict[str, Any], chance: random.Random) -> None:
    begun = len(here.notes())
    session = here.start(**given)
    if chance.random() < 0.8:  # else in the middle of starting
        session.until(lambda: len(here.notes()) > begun)
    time.sleep(chance.uniform(0, 0.12))
    session.process.kill()
    session.wait()


@pytest.mark.parametrize(("kind", "workers"), WAYS)
def test_a_storm_of_kills_with_one_who_looks(kind: str, workers: int, place: PlaceMaker) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    here = place(SCRIPT)
    given = {"kind": kind, "workers": workers, "count": 150, "slow": 0.004 * workers, "looks": True}
    storm(here, given, 6, random.Random(seed)).finished()
    assert acts(here) == Counter(range(1, 151)), "each once"
    assert here.lines() == [{"acted": number} for number in range(1, 151)]


@pytest.mark.parametrize(("kind", "workers"), WAYS)
def test_a_storm_of_kills_with_nobody_who_looks(kind: str, workers: int, place: PlaceMaker) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    here = place(SCRIPT)
    given = {"kind": kind, "workers": workers, "count": 150, "slow": 0.004 * workers}
    ended = storm(here, given, 6, random.Random(seed))
    doubtful = in_doubt(here) if ended.told["failed"] else set()
    assert max(acts(here).values()) == 1, "never twice"
    assert set(acts(here)) >= set(range(1, 151)) - doubtful
    assert len(doubtful) <= 6 * workers


# ------------------------------------------------------------------------------- a server that counts

REMOTE = """
    import urllib.request

    def order(name, *, idempotency_key):
        request = urllib.request.Request(
            given["url"], json.dumps({"name": name}).encode(), {"Idempotency-Key": idempotency_key})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def work(item):
        note(item["id"])
        return onward.once("order", order, item["id"])

    main(lambda: onward.map(
        work, numbers(100), job="job", key="id", output="out.jsonl", max_failures=None, workers=4, in_doubt="redo",
        retries=onward.Retry(3, initial=0.01)))
"""


class Orders(BaseHTTPRequestHandler):
    """Takes orders; one with a key that it knows is answered as before."""

    orders: dict[str, str]
    asked: Counter[str]
    lock: threading.Lock

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        with self.lock:
            self.asked[key] += 1
            number = self.orders.setdefault(key, f"{body['name']}")
            lost = self.asked[key] == 1 and len(self.orders) % 10 == 0
        time.sleep(0.005)
        if lost:  # taken, but the answer does not come
            self.close_connection = True
            return
        answer = json.dumps({"order": number}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def orders() -> Iterator[tuple[str, type[Orders]]]:
    kind = type("Handler", (Orders,), {"orders": {}, "asked": Counter(), "lock": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_that_knows_idempotency_keys_takes_each_order_once(
    place: PlaceMaker, orders: tuple[str, type[Orders]]
) -> None:
    url, kind = orders
    seed = random.randrange(1 << 32)
    print("seed", seed)
    here = place(REMOTE)
    storm(here, {"url": url}, 5, random.Random(seed)).finished()
    assert sorted(map(int, kind.orders.values())) == list(range(1, 101))
    assert here.lines() == [{"order": str(number)} for number in range(1, 101)]
    print(f"{kind.asked.total()} requests for 100 orders")


# --------------------------------------------------------------------------------------------- money

SPENDS = """
    def work(item):
        note(item["id"])
        time.sleep(0.002)
        onward.spend(usd=1)
        return item["id"]

    main(lambda: onward.map(work, numbers(400), job="job", key="id", every=5, version=1, budget=given["budget"]))
"""


def test_what_was_spent_outlives_kills(place: PlaceMaker) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    here = place(SPENDS)
    stopped = storm(here, {"budget": "200 USD"}, 6, random.Random(seed))
    assert (stopped.code, stopped.error) == (6, "BudgetReached")
    head = here.view().head
    assert head.spent["usd"] == 200
    assert head.counts.settled <= 200
    real = len(here.notes())
    assert 200 <= real <= 200 + 6 * 6, "a kill forgets what was spent since the last save"
    ended = here.run(budget="1000 USD").finished()
    assert ended.told["succeeded"] == 400
    assert here.view().spent["usd"] >= 400
