"""
## What it does
Reports `CORSMiddleware` that answers every origin: `"*"` in `allow_origins`, a string with `*` in place of a list, or
an `allow_origin_regex` that matches any origin. Constants, settings defaults and fallbacks of `os.getenv` are
followed across files.

## Why it matters
The browser asks the API which pages may read its answers. With `*` the answer is: all of them, that of an attacker too.
Together with `allow_credentials=True` Starlette mirrors the origin of each request that carries cookies, so that any
page which a signed-in user opens can read and change the data of this user.

## Example
```python title="app/main.py"
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["*"],  # error: FG301
    allow_credentials=True,
)
```

## Instead
```python title="app/main.py"
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://shop.example"],
    allow_credentials=True,
)
```

## Options
None.

## Not reported
- Origins that only the environment decides, and branches that the defaults do not take.
- `allow_methods=["*"]` and `allow_headers=["*"]`.

## Known limits
Of a regular expression only this is asked: whether it matches two origins that have nothing in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.model.branches import is_taken
from fastapi_guardrails.model.classes import inherits, method
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import (
    ClassValue,
    Const,
    External,
    Instance,
    Sequence_,
    Value,
    options,
    text_of,
    truth,
)
from fastapi_guardrails.rules.registry import rule

if TYPE_CHECKING:
    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.model.project import Project

_CORS = "starlette.middleware.cors.CORSMiddleware"
_ADDING = (
    "starlette.middleware.Middleware",
    "fastapi.FastAPI.add_middleware",
    "starlette.applications.Starlette.add_middleware",
)
#: Two origins that nobody names together.
_ANY_TWO = ("https://a.example", "https://b.invalid")


class _Wildcard(NamedTuple):
    """An argument that allows any origin: its name and position, what is wrong, and the literal that says so."""

    name: str
    what: str
    literal: Const


@rule("FG301", name="wildcard-cors", guardrails=["sec-cors"], severity=Severity.ERROR)
def wildcard_cors(project: Project) -> Iterator[Finding]:
    """Yield a finding for each argument of `CORSMiddleware` that allows any origin."""
    for call in _calls(project):
        mirrored = truth(call.get(4, "allow_credentials") or Const(False)) is True
        for found in _wildcards(call):
            yield _finding(call, found, mirrored)


def _finding(call: Arguments, found: _Wildcard, mirrored: bool) -> Finding:
    module, node = call.frame.module, call.node
    assert node is not None
    keyword = node.keyword(found.name)
    at = mark_at(module, node.pos) if keyword is None else mark_at(module, keyword.pos, "keyword")
    harm = "any website may read its answers"
    if mirrored:
        harm = "any website may send requests with the cookies of a signed-in user and read the answers"
    message = f"`{found.name}` of CORSMiddleware {found.what}: {harm}; name the allowed origins"
    return Finding(at=at, message=message, trace=_trace(call, found))


def _trace(call: Arguments, found: _Wildcard) -> tuple[Step, ...]:
    literal = found.literal
    if literal.module is None or not literal.pos or call.node is None:
        return ()
    written_there = literal.module is call.frame.module and any(n.pos == literal.pos for n in walk([call.node]))
    if written_there:
        return ()
    said = "is the default" if literal.soft else "comes from here"
    return (Step(mark_at(literal.module, literal.pos), f"{literal.value!r} {said}"),)


# --- the calls -----------------------------------------------------------------------------------------------------


def _calls(project: Project) -> Iterator[Arguments]:
    """What `CORSMiddleware` is given, where the defaults take that branch."""
    for app in project.apps:
        for entry in app.middlewares:
            if not (entry.off or entry.uncertain) and _is_cors(entry.middleware) and _is_looked_at(entry.call):
                yield entry.call
    yield from (given for given in (*_library_calls(project), *_inherited(project)) if _is_looked_at(given))


def _inherited(project: Project) -> Iterator[Arguments]:
    """What the middlewares of the project give to `CORSMiddleware.__init__`, from which they inherit."""
    middlewares = [entry.middleware for app in project.apps for entry in app.middlewares]
    own = {id(m): m for m in middlewares if isinstance(m, ClassValue) and _is_cors(m)}
    initializers = {id(i.node): i for i in (method(cls, "__init__") for cls in own.values()) if i is not None}
    for initializer in initializers.values():
        analysis = project.evaluator.analysis(initializer)
        for site in analysis.calls:
            if site.name == f"{_CORS}.__init__" and is_taken(analysis, site.node):
                yield site.call


def _library_calls(project: Project) -> Iterator[Arguments]:
    """Calls of the class itself, around an app, and of what takes the class as its first argument."""
    yield from _taken(project, _CORS)
    for call in _taken(project, *_ADDING):
        if _is_cors(call.get(0, "middleware_class") or call.get(0, "cls")):
            yield call


def _taken(project: Project, *names: str) -> Iterator[Arguments]:
    """The calls that the defaults come to: of start-up, and of functions that it does not run."""
    yield from (call.call for call in project.startup_calls(*names) if not (call.off or call.uncertain))
    for given, _ in project.library_calls(*names):
        function, node = given.frame.function, given.node
        if given.frame.recorder is None or function is None or node is None:
            continue
        if is_taken(project.evaluator.analysis(function), node):
            yield given


def _is_looked_at(call: Arguments) -> bool:
    return call.node is not None and call.frame.module.is_application


def _is_cors(middleware: Value | None) -> bool:
    return isinstance(middleware, (External, ClassValue)) and inherits(middleware, _CORS) is True


# --- the values ----------------------------------------------------------------------------------------------------


def _wildcards(call: Arguments) -> Iterator[_Wildcard]:
    found = _common([_star(o) for o in options(call.get(1, "allow_origins") or Const(None))])
    if found is not None:
        yield _Wildcard("allow_origins", f"holds {found.value!r}", found)
    found = _common([_any_origin(o) for o in options(call.get(5, "allow_origin_regex") or Const(None))])
    if found is not None:
        yield _Wildcard("allow_origin_regex", f"is {found.value!r}, which matches every origin", found)


def _common(found: list[Const | None]) -> Const | None:
    """The first literal, where every alternative of the value has one."""
    return found[0] if found and all(f is not None for f in found) else None


def _star(value: Value) -> Const | None:
    """The literal that makes Starlette find `"*"` in the origins: an item of a list, or a part of a string."""
    if isinstance(value, Sequence_):
        return next((i for i in map(_literal, value.items) if i is not None and i.value == "*"), None)
    value = _literal(value) or value
    return value if isinstance(value, Const) and isinstance(value.value, str) and "*" in value.value else None


def _literal(value: Value) -> Const | None:
    """The literal that a value is; a member of an enumeration of strings is its value."""
    if isinstance(value, Instance) and text_of(value) is not None and inherits(value.cls, "builtins.str") is True:
        value = value.attrs["value"]
    return value if isinstance(value, Const) else None


def _any_origin(value: Value) -> Const | None:
    if isinstance(value, Instance):
        value = value.attrs.get("pattern", value)  # of `re.compile(…)`
    value = _literal(value) or value
    if not isinstance(value, Const) or not isinstance(value.value, str):
        return None
    try:
        pattern = re.compile(value.value)
    except re.error:
        return None
    return value if all(pattern.fullmatch(origin) for origin in _ANY_TWO) else None
