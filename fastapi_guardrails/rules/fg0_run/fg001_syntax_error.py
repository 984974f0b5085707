"""
## What it does
Reports a file that cannot be read as Python: it cannot be decoded, or it does not parse. One finding per file, at the
first error.

## Why it matters
A file that cannot be read is a blind spot. Its routes, dependencies and models are missing from everything that the
other rules know, so a check that says nothing about it would say "all is well" about code that it never saw.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/v1/items")
def read_items( -> list[str]:  # error: FG001
    return []
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/v1/items")
def read_items() -> list[str]:
    return []
```

## Options
None. A file that is meant to be broken (a template, the input of a test) can be left out with `exclude`.

## Not reported
- Syntax that is newer than the Python which runs the check, as long as it is valid Python: such a file is read all the
  same.
- A byte order mark, a coding line (`# -*- coding: latin-1 -*-`), and any style of newline.

## Known limits
Only the first error of a file is reported, as Python itself does. The other files are still checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Mark, Severity
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project


@rule("FG001", name="syntax-error", severity=Severity.ERROR)
def syntax_error(project: Project) -> Iterator[Finding]:
    """Yield one finding per file that could not be read."""
    for path in project.sources.unparsed:
        error = project.sources.modules[path].error
        assert error is not None
        at = Mark(path, error.line, _offset(project.sources.text(path), error.line, error.column), "line")
        yield Finding(at=at, message=f"this file cannot be read as Python: {error.message}")


def _offset(text: str, line: int, column: int) -> int:
    """Byte offset of a character column; of a text that could not be decoded, the column itself."""
    lines = split_lines(text)
    if not text or line > len(lines):
        return column - 1
    return len(lines[line - 1][: column - 1].encode("utf-8", "surrogatepass"))
