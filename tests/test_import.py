"""`import onward` is cheap, and needs nothing that is optional."""

import importlib.metadata
import json
import subprocess
import sys

import onward

PUBLIC = {
    "run", "map", "amap", "stream", "astream", "job", "load", "step",
    "Skip", "Every", "Report", "Outcome", "OnwardError", "Interrupted",
}  # fmt: skip
AT_MOST = 23

# What a bare import may not bring along: each costs more than the rest of onward, or is not always there.
HEAVY = {
    "asyncio",
    "concurrent.futures",
    "multiprocessing",
    "sqlite3",
    "ssl",
    "http.client",
    "logging.config",
}

# The only package from elsewhere that the public names are made of.
ALLOWED = {"onward", "msgspec"}

OPTIONAL = [
    "IPython",
    "anthropic",
    "dask",
    "distributed",
    "genai_prices",
    "httpx2",
    "filelock",
    "httpx2",
    "icalendar",
    "numpy",
    "onnxruntime",
    "openai",
    "psycopg",
    "pydantic",
    "ray",
    "tokenizers",
    "xllamacpp",
    "yaml",
]


def python(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_by(code: str) -> set[str]:
    report = (
        "import json, sys; before = set(sys.modules)\n{}\nprint(json.dumps(list(set(sys.modules) - before)))"
    )
    return set(json.loads(python(report.format(code)).splitlines()[-1]))


def test_the_import_brings_nothing_heavy() -> None:
    assert not loaded_by("import onward") & HEAVY


def test_the_import_brings_nothing_from_elsewhere() -> None:
    roots = {name.partition(".")[0] for name in loaded_by("import onward")}
    assert roots - ALLOWED <= sys.stdlib_module_names


def test_a_plain_run_needs_no_asyncio() -> None:
    loop = """
import onward
with onward.run("plain") as run:
    for item in run.pending([1, 2]):
        run.succeed(item)
"""
    assert "asyncio" not in loaded_by(loop)


def test_every_module_imports_without_the_extras() -> None:
    python(
        f"""
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({OPTIONAL}))  # None makes an import of it fail
import onward
for module in pkgutil.walk_packages(onward.__path__, "onward."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
    )


def test_the_public_names() -> None:
    assert set(onward.__all__) >= PUBLIC
    assert len(set(onward.__all__) - {"__version__"}) <= AT_MOST, "is each of these names for everyone?"
    for name in onward.__all__:
        assert getattr(onward, name) is not None
        assert name in dir(onward)
    assert not hasattr(onward, "no_such_name")


def test_the_version_has_one_source() -> None:
    assert onward.__version__ == importlib.metadata.version("onward")
