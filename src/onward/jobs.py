"""Jobs: a function and its policies, and the ways to run it over a source."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

from onward import streams
from onward.codec import restorer
from onward.errors import UsageError
from onward.model import Outcome
from onward.plan import Plan, make_plan
from onward.report import Report
from onward.session.execution import execute, execute_async
from onward.settings import Settings, check_function, check_names
from onward.stores import open_runs
from onward.view import RunView

F = TypeVar("F", bound=Callable[..., Any])


class Job:
    """A function with its policies. Calling it calls the function.

    ``map``, ``amap``, ``stream``, ``astream`` and ``plan`` take the items and any policy that is to differ.
    """

    def __init__(self, fn: Callable[..., Any], settings: Settings) -> None:
        check_function(fn)
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.settings = settings

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.settings.job

    def map(self, items: Any, **policies: Any) -> Report:
        """As :func:`onward.map`."""
        return execute(self.settings.with_(**policies), self.fn, items)

    async def amap(self, items: Any, **policies: Any) -> Report:
        """As :func:`onward.amap`."""
        return await execute_async(self.settings.with_(**policies), self.fn, items)

    def stream(
        self, items: Any, *, ordered: bool = False, replay: bool = True, **policies: Any
    ) -> Iterator[Outcome]:
        """As :func:`onward.stream`."""
        return streams.stream(self.settings.with_(**policies), self.fn, items, ordered=ordered, replay=replay)

    def astream(
        self, items: Any, *, ordered: bool = False, replay: bool = True, **policies: Any
    ) -> AsyncIterator[Outcome]:
        """As :func:`onward.astream`."""
        return streams.astream(
            self.settings.with_(**policies), self.fn, items, ordered=ordered, replay=replay
        )

    def plan(self, items: Any, **policies: Any) -> Plan:
        """What a run would do, and why; runs nothing and touches nothing."""
        return make_plan(self.settings.with_(**policies), self.fn, items)

    def view(self, run: str | None = None) -> RunView:
        """The job's run, to look at."""
        view = RunView(
            open_runs(self.settings.store),
            self.settings.job,
            run or self.settings.run,
            restorer(self.fn, batch=self.settings.batch is not None),
        )
        view.info  # noqa: B018 - raises if there is none
        return view

    def status(self, run: str | None = None) -> str:
        """ "running", "interrupted" or "finished"; RunNotFound if it was never started."""
        return self.view(run).status

    def __repr__(self) -> str:
        return f"<onward job {self.name!r}: {getattr(self.fn, '__qualname__', self.fn)}>"


def job(name: str, **policies: Any) -> Callable[[F], Job]:
    """Make a function a job that code and the command line can run.

    Args:
        name: the job's name; its runs are stored under it.
        policies: as for :func:`onward.map`.

    Raises:
        UsageError: a policy that there is none of, or a value that cannot be meant.
    """
    if callable(name):
        raise UsageError('write @onward.job("a-name"), with the name that its runs are stored under')
    check_names(policies)
    settings = Settings(job=name, **policies)
    return lambda fn: Job(fn, settings)
