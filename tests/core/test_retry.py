"""Which errors are tried again, and after how long."""

import datetime
import email.utils
import time
import types
from typing import Any

import pytest

from onward.attempts.retry import PERMANENT, Retry, parse, retry_after
from onward.errors import UsageError


class ApiError(Exception):
    """As the clients of web services raise it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__("api")
        vars(self).update(attributes)


def response(status: int = 429, **headers: Any) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return types.SimpleNamespace(status_code=status, headers=named)


def test_attempts_are_counted() -> None:
    policy = Retry(times=2, initial=0)
    assert [policy.wait(OSError(), spent) is not None for spent in (1, 2, 3, 4)] == [True, True, False, False]
    assert Retry().wait(OSError(), 1) is None


def test_waits_double_and_are_spread() -> None:
    policy = Retry(times=99, initial=1, longest=60)
    for spent in (1, 2, 3, 4, 5):
        waits = [policy.wait(OSError(), spent) for _ in range(50)]
        low, high = 2 ** (spent - 1), 2 ** (spent - 1) + 1
        assert all(wait is not None and low <= wait <= high for wait in waits)
        assert len(set(waits)) > 10
    assert policy.wait(OSError(), 50) == 60
    assert policy.wait(OSError(), 99) == 60


@pytest.mark.parametrize("kind", PERMANENT)
def test_errors_that_no_attempt_can_mend(kind: type[BaseException]) -> None:
    assert Retry(times=5).wait(kind(), 1) is None


@pytest.mark.parametrize("kind", [OSError, TimeoutError, ConnectionError, ValueError, RuntimeError, KeyError])
def test_errors_that_an_attempt_may_mend(kind: type[BaseException]) -> None:
    assert Retry(times=5).wait(kind(), 1) is not None


def test_errors_of_the_users_own_that_are_permanent() -> None:
    class Hopeless(RuntimeError):
        permanent = True

    assert Retry(times=5).wait(Hopeless(), 1) is None
    assert Retry(times=5, never=(KeyError,)).wait(KeyError(), 1) is None
    assert Retry(times=5, never=(LookupError,)).wait(KeyError(), 1) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
@pytest.mark.parametrize("where", ["status_code", "status", "code", "response"])
def test_statuses_that_no_attempt_can_mend(status: int, where: str) -> None:
    error = ApiError(response=response(status)) if where == "response" else ApiError(**{where: status})
    assert Retry(times=5).is_permanent(error)


@pytest.mark.parametrize(
    "status", [408, 409, 425, 429, 500, 502, 503, 504, 529, 200, 0, 7, None, "404", 404.0]
)
def test_statuses_that_an_attempt_may_mend(status: Any) -> None:
    assert not Retry(times=5).is_permanent(ApiError(status_code=status))


@pytest.mark.parametrize("retries", [-1, True, 1.5, "3", None])
def test_what_retries_refuses(retries: Any) -> None:
    with pytest.raises(UsageError, match="retries"):
        parse(retries)


def test_what_retries_takes() -> None:
    assert parse(3) == Retry(3)
    assert parse(Retry(1, initial=5)) == Retry(1, initial=5)


# Retry-After


def date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ApiError(retry_after=3), 3),
        (ApiError(retry_after=0), 0),
        (ApiError(retry_after="2.5"), 2.5),
        (ApiError(response=response(retry_after="7")), 7),
        (ApiError(response=response(Retry_After="7")), 7),
        (ApiError(headers={"RETRY-AFTER": 7}), 7),
        (ApiError(response=response(retry_after_ms="1500", retry_after="9")), 1.5),
        (ApiError(response=response(retry_after_ms="soon", retry_after="9")), 9),
        (ApiError(response=response(retry_after="Wed, 21 Oct 2015 07:28:00 GMT")), 0),
    ],
)
def test_what_the_server_asks_for(error: Exception, expected: float) -> None:
    asked = retry_after(error)
    assert asked is not None
    assert expected <= asked <= expected + 0.1


def test_a_date_to_come() -> None:
    asked = retry_after(ApiError(response=response(retry_after=date(100))))
    assert asked is not None
    assert 97 < asked < 101


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "soon",
        "-1",
        -5,
        "nan",
        "inf",
        float("inf"),
        True,
        "1e300",
        10**400,
        86400 * 365,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 99 Dec 2024 99:99:99 GMT",
        object(),
        [],
        ["3"],
        {},
        b"3x",
        datetime.timedelta(seconds=3),
    ],
    ids=lambda asked: repr(asked)[:30].split(" at ")[0],
)
def test_what_makes_no_sense_is_passed_over(asked: Any) -> None:
    assert retry_after(ApiError(retry_after=asked)) is None
    assert retry_after(ApiError(headers={"Retry-After": asked})) is None


@pytest.mark.parametrize(
    "error",
    [OSError(), ApiError(response=None), ApiError(headers=None), ApiError(headers=[("retry-after", "3")])],
)
def test_most_errors_ask_for_nothing(error: Exception) -> None:
    assert retry_after(error) is None
