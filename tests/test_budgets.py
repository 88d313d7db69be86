"""Small modules, short functions, shallow nests, narrow seams. Over budget, an idea in it has no name yet."""

import ast
import statistics

import pytest

from shape import Module, load

MODULE_LINES = 400
MEDIAN_LINES = 200
FUNCTION_LINES = 40
NESTING = 4
VERBS = {("stores.base", "Store"): 9, ("executors.base", "Executor"): 3}

Function = ast.FunctionDef | ast.AsyncFunctionDef
COMPOUND = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match

MODULES = load()
each_module = pytest.mark.parametrize("module", MODULES.values(), ids=str)


@each_module
def test_modules_are_small(module: Module) -> None:
    lines = length(module)
    assert lines < MODULE_LINES, f"{module} has {lines} lines; under {MODULE_LINES} is the budget"


def test_most_modules_are_much_smaller() -> None:
    assert statistics.median(map(length, MODULES.values())) < MEDIAN_LINES


@each_module
def test_functions_are_short(module: Module) -> None:
    long = {place(module, f): n for f in functions(module) if (n := body_lines(f)) > FUNCTION_LINES}
    assert not long, f"lines, where {FUNCTION_LINES} are the budget: {long}"


@each_module
def test_nests_are_shallow(module: Module) -> None:
    deep = {place(module, f): n for f in functions(module) if (n := nesting(f.body)) > NESTING}
    assert not deep, f"levels, where {NESTING} are the budget: {deep}"


@pytest.mark.parametrize(("module", "name"), VERBS, ids=[name for _, name in VERBS])
def test_seams_are_narrow(module: str, name: str) -> None:
    found = verbs(MODULES[module], name)
    assert 0 < len(found) <= VERBS[module, name], found


# ----------------------------------------------------------------------------------- the measures


def length(module: Module) -> int:
    return len(module.path.read_text("utf-8").splitlines())


def functions(module: Module) -> list[Function]:
    return [node for node in ast.walk(module.tree) if isinstance(node, Function)]


def place(module: Module, function: Function) -> str:
    return f"{module}:{function.lineno} {function.name}"


def body_lines(function: Function) -> int:
    """The lines of the body; a docstring is free."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def verbs(module: Module, name: str) -> list[str]:
    """The public methods of a class, those of its bases in the same module included."""
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            own = [f.name for f in node.body if isinstance(f, Function) and not f.name.startswith("_")]
            return own + [verb for base in node.bases for verb in verbs(module, ast.unparse(base))]
    return []


def nesting(body: list[ast.stmt]) -> int:
    """How deep compound statements stand in one another: an elif stands beside its if, a def starts anew."""
    return max((depth(statement) for statement in body), default=0)


def depth(node: ast.AST) -> int:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return 0
        case ast.If(orelse=[ast.If() as elif_]):
            return max(1 + nesting(node.body), depth(elif_))
    inner = max((depth(child) for child in ast.iter_child_nodes(node)), default=0)
    return inner + isinstance(node, COMPOUND)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("x = 1", 0),
        ("if a:\n  x = 1", 1),
        ("if a:\n  x = 1\nelif b:\n  x = 2\nelif c:\n  x = 3", 1),
        ("if a:\n  x = 1\nelse:\n  if b:\n    x = 2\n  y = 1", 2),
        ("for a in b:\n  try:\n    x()\n  except E:\n    if c:\n      x()", 3),
        ("if a:\n  def f():\n    if b:\n      x()", 1),
    ],
)
def test_nesting_is_counted_as_it_reads(text: str, levels: int) -> None:
    assert nesting(ast.parse(text).body) == levels


def test_a_docstring_is_free() -> None:
    (function,) = ast.parse('def f():\n  """a\n\n  b"""\n  x = 1\n  return x').body
    assert isinstance(function, Function)
    assert body_lines(function) == 2
