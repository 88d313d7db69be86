"""The policies of a job, as the caller gives them, and what they resolve to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from onward import cadence, identity
from onward.attempts import limits, retry, spending
from onward.attempts.limits import DEFAULT, Default
from onward.errors import UsageError
from onward.keying import Keying
from onward.model import Key

if TYPE_CHECKING:
    from onward.events import Observer
    from onward.model import OnResult

OnChange = Literal["stop", "keep", "redo", "restart"]
Duplicates = Literal["refuse", "skip"]
InDoubtPolicy = Literal["fail", "redo"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything ``map`` takes beside the function and the items. See :func:`onward.map` for what each means."""

    job: str
    run: str = "default"
    store: Any = None
    key: str | Callable[[Any], Key] | None = None
    params: Mapping[str, Any] | None = None
    every: int | str | cadence.Every | None = "auto"
    workers: int = 1
    executor: Any = None
    rate: str | None = None
    budget: str | Mapping[str, float] | None = None
    retries: int | retry.Retry = 0
    timeout: float | str | None = None
    grace: float | str = 30
    deadline: float | str | None = None
    limit: int | None = None
    batch: int | None = None
    max_failures: int | str | Default | None = DEFAULT
    max_crashes: int = 3
    retry_failed: bool = False
    on_change: OnChange = "stop"
    duplicates: Duplicates = "refuse"
    on_result: OnResult | None = None
    state: Any = None
    output: str | os.PathLike[str] | None = None
    output_format: str | None = None
    force: bool = False
    again: bool = False
    version: str | int | None = None
    reconcile: Callable[[Any, str, str], Any] | None = None
    in_doubt: InDoubtPolicy = "fail"
    observers: Sequence[Observer] = ()
    progress: bool | None = None
    command: str | None = None
    source_format: str | None = None
    terms: Terms = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", _resolve(self))

    def with_(self, **changes: Any) -> Settings:
        """These settings with some changed.

        Raises:
            UsageError: there is no such setting, or its value cannot be meant.
        """
        check_names(changes)
        return replace(self, **changes)


@dataclass(frozen=True)
class Terms:
    """Settings in the units the parts work with: seconds, functions, policies."""

    every: cadence.Every | None
    retries: retry.Retry
    timeout: float | None
    grace: float
    deadline: float | None
    budget: Mapping[str, float]
    key: Keying | None
    failure_limit: Callable[[], limits.FailureLimit]


def check_names(given: Mapping[str, Any]) -> None:
    """Refuse a policy that there is none of, and name the nearest.

    Raises:
        UsageError
    """
    known = {f.name for f in fields(Settings) if f.init}
    for name in given:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}=?" if near else ""
            raise UsageError(f"there is no setting {name}={hint}")


def _resolve(s: Settings) -> Terms:
    check_name("job", s.job)
    check_name("run", s.run)
    _check_choice("on_change", s.on_change, ("stop", "keep", "redo", "restart"))
    _check_choice("duplicates", s.duplicates, ("refuse", "skip"))
    _check_choice("in_doubt", s.in_doubt, ("fail", "redo"))
    if s.reconcile is not None and not callable(s.reconcile):
        raise UsageError(f"reconcile={s.reconcile!r}: a function of item, name and idempotency key")
    for what, number in (
        ("limit", s.limit),
        ("batch", s.batch),
        ("workers", s.workers),
        ("max_crashes", s.max_crashes),
    ):
        _check_count(what, number)
    for name in s.params or {}:
        if not isinstance(name, str):
            raise UsageError(f"params= are passed as keywords, and {name!r} is not a name")
    if s.rate is not None:
        limits.parse_rate(s.rate)
    limits.FailureLimit(s.max_failures)
    return Terms(
        every=cadence.parse(s.every),
        retries=retry.parse(s.retries),
        timeout=None if s.timeout is None else cadence.seconds(s.timeout, "timeout"),
        grace=0.0 if s.grace == 0 else cadence.seconds(s.grace, "grace"),
        deadline=None if s.deadline is None else cadence.seconds(s.deadline, "deadline"),
        budget=spending.parse_budget(s.budget),
        key=None if s.key is None else Keying(s.key),
        failure_limit=lambda: limits.FailureLimit(s.max_failures),
    )


def check_function(fn: Any) -> None:
    """Refuse what cannot be called.

    Raises:
        UsageError
    """
    if not callable(fn):
        raise UsageError(f"{fn!r} is not a function; give one that takes an item and returns its result")


def check_name(what: str, name: Any) -> None:
    """Refuse what cannot be the name of a job or a run.

    Raises:
        UsageError
    """
    if not isinstance(name, str) or not name.strip() or len(name.encode("utf-8", "replace")) > 200:
        raise UsageError(f"{what}={name!r}: a name of 1 to 200 bytes")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise UsageError(f"{what}={name!r}: a name without control characters")
    if not _is_unicode(name):
        raise UsageError(f"{what}={name!r}: not valid Unicode")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_choice(what: str, value: Any, choices: Sequence[str]) -> None:
    if value not in choices:
        raise UsageError(f"{what}={value!r}: one of {', '.join(choices)}")


def _check_count(what: str, number: Any) -> None:
    if number is not None and not cadence.whole(number, 1):
        raise UsageError(f"{what}={number!r}: a whole number from 1")


def identity_of(settings: Settings, fn: Callable[..., Any] | None, *, keyed: bool) -> identity.Identity:
    """The identity of a job with these settings."""
    return identity.identify(fn, params=settings.params or {}, version=settings.version, keyed=keyed)
