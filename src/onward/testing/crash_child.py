"""One session of a job under a crash test: ``python -m onward.testing.crash_child TASK.json``."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from onward.attempts.calls import is_async
from onward.attempts.context import attempt_for
from onward.errors import Interrupted, OnwardError
from onward.events import Event, Saved
from onward.jobs import Job
from onward.settings import Settings


class Task(msgspec.Struct, frozen=True):
    """What to run, and how it is to end.

    Attributes:
        file, module, name: where the function is.
        search: the places modules are looked for.
        witness: a file that gets a line for each call, the item's key, and an empty one for each save.
        at_save: which save to die behind; 0 for none.
    """

    file: str
    module: str
    name: str
    job: str
    run: str
    items: str
    policies: dict[str, Any]
    search: list[str]
    store: str = ""
    witness: str = ""
    at_save: int = 0


def main(plan: str) -> int:
    task = msgspec.json.decode(Path(plan).read_bytes(), type=Task)
    sys.path[:] = task.search
    job = _job(task)
    job = Job(job.fn, job.settings.with_(job=task.job, **task.policies))
    witness = os.open(task.witness, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        report = Job(_watched(job.fn, witness), job.settings).map(
            task.items,
            store=task.store,
            observers=[*job.settings.observers, _Killer(witness, task.at_save)],
            progress=False,
        )
    except (OnwardError, Interrupted) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 3 if report.failed else 0


def _job(task: Task) -> Job:
    found: Any = _module(task)
    for part in task.name.split("."):
        found = getattr(found, part)
    return found if isinstance(found, Job) else Job(found, Settings(job=task.job))


def _module(task: Task) -> Any:
    """By its name where that leads to the same file, as a script's does not."""
    try:
        module = importlib.import_module(task.module) if task.module != "__main__" else None
    except ImportError:
        module = None
    if module is not None and Path(str(module.__file__)).resolve() == Path(task.file):
        return module
    name = Path(task.file).stem
    spec = importlib.util.spec_from_file_location(name, task.file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path.insert(0, str(Path(task.file).parent))
    spec.loader.exec_module(module)
    return module


def _watched(fn: Callable[..., Any], witness: int) -> Callable[..., Any]:
    """The function, with a line in the witness before each call."""

    def told() -> None:
        keys = "".join(f"{item.key}\n" for item in attempt_for("crash test").unit)
        os.write(witness, keys.encode("utf-8", "backslashreplace"))

    @functools.wraps(fn)
    def plain(argument: Any, **params: Any) -> Any:
        told()
        return fn(argument, **params)

    @functools.wraps(fn)
    async def asynchronous(argument: Any, **params: Any) -> Any:
        told()
        return await fn(argument, **params)

    return asynchronous if is_async(fn) else plain


class _Killer:
    """Counts the saves in the witness, and kills the process behind one of them."""

    def __init__(self, witness: int, at_save: int) -> None:
        self._witness = witness
        self._at_save = at_save
        self._saves = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, Saved):
            self._saves += 1
            os.write(self._witness, b"\n")
            if self._saves == self._at_save:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
