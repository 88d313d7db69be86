"""The arithmetic of pacing, with a clock of its own."""

import json
import math
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.simulated import DOWN, Free, Limiter, Simulation, TokenBucket, Window
from onward.llm.pacing.bucket import Bucket
from onward.llm.pacing.concurrency import COHORT, Concurrency
from onward.llm.pacing.pace import Call, Pace

LIMITERS: dict[str, Callable[[], Limiter]] = {
    "window": Window,
    "window, begun in its middle": lambda: Window(offset=30),
    "window, Retry-After in whole seconds": lambda: Window(offset=55, whole_seconds=True),
    "bucket of a second": lambda: TokenBucket(capacity=10),
    "bucket of six": lambda: TokenBucket(capacity=60),
    "bucket of a minute": TokenBucket,
    "bucket of a minute, whole seconds": lambda: TokenBucket(whole_seconds=True),
}
each_limiter = pytest.mark.parametrize("limiter", LIMITERS.values(), ids=LIMITERS)
PER_SECOND = 10


# ------------------------------------------------------- how much of what is allowed, and how often too much


@each_limiter
@pytest.mark.parametrize("latency", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("killed_at", [None, 77.7], ids=["", "killed"])
@pytest.mark.parametrize("given", ["rpm", "headers", "nothing"])
def test_what_is_allowed_is_used(
    limiter: Callable[[], Limiter], latency: float, killed_at: float | None, given: str
) -> None:
    simulation = Simulation(
        limiter(),
        latency=latency,
        rpm=600 if given == "rpm" else None,
        told=600 if given == "headers" else None,
    )
    outcome = simulation.run(240, killed_at)
    allowed = PER_SECOND * (240 - (DOWN if killed_at else 0.0))
    assert outcome.answered >= 0.95 * allowed
    assert outcome.share_refused < 0.02


@pytest.mark.parametrize("limiter", [Window, lambda: TokenBucket(capacity=60)], ids=["window", "bucket"])
def test_without_retry_after_too(limiter: Callable[[], Limiter]) -> None:
    """Of a window it must then be tried out when the next begins: some seconds of each are lost."""
    outcome = Simulation(limiter(), retry_after=False).run(600)
    assert outcome.answered >= 0.93 * PER_SECOND * 600
    assert outcome.share_refused < 0.02


def test_a_limit_that_rises_is_found() -> None:
    bucket = TokenBucket(capacity=60)
    simulation = Simulation(bucket)
    simulation.run(300)
    bucket.limit = 1800
    before = simulation.run(900).answered
    assert simulation.run(1200).answered - before >= 0.9 * 30 * 300
    assert simulation.outcome.share_refused < 0.02


def test_a_limit_that_falls_is_obeyed() -> None:
    bucket = TokenBucket(capacity=60)
    simulation = Simulation(bucket)
    simulation.run(300)
    bucket.limit = 200
    before = simulation.run(400).answered
    assert simulation.run(1000).answered - before >= 0.9 * 200 / 60 * 600
    assert simulation.outcome.share_refused < 0.02


def test_a_resume_neither_storms_nor_learns_again() -> None:
    simulation = Simulation(Window())
    simulation.run(200)
    refused, started = simulation.outcome.refused, len(simulation.outcome.started)
    simulation.run(290, killed_at=205)
    after = [at for at in simulation.outcome.started[started:] if at >= 205 + DOWN]
    assert sum(at < 205 + DOWN + 1 for at in after) <= 12
    assert simulation.outcome.refused <= refused + 2


def test_nothing_holds_up_a_server_without_limits() -> None:
    outcome = Simulation(Free(), latency=1.0).run(120)
    assert outcome.most_in_flight == 64
    assert sum(at > 60 for at in outcome.started) >= 0.9 * 60 * 64 / 1.25


def test_a_server_that_queues_is_not_flooded() -> None:
    """It works on eight at a time, and lets the others wait: with 64 at once, answers would take 4 s."""
    simulation = Simulation(Free(), latency=lambda under_way, _: 0.5 * max(1.0, under_way / 8))
    seen = []
    for now in range(60, 600, 10):
        outcome = simulation.run(now)
        seen.append(simulation.pace.concurrency.latency.value)
    assert outcome.answered >= 0.9 * 590 * 8 / 0.5
    assert max(seen) < 2.5
    assert statistics.mean(seen) < 2


def test_a_server_that_gets_slower_by_itself_is_not_starved() -> None:
    slow = [1.0]
    simulation = Simulation(Free(), latency=lambda _, chance: slow[0] * chance.uniform(0.8, 1.2))
    simulation.run(120)
    slow[0] = 4.0
    before = simulation.run(240).answered
    assert simulation.run(480).answered - before >= 0.9 * 240 * 64 / 4


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_answers_of_very_different_length_do_not_confuse_it(seed: int) -> None:
    simulation = Simulation(
        Free(), latency=lambda _, chance: 20.0 if chance.random() < 0.1 else 1.0, seed=seed
    )
    before = simulation.run(300).answered
    assert simulation.run(900).answered - before >= 0.9 * 600 * 64 / 2.9


# --------------------------------------------------------------------------------------------- one by one


def begin(pace: Pace, now: float) -> Call:
    assert pace.wait(0.0, now) == 0
    return pace.start(0.0, now)


def test_one_retry_after_pauses_all() -> None:
    pace = Pace(now=0.0)
    first, second = begin(pace, 0.0), begin(pace, 0.0)
    pace.refused(first, 7.0, 1.0)
    assert pace.wait(0.0, 1.0) >= 7.0
    pace.refused(second, 3.0, 1.1)
    assert pace.wait(0.0, 1.1) >= 6.9, "the longest counts"
    assert pace.wait(0.0, 9.0) == 0


def test_an_overloaded_server_is_left_alone_too() -> None:
    pace = Pace(now=0.0)
    pace.overloaded(begin(pace, 0.0), 5.0, 1.0)
    assert pace.wait(0.0, 1.0) >= 5.0
    assert pace.in_flight == 0


def test_a_pause_outlives_the_process() -> None:
    pace = Pace(now=100.0)
    pace.refused(begin(pace, 100.0), 30.0, 100.0)
    later = Pace(now=7.0)
    later.recall(json.loads(json.dumps(pace.note(105.0, 1_000_005.0))), 7.0, 1_000_015.0)
    assert 15.0 <= later.wait(0.0, 7.0) <= 16.0


def test_tokens_are_charged_as_they_turn_out_to_be_used() -> None:
    pace = Pace(tpm=6000, now=0.0)  # 98 a second
    call = pace.start(1000.0, 0.0)
    assert pace.wait(1000.0, 0.0) > 9
    pace.succeeded(call, 100.0, 1.0)
    assert pace.wait(1000.0, 1.0) < 1.1, (
        "nine tenths were given back, and the next is expected to use as little"
    )


def test_what_was_refused_used_no_tokens() -> None:
    pace = Pace(tpm=6000, now=0.0)
    pace.refused(pace.start(1000.0, 0.0), 0.0, 0.1)
    assert pace.wait(10.0, 0.2) <= 0.1


def test_a_stated_limit_is_not_overridden_by_headers() -> None:
    pace = Pace(rpm=60, tpm=60, now=0.0)
    pace.state(6000, 6000, 0.0)
    assert pace.rate.per_second == pytest.approx(0.98)


def test_rising_latency_lowers_the_level_before_anything_is_refused() -> None:
    level = Concurrency(64)
    for _ in range(300):
        level.finished(level.started(int(level.level)), 1.0, int(level.level))
    assert level.level == 64
    for _ in range(COHORT):
        level.finished(level.started(int(level.level)), 8.0, int(level.level))
    assert level.level == 32
    for _ in range(COHORT):
        level.finished(level.started(int(level.level)), 8.0, int(level.level))
    assert level.level > 32, "it did not help, so it was not for the level"


def test_a_level_that_is_not_used_does_not_grow() -> None:
    level = Concurrency(None)
    for _ in range(500):
        level.finished(level.started(1), 1.0, 1)
    assert level.level <= 4


# ------------------------------------------------------------------------- whatever happens, in any order

STEPS = st.lists(
    st.tuples(st.floats(0, 5), st.sampled_from(["start", "succeed", "fail", "refuse", "state", "resume"])),
    max_size=200,
)


@settings(deadline=None)
@given(
    steps=STEPS,
    rpm=st.none() | st.floats(1, 6000),
    tpm=st.none() | st.floats(100, 1e6),
    most=st.none() | st.integers(1, 100),
    retry_after=st.none() | st.floats(0, 100),
)
def test_it_keeps_its_word(
    steps: list[tuple[float, str]],
    rpm: float | None,
    tpm: float | None,
    most: int | None,
    retry_after: float | None,
) -> None:
    pace = Pace(rpm=rpm, tpm=tpm, concurrency=most, now=0.0)
    calls: list[Call] = []
    now, paused, started = 0.0, 0.0, 0
    for seconds, what in steps:
        now += seconds
        if what == "start" and pace.wait(100.0, now) == 0:
            assert now >= paused, "nobody starts in a pause"
            calls.append(pace.start(100.0, now))
            started += 1
            assert pace.in_flight <= (most or math.inf)
        elif what == "resume":
            noted = json.loads(json.dumps(pace.note(now, now)))
            pace, calls = Pace(rpm=rpm, tpm=tpm, concurrency=most, now=now), []
            pace.recall(noted, now, now)
            assert pace.wait(100.0, now) > 0 or rpm is None
        elif what == "state":
            pace.state(None if rpm is None else 600, 10_000, now)
        elif calls and what != "start":
            call = calls.pop()
            if what == "succeed":
                pace.succeeded(call, 50.0, now)
            elif what == "fail":
                pace.failed(call, now)
            else:
                pace.refused(call, retry_after, now)
                paused = max(paused, now + (retry_after or 0.0))
        assert pace.in_flight == len(calls)
        assert 0 < pace.rate.per_second < math.inf
        assert 1 <= pace.concurrency.level <= (most or math.inf)
        wait = pace.wait(100.0, now)
        assert wait >= 0
        assert wait < math.inf or calls, "if nothing is under way, waiting ends"
    if rpm is not None:
        assert started <= rpm / 60 * now + max(1.0, rpm / 60) + 1


@given(rate=st.floats(0.01, 1000), takes=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=50))
def test_a_bucket_never_gives_more_than_its_rate(rate: float, takes: list[tuple[float, float]]) -> None:
    bucket = Bucket(rate, 0.0, 0.0)
    now, taken = 0.0, 0.0
    for seconds, amount in takes:
        now += seconds
        if bucket.wait(amount, now) == 0:
            bucket.take(amount, now)
            taken += amount
    assert taken <= rate * now + 5 + 1e-6


def test_a_limit_that_is_raised_between_sessions_counts_at_once() -> None:
    before = Pace(rpm=60, now=0.0)
    before.succeeded(before.start(0.0, 0.0), None, 1.0)
    after = Pace(rpm=6000, now=0.0)
    after.recall(before.note(5.0, 5.0), 0.0, 5.0)
    assert after.rate.per_second == pytest.approx(98)
