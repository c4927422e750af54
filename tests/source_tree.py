"""The source as the architecture tests see it: every file, and what each imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tunesmith"


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and where it is imported."""

    name: str
    line: int


@dataclass(frozen=True)
class SourceFile:
    """One Python file below a source folder."""

    folder: Path
    path: Path

    @property
    def name(self) -> str:
        """The file's path below the source folder, with forward slashes."""
        return self.path.relative_to(self.folder).as_posix()

    @property
    def part(self) -> str:
        """The first folder below the source folder; empty for the package's own files."""
        return self.name.split("/")[0] if "/" in self.name else ""

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[Import]:
        """Give every import, also those inside functions and under TYPE_CHECKING."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}:{node.lineno}: a relative import"
                yield from (Import(f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def source_files(folder: Path = SOURCE) -> list[SourceFile]:
    """Find every Python file below a folder."""
    return [SourceFile(folder, path) for path in sorted(folder.rglob("*.py"))]


def full_name(node: ast.AST) -> str:
    """Write `a.b.c` for a chain of attributes; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        above = full_name(node.value)
        return f"{above}.{node.attr}" if above else ""
    return ""
