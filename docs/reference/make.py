"""Writes the pages of reference that follow from the code: api.md, models.md, errors.md and events.md.

    python docs/reference/make.py           writes them
    python docs/reference/make.py --check   exits with 1 if one of them is not what it would write

What stands in them is the docstrings' text and the signatures; only the order and the headings are here.
"""

# ruff: noqa: T201, E501 - a program that prints, and prose

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

import onward
from onward import errors, events, faces, jobs, llm, loop, model, plan, report, view
from onward.attempts import context

HERE = Path(__file__).parent
SECTIONS = {
    "Args",
    "Attributes",
    "Returns",
    "Raises",
    "Raises (any property)",
    "Raises (when called)",
    "Yields",
}
MADE = "<!-- Made by docs/reference/make.py from the docstrings; change those, then run it. -->\n"


@dataclasses.dataclass
class Doc:
    """A docstring, taken apart: its text, and under the name of each section its entries."""

    text: str
    entries: dict[str, dict[str, str]]
    prose: dict[str, str]

    def of(self, name: str) -> str:
        """What is said of one parameter or attribute; an entry may be of several: ``succeeded, failed``."""
        for section in ("Args", "Attributes"):
            for names, said in self.entries.get(section, {}).items():
                if name in re.split(r",\s*", names):
                    return said
        return next((f"see `{names}`" for names, said in self.listed() if f"`{name}`" in said), "")

    def listed(self) -> Iterator[tuple[str, str]]:
        for section in ("Args", "Attributes"):
            yield from self.entries.get(section, {}).items()


def doc(thing: Any) -> Doc:
    text, entries, prose = "", {}, {}
    section = None
    for block in re.split(r"\n(?=\S)", inspect.cleandoc(thing.__doc__ or "")):
        head = block.partition(":\n")[0]
        if ":\n" in block and head in SECTIONS:
            section = head
            body = textwrap.dedent(block.partition(":\n")[2])
            entries[section] = _entries(body)
            prose[section] = plain(body)
        elif section is None:
            text += block + "\n"
    return Doc(paragraphs(text), entries, prose)


def _entries(body: str) -> dict[str, str]:
    found = {}
    for entry in re.split(r"\n(?=\S)", body.strip()):
        names, colon, said = entry.partition(":")
        if colon and re.fullmatch(r"[\w.]+(, [\w.]+)*", names):
            found[names] = plain(said)
    return found


def plain(text: str) -> str:
    """One line of Markdown."""
    return marked(" ".join(text.split()))


def paragraphs(text: str) -> str:
    return "\n\n".join(marked(" ".join(part.split())) for part in text.strip().split("\n\n") if part.strip())


def marked(text: str) -> str:
    """reStructuredText's marks as Markdown's."""
    text = re.sub(r":\w+:`~?(?:[\w ]+<)?([\w.]+?)>?`", lambda found: f"`{found[1].split('.')[-1]}`", text)
    return text.replace("``", "`")


def shown(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    return text.replace("|", "\\|")


def default(value: Any) -> str:
    if value is inspect.Parameter.empty or value in (dataclasses.MISSING, msgspec.NODEFAULT):
        return ""
    if callable(value):
        return f"`{value().__class__.__name__}()`" if value in (dict, list) else ""
    return "see text" if type(value).__name__ == "Default" else f"`{value!r}`"


def signature(function: Callable[..., Any], name: str) -> str:
    parts = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "policies"):
            continue
        if (
            parameter.kind is parameter.KEYWORD_ONLY
            and "*" not in parts
            and not any(p.startswith("*") for p in parts)
        ):
            parts.append("*")
        mark = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
        plain_ = parameter.default is parameter.empty
        parts.append(mark + parameter.name + ("" if plain_ else f"={parameter.default!r}"))
    if "policies" in inspect.signature(function).parameters:
        parts.append("**policies")
    return f"{name}({', '.join(parts)})"


def table(titles: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


# --------------------------------------------------------------------------------------- pieces


def policies() -> Iterator[str]:
    said = doc(faces.map)
    rows = []
    for parameter in inspect.signature(faces.map).parameters.values():
        if parameter.name in ("fn", "items"):
            continue
        rows.append(
            [f"`{parameter.name}`", default(parameter.default) or "required", said.of(parameter.name)]
        )
    yield from table(["policy", "default", "meaning"], rows)


def face(function: Any, name: str, *, level: str = "###") -> Iterator[str]:
    said = doc(function)
    short = "onward.map(fn, items, *, job, **policies)" if name == "onward.map" else signature(function, name)
    yield from (f"{level} `{short}`", "", said.text, "")
    arguments = {
        k: v for k, v in said.entries.get("Args", {}).items() if name != "onward.map" or k in ("fn", "items")
    }
    if arguments:
        yield from table(["argument", "meaning"], [[f"`{k}`", v] for k, v in arguments.items()])
    if said.prose.get("Returns"):
        yield from (f"Returns: {said.prose['Returns']}", "")
    yield from raises(said)


def raises(said: Doc) -> Iterator[str]:
    for section in ("Raises", "Raises (any property)"):
        listed = said.entries.get(section)
        if listed:
            yield from ("Raises:", "")
            yield from (f"- `{name}`: {why}" for name, why in listed.items())
            yield ""
        elif said.prose.get(section):
            names = re.split(r",\s*", said.prose[section])
            yield from ("Raises " + ", ".join(f"`{name}`" for name in names) + ".", "")


def record(kind: Any, name: str) -> Iterator[str]:
    """A value: its attributes and what else it has."""
    said = doc(kind)
    yield from (f"### `{name}`", "", said.text, "")
    rows = [[f"`{field}`", shown(annotation), said.of(field)] for field, annotation in fields(kind)]
    told = any(said for _, _, said in rows)
    if rows:
        yield from table(
            ["attribute", "type", "meaning"] if told else ["attribute", "type"],
            [r if told else r[:2] for r in rows],
        )
    yield from members(kind)


def fields(kind: Any) -> Iterator[tuple[str, Any]]:
    listed = (
        kind.__struct_fields__
        if hasattr(kind, "__struct_fields__")
        else [f.name for f in dataclasses.fields(kind)]
    )
    notes: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        notes |= inspect.get_annotations(base)
    yield from ((name, notes[name]) for name in listed if not name.startswith("_"))


def members(kind: Any) -> Iterator[str]:
    rows = []
    for name, member in vars(kind).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        said = doc(member)
        form = f".{name}" if isinstance(member, property) else f".{signature(member, name)}"
        text = said.text.replace("\n\n", " ")
        if said.entries.get("Raises"):
            text += " Raises " + ", ".join(f"`{error}`" for error in said.entries["Raises"]) + "."
        rows.append([f"`{form}`", text])
    if rows:
        yield from table(["member", "meaning"], rows)


# ---------------------------------------------------------------------------------------- pages


def api() -> Iterator[str]:
    yield from ("# Python interface", "", MADE)
    yield from (
        "Everything a program needs is in `onward` itself. `import onward` is quick: each name is loaded when it is first used.",
        "",
        "- [Running a function](#running-a-function): `map`, `amap`, `stream`, `astream`, and [all policies](#policies)",
        "- [A loop of your own](#a-loop-of-your-own): `run`",
        "- [Jobs](#jobs): `job`, `Job`",
        "- [Inside a job function](#inside-a-job-function): `step`, `once`, `count`, `spend`, `Skip`",
        "- [Looking at a run](#looking-at-a-run): `load`",
        "- [Values](#values): `Report`, `Outcome`, `Every`, `Retry` and others",
        "- [Errors](errors.md): `OnwardError`, `Interrupted`, `Stopped`",
        "",
        "## Running a function",
        "",
    )
    for name in ("map", "amap", "stream", "astream"):
        yield from face(getattr(faces, name), f"onward.{name}")
    yield from ("## Policies", "")
    yield from (
        "The keyword arguments of `onward.map`. `amap`, `stream`, `astream`, `job` and `Job`'s methods take the same.",
        "",
    )
    yield from policies()
    yield from ("## A loop of your own", "")
    yield from face(faces.run, "onward.run")
    left_out = ", ".join(f"`{name}`" for name in sorted(faces._NOT_FOR_LOOPS))
    yield from (f"Not for loops: {left_out}.", "")
    yield from record_like(loop.Run, "Run")
    yield from ("## Jobs", "")
    yield from face(jobs.job, "onward.job")
    yield from record_like(jobs.Job, "Job")
    yield from record(plan.Plan, "Plan")
    yield from ("## Inside a job function", "")
    yield from face(onward.step, "onward.step")
    yield from face(onward.once, "onward.once")
    yield from face(onward.Done, "onward.Done")
    yield from face(onward.NotDone, "onward.NotDone")
    yield from face(onward.count, "onward.count")
    yield from face(onward.spend, "onward.spend")
    yield from face(onward.Skip, "onward.Skip")
    yield from face(context.current_run, "onward.attempts.context.current_run")
    yield from record_like(context.RunContext, "RunContext")
    yield from ("## Looking at a run", "")
    yield from face(onward.load, "onward.load")
    yield from record_like(view.RunView, "RunView")
    yield from ("## Values", "")
    for kind in (report.Report, model.Outcome, model.Failure, model.Progress, onward.Every, onward.Retry):
        yield from record(kind, kind.__name__)
    for kind in (model.OutputRecord, model.SessionRecord, model.Owner, model.Counts, model.Item):
        yield from record(kind, kind.__name__)


def record_like(kind: Any, name: str) -> Iterator[str]:
    said = doc(kind)
    yield from (f"### `{name}`", "", said.text, "")
    yield from raises(said)
    yield from members(kind)


WAYS_OUT = {
    "UsageError": "correct the argument; the message says how it is written",
    "ValueRefused": "return plain JSON values, dataclasses or pydantic models; the message gives the path to the part",
    "BatchMismatch": "return one result per item, in order",
    "SourceError": "mend the line that is named, or have bad records handled by your function; start again",
    "InDoubt": 'look whether it was done; give `reconcile=`, or `in_doubt="redo"`, and retry failed items',
    "StateNotRebuildable": '`on_change="restart"`, or compute the state with `on_result=`',
    "InputChanged": '`on_change=` "keep", "redo" or "restart"; or restore the input',
    "FunctionChanged": '`on_change=` "keep", "redo" or "restart"; or restore the function',
    "DuplicateKey": 'make keys unique, or `duplicates="skip"`',
    "OutputExists": "move the file, give another `output=`, or `force=True`",
    "OutputMissing": "put the output back, or `again=True`",
    "RunHeld": "wait, stop the other process, or give this run another name with `run=`",
    "BudgetReached": "start again with a larger `budget=`",
    "DeadlineReached": "start again to go on",
    "FailureLimitReached": "look at what failed, then start again",
    "KeyRefused": "give a key that is accepted, then start again",
    "QuotaExhausted": "raise the quota or wait for its renewal, then start again",
    "StoreUnwritable": "make room, or mend the permissions; start again",
    "StoreCorrupt": "restore a copy, or put what is good into a new store with `onward repair`",
    "StoreForeign": "give `store=` another place",
    "StoreNewer": "upgrade onward",
    "RunNotFound": "look at `onward status` for what is there",
}


def error_page() -> Iterator[str]:
    yield from ("# Errors", "", MADE)
    yield from (
        "What onward raises on purpose is an `onward.OnwardError`. Each message names the thing it is about and the way out. The command "
        "line exits with the error's `exit_code`.",
        "",
        "```text",
        _tree().rstrip(),
        "```",
        "",
    )
    listed = [
        kind for kind in vars(errors).values() if inspect.isclass(kind) and kind.__module__ == errors.__name__
    ]
    rows = []
    for kind in listed:
        if issubclass(kind, errors.OnwardError) and kind.__name__ in WAYS_OUT:
            rows.append([f"`{kind.__name__}`", str(kind.exit_code), doc(kind).text, WAYS_OUT[kind.__name__]])
    yield from table(["error", "exit code", "meaning", "way out"], rows)
    yield from (
        "All are in `onward.errors`; `onward.OnwardError`, `onward.Stopped` and `onward.Interrupted` are in `onward` too.",
        "",
        "## Three that stand outside",
        "",
        f"**`onward.Interrupted`** (exit code {errors.Interrupted.exit_code}). {doc(errors.Interrupted).text} It is a "
        "`KeyboardInterrupt`, so that a broad `except Exception` cannot swallow a Ctrl-C.",
        "",
        "**`onward.Skip`** is not an error but a way to settle an item: `raise onward.Skip(reason)` inside a job function.",
        "",
        "**`onward.NotDone`** is what a function that `onward.once` calls raises to say that it has done nothing, so that it may be tried again.",
        "",
        "## What your function raises",
        "",
        "is recorded as its item's failure, and does not reach the caller: look at `report.failures` or `onward errors JOB`.",
        "",
        "What a loop's body, the source and `on_result` raise is yours: it passes through, after a save. `SystemExit` and `KeyboardInterrupt` "
        "in an item pass through too, after a save, and leave the item to do.",
        "",
        "## A report with the error",
        "",
        "`Stopped` and `Interrupted` carry `.report`, which says how far the run is.",
        "",
        "```python",
        "import onward",
        "",
        "def broken(item):",
        '    raise ConnectionError("no network")',
        "",
        "try:",
        '    onward.map(broken, range(100), job="broken")',
        "except onward.Stopped as stop:",
        "    print(stop, stop.exit_code, stop.report.left)",
        "```",
        "",
    )


def _tree() -> str:
    lines = inspect.cleandoc(errors.__doc__ or "").splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("OnwardError"))
    end = next(number for number in range(start, len(lines)) if not lines[number].strip())
    return textwrap.dedent("\n".join(lines[start:end]))


def event_page() -> Iterator[str]:
    yield from ("# Events", "", MADE)
    yield from (
        "`observers=` takes callables. Each is called with every event of the session: for logs, metrics, a message at the end. The classes are in "
        "`onward.events`.",
        "",
        paragraphs((events.__doc__ or "").split("\n\n", 1)[1]),
        "",
        "An outcome is announced as saved only once it is durable. Building events costs nothing where nobody listens.",
        "",
    )
    for kind in vars(events).values():
        if inspect.isclass(kind) and issubclass(kind, events.Event) and kind is not events.Event:
            yield from record(kind, kind.__name__)
    yield from (
        "## An example",
        "",
        "```python",
        "import onward",
        "from onward.events import AttemptFailed, Saved, SessionEnded",
        "",
        "class Metrics:",
        "    saved = failed = 0",
        "",
        "    def __call__(self, event):",
        "        match event:",
        "            case Saved(outcomes=outcomes):",
        "                self.saved += len(outcomes)",
        '                self.failed += sum(outcome.status == "failed" for outcome in outcomes)',
        "            case AttemptFailed(key=key, error=error, wait=wait):",
        '                print(f"{key}: {error}; again in {wait:.1f} s")',
        '            case SessionEnded(how="finished"):',
        '                print("finished")',
        "",
        "metrics = Metrics()",
        'onward.map(len, ["a", "bb"], job="lengths", observers=[metrics])',
        "assert metrics.saved == 2",
        "```",
        "",
    )


def models() -> Iterator[str]:
    yield from ("# Models", "", MADE)
    yield from (
        "`onward.llm` is imported on its own; what it is for, [Ask models](../how-to/ask-models.md) says. Importing it loads no model and no "
        "optional dependency.",
        "",
        "## A model",
        "",
    )
    yield from face(llm.model, "onward.llm.model")
    yield from record_like(llm.Model, "Model")
    yield from record(llm.Answer, "Answer")
    yield from face(llm.Prompt, "onward.llm.Prompt")
    yield from record(llm.Size, "Size")
    yield from record(llm.Price, "Price")
    yield from ("## For tests", "")
    yield from face(llm.Scripted, "onward.llm.Scripted")
    yield from ("## A back end of your own", "")
    yield from record_like(llm.Backend, "Backend")
    for kind in (llm.Request, llm.Message, llm.Completion, llm.Usage, llm.RateLimits):
        yield from record(kind, kind.__name__)
    yield from ("## Errors", "")
    kinds = [getattr(llm, name) for name in llm.__all__]
    failures = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, errors.OnwardError)]
    rows = [[f"`{kind.__name__}`", f"`{kind.__base__.__name__}`", doc(kind).text] for kind in failures]
    yield from table(["error", "is a", "meaning"], rows)


PAGES = {"api.md": api, "models.md": models, "errors.md": error_page, "events.md": event_page}


def made(name: str) -> str:
    """What a page should hold."""
    text = "\n".join(PAGES[name]())
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def main() -> int:
    stale = (
        [name for name in PAGES if (HERE / name).read_text("utf-8") != made(name)]
        if "--check" in sys.argv
        else []
    )
    if "--check" in sys.argv:
        print(
            "\n".join(f"docs/reference/{name} is out of date; run docs/reference/make.py" for name in stale)
        )
        return int(bool(stale))
    for name in PAGES:
        (HERE / name).write_text(made(name), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
