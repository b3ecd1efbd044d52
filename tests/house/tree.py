"""The tree as the rules see it: parsed modules, who imports whom, and the files that git keeps."""

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "streamgauge"


@dataclass(frozen=True)
class Module:
    """One Python file. name: dotted, without `.__init__`; place: path as a person would write it."""

    name: str
    place: str
    is_package: bool
    source: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.source.splitlines())


@dataclass(frozen=True)
class Function:
    """One function or method with its own length in lines, docstring left out."""

    place: str
    name: str
    lines: int


def read_modules(root: Path) -> list[Module]:
    """Every Python file below `root`, named from the folder that `root` is in."""
    return [_read_module(root, path) for path in sorted(root.rglob("*.py")) if "__pycache__" not in path.parts]


def _read_module(root: Path, path: Path) -> Module:
    below = path.relative_to(root.parent)
    parts = below.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    source = path.read_text()
    return Module(".".join(parts[:-1] if is_package else parts), str(below), is_package, source, ast.parse(source))


def imports_of(module: Module, known: frozenset[str]) -> set[str]:
    """Known modules that this one imports, anywhere in it: inside functions and for typing only counts as well."""
    return {name for name in _imported_names(module) if name in known and name != module.name}


def _imported_names(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute_source(module, node)
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _absolute_source(module: Module, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    here = module.name.split(".")
    package = here if module.is_package else here[:-1]
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


def functions_of(module: Module) -> Iterator[Function]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            yield Function(f"{module.place}:{node.lineno}", node.name, lines)


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def comments_of(module: Module) -> dict[int, str]:
    """Line number to the comment on that line, without what stands before it."""
    tokens = tokenize.generate_tokens(io.StringIO(module.source).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def tracked_texts(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every file that git keeps or would keep (not ignored); files that are not UTF-8 text are left out."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root, check=True, capture_output=True
    )
    for name in sorted(filter(None, listing.stdout.decode().split("\0"))):
        try:
            yield name, (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # a picture, or a file that was deleted and not yet committed
