"""Imports go one way: from the command line down to the source, never back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "fastapi_guardrails"

#: What each part may import, besides itself.
ALLOWED = {
    "finding": set(),
    "config": set(),
    "source": {"finding"},
    "knowledge": set(),
    "model": {"finding", "config", "source", "knowledge"},
    "syntax": {"finding", "source"},
    "rules": {"finding", "config", "source", "knowledge", "model", "syntax"},
    "reuse": {"finding", "source"},
    "engine": {"finding", "config", "source", "model", "rules", "reuse", ""},
    "fix": {"finding", "engine", "source", "syntax"},
    "report": {"finding", "engine", "source", "rules", "fix", ""},
    "testing": {"finding", "config", "engine", "rules", "fix"},
    "cli": {"config", "engine", "source", "rules", "report", "fix", ""},
}

FILES = [
    file for file in sorted(PACKAGE.rglob("*.py")) if file.stem not in ("__main__",) and file.parent != PACKAGE
] + [PACKAGE / f"{part}.py" for part in ALLOWED if (PACKAGE / f"{part}.py").is_file()]


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_parts(file: Path) -> set[str]:
    """The parts of the package that a file imports, also inside functions; "" for the package itself."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == PACKAGE.name:
                part = rest.partition(".")[0]
                found.add(part if part in ALLOWED else "")
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file: Path) -> None:
    part = part_of(file)
    assert part in ALLOWED, f"say in this test what {part} may import"
    assert imported_parts(file) - {part} <= ALLOWED[part]


def test_no_rule_sees_an_ast_node() -> None:
    rules = list((PACKAGE / "rules").glob("fg*/*.py"))
    assert rules
    for file in rules:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        assert "ast" not in modules, file.name
