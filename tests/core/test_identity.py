"""What a function is: its source without comments, layout and decorators, the same in every process."""

import dataclasses
import functools
import importlib.util
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import pydantic
import pytest

from onward.errors import UsageError
from onward.identity import differences, identify, keying, normalised_source


def define(tmp_path: Path, source: str, name: str = "f") -> Any:
    """What a module file defines; a file of its own each time, because sources are cached by name."""
    path = tmp_path / f"defined_{len(list(tmp_path.iterdir()))}.py"
    path.write_text("import functools\n" + textwrap.dedent(source))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def source_of(tmp_path: Path, source: str) -> str:
    return normalised_source(define(tmp_path, source))


PLAIN = """
def f(item, k=2):
    total = item + k
    return [total, "text"]
"""

SAME = {
    "comments": """
# before
def f(item, k=2):  # here
    # there
    total = item + k
    return [total, "text"]
""",
    "layout": """
def f(
    item,
    k = 2,
):

    total = (item
             + k)

    return [
        total, 'text'
    ]
""",
    "decorators": """
def passing(**policies):
    return lambda function: function

@passing(retries=3)
@functools.lru_cache
def f(item, k=2):
    total = item + k
    return [total, "text"]
""",
    "wrappers": """
def wrapping(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

@wrapping
def f(item, k=2):
    total = item + k
    return [total, "text"]
""",
    "nesting": """
def make():
    def f(item, k=2):
        total = item + k
        return [total, "text"]
    return f
f = make()
""",
}

OTHER = {
    "a constant": PLAIN.replace("text", "Text"),
    "a default": PLAIN.replace("k=2", "k=3"),
    "a parameter's name": PLAIN.replace("item", "value"),
    "an operator": PLAIN.replace("item + k", "item - k"),
    "async": PLAIN.replace("def", "async def"),
    "a name": PLAIN.replace("def f", "def g") + "f = g",
    "an annotation": PLAIN.replace("):", ") -> list:"),
    "a docstring": PLAIN.replace("    total =", '    "What it says may be a prompt."\n    total =', 1),
}


@pytest.mark.parametrize("source", SAME.values(), ids=SAME)
def test_what_does_not_count(tmp_path: Path, source: str) -> None:
    assert source_of(tmp_path, source) == source_of(tmp_path, PLAIN)


@pytest.mark.parametrize("source", OTHER.values(), ids=OTHER)
def test_what_counts(tmp_path: Path, source: str) -> None:
    assert source_of(tmp_path, source) != source_of(tmp_path, PLAIN)


LAMBDAS = [
    "f = lambda x: x + {}\n",
    "call = lambda *a: a[0]\nf = call(\n    lambda x: x + {},  # comment\n    [1, 2],\n)\n",
    "call = lambda *a: a[0]\nf = call(lambda x: x + {}, [\n    1,\n])\n",
    "f = (lambda x:\n     x + {})\n",
    "fs = {{'a': lambda x: x + {}, 'b': 1}}\nf = fs['a']\n",
    "f, g = (lambda x: x + {}), (lambda x: x)\n",
    "f = (lambda x: (lambda y: y + {}))\n",
    "if True:\n    f = lambda x: x + {}\n",
]


@pytest.mark.parametrize("source", LAMBDAS)
def test_lambdas_are_told_apart(tmp_path: Path, source: str) -> None:
    one, same, other = (source_of(tmp_path, source.format(n)) for n in (1, 1, 2))
    assert one == same
    assert one != other


def test_two_lambdas_on_a_line_are_told_apart(tmp_path: Path) -> None:
    source = "f, g = lambda x: x + 1, lambda x: x + 2\n"
    assert normalised_source(define(tmp_path, source, "f")) != normalised_source(
        define(tmp_path, source, "g")
    )


def test_a_lambda_does_not_depend_on_what_stands_around_it(tmp_path: Path) -> None:
    plain = source_of(tmp_path, "f = lambda x: x + 1\n")
    assert source_of(tmp_path, "# comment\n\nf = (\n  lambda x: x + 1\n)\n") == plain


# Without source


def executed(source: str, name: str = "f") -> Any:
    scope: dict[str, Any] = {}
    exec(textwrap.dedent(source), scope)
    return scope[name]


def test_a_function_without_source_is_known_by_its_code() -> None:
    assert normalised_source(executed(PLAIN)) == normalised_source(executed("\n\n# moved\n" + PLAIN))
    for change, source in OTHER.items():
        if change not in ("a name", "an annotation", "a docstring"):
            assert normalised_source(executed(source)) != normalised_source(executed(PLAIN)), change


def test_inner_functions_without_source_count() -> None:
    inner = "def f(x):\n    def g(y):\n        return y + {}\n    return g(x)\n"
    assert normalised_source(executed(inner.format(1))) == normalised_source(executed(inner.format(1)))
    assert normalised_source(executed(inner.format(1))) != normalised_source(executed(inner.format(2)))


def test_a_class_without_source_is_known_by_its_methods() -> None:
    source = "class C:\n    def __call__(self, x):\n        return x + {}\nf = C()\n"
    assert normalised_source(executed(source.format(1))) == normalised_source(executed(source.format(1)))
    assert normalised_source(executed(source.format(1))) != normalised_source(executed(source.format(2)))


@pytest.mark.parametrize(
    "source",
    [
        "f = lambda x: x in {'a', 'b', 'c', 'd'}",
        "def f(x):\n    return x in {'a', 'b', 'c', 'd'}, lambda: x in {'e', 'f', 'g'}",
        "import functools\nf = functools.partial(print, {'a', 'b', 'c', 'd'})",
        "def f(x, tags=frozenset(['a', 'b', 'c'])):\n    return x",
    ],
)
def test_identity_is_the_same_in_every_process(source: str) -> None:
    code = f"scope = {{}}; exec({source!r}, scope)\n" + (
        "from onward.identity import identify\n"
        "params = {'labels': {'a', 'b', 'c'}, 'options': {'x': 1, 'y': 2}}\n"
        "print(identify(scope['f'], params=params, version=None, keyed=True))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(found) == 1


# Other callables


def test_bound_arguments_count(tmp_path: Path) -> None:
    f = define(tmp_path, PLAIN)
    partial = functools.partial
    assert normalised_source(partial(f, k=1)) != normalised_source(f)
    assert normalised_source(partial(f, k=1)) != normalised_source(partial(f, k=2))
    assert normalised_source(partial(f, 1)) != normalised_source(partial(f, k=1))
    assert normalised_source(partial(partial(f, 1), k=2)) == normalised_source(partial(f, 1, k=2))
    assert normalised_source(partial(f, k=1, item=2)) == normalised_source(partial(f, item=2, k=1))


def test_bound_arguments_without_json_form_need_a_version() -> None:
    with pytest.raises(UsageError, match="version="):
        normalised_source(functools.partial(print, object()))
    assert identify(functools.partial(print, object()), params={}, version=3, keyed=False)


def test_callable_objects_are_known_by_their_class(tmp_path: Path) -> None:
    source = """
    class Scorer:
        def __init__(self, model=None):
            self.model = model
        def __call__(self, item):
            return item{}
        def method(self, item):
            return item{}
    """
    one, same, other = (
        define(tmp_path, source.replace("{}", end), "Scorer") for end in ("", "  # comment", " + 1")
    )
    assert normalised_source(one()) == normalised_source(same("other state"))
    assert normalised_source(one()) != normalised_source(other())
    assert normalised_source(one().method) == normalised_source(same().method)
    assert normalised_source(one().method) != normalised_source(other().method)


def test_builtins_are_known_by_name() -> None:
    assert normalised_source(len) != normalised_source(sum)
    assert normalised_source(str.upper) != normalised_source(str.lower)
    assert normalised_source(len) == normalised_source(len)
    assert normalised_source(int) == normalised_source(int)


# The parts


def parts(function: Callable[..., Any] | None = len, **changes: Any) -> Any:
    return identify(function, **{"params": {}, "version": None, "keyed": False, **changes})


def test_each_parameter_is_a_part() -> None:
    found = parts(params={"prompt": "p", "model": "m"})
    assert set(found) == {"function", "param prompt", "param model", "key"}
    changed = parts(params={"prompt": "q", "temperature": 1})
    lines = differences(found, changed)
    assert len(lines) == 3
    assert lines[0].startswith('param model: "m"')
    assert "(none)" in lines[0]
    assert '"p"' in lines[1]
    assert '"q"' in lines[1]
    assert differences(found, parts(params={"model": "m", "prompt": "p"})) == []


def test_the_order_within_a_parameter_does_not_count() -> None:
    assert parts(params={"options": {"a": 1, "b": [1, {"c": 1, "d": 2}]}}) == parts(
        params={"options": {"b": [1, {"d": 2, "c": 1}], "a": 1}}
    )
    assert parts(params={"o": [1, 2]}) != parts(params={"o": [2, 1]})


def test_long_parameters_are_shown_in_short() -> None:
    found = parts(params={"prompt": "x" * 5000})
    assert len(found["param prompt"].shown) == 80
    assert differences(found, parts(params={"prompt": "x" * 5001}))


def test_parameters_need_a_json_form() -> None:
    with pytest.raises(UsageError, match="parameter model"):
        parts(params={"model": object()})


class Knob:
    """A value that knows what decides about it."""

    def __init__(self, **parts: Any) -> None:
        self._parts = parts

    def onward_identity(self) -> dict[str, Any]:
        return self._parts


def test_a_parameter_may_say_what_decides_about_it() -> None:
    found = parts(params={"model": Knob(name="m", temperature=0)})
    assert set(found) == {"function", "param model.name", "param model.temperature", "key"}
    changed = parts(params={"model": Knob(name="m", temperature=0.5, seed=1)})
    assert [line.partition(":")[0] for line in differences(found, changed)] == [
        "param model.seed",
        "param model.temperature",
    ]


def test_and_its_parts_need_a_json_form() -> None:
    with pytest.raises(UsageError, match=r"parameter model\.seed"):
        parts(params={"model": Knob(seed=object())})


@pytest.mark.parametrize("kind", ["pydantic", "dataclass", "typed dict"])
def test_a_type_counts_by_its_schema(kind: str) -> None:
    def verdict(score: Any) -> Any:
        fields = {"score": score, "reason": str}
        if kind == "pydantic":
            return pydantic.create_model("Verdict", **{name: (each, ...) for name, each in fields.items()})
        if kind == "dataclass":
            return dataclasses.make_dataclass("Verdict", list(fields.items()))
        return TypedDict("Verdict", fields)

    found = parts(params={"schema": verdict(int)})
    assert found["param schema"].shown == "Verdict(score, reason)"
    assert differences(found, parts(params={"schema": verdict(int)})) == []
    (line,) = differences(found, parts(params={"schema": verdict(float)}))
    assert line.startswith("param schema: Verdict(score, reason) (")


def test_a_type_without_a_schema_is_no_parameter() -> None:
    with pytest.raises(UsageError, match="the parameter schema is the type Knob, without a schema"):
        parts(params={"schema": Knob})


def test_a_version_stands_for_the_source() -> None:
    assert parts(len, version=1) == parts(sum, version=1)
    assert parts(version=1) != parts(version=2)
    assert parts(version="2024-01") == parts(version="2024-01")
    assert differences(parts(version=1), parts(version=2))[0].startswith("function: version 1")


def test_a_change_of_source_says_so(tmp_path: Path) -> None:
    one = parts(define(tmp_path, PLAIN))
    two = parts(define(tmp_path, PLAIN.replace("+", "-")))
    assert "f: its source changed" in differences(one, two)[0]


def test_keying_is_a_part() -> None:
    assert keying(parts(keyed=True))
    assert not keying(parts(keyed=False))
    assert not keying({})
    assert differences(parts(keyed=True), parts(keyed=False))[0].startswith("key: keyed")


def test_a_loop_has_no_function() -> None:
    assert set(parts(None)) == {"key"}
