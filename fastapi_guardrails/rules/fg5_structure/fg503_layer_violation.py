"""
## What it does
Reports an import that goes up the layers `api → services → repositories → models, schemas → core`. A layer is a package
or module of that name directly below the application's root package, or below the package of a domain.

## Why it matters
Each layer may know those below it. A repository that imports the API cannot be used without it, tests of the one load
the other, and the first import cycle is near: `ImportError: cannot import name …`.

## Example
```python title="app/__init__.py"
```

```python title="app/services/__init__.py"
```

```python title="app/services/users.py"
def find_user(name: str) -> str:
    return name
```

```python title="app/repositories/__init__.py"
```

```python title="app/repositories/users.py"
from app.services.users import find_user  # error: FG503


def load(name: str) -> str:
    return find_user(name)
```

## Instead
```python title="app/__init__.py"
```

```python title="app/services/__init__.py"
```

```python title="app/services/users.py"
from app.repositories.users import load


def find_user(name: str) -> str:
    return load(name)
```

```python title="app/repositories/__init__.py"
```

```python title="app/repositories/users.py"
def load(name: str) -> str:
    return name
```

## Options
`layers`: the layers from the outermost to the innermost; packages of one layer as a list.

## Not reported
- Imports below `if TYPE_CHECKING:`.
- Projects without these packages.
- Packages of one layer that import themselves.
- The innermost layer below a domain: `app/blocks/core.py` is the main module of `blocks`.
- What packages of tools hold (`app/utils/schemas.py`, `app/common/models.py`, `app/ioc/services.py`).
- Packages that hold both of two layers side by side: `app/models/user/schemas.py` may import schemas.
- A client of another system (`app/github/api.py`), which is no layer: the `api` of a domain uses FastAPI.

## Known limits
An import by `importlib` is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding
from fastapi_guardrails.model.symbols import Module as Source
from fastapi_guardrails.model.symbols import Symbols
from fastapi_guardrails.model.values import External
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Module
    from fastapi_guardrails.model.project import Project

#: Packages that hold tools for all layers and are no domain: their `models` and `schemas` are bases and types.
_TOOLS = frozenset(
    {
        "base", "common", "commons", "container", "containers", "di", "errors", "exceptions", "helpers", "injection",
        "internal", "ioc", "kit", "lib", "libs", "shared", "tools", "typing", "util", "utilities", "utils",
    }
)  # fmt: skip
#: Packages that hold domains.
_GROUPS = frozenset({"apps", "bounded_contexts", "components", "contexts", "domain", "domains", "features", "modules"})


@rule(
    "FG503",
    name="layer-violation",
    guardrails=["layout-models", "layout-schemas", "layout-services"],
)
def layer_violation(module: Module) -> Iterator[Finding]:
    """Yield each import of a module that goes up the layers."""
    layout = _layout(module.project)
    ranks = layout.ranks
    own = layout.layer(module.source)
    if own is None:
        return
    for node, targets in _imports(module):
        for target in targets:
            other = layout.layer(target)
            if other is None or not _goes_up(own, other, ranks) or _is_of_both(module.source, own, other, ranks):
                continue
            yield Finding(
                at=module.at(node, "stmt"),
                message=_message(own[1], other[1], target.name, ranks),
            )
            break


def _message(own: str, other: str, name: str, ranks: dict[str, int]) -> str:
    if ranks[own] == ranks[other]:
        return f"`{own}` imports `{name}`: `{own}` and `{other}` are one layer and know nothing of each other"
    return f"`{own}` imports `{name}`, which is above it: `{other}` may import `{own}`, not the other way round"


def _ranks(layers: tuple[str | tuple[str, ...], ...]) -> dict[str, int]:
    """Layer → its rank, 0 for the outermost."""
    found: dict[str, int] = {}
    for rank, layer in enumerate(layers):
        for name in (layer,) if isinstance(layer, str) else layer:
            found[name] = rank
    return found


class _Layout:
    """Where the layers of a project are: below its root package, or beside its entry point in no package at all."""

    def __init__(self, project: Project) -> None:
        self.ranks = _ranks(project.config.layers)
        self._below: dict[tuple[str, ...], set[str]] = {}
        for module in project.modules:
            parts = module.name.split(".")
            for depth in range(min(5, len(parts))):
                if parts[depth] in self.ranks:
                    self._below.setdefault(tuple(parts[:depth]), set()).add(parts[depth])
        self._flat = len(self._below.get((), ())) > 1
        self._project = project
        self._serving: dict[str, bool] = {}

    def layer(self, module: Source) -> tuple[str, str] | None:
        """The package that holds the layers and the layer's name: of the root package, or of a domain's package.

        A `core` below a package other than the root is mostly the main module of that package, and no layer; an `api`
        that stands alone may be that of another system.
        """
        parts = module.name.split(".")
        if self._flat and parts[0] in self.ranks:
            return "", parts[0]
        top = self._depth(parts)
        for index in (top, *_domains(parts, top)):
            if index < len(parts) and parts[index] in self.ranks:
                if index > top and not self._is_of_domain(parts[: index + 1]):
                    return None
                return ".".join(parts[:index]), parts[index]
        return None

    def _is_of_domain(self, parts: list[str]) -> bool:
        """Whether what has the name of a layer is one of a domain."""
        rank = self.ranks[parts[-1]]
        if rank == max(self.ranks.values()):
            return False
        return rank > 0 or len(self._below.get(tuple(parts[:-1]), ())) > 1 or self._serves(".".join(parts))

    def _serves(self, package: str) -> bool:
        """Whether a module, or one below it, uses FastAPI."""
        if package not in self._serving:
            inside = (m for m in self._project.modules if f"{m.name}.".startswith(f"{package}."))
            self._serving[package] = any(_uses_fastapi(module.body) for module in inside)
        return self._serving[package]

    def _depth(self, parts: list[str]) -> int:
        """How many parts the name of the root package has: two for `src.app` and `backend.app`, mostly one."""
        if (parts[0],) in self._below or len(parts) < 2:
            return 1
        inner = [key for key, names in self._below.items() if len(key) == 2 and key[0] == parts[0] and len(names) > 1]
        return 2 if parts[0] == "src" or inner == [tuple(parts[:2])] else 1


def _domains(parts: list[str], top: int) -> Iterator[int]:
    """Where a layer of a domain stands: `app.users.models`, `app.modules.users.models`."""
    if top < len(parts) and not parts[top].startswith("_") and parts[top] not in _TOOLS:
        yield top + 1
        if parts[top] in _GROUPS:
            yield top + 2


@lru_cache(maxsize=1)
def _layout(project: Project) -> _Layout:
    return _Layout(project)


def _goes_up(own: tuple[str, str], other: tuple[str, str], ranks: dict[str, int]) -> bool:
    if own[0].partition(".")[0] != other[0].partition(".")[0]:
        return False
    if ranks[other[1]] < ranks[own[1]]:
        return True
    return own[1] != other[1] and ranks[other[1]] == ranks[own[1]]


def _is_of_both(module: Source, own: tuple[str, str], other: tuple[str, str], ranks: dict[str, int]) -> bool:
    """Whether a module is of the other of two layers side by side as well: `app/models/user/schemas.py`."""
    inside = module.name[len(own[0]) :].strip(".").split(".")[1:]
    return ranks[own[1]] == ranks[other[1]] and other[1] in inside


# --- imports -------------------------------------------------------------------------------------------------------


def _imports(module: Module) -> Iterator[tuple[f.Import | f.ImportFrom, list[Source]]]:
    """The imports of a module, those of its functions too, with the project's modules that they load."""
    symbols = module.project.symbols
    for node in _import_nodes(module.body, _names_of_type_checking(module.body)):
        if isinstance(node, f.Import):
            found = [symbols.find(module.source, alias.name) for alias in node.names]
        else:
            found = list(_of_from(symbols, module.source, node))
        targets = [t for t in found if isinstance(t, Source)]
        if targets:
            yield node, targets


def _of_from(symbols: Symbols, importer: Source, node: f.ImportFrom) -> Iterator[Source | External | None]:
    package = symbols.find_relative(importer, node.module, node.level)
    for alias in node.names:
        yield symbols.submodule(importer, node.module, node.level, alias.name) or package


def _import_nodes(block: list[f.Stmt], names: frozenset[str]) -> Iterator[f.Import | f.ImportFrom]:
    for node in _at_run_time(block, names):
        if isinstance(node, (f.Import, f.ImportFrom)):
            yield node
        elif isinstance(node, (f.Function, f.Class)):
            yield from _import_nodes(node.body, names)


def _at_run_time(block: list[f.Stmt], names: frozenset[str]) -> Iterator[f.Stmt]:
    """The statements of a block, nested ones too, without those that only type checkers see."""
    for node in block:
        yield node
        if isinstance(node, (f.Function, f.Class)):
            continue
        unseen = _unseen(node, names)
        for inner in f.blocks(node):
            if inner is not unseen:
                yield from _at_run_time(inner, names)


def _unseen(node: f.Stmt, names: frozenset[str]) -> list[f.Stmt] | None:
    """The branch of an `if` that never runs."""
    if not isinstance(node, f.If):
        return None
    answer = _is_type_checking(node.test, names)
    return None if answer is None else node.body if answer else node.orelse


def _is_type_checking(test: f.Expr, names: frozenset[str]) -> bool | None:
    """Whether a test holds for type checkers only: yes (`if False:` too), `not TYPE_CHECKING` no, any other None."""
    if isinstance(test, f.Unary) and test.op == "not":
        answer = _is_type_checking(test.value, names)
        return None if answer is None else not answer
    if isinstance(test, f.Bool) and test.op == "and":
        return True if any(_is_type_checking(part, names) for part in test.values) else None
    if isinstance(test, f.Const):
        return not test.value
    name = test.id if isinstance(test, f.Name) else test.attr if isinstance(test, f.Attr) else ""
    return True if name in names else None


def _names_of_type_checking(block: list[f.Stmt]) -> frozenset[str]:
    """`TYPE_CHECKING`, the name that it is imported under, and `MYPY`, which is false as well."""
    found = {"TYPE_CHECKING", "MYPY"}
    for node in block:
        if isinstance(node, f.ImportFrom):
            found |= {a.asname for a in node.names if a.name == "TYPE_CHECKING" and a.asname}
    return frozenset(found)


def _uses_fastapi(block: list[f.Stmt]) -> bool:
    """Whether a module imports FastAPI, or a router of the project's own kind."""
    for node in block:
        if isinstance(node, f.ImportFrom):
            names = [node.module, *(alias.name for alias in node.names)]
        elif isinstance(node, f.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        if any(name.partition(".")[0] == "fastapi" or "router" in name.lower() for name in names):
            return True
    return False
