"""From ``module:name`` or ``file.py:name`` to the job or function that it names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import onward
from onward.errors import OnwardError, UsageError
from onward.jobs import Job
from onward.progress import printable

_LIBRARIES = (sysconfig.get_path("stdlib"), Path(onward.__file__).parent)


class Target(NamedTuple):
    """What a target names, and the name a plain function's job gets unless told otherwise."""

    found: Job | Callable[..., Any]
    default_name: str


class TargetFailed(OnwardError):
    """The user's file or module raises an error when it is imported."""

    def __init__(self, message: str, error: BaseException) -> None:
        super().__init__(message)
        self.exit_code = error.exit_code if isinstance(error, OnwardError) else 1


@cache
def load(spec: str) -> Target:
    """The job or function that ``spec`` names: ``app.py:screen``, ``package.module:screen``, or ``app.py``
    alone if there is one job in it.

    Raises:
        UsageError: there is no such file, module or name, or it is neither a job nor a function.
        TargetFailed: importing it raises.
    """
    place, name = _split(spec)
    module = _from_file(Path(place)) if _is_file(place) else _from_name(place)
    if not name:
        name = _only_job(module, place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"there is no {name} in {place}{_offer(module)}")
        found = getattr(found, part)
    if not isinstance(found, Job) and (not callable(found) or isinstance(found, type)):
        raise UsageError(f"{spec} is a {type(found).__name__}, neither a job nor a function{_offer(module)}")
    own_name = getattr(found, "__name__", name)
    return Target(found, own_name if str(own_name).isidentifier() else name)


def _split(spec: str) -> tuple[str, str]:
    place, colon, name = spec.rpartition(":")
    if not colon or name.endswith(".py"):  # the colon of a Windows drive names nothing
        return spec, ""
    if not place or not name:
        raise UsageError(f"{spec}: write FILE.py:NAME or MODULE:NAME")
    return place, name


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _from_file(path: Path) -> ModuleType:
    if path.suffix != ".py" or not path.is_file():
        raise UsageError(f"there is no Python file {path}")
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    # Under its own name, so that worker processes can import it too, unless that hides another module.
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"onward_target_{path.stem}" if taken else path.stem
    return _imported(str(path), lambda: _executed(name, path))


def _executed(name: str, path: Path) -> ModuleType:
    loader = SourceFileLoader(name, str(path))
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None, "a loader was given"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def _from_name(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"{name!r} names no module; write FILE.py:NAME or MODULE:NAME")
    sys.path.insert(0, str(Path.cwd()))
    return _imported(name, lambda: importlib.import_module(name))


def _imported(place: str, load_it: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load_it()
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(f"{error.name}.")):
            file = f"; did you mean {place}.py?" if Path(f"{place}.py").is_file() else ""
            raise UsageError(f"there is no module {place} here or in this Python{file}") from error
        raise TargetFailed(_what_failed(place, error), error) from error
    except (Exception, SystemExit) as error:
        raise TargetFailed(_what_failed(place, error), error) from error


def _what_failed(place: str, error: BaseException) -> str:
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}, line {error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)
    ]
    if not frames:
        return f"{place}: {message}"
    # The user's own last line, if the error came from deeper down: from a library, or from us.
    own = [frame for frame in frames if not _is_library(frame.filename)]
    frame = (own or frames)[-1]
    return f"{_short(frame.filename)}, line {frame.lineno}: {message}"


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen ") or filename in (__file__, importlib.__file__)


def _is_library(filename: str) -> bool:
    if filename.startswith("<") or "site-packages" in filename:
        return True
    return any(Path(filename).is_relative_to(place) for place in _LIBRARIES)


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename


def _only_job(module: ModuleType, place: str) -> str:
    names = _jobs(module)
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError(f"there is no job in {place}; to run a plain function, name it: {place}:NAME")
    listed = "  ".join(f"{place}:{printable(name)}" for name in names)
    raise UsageError(f"there are {len(names)} jobs in {place}; name one: {listed}")


def _jobs(module: ModuleType) -> list[str]:
    """Names under which the module has jobs, each job once."""
    found = reversed(list(vars(module).items()))
    # By its type: asked for its class, a stand-in for what is yet to be imported imports it, into this very module.
    names = {id(value): name for name, value in found if issubclass(type(value), Job)}
    return sorted(names.values())


def _offer(module: ModuleType) -> str:
    names = _jobs(module)
    return f"; it has {', '.join(names)}" if names else ""
