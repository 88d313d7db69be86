from onward.model import Progress
from onward.progress.parts import ending, fit, joined, parts, stopping

UNDER_WAY = Progress(
    total=1000,
    succeeded=741,
    failed=2,
    skipped=0,
    reused=300,
    rate=12.1,
    seconds_left=21.2,
    saved=743,
    saved_age=0.4,
)


def test_what_is_said_of_a_run_under_way() -> None:
    assert joined(parts(UNDER_WAY), "  ") == (
        "743/1000  74%  12.1/s  0:00:21 left  2 failed  300 reused  saved 0.4 s ago"
    )


def test_an_unknown_total_has_no_share_and_no_end() -> None:
    assert joined(parts(Progress(succeeded=5, rate=2.0))) == "5, 2.0/s"


def test_before_the_first_item() -> None:
    assert joined(parts(Progress(total=10))) == "0/10, 0%"
    assert joined(parts(Progress())) == "0"


def test_an_empty_input_is_all_done() -> None:
    assert joined(parts(Progress(total=0))) == "0/0, 100%"


def test_nothing_is_left_to_wait_for_at_the_end() -> None:
    assert "left" not in joined(parts(Progress(total=10, succeeded=10, rate=1.0, seconds_left=0.0)))


def test_the_ending() -> None:
    assert joined(ending(UNDER_WAY, "interrupted", 61.0)) == (
        "743/1000, interrupted, in 0:01:01, 2 failed, 300 reused"
    )


def test_the_counts_stay_longest() -> None:
    found = parts(UNDER_WAY)
    assert joined(fit(found, 40), "  ") == "743/1000  74%  0:00:21 left  2 failed"
    assert joined(fit(found, 20), "  ") == "743/1000  74%"
    assert joined(fit(found, 1), "  ") == "743/1000"
    assert fit(found, 500) == found


def test_stopping() -> None:
    assert stopping(3, 30.0) == (
        "stopping: waiting for 3 items in flight, up to 30 s; Ctrl-C again stops now"
    )
    assert stopping(1, 5.0).startswith("stopping: waiting for 1 item in flight")
    assert stopping(0, 30.0) == "stopping: saving; Ctrl-C again stops now"


def test_what_is_spent_and_what_is_to_come() -> None:
    now = Progress(total=10, succeeded=4, rate=1.0, spent={"usd": 2.29, "tokens": 5}, forecast=3.4)
    assert joined(parts(now)) == "4/10, 40%, 1.0/s, 2.29 USD, 3.40 USD to go"
    assert joined(ending(now, "stopped", 4)) == "4/10, stopped, in 0:00:04, 2.29 USD"
    only_tokens = Progress(total=10, spent={"tokens": 1_234_567, "input_tokens": 1})
    assert joined(parts(only_tokens)) == "0/10, 0%, 1.2M tokens"
    assert joined(parts(Progress(spent={"tokens": 45_600_000}))) == "0, 45.6M tokens"
    assert joined(parts(Progress(spent={"tokens": 45_678}))) == "0, 45.7k tokens"
    assert joined(parts(Progress(spent={"tokens": 9_999}))) == "0, 9,999 tokens"
    assert joined(parts(Progress(spent={"credits": 5}))) == "0"
