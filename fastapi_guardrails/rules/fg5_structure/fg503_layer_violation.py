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

## Known limits
An import by `importlib` is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding
from fastapi_guardrails.model.symbols import Module as Source
from fastapi_guardrails.model.symbols import Symbols
from fastapi_guardrails.model.tree import statements
from fastapi_guardrails.model.values import External
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import Module


@rule(
    "FG503",
    name="layer-violation",
    guardrails=["layout-models", "layout-schemas", "layout-services"],
)
def layer_violation(module: Module) -> Iterator[Finding]:
    """Yield each import of a module that goes up the layers."""
    ranks = _ranks(module.project.config.layers)
    own = _layer(module.source, ranks)
    if own is None:
        return
    for node, targets in _imports(module):
        for target in targets:
            other = _layer(target, ranks)
            if other is None or not _goes_up(own, other, ranks):
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


def _layer(module: Source, ranks: dict[str, int]) -> tuple[str, str] | None:
    """The package that holds the layers and the layer's name: of the root package, or of a domain's package.

    Where everything is imported from `src`, the root package is the one below it. A `core` below a package other than
    the root is mostly the main module of that package, and no layer.
    """
    parts = module.name.split(".")
    top = 2 if parts[0] == "src" and parts[1:2] and parts[1] not in ranks else 1
    for index in (top, top + 1):
        if index < len(parts) and parts[index] in ranks and (index == top or ranks[parts[index]] < max(ranks.values())):
            return ".".join(parts[:index]), parts[index]
    return None


def _goes_up(own: tuple[str, str], other: tuple[str, str], ranks: dict[str, int]) -> bool:
    if own[0].partition(".")[0] != other[0].partition(".")[0]:
        return False
    if ranks[other[1]] < ranks[own[1]]:
        return True
    return own[1] != other[1] and ranks[other[1]] == ranks[own[1]]


# --- imports -------------------------------------------------------------------------------------------------------


def _imports(module: Module) -> Iterator[tuple[f.Import | f.ImportFrom, list[Source]]]:
    """The imports of a module, those of its functions too, with the project's modules that they load."""
    symbols = module.project.symbols
    for node in _import_nodes(module.body):
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


def _import_nodes(block: list[f.Stmt]) -> Iterator[f.Import | f.ImportFrom]:
    for node in statements(_without_type_checking(block)):
        if isinstance(node, (f.Import, f.ImportFrom)):
            yield node
        elif isinstance(node, (f.Function, f.Class)):
            yield from _import_nodes(node.body)


def _without_type_checking(block: list[f.Stmt]) -> list[f.Stmt]:
    found: list[f.Stmt] = []
    for node in block:
        if isinstance(node, f.If) and _is_type_checking(node.test):
            found += node.orelse
        else:
            found.append(node)
    return found


def _is_type_checking(test: f.Expr) -> bool:
    name = test.id if isinstance(test, f.Name) else test.attr if isinstance(test, f.Attr) else ""
    return name == "TYPE_CHECKING"
