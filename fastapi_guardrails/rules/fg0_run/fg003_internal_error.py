"""
## What it does
Reports that a rule failed: it raised an exception on this project. The other rules go on, and the exit code is 2.

## Why it matters
A check that stops half-way and looks like a clean one is worse than none. The finding says which rule could not finish,
so that you know what was not looked at, and who to tell.

## Example
A rule of the project itself that expects every route to have a tag:

```toml title="pyproject.toml"
[tool.fastapi-guardrails]
rules = ["house_rules.py"]
extend-select = ["HOUSE001"]
```

```python title="house_rules.py"
from collections.abc import Iterator

from fastapi_guardrails import Finding, Project, rule


@rule("HOUSE001", name="untagged-routes")
def untagged_routes(project: Project) -> Iterator[Finding]:
    raise LookupError("no tags")
    yield
```

```python title="app/main.py"
from fastapi import FastAPI  # error: FG003

app = FastAPI()
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()
```

## Options
None. A rule that fails can be ignored until it is mended: `ignore = ["HOUSE001"]`.

## Not reported
- A file that cannot be parsed: that is FG001.
- A rule module that cannot be imported, or a wrong configuration: these end the run at once.

## Known limits
A rule that never ends is not noticed. A failed rule is reported once, at the first place where it failed; what it had
found before is kept.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Mark, Severity
from fastapi_guardrails.rules.registry import Rule, rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project


@rule("FG003", name="internal-error", severity=Severity.ERROR)
def internal_error(project: Project) -> Iterator[Finding]:
    """Yield nothing: the engine reports what it catches, with `failure`."""
    yield from ()


def failure(failed: Rule, error: Exception, at: Mark) -> Finding:
    """The finding that says that a rule raised an exception, and where in its code.

    Args:
        failed: the rule.
        error: what it raised.
        at: what it was looking at.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    author = "at the issues of fastapi-guardrails" if failed.builtin else f"to the authors of {failed.code}"
    message = (
        f"{failed.code} ({failed.name}) could not finish here: {said} "
        f"(in {frame.name}, line {frame.lineno}); please report it {author}, with this line"
    )
    return Finding(at=at, message=message)
