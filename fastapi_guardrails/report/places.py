"""Paths as the systems that host repositories know them: from the root of the repository, not of the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fastapi_guardrails.finding import Diagnostic, Fix

if TYPE_CHECKING:
    from fastapi_guardrails.engine import Result


def from_repository(result: Result) -> Result:
    """The same result with paths from the root of the repository (a backend in a folder of one, for instance)."""
    prefix = _prefix(Path(result.report.root))
    if not prefix:
        return result
    moved = tuple(_moved(d, prefix) for d in result.report.diagnostics)
    text = result.text
    return result._replace(
        report=replace(result.report, diagnostics=moved), text=lambda path: text(path.removeprefix(prefix))
    )


def _prefix(root: Path) -> str:
    """What leads from the folder of the repository to a project in it, with `/` at its end; empty outside of one."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    return "" if top == root else f"{root.relative_to(top).as_posix()}/"


def _moved(d: Diagnostic, prefix: str) -> Diagnostic:
    trace = tuple(replace(step, path=prefix + step.path) for step in d.trace)
    return replace(d, path=prefix + d.path, trace=trace, fix=None if d.fix is None else _moved_fix(d.fix, prefix))


def _moved_fix(fix: Fix, prefix: str) -> Fix:
    edits = (replace(edit, range=replace(edit.range, path=prefix + edit.range.path)) for edit in fix.edits)
    imports = (replace(needed, path=prefix + needed.path) for needed in fix.imports)
    return replace(fix, edits=tuple(edits), imports=tuple(imports))
