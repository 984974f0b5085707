"""
## What it does
Reports a coroutine that is made and dropped, or used as if it were its result: the call of an `async def` without
`await`, for functions of the project and for async methods of known libraries.

## Why it matters
Calling an `async def` runs nothing: it makes a coroutine object. `session.commit()` without `await` saves nothing and
raises nothing; `if user_exists(name):` is always true, because an object is.

## Example
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


async def is_taken(name: str) -> bool:
    return name == "admin"


@app.get("/api/v1/names/{name}")
async def read_name(name: str) -> str:
    if is_taken(name):  # error: FG105
        return "taken"
    return "free"
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI

app = FastAPI()


async def is_taken(name: str) -> bool:
    return name == "admin"


@app.get("/api/v1/names/{name}")
async def read_name(name: str) -> str:
    if await is_taken(name):
        return "taken"
    return "free"
```

## Fix safety
Unsafe: `await` is inserted, and what the call does, which did not happen until now, happens then. Only in an
`async def`.

## Options
None.

## Not reported
- A coroutine that is awaited, returned, kept and awaited later, or handed to something (`gather`, `create_task`,
  `TaskGroup`, `wait_for`, `add_task`, …).
- Functions under a decorator that cannot be followed: it may have made something else of them.
- Async generators and `@asynccontextmanager` functions, which are no coroutines.

## Known limits
A coroutine that is passed to a function which drops it is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Applicability, Finding, Fix, Severity
from fastapi_guardrails.model.tree import statements, text, walk, walk_with_parent
from fastapi_guardrails.model.values import UNKNOWN, Coroutine, External, FunctionValue, options
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.elements import Function

#: Builtins that need the value itself.
_NEED_VALUE = frozenset(
    f"builtins.{name}"
    for name in (
        "len", "list", "tuple", "set", "frozenset", "dict", "int", "str", "float", "bool", "bytes", "sum", "sorted",
        "reversed", "min", "max", "any", "all", "iter", "next", "enumerate", "zip", "map", "filter", "abs", "round",
        "print",
    )
)  # fmt: skip

#: What a coroutine itself has.
_OF_COROUTINES = frozenset({"close", "send", "throw", "__await__", "cr_await", "cr_code", "cr_frame", "cr_running"})


@rule("FG105", name="missing-await", guardrails=["style-async-io"], severity=Severity.ERROR, fix="unsafe")
def missing_await(function: Function) -> Iterator[Finding]:
    """Yield each call of a function's body whose coroutine is dropped or used as its result."""
    if not function.project.coroutines.may_be_dropped(function.node):
        return
    analysis = function.analysis
    made = {id(site.node): site for site in analysis.calls if _is_coroutine(analysis, site.node)}
    if not made:
        return
    parents = {id(node): parent for node, parent in walk_with_parent(analysis.body)}
    for key, site in made.items():
        node = site.node
        parent = parents.get(key)
        if site.awaited or not isinstance(node, f.Call) or parent is None:
            continue
        if isinstance(parent, f.Walrus):
            use = _use(analysis, parent, parents[id(parent)]) and _use_by_name(analysis, node, parent)
        else:
            use = _use(analysis, node, parent) or _use_by_name(analysis, node, parent)
            use = use or _use_of_each(analysis, node, parent, parents)
        if use is not None:
            yield Finding(
                at=function.at(node),
                message=f"`{text(node.func)}(…)` is never awaited: its coroutine is {use}",
                fix=_fix(function, node, parents),
            )


def _is_coroutine(analysis: Analysis, node: f.Expr) -> bool:
    values = options(analysis.value(node))
    return all(isinstance(v, Coroutine) and v.certain for v in values)


def _use(analysis: Analysis, node: f.Expr, parent: f.Node) -> str | None:
    """How the parent uses the expression as a value; None where it may be awaited later."""
    if isinstance(parent, f.ExprStmt):
        return "dropped"
    if isinstance(parent, f.Attr):
        return None if parent.attr in _OF_COROUTINES else "used as its result"
    if isinstance(parent, f.Sub) and parent.value is node:
        return "used as its result"
    if isinstance(parent, f.Dict) and any(k is None and v is node for k, v in zip(parent.keys, parent.values)):
        return "unpacked"
    if isinstance(parent, f.Assign) and any(isinstance(target, f.Seq) for target in parent.targets):
        return "unpacked"
    if isinstance(parent, f.Star) or (isinstance(parent, f.Keyword) and parent.name is None):
        return "unpacked"
    if isinstance(parent, (f.For, f.Generator)) and parent.iter is node:
        return "iterated over" if not parent.is_async or _is_never_an_iterator(analysis, node) else None
    if isinstance(parent, f.Generator) and any(test is node for test in parent.ifs):
        return "tested for truth, which is always true"
    if isinstance(parent, (f.If, f.While, f.IfExp, f.Assert)) and parent.test is node:
        return "tested for truth, which is always true"
    if isinstance(parent, f.Bool) and parent.values[-1] is not node:
        return "tested for truth, which is always true"
    if isinstance(parent, f.Unary):
        return "tested for truth, which is always true"
    if isinstance(parent, (f.Binary, f.Compare, f.AugAssign)):
        return "an operand"
    if isinstance(parent, f.FString):
        return "put into a string"
    if isinstance(parent, f.Call) and parent.func is not node and any(a is node for a in parent.args):
        callee = analysis.value(parent.func)
        if isinstance(callee, External) and callee.name in _NEED_VALUE:
            return f"given to `{callee.name.removeprefix('builtins.')}`"
    return None


def _is_never_an_iterator(analysis: Analysis, node: f.Expr) -> bool:
    """Whether no asynchronous generator can be called in the place of the function, as it can for a method."""
    callee = analysis.value(node.func) if isinstance(node, f.Call) else UNKNOWN
    return all(isinstance(o, FunctionValue) and o.owner is None for o in options(callee))


def _use_of_each(analysis: Analysis, node: f.Expr, parent: f.Node, parents: dict[int, f.Node | None]) -> str | None:
    """How `any` and `all` use the coroutines that a comprehension makes."""
    around = parents.get(id(parent)) if isinstance(parent, f.Comp) and parent.elt is node else None
    if not isinstance(around, f.Call) or not any(arg is parent for arg in around.args):
        return None
    callee = analysis.value(around.func)
    if isinstance(callee, External) and callee.name in ("builtins.any", "builtins.all"):
        return "tested for truth, which is always true"
    return None


def _use_by_name(analysis: Analysis, node: f.Expr, parent: f.Node) -> str | None:
    """How a name that the coroutine is assigned to is used, where it is never awaited or handed on."""
    target = _only_target(node, parent)
    if target is None or target in analysis.globals:
        return None
    if any(target in _names(nested.node.body) for nested in analysis.nested):
        return None
    is_only = _assignments(analysis, target) == 1
    found = "kept and never awaited" if is_only else None
    made = analysis.value(node)
    for use, around in walk_with_parent(analysis.body):
        if not isinstance(use, f.Name) or use.id != target or around is parent:
            continue
        if not is_only and not any(option is made for option in options(analysis.value(use))):
            continue  # the name holds something else there
        how = _use(analysis, use, around) if is_only or analysis.value(use) is made else None
        if how is None:
            return None
        found = how
    return found


def _only_target(node: f.Expr, parent: f.Node) -> str | None:
    if isinstance(parent, f.Assign) and len(parent.targets) == 1 and parent.value is node:
        target = parent.targets[0]
    elif isinstance(parent, (f.AnnAssign, f.Walrus)) and parent.value is node:
        target = parent.target
    else:
        return None
    return target.id if isinstance(target, f.Name) else None


def _assignments(analysis: Analysis, name: str) -> int:
    count = 0
    for node in statements(analysis.body):
        if isinstance(node, f.Assign):
            count += sum(_binds(target, name) for target in node.targets)
        elif isinstance(node, (f.AnnAssign, f.AugAssign, f.For)):
            count += _binds(node.target, name)
    return count + sum(
        isinstance(n, f.Walrus) and isinstance(n.target, f.Name) and n.target.id == name for n in walk(analysis.body)
    )


def _binds(target: f.Expr, name: str) -> bool:
    if isinstance(target, f.Star):
        return _binds(target.value, name)
    if isinstance(target, f.Seq):
        return any(_binds(item, name) for item in target.items)
    return isinstance(target, f.Name) and target.id == name


def _names(block: list[f.Stmt]) -> set[str]:
    return {node.id for node in walk(block) if isinstance(node, f.Name)}


def _fix(function: Function, node: f.Call, parents: dict[int, f.Node | None]) -> Fix | None:
    if not function.is_async or not _can_wait(node, parents):
        return None
    from fastapi_guardrails.syntax.calls import call_at

    name = node.func.attr if isinstance(node.func, f.Attr) else node.func.id if isinstance(node.func, f.Name) else None
    call = call_at(function.project.sources.text(function.path), function.at(node), name)
    edits = call.awaited() if call is not None else ()
    return Fix("insert `await`", Applicability.UNSAFE, edits) if edits else None


def _can_wait(node: f.Node, parents: dict[int, f.Node | None]) -> bool:
    """Whether `await` may stand there: not in a lambda; in a generator expression it would make an async one."""
    parent = parents.get(id(node))
    while parent is not None:
        if isinstance(parent, f.Lambda):
            return False
        if isinstance(parent, f.Comp) and parent.kind == "generator" and parent.generators[0] is not node:
            return False
        if isinstance(parent, f.Generator) and parent.iter is not node:
            # Only what the first loop iterates over is evaluated around the expression.
            around = parents.get(id(parent))
            if isinstance(around, f.Comp) and around.kind == "generator":
                return False
        node, parent = parent, parents.get(id(parent))
    return True
