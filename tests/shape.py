"""A package read with ast: its modules, and who imports whom. For the tests of layers and budgets."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "onward"


@dataclass(frozen=True)
class Module:
    """One file of a package; names are dotted and start below the package, whose own name is ""."""

    name: str
    path: Path
    tree: ast.Module

    def __str__(self) -> str:
        return self.name or "__init__"

    @property
    def part(self) -> str:
        """The module or package right under onward/ that it is, or is in."""
        return self.name.partition(".")[0]

    def absolute(self, node: ast.ImportFrom) -> str:
        """What the import is from, with its leading dots resolved."""
        if not node.level:
            return node.module or ""
        here = ["onward", *filter(None, self.name.split("."))]
        up = node.level - (self.path.name == "__init__.py")
        return ".".join([*here[: len(here) - up], *filter(None, [node.module])])


def load(root: Path = SOURCE) -> dict[str, Module]:
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = Module(name, path, ast.parse(path.read_text("utf-8")))
    return modules


def imports(module: Module, modules: dict[str, Module]) -> Iterator[tuple[str, int]]:
    """Each of the package's modules that the module imports, wherever in it, with the line."""
    for node in ast.walk(module.tree):
        for name in _names(node, module, modules):
            head, _, rest = name.partition(".")
            if head == "onward":
                yield rest, node.lineno  # type: ignore[attr-defined]


def _names(node: ast.AST, module: Module, modules: dict[str, Module]) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            base = module.absolute(node)
            names = [f"{base}.{alias.name}" for alias in node.names]
            return [name if name.removeprefix("onward.") in modules else base for name in names]
        case ast.Constant(value=str(text)) if text.startswith("onward."):  # import_module, lazy tables
            name = text.partition(":")[0]
            return [name] if name.removeprefix("onward.") in modules.keys() - {""} else []
    return []
