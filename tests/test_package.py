"""What is built is what is meant: all of the package, its metadata and extras, and nothing else."""

import ast
import email
import itertools
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from shape import ROOT, SOURCE, load

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PRESENT_OR_NOT = {"IPython", "xllamacpp"}  # what the user runs already; what `make local-model` brings
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;]+)", re.MULTILINE)


def requirements(name: str) -> str:
    return (ROOT / "requirements" / name).read_text("utf-8")


def run(*command: object) -> str:
    done = subprocess.run(
        [*map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, and the wheel made from it, by the pinned build back end and without the network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert names == {str(Path("onward") / path.relative_to(SOURCE)) for path in files}
    assert "onward/py.typed" in names


def test_the_sdist_holds_what_a_tester_needs(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert names >= {"pyproject.toml", "README.md", "LICENSE", "Makefile", "requirements/dev.txt"}
    assert names >= {"src/onward/py.typed", "tests/conftest.py", "tests/test_package.py"}
    assert not {name for name in names if name.startswith((".venv", ".git/", ".onward"))}


def test_the_metadata(metadata: Message) -> None:
    assert metadata["Name"] == "onward"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    needed = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert sorted(needed) == sorted(PROJECT["dependencies"])
    assert "LICENSE" in metadata.get_all("License-File", [])


def test_the_wheel_works_where_it_is_installed(wheel: Path, metadata: Message, tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--target", tmp_path, wheel)
    find = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    version, path = run(
        sys.executable, "-c", f"{find}; import onward as o; print(o.__version__, o.__file__)"
    ).split()
    assert version == metadata["Version"]
    assert Path(path).is_relative_to(tmp_path)
    assert "onward = onward.cli:main" in next(tmp_path.glob("*.dist-info/entry_points.txt")).read_text()


# --------------------------------------------------------------- the pinned requirements


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "local-model.txt"])
def test_requirements_name_no_place(name: str) -> None:
    for line in requirements(name).splitlines():
        assert not re.search(r"://|^-|index-url|find-links|\s/\w", line), line


def test_both_files_pin_the_same() -> None:
    pins = {name: set(PIN.findall(requirements(name))) for name in ("run.txt", "dev.txt")}
    assert pins["run.txt"] <= pins["dev.txt"]


def test_every_dependency_is_pinned() -> None:
    pinned = PIN.findall(requirements("dev.txt") + requirements("local-model.txt"))
    assert declared() <= {name for name, _ in pinned}


def test_every_import_is_declared() -> None:
    trees = [module.tree for module in load().values()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    roots = (
        {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - PRESENT_OR_NOT - {"onward"}
    )
    homes = packages_distributions()
    undeclared = {root for root in roots if not {name.lower() for name in homes.get(root, [])} & declared()}
    assert not undeclared


def declared() -> set[str]:
    extras = itertools.chain(*PROJECT["optional-dependencies"].values())
    names = {re.split(r"[\[<>=~! ]", line)[0] for line in [*PROJECT["dependencies"], *extras]}
    return names - {"onward"}  # extras that are made of others
