"""Acts of a run that is started, crashed, resumed, retried and changed in any order: never twice, and in the end once.

A crash is a commit that does not come back, before or after it took effect: to the store that is what a kill is.
"""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import onward
from onward.errors import InputChanged
from onward.model import Change
from onward.stores.memory import MemoryRuns

KEYS = "abcd"


class Crash(BaseException):
    """The process dies here."""


class CrashingRuns(MemoryRuns):
    """Its writers die at a given commit."""

    left: int | None = None
    after = False

    def writer(self, job: str, run: str) -> Any:
        writer = super().writer(job, run)
        commit = writer.commit

        def crashing(change: Change) -> None:
            if self.left is None:
                return commit(change)
            self.left -= 1
            if self.left == 0 and self.after:
                commit(change)
            if self.left <= 0:
                raise Crash
            return commit(change)

        writer.commit = crashing  # type: ignore[method-assign]
        return writer


@dataclass
class World:
    """What was done, and how the next acts will go."""

    done: Counter[str]
    plans: list[str]

    def act(self, key: str) -> str:
        plan = self.plans.pop() if self.plans else "works"
        if plan == "not done":
            raise onward.NotDone("busy")
        if plan != "breaks before":
            self.done[key] += 1
        if plan in ("breaks before", "breaks after"):
            raise ConnectionError(plan)
        return key


PLANS = ["works", "works", "not done", "breaks before", "breaks after"]


class Acts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = CrashingRuns()
        self.world = World(Counter(), [])
        self.contents = dict.fromkeys(KEYS, 0)

    def look(self, item: Any, name: str, idempotency_key: str) -> Any:
        return onward.Done(item["key"]) if self.world.done[item["key"]] else "redo"

    @rule(key=st.sampled_from(KEYS))
    def change(self, key: str) -> None:
        self.contents[key] += 1

    @rule(
        plans=st.lists(st.sampled_from(PLANS), max_size=6),
        crash=st.none() | st.tuples(st.integers(1, 12), st.booleans()),
        reconcile=st.sampled_from(["look", "leave", "none"]),
        retry_failed=st.booleans(),
        on_change=st.sampled_from(["keep", "redo"]),
        retries=st.integers(0, 2),
        kind=st.sampled_from(["inline", "threads", "asyncio"]),
        limit=st.none() | st.integers(1, 3),
        late=st.booleans(),
    )
    def start(self, plans: list[str], crash: Any, reconcile: str, late: bool, **policies: Any) -> None:
        self.world.plans = plans
        self.store.left, self.store.after = crash or (None, False)
        asks = {"look": self.look, "leave": lambda *_: "leave", "none": None}[reconcile]
        # A finished run that acted does not begin anew by itself.
        with contextlib.suppress(Crash, InputChanged):
            self.run(asks, late=late, **policies)

    def run(self, reconcile: Any, *, kind: str, retries: int, late: bool, **policies: Any) -> onward.Report:
        fails = iter([late])

        def work(item: Any) -> Any:
            found = onward.once("act", lambda idempotency_key: self.world.act(item["key"]))
            if next(fails, False):
                raise OSError("behind the act")
            return found

        async def work_async(item: Any) -> Any:
            async def act(idempotency_key: str) -> str:
                await asyncio.sleep(0)
                return self.world.act(item["key"])

            found = await onward.once("act", act)
            if next(fails, False):
                raise OSError("behind the act")
            return found

        fn: Any = work_async if kind == "asyncio" else work
        items = [{"key": key, "content": content} for key, content in self.contents.items()]
        return onward.map(
            fn,
            items,
            job="job",
            store=self.store,
            key="key",
            version=1,
            workers=1 if kind == "inline" else 2,
            executor=kind,
            reconcile=reconcile,
            max_failures=None,
            retries=onward.Retry(retries, initial=0.0001, longest=0.0002),
            every=2,
            **policies,
        )

    @invariant()
    def nothing_is_done_twice(self) -> None:
        assert not self.world.done or max(self.world.done.values()) == 1

    def teardown(self) -> None:
        self.world.plans = []
        self.store.left = None
        for retry_failed in (False, True):
            with contextlib.suppress(InputChanged):
                self.run(
                    self.look,
                    kind="inline",
                    retries=0,
                    late=False,
                    retry_failed=retry_failed,
                    on_change="keep",
                )
        assert self.world.done == Counter(KEYS), "each once"
        assert onward.load("job", store=self.store).progress.succeeded == len(KEYS)


TestActs = Acts.TestCase
TestActs.settings = settings(max_examples=100, stateful_step_count=8, deadline=None)
