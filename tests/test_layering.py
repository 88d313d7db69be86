"""Imports go downwards only, lazy and typing-only ones too; what stands side by side stays apart."""

import graphlib
import itertools
from pathlib import Path

import pytest

from shape import Module, imports, load

# Bottom to top. A part (a module or package right under onward/) may import parts of lower layers, never one
# of its own layer or a higher one. A new part is placed here, as low as what it imports allows.
LAYERS = [
    # the words
    ["_version", "disk", "faults", "model", "stop"],
    ["errors", "events", "flight"],
    ["forks"],
    # policy, no I/O
    ["cadence", "codec", "keying"],
    ["attempts", "identity"],
    ["settings"],
    # the seams, and what watches
    ["executors", "outputs", "progress", "sources", "stores"],
    # what is settled, and what becomes of it
    ["journal"],
    ["pending", "publish", "view"],
    ["report", "upkeep"],
    # the parts wired
    ["session"],
    ["loop", "plan", "streams"],
    ["jobs"],
    ["faces"],
    # what stands on onward as its users do
    ["llm", "testing"],
    ["recipes"],
    ["cli", "web"],
    ["__main__"],
]

# In these packages the members (back ends, recipes) do not know one another. All may import the helpers named
# here; the package's __init__ may import everything.
SEAMS = {
    "stores": {
        "base",
        "files",
        "locks",
        "places",
        "replay",
        "rows",
        "salvage",
        "schema",
        "text",
        "watermark",
    },
    "executors": {"base"},
    "sources": {"base", "fingerprint", "_files", "folder"},
    "outputs": {"base"},
    "llm": {
        "asking",
        "background",
        "base",
        "batches",
        "clients",
        "grounding",
        "layers",
        "line",
        "pacing",
        "prices",
        "prompts",
        "responses",
        "schemas",
        "weights",
    },
    "recipes": {"documents", "extras", "meetings", "naming", "note_taking", "transcripts"},
}

# Who may use onward the way a user does. For all others `import onward` itself is above them.
FACADE_USERS = {"testing", "recipes", "progress", "cli", "web", "__main__"}

MODULES = load()


def test_every_part_has_one_place() -> None:
    parts = list(itertools.chain(*LAYERS))
    assert len(parts) == len(set(parts))
    for module in MODULES.values():
        layer(module.part)


def test_imports_go_downwards() -> None:
    found = complaints(MODULES)
    assert not found, "\n".join(["", *found])


def test_no_module_needs_itself() -> None:
    def needs(module: Module) -> set[str]:
        targets = {name for name, _ in imports(module, MODULES) if name.partition(".")[0] == module.part}
        return targets - {module.name}

    graph = {name: needs(module) for name, module in MODULES.items() if name}
    graphlib.TopologicalSorter(graph).prepare()  # raises on a cycle, and names it


# ------------------------------------------------------------------------------------- the rule


def complaints(modules: dict[str, Module]) -> list[str]:
    return [
        f"{module}, line {line}: imports {target or 'onward'}: {why}"
        for module in modules.values()
        for target, line in sorted(set(imports(module, modules)))
        if (why := complaint(module, target))
    ]


def complaint(importer: Module, target: str) -> str | None:
    """Why the importer may not import the target; None where it may."""
    part = target.partition(".")[0]
    if importer.name == "" or (part == "" and importer.part in FACADE_USERS):
        return None
    if part == "":
        return "the facade stands on top of it"
    if part == importer.part:
        return None if same_member(importer, target) else "members of a seam do not know one another"
    if layer(part) == layer(importer.part):
        return "it stands in the same layer"
    return "it stands above" if layer(part) > layer(importer.part) else None


def same_member(importer: Module, target: str) -> bool:
    helpers = SEAMS.get(importer.part)
    if helpers is None or importer.name == importer.part:
        return True
    mine, other = (name.split(".")[1:2] for name in (importer.name, target))
    return mine == other or bool(helpers.intersection(other))


def layer(part: str) -> int:
    for height, parts in enumerate(LAYERS):
        if part in parts or part == "":
            return height
    raise AssertionError(f"onward.{part} has no place yet: put it into LAYERS in tests/test_layering.py")


# ----------------------------------------------------------------------------- the rule, checked


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in miniature, with layers of its own and nothing wrong."""
    small = [["_version", "model"], ["errors"], ["stores"], ["journal"], ["job"], ["cli"]]
    monkeypatch.setitem(globals(), "LAYERS", small)
    for name, text in {
        "__init__.py": "from onward.job import map",
        "model.py": "",
        "errors.py": "from onward.model import Report",
        "stores/__init__.py": "from . import base, sqlite",
        "stores/base.py": "from ..model import Item",
        "stores/sqlite.py": "from .base import Store\nfrom onward.stores import base",
        "journal.py": "import onward.stores.sqlite",
        "job.py": "from onward import journal",
        "cli.py": "import onward\nfrom onward import map",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_sound_package_passes(package: Path) -> None:
    assert complaints(load(package)) == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("model", "from onward.journal import J", "line 1: imports journal: it stands above"),
        ("model", "from . import journal", "line 1: imports journal: it stands above"),
        ("model", "def f():\n  import onward.journal", "line 2: imports journal: it stands above"),
        ("model", "if TYPE_CHECKING:\n  from .journal import J", "line 2: imports journal: it stands above"),
        ("model", "import_module('onward.journal')", "line 1: imports journal: it stands above"),
        ("model", "LAZY = {'f': 'onward.job:f'}", "line 1: imports job: it stands above"),
        ("model", "import onward._version", "line 1: imports _version: it stands in the same layer"),
        ("journal", "from onward import map", "line 1: imports onward: the facade stands on top of it"),
        ("journal", "import onward", "line 1: imports onward: the facade stands on top of it"),
        (
            "stores/file",
            "from .sqlite import Sqlite",
            "line 1: imports stores.sqlite: members of a seam do not know one another",
        ),
        (
            "stores/base",
            "from onward.stores import open",
            "line 1: imports stores: members of a seam do not know one another",
        ),
    ],
)
def test_an_unsound_one_does_not(package: Path, name: str, text: str, expected: str) -> None:
    (package / f"{name}.py").write_text(text)
    assert complaints(load(package)) == [f"{name.replace('/', '.')}, {expected}"]


def test_text_that_names_onward_is_not_an_import(package: Path) -> None:
    (package / "model.py").write_text(
        """raise TypeError(f"onward.{what}() takes no onward.journal of {this}")"""
    )
    assert complaints(load(package)) == []


def test_a_new_part_must_be_placed(package: Path) -> None:
    (package / "novel.py").write_text("import onward.errors")
    with pytest.raises(AssertionError, match=r"onward\.novel has no place yet"):
        complaints(load(package))
