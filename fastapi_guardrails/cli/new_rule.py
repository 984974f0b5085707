"""`new-rule`: write the file of a new rule and the file of its cases."""

from __future__ import annotations

import re
from pathlib import Path

import click

from fastapi_guardrails.cli import shared
from fastapi_guardrails.rules.registry import SUBJECTS

_RULE = '''"""
## What it does
Reports … (one or two sentences: what is found, and where).

## Why it matters
… (what happens at run time, or to the people who read the code).

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()  # error: {code}
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI(title="Shop")
```

## Options
None.

## Not reported
- … (what looks like it, and is fine).

## Known limits
… (what it cannot see).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from {module} import {subject}


@rule("{code}", name="{name}", guardrails=[])
def {function}({argument}: {subject}) -> Iterator[Finding]:
    """Yield a finding where … ."""
    if is_wrong({argument}):
        yield Finding(at={mark}, message="…")


def is_wrong({argument}: {subject}) -> bool:
    """Whether … . Unknown is never a violation: only what is known to be wrong is."""
    raise NotImplementedError("say when {code} fires")
'''

_CASES = """# {code} {name}

Each section is a small project. `{code}` reports what is marked, and nothing else.

## What it is for
```python title="app/main.py"
from fastapi import FastAPI

from app.api import router

app = FastAPI()  # error: {code}
app.include_router(router)
```

```python title="app/api.py"
from fastapi import APIRouter

router = APIRouter()
```

## A look-alike
```python title="app/main.py"
from fastapi import FastAPI

from app.api import router

app = FastAPI(title="Shop")
app.include_router(router)
```

```python title="app/api.py"
from fastapi import APIRouter

router = APIRouter()
```
"""


@click.command("new-rule", short_help="Write the files of a new rule.")
@click.argument("code")
@click.argument("name")
@click.option("--subject", type=click.Choice(SUBJECTS), default="Route", show_default=True, help="What it looks at.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("."),
    metavar="FOLDER",
    help="The checkout of fastapi-guardrails, or of your own package or project.",
)
def command(code: str, name: str, subject: str, into: Path) -> int:
    """Write the file of a new rule and the file of its cases, both with gaps to fill in.

    In a checkout of fastapi-guardrails they go where the built-in rules are; elsewhere into guardrails_rules/.

    \b
    Examples:
      fastapi-guardrails new-rule FG216 route-without-summary
      fastapi-guardrails new-rule SHOP001 untagged-route --subject Route
    """
    if not re.fullmatch(r"[A-Z]{2,5}\d{3}", code):
        raise click.UsageError(f"{code!r} must be two to five capitals and three digits, as in 'SHOP001'")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise click.UsageError(f"{name!r} must be kebab-case and name what is wrong, as in 'untagged-route'")
    files = _files(code, name, subject, into)
    for file in files:
        if file.exists():
            raise click.UsageError(f"{file} exists already")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        shared.write(f"wrote {file}\n")
    shared.write(_next_steps(*files))
    return 0


def _files(code: str, name: str, subject: str, into: Path) -> dict[Path, str]:
    """The texts of both files, by path."""
    stem = f"{code.lower()}_{name.replace('-', '_')}"
    package = into / "fastapi_guardrails" / "rules"
    if package.is_dir():
        chapters = [folder for folder in package.glob(f"{code[:3].lower()}_*") if folder.is_dir()]
        if not code.startswith("FG") or not chapters:
            raise click.UsageError(
                f"there is no chapter {code[:3]} in {package}: its code begins with that of a folder"
            )
        rule, cases = chapters[0] / f"{stem}.py", into / "tests" / "rules" / f"{stem}.md"
    else:
        rule, cases = into / "guardrails_rules" / f"{stem}.py", into / "guardrails_rules" / "cases" / f"{stem}.md"
    argument = subject.lower() if subject != "Class" else "class_"
    values = {
        "code": code,
        "name": name,
        "function": name.replace("-", "_"),
        "subject": subject,
        "argument": argument,
        "module": f"fastapi_guardrails.model.{'project' if subject == 'Project' else 'elements'}",
        "mark": "project.apps[0].mark" if subject == "Project" else f"{argument}.mark",
    }
    return {rule: _RULE.format(**values), cases: _CASES.format(**values)}


def _next_steps(rule: Path, cases: Path) -> str:
    run = "pytest tests/rules -k " + rule.stem.partition("_")[0].upper()
    if "guardrails_rules" in rule.parts:
        run = f'add rules = ["{rule.parent.name}"] to [tool.fastapi-guardrails], and run the cases with\n     pytest'
        run += " (see fastapi_guardrails.testing)"
    return (
        "\nNext:\n"
        f"  1. write cases in {cases.name}: what it is for, and what only looks like it\n"
        f"  2. write the rule and its page in {rule.name}\n"
        f"  3. {run}\n"
    )
