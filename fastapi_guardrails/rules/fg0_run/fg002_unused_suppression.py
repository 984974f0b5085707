"""
## What it does
Reports a suppression comment that suppresses nothing: it names a rule that reports nothing there, or a rule that does
not exist. The rules that comments name are looked at for this even where they are not selected.

## Why it matters
A comment that outlived its reason hides the next defect. Somebody repairs the query, the comment stays, and a year
later it silences a new finding on the same line that nobody has seen.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}  # guardrails: ignore[FG404] raised here once # error: FG002
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}
```

## Fix safety
Safe: only a comment changes. Of several codes, the unused ones are removed; the whole comment goes when none is left.

## Options
None.

## Not reported
- Codes of other tools in a `# noqa`, and a `# noqa` without codes.
- Text that looks like such a comment inside a string.
- A comment that names a rule which failed in this run (see FG003): nobody knows what it would have said.

## Known limits
A comment that names a rule of a plugin is only understood where the plugin is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Edit, Finding, Fix, Mark, Range, Severity
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source.text import split_lines

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.source.facts import Suppression

#: Another comment behind this one, as `# type: ignore`; a number sign in a reason (`see #12`) begins none.
_OTHER_COMMENT = re.compile(r"(?<=\s)#\s*(?=[A-Za-z])")


@rule("FG002", name="unused-suppression", severity=Severity.WARNING, fix="safe")
def unused_suppression(project: Project) -> Iterator[Finding]:
    """Yield nothing: what is unused is known only when all the other rules have run. The engine calls `unused` then."""
    yield from ()


def unused(path: str, text: str, suppression: Suppression, judge: Callable[[str], str | None]) -> Iterator[Finding]:
    """Yield a finding for each code of a suppression that suppresses nothing.

    Args:
        path: the file.
        text: its text.
        suppression: a comment of it.
        judge: says what is wrong with a code (as written) of this comment; None if nothing is.
    """
    line = split_lines(text)[suppression.line - 1]
    if not suppression.codes:
        message = "this comment suppresses nothing: it names no rule"
        if suppression.kind == "file":
            message = "this comment suppresses nothing: it must name rules, and stand above the first statement"
        yield Finding(at=_mark(path, line, suppression.line, suppression.column), message=message)
    for index, code in enumerate(suppression.codes):
        wrong = judge(code)
        if wrong is not None:
            at = _mark(path, line, suppression.line, suppression.columns[index])
            yield Finding(at=at, message=wrong, fix=_fix(path, line, suppression, index))


def _mark(path: str, line: str, number: int, column: int) -> Mark:
    return Mark(path, number, len(line[: column - 1].encode("utf-8", "surrogatepass")), "line")


def _fix(path: str, line: str, suppression: Suppression, index: int) -> Fix:
    codes, columns = suppression.codes, suppression.columns
    number = suppression.line
    if len(codes) == 1:
        place, message = _whole_comment(path, line, suppression), "Remove the comment"
    elif index + 1 < len(codes):
        place, message = Range(path, number, columns[index], number, columns[index + 1]), f"Remove {codes[index]}"
    else:
        end = columns[index] + len(codes[index])
        before = columns[index - 1] + len(codes[index - 1])
        place, message = Range(path, number, before, number, end), f"Remove {codes[index]}"
    return Fix(message, Applicability.SAFE, (Edit(place, ""),))


def _whole_comment(path: str, line: str, suppression: Suppression) -> Range:
    """The comment with the space around it; the whole line if nothing else is on it."""
    number = suppression.line
    other = _OTHER_COMMENT.search(suppression.text)
    end = suppression.column + other.start() if other else suppression.end_column
    before, after = line[: suppression.column - 1], line[end - 1 :]
    if not before.strip() and not after.strip():
        return Range(path, number, 1, number + 1, 1)
    if after.strip():
        return Range(path, number, suppression.column, number, len(line) - len(after.lstrip()) + 1)
    return Range(path, number, len(before.rstrip()) + 1, number, len(line) + 1)


def codes_named(suppressions: Iterable[Suppression]) -> set[str]:
    """All codes and names that comments name, as written."""
    return {code for suppression in suppressions for code in suppression.codes}
