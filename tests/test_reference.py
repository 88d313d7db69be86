"""The pages of reference that follow from the code say what it says now."""

import importlib.util
import re
import sys
from types import ModuleType

import pytest

from shape import ROOT

FOLDER = ROOT / "docs" / "reference"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_make", FOLDER / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["api.md", "models.md", "errors.md", "events.md"])
def test_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == load().made(name), "run: python docs/reference/make.py"


def test_every_public_name_is_there() -> None:
    import onward
    from onward import llm

    pages = "".join((FOLDER / name).read_text("utf-8") for name in load().PAGES)
    public = [*onward.__all__, *llm.__all__]
    missing = [name for name in public if not name.startswith("__") and name not in pages]
    assert not missing


def test_every_error_has_a_way_out() -> None:
    from onward import errors

    made = load()
    leaves = [
        kind.__name__
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.OnwardError) and not kind.__subclasses__()
    ]
    assert [name for name in leaves if name not in made.WAYS_OUT] == []


def test_the_architecture_names_every_part_and_no_other() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(\w+?)/?` \|", page, re.MULTILINE))
    source = ROOT / "src" / "onward"
    parts = {path.stem for path in source.glob("*.py")} | {
        path.parent.name for path in source.glob("*/__init__.py")
    }
    assert listed == parts - {"__init__"}
