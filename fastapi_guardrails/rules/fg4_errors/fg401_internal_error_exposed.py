"""
## What it does
Reports that the text of an unexpected exception goes into a response: `str(exc)`, an f-string, `exc.args` or
`traceback.format_exc()` in the detail of an `HTTPException`, in a response, in what an endpoint returns or streams (or
a service whose result it returns) or in the reason of a closed websocket. Unexpected are `Exception`, and errors of
databases, the operating system, look-ups and HTTP clients; caught, or received by a registered handler.

## Why it matters
Such texts hold SQL, table names, paths, hosts and tokens in URLs: a map of the inside for whoever sends odd requests.

## Example
```python title="app/main.py"
from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/report")
def report() -> str:
    try:
        with open("/srv/report.txt") as file:
            return file.read()
    except Exception as exc:
        raise HTTPException(500, detail=f"failed: {exc}") from exc  # error: FG401
```

## Instead
```python title="app/main.py"
import logging

from fastapi import FastAPI, HTTPException

app = FastAPI()
logger = logging.getLogger(__name__)


@app.get("/report")
def report() -> str:
    try:
        with open("/srv/report.txt") as file:
            return file.read()
    except Exception as exc:
        logger.exception("cannot read the report")
        raise HTTPException(500, detail="The report is not available") from exc
```

## Options
None.

## Not reported
- Exceptions of the project, `HTTPException`, and `ValueError`.
- A `KeyError`, `FileNotFoundError` or their like that the project itself raises with words of its own.
- Texts that are logged.
- The name of the exception's class.
- What is shown only where a setting that is off by default says so.

## Known limits
A text that is kept in an attribute of an object, or handed over more than three calls deep, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.knowledge.unexpected import is_everything, is_unexpected
from fastapi_guardrails.model.answers import Answers
from fastapi_guardrails.model.calls import targets
from fastapi_guardrails.model.classes import is_subclass
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.lambdas import as_function
from fastapi_guardrails.model.leaks import Caught, Leak, may_leak
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import (
    Const,
    External,
    Instance,
    LambdaValue,
    Partial,
    Sequence_,
    Value,
    options,
)
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.finding import Mark
    from fastapi_guardrails.model.calls import Analysis, HandlerSite
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project


#: How many calls deep a `raise` is looked for.
_MAX_DEPTH = 3


@rule("FG401", name="internal-error-exposed", guardrails=["err-no-leak"], severity=Severity.ERROR)
def internal_error_exposed(project: Project) -> Iterator[Finding]:
    """Yield a finding for each response that holds the text of an unexpected exception."""
    registered = list(_registered(project))
    handlers = {id(function.node): _given_before(value) for value in registered for function, _ in targets(value)}
    answers = Answers(project)
    seen: set[int] = set()
    for function in project.functions:
        if id(function.node) in handlers:
            yield from _in_handler(function, handlers[id(function.node)], seen)
        if may_leak(function):
            yield from _in_excepts(function, answers, seen)
    for value in registered:
        if isinstance(value, LambdaValue):
            yield from _in_lambda(project, value, seen)


def _registered(project: Project) -> Iterator[Value]:
    """The handlers of unexpected exceptions."""
    for app in project.apps:
        for entry in app.handlers:
            if any(_is_registered_for_unexpected(option) for option in options(entry.exception)):
                yield from options(entry.handler)


def _is_registered_for_unexpected(exception: Value) -> bool:
    if isinstance(exception, Const):
        return exception.value == 500
    return isinstance(exception, External) and is_unexpected(exception.name)


def _given_before(handler: Value) -> int:
    """How many arguments a `partial` gives before the request and the exception."""
    return len(handler.args) if isinstance(handler, Partial) else 0


def _in_handler(function: Function, given_before: int, seen: set[int]) -> Iterator[Finding]:
    params = [p for p in function.node.params if p.name not in ("self", "cls")][given_before:]
    if len(params) > 1:
        caught = Caught(function.project.evaluator, function.analysis, params[1].name, function.body)
        yield from _findings(caught.leaks(), function.mark, "receives the exception", seen)


def _in_lambda(project: Project, handler: LambdaValue, seen: set[int]) -> Iterator[Finding]:
    """What a lambda answers, looked at as a function that returns it."""
    node = handler.node
    if id(node) in seen or len(node.params) < 2:
        return
    seen.add(id(node))
    analysis = project.evaluator.analysis(as_function(project.evaluator, handler))
    caught = Caught(project.evaluator, analysis, node.params[1].name, analysis.body)
    yield from _findings(caught.leaks(), mark_at(handler.module, node.pos), "receives the exception", seen)


def _in_excepts(function: Function, answers: Answers, seen: set[int]) -> Iterator[Finding]:
    for handler in function.analysis.handlers:
        if _is_unexpected(handler.type):
            caught = Caught(
                function.project.evaluator,
                function.analysis,
                handler.node.name or "",
                handler.node.body,
                answers=partial(answers.may_come_from, function),
            )
            leaks = list(caught.leaks())
            if not leaks or _is_raised_by_project(function, handler) or not _answers_requests(function):
                continue
            yield from _findings(leaks, function.at(handler.node, "except"), "is caught here", seen)


def _answers_requests(function: Function) -> bool:
    code = function.node.code
    return b"HTTPException" in code or b"Response" in code or function.is_reached or _is_of_middleware(function)


def _is_of_middleware(function: Function) -> bool:
    owner = function.value.owner
    middlewares = (entry.middleware for app in function.project.apps for entry in app.middlewares)
    return owner is not None and any(middleware is owner for middleware in middlewares)


def _is_raised_by_project(function: Function, handler: HandlerSite) -> bool:
    """Whether the project itself raises, in words of its own, the `KeyError` or `OSError` that an `except` names."""
    choices = handler.type.items if isinstance(handler.type, Sequence_) else options(handler.type)
    named = [c for c in choices if isinstance(c, External) and is_unexpected(c.name)]
    if not all(c.name.startswith("builtins.") and not is_everything(c.name) for c in named):
        return False
    inside = {id(node) for node in walk(handler.try_.body)}
    raised = _raised(function.project, function.analysis, inside, _MAX_DEPTH)
    return all(any(is_subclass(cls, c) is True for cls in raised) for c in named)


def _raised(project: Project, analysis: Analysis, inside: set[int] | None, depth: int) -> list[External]:
    """The library classes that a body (or the nodes of it that are `inside`) raises, and what it calls."""
    found: list[External] = []
    for site in analysis.raises:
        if site.value is not None and (inside is None or id(site.node) in inside):
            made = (o.cls if isinstance(o, Instance) else o for o in options(site.value))
            found += [cls for cls in made if isinstance(cls, External)]
    for call in analysis.calls if depth else ():
        if inside is None or id(call.node) in inside:
            for target, receiver in call.targets:
                found += _raised(project, project.evaluator.analysis(target, receiver), None, depth - 1)
    return found


def _is_unexpected(type_: Value) -> bool:
    choices = type_.items if isinstance(type_, Sequence_) else options(type_)
    return any(isinstance(c, External) and is_unexpected(c.name) for c in choices)


def _findings(leaks: Iterable[Leak], origin: Mark, said: str, seen: set[int]) -> Iterator[Finding]:
    for leak in leaks:
        if id(leak.node) in seen:
            continue
        seen.add(id(leak.node))
        yield Finding(
            at=mark_at(leak.function.module, leak.node.pos, "expr" if isinstance(leak.node, f.Call) else "stmt"),
            message=f"{leak.what} shows the text of an unexpected exception to the client: log it, and answer in words "
            "of your own",
            trace=(Step(origin, said),),
        )
