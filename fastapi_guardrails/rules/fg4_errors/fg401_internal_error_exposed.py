"""
## What it does
Reports that the text of an unexpected exception goes into a response: `str(exc)`, an f-string, `exc.args` or
`traceback.format_exc()` in the detail of an `HTTPException`, in a response, in what an endpoint returns or in the
reason of a closed websocket. Unexpected are `Exception`, and errors of databases, the operating system, look-ups and
HTTP clients; caught, or received by a registered handler.

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
- Texts that are logged.
- The name of the exception's class.

## Known limits
A text that is handed to another function, or kept in an object, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.finding import Finding, Severity, Step
from fastapi_guardrails.knowledge.unexpected import is_unexpected
from fastapi_guardrails.model.calls import CallSite, targets
from fastapi_guardrails.model.classes import inherits, is_pydantic, method, plain
from fastapi_guardrails.model.elements import mark_at
from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.model.values import (
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Method,
    Sequence_,
    Value,
    options,
    truth,
)
from fastapi_guardrails.rules.registry import rule
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.finding import Mark
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project

_HTTP_ERRORS = ("starlette.exceptions.HTTPException", "starlette.exceptions.WebSocketException")
_RESPONSE = "starlette.responses.Response"
_CLOSE = "starlette.websockets.WebSocket.close"
_TEXTS = frozenset({"args", "message", "msg", "orig", "strerror", "detail", "statement", "params", "reason", "text"})
_TRACEBACKS = frozenset(f"traceback.{name}" for name in ("format_exc", "format_exception", "format_exception_only"))
_TO_TEXT = frozenset({"builtins.str", "builtins.repr", "builtins.format", "builtins.ascii", "builtins.getattr"})
#: Arguments of an `HTTPException` that no client reads.
_UNREAD = frozenset({"status_code", "headers", "code", "media_type", "background"})


@rule("FG401", name="internal-error-exposed", guardrails=["err-no-leak"], severity=Severity.ERROR)
def internal_error_exposed(project: Project) -> Iterator[Finding]:
    """Yield a finding for each response that holds the text of an unexpected exception."""
    handlers = _registered(project)
    for function in project.functions:
        if id(function.node) in handlers:
            yield from _in_handler(function)
        if function.is_reached or b"HTTPException" in function.node.code or b"Response" in function.node.code:
            yield from _in_excepts(function)


def _registered(project: Project) -> set[int]:
    """Identities of the functions that are handlers of unexpected exceptions."""
    found: set[int] = set()
    for app in project.apps:
        for entry in app.handlers:
            exception = entry.exception
            of_500 = isinstance(exception, Const) and exception.value == 500
            if of_500 or (isinstance(exception, External) and is_unexpected(exception.name)):
                found |= {id(function.node) for option in options(entry.handler) for function, _ in targets(option)}
    return found


def _in_handler(function: Function) -> Iterator[Finding]:
    params = [p for p in function.node.params if p.name not in ("self", "cls")]
    if len(params) < 2:
        return
    caught = _Caught(function, params[1].name, function.body)
    yield from _findings(function, caught, function.mark, "receives the exception")


def _in_excepts(function: Function) -> Iterator[Finding]:
    for handler in function.analysis.handlers:
        if _is_unexpected(handler.type):
            caught = _Caught(function, handler.node.name or "", handler.node.body)
            yield from _findings(function, caught, function.at(handler.node, "except"), "is caught here")


def _is_unexpected(type_: Value) -> bool:
    choices = type_.items if isinstance(type_, Sequence_) else options(type_)
    return any(isinstance(c, External) and is_unexpected(c.name) for c in choices)


def _findings(function: Function, caught: _Caught, origin: Mark, said: str) -> Iterator[Finding]:
    for node, what in caught.leaks():
        kind = "stmt" if isinstance(node, f.Return) else "expr"
        yield Finding(
            at=mark_at(function.value.module, node.pos, kind),
            message=f"{what} shows the text of an unexpected exception to the client: log it, and answer in words of "
            "your own",
            trace=(Step(origin, said),),
        )


class _Caught:
    """What the text of one caught exception flows into.

    Args:
        function: in which it is caught.
        name: the name that it is bound to, or ''.
        body: the statements in which it has this name.
    """

    def __init__(self, function: Function, name: str, body: list[f.Stmt]) -> None:
        self._function = function
        self._analysis: Analysis = function.analysis
        self._name = name
        self._body = body
        self._tainted: set[str] = set()
        self._calls: dict[int, CallSite] = {id(site.node): site for site in self._analysis.calls}

    def leaks(self) -> Iterator[tuple[f.Node, str]]:
        """The responses that hold its text, in source order: the call, or the `return`."""
        inside = list(statements(self._body))
        known = {id(s) for s in inside}
        end = max((s.pos for s in inside), default=0)
        later = [s for s in statements(self._function.body) if s.pos > end and id(s) not in known]
        for statement in [*inside, *later]:
            if id(statement) not in known and not self._tainted:
                return
            if id(statement) not in known:
                self._name = ""
            self._assign(statement)
            yield from self._sinks(statement)

    def _assign(self, node: f.Stmt) -> None:
        if isinstance(node, (f.Assign, f.AnnAssign, f.AugAssign)) and node.value is not None:
            places = node.targets if isinstance(node, f.Assign) else [node.target]
            names = {t.id for t in places if isinstance(t, f.Name)}
            if self._holds(node.value):
                self._tainted |= names
            elif not isinstance(node, f.AugAssign):
                self._tainted -= names

    def _sinks(self, statement: f.Stmt) -> Iterator[tuple[f.Node, str]]:
        found = False
        for node in walk(_own_expressions(statement)):
            if isinstance(node, f.Call):
                what = self._response(node)
                if what:
                    found = True
                    yield node, what
        if found or not isinstance(statement, f.Return) or statement.value is None:
            return
        if self._function.is_endpoint and self._is_answer(statement.value):
            yield statement, "the returned value"

    def _is_answer(self, node: f.Expr) -> bool:
        if isinstance(node, f.Call):
            site = self._calls.get(id(node))
            callee = plain(site.callee) if site is not None else None
            if isinstance(callee, ClassValue) and is_pydantic(callee):
                return any(self._holds(k.value) for k in node.keywords)
        return self._holds(node)

    def _response(self, node: f.Call) -> str:
        """What a call makes, if it is something for the client that is given the text; else ''."""
        site = self._calls.get(id(node))
        if site is None:
            return ""
        given = [a for a in node.args if self._holds(a)]
        named = [k for k in node.keywords if k.name not in _UNREAD and self._holds(k.value)]
        if not given and not named:
            return ""
        for callee in options(site.callee):
            callee = plain(callee)
            if isinstance(callee, Method):
                if callee.qualified == _CLOSE or callee.name == "TemplateResponse":
                    return f"`{callee.name}()`"
            elif isinstance(callee, (ClassValue, External)) and _is_for_client(callee):
                names = {k.name for k in named if k.name}
                if not isinstance(callee, ClassValue) or _passes_on(callee, node, given, names):
                    return f"`{callee.name.rpartition('.')[2]}`"
        return ""

    # --- the text ------------------------------------------------------------------------------------------------

    def _holds(self, node: f.Expr) -> bool:
        """Whether an expression is or holds the exception or its text."""
        if isinstance(node, f.Name):
            return node.id in self._tainted or (node.id == self._name != "" and self._is_still_unexpected(node))
        if isinstance(node, f.FString):
            return any(self._holds(part) for part in node.parts)
        if isinstance(node, f.Binary):
            return node.op in ("+", "%") and (self._holds(node.left) or self._holds(node.right))
        if isinstance(node, f.Bool):
            return any(self._holds(value) for value in node.values)
        if isinstance(node, f.IfExp):
            return self._holds_either(node)
        if isinstance(node, f.Attr):
            return node.attr in _TEXTS and self._holds(node.value)
        if isinstance(node, f.Sub):
            return self._holds(node.value)
        if isinstance(node, f.Seq):
            return any(self._holds(item) for item in node.items)
        if isinstance(node, f.Dict):
            return any(self._holds(value) for value in node.values)
        if isinstance(node, (f.Star, f.Walrus)):
            return self._holds(node.value)
        return isinstance(node, f.Call) and self._call_holds(node)

    def _holds_either(self, node: f.IfExp) -> bool:
        answer = truth(self._analysis.value(node.test))
        if answer is not None:
            return self._holds(node.body if answer else node.orelse)
        return (not self._is_expected(node.test) and self._holds(node.body)) or self._holds(node.orelse)

    def _is_expected(self, test: f.Expr) -> bool:
        """Whether a test says that the exception is of classes whose text is meant to be read."""
        if not isinstance(test, f.Call) or len(test.args) != 2 or not self._is_exception(test.args[0]):
            return False
        site = self._calls.get(id(test))
        if site is None or site.name != "builtins.isinstance":
            return False
        type_ = self._analysis.value(test.args[1])
        choices = type_.items if isinstance(type_, Sequence_) else options(type_)
        return bool(choices) and all(
            isinstance(c, ClassValue) or (isinstance(c, External) and not is_unexpected(c.name)) for c in choices
        )

    def _call_holds(self, node: f.Call) -> bool:
        site = self._calls.get(id(node))
        name = site.name if site is not None else ""
        if name in _TRACEBACKS:
            return True
        if name in _TO_TEXT or name == "json.dumps":
            return any(self._holds(a) for a in node.args)
        if not isinstance(node.func, f.Attr):
            return False
        if self._holds(node.func.value) and not self._is_exception(node.func.value):
            return True  # a method of the text: `.strip()`, `.split()`
        if node.func.attr in ("format", "join") and name.startswith("builtins.str."):
            return any(self._holds(a) for a in node.args) or any(self._holds(k.value) for k in node.keywords)
        return False

    def _is_exception(self, node: f.Expr) -> bool:
        return isinstance(node, f.Name) and node.id == self._name

    def _is_still_unexpected(self, node: f.Name) -> bool:
        """No, where an `isinstance` around it says that it is one of the project's or of FastAPI's own."""
        classes = [o.cls for o in options(self._analysis.value(node)) if isinstance(o, Instance)]
        return not classes or any(isinstance(c, External) and is_unexpected(c.name) for c in classes)


def _own_expressions(statement: f.Stmt) -> list[f.Node]:
    """The expressions of a statement, without those of the statements inside it."""
    if isinstance(statement, (f.If, f.While)):
        return [statement.test]
    if isinstance(statement, f.For):
        return [statement.iter]
    if isinstance(statement, f.With):
        return [item.context for item in statement.items]
    if isinstance(statement, f.Match):
        return [statement.subject]
    if isinstance(statement, (f.Try, f.Function, f.Class)):
        return []
    return [statement]


def _is_for_client(cls: ClassValue | External) -> bool:
    if inherits(cls, *_HTTP_ERRORS, _RESPONSE) is True:
        return True
    return isinstance(cls, External) and cls.name.startswith("starlette.responses.")


def _passes_on(cls: ClassValue, call: f.Call, given: list[f.Expr], named: set[str]) -> bool:
    """Whether the `__init__` of a class of the project hands on an argument that holds the text."""
    init = method(cls, "__init__")
    if init is None:
        return True
    names = named | {name for name in (_parameter(init, call.args.index(a)) for a in given) if name}
    given_on = [node for node in walk(init.node.body) if _sets_detail(node)]
    return any(isinstance(n, f.Name) and n.id in names for n in walk(given_on))


def _sets_detail(node: f.Node) -> bool:
    """`super().__init__(…)`, or `self.detail = …`."""
    if isinstance(node, f.Assign):
        return any(isinstance(target, f.Attr) and target.attr == "detail" for target in node.targets)
    return isinstance(node, f.Call) and isinstance(node.func, f.Attr) and node.func.attr == "__init__"


def _parameter(function: FunctionValue, index: int) -> str:
    params = [p.name for p in function.node.params[1:] if p.kind in ("pos", "any")]
    rest = next((p.name for p in function.node.params if p.kind == "args"), "")
    return params[index] if index < len(params) else rest
