"""Exception flow: which `raise` leaves a function, through the calls that it makes, and what catches it on the way.

Guards are worked out by where a statement stands: the `try` blocks around it, whose handlers may raise again, and the
`with` blocks around it that swallow. What cannot be told (an unknown type in an `except`) counts as catching.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import Analysis, CallSite, RaiseSite, targets
from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.model.values import (
    Bound,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Partial,
    Sequence_,
    Unknown,
    Value,
    is_none,
    options,
    truth,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.elements import App, Route
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.routing import MiddlewareEntry

#: What makes a task of a coroutine, or runs a function later: nothing it raises comes back.
_LATER = frozenset({"create_task", "ensure_future", "add_task", "start_soon", "run_coroutine_threadsafe", "spawn"})
#: Hands a function to a thread, whose exception comes back: name → index of the function.
_THREADS = {
    "starlette.concurrency.run_in_threadpool": 0,
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
}
_VALIDATORS = frozenset(
    f"pydantic.{name}" for name in ("field_validator", "model_validator", "validator", "root_validator")
)
_VALIDATION = ("builtins.ValueError", "builtins.AssertionError")

#: How many raises of one class are followed out of one function: more only lengthen the trace.
_MAX_SITES = 8


class Escape(NamedTuple):
    """An exception class that leaves a function, and the `raise` that begins it."""

    cls: ClassValue | External
    site: RaiseSite


class Exceptions:
    """Answers for one project; what leaves a function is worked out once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._escapes: dict[tuple[int, int], list[Escape]] = {}
        self._guards: dict[int, dict[int, tuple[f.Node, ...]]] = {}
        self._awaits: dict[int, list[f.Await]] = {}
        self._catching: dict[tuple[int, int], bool] = {}
        self._at_yields: dict[tuple[int, int], bool] = {}

    # --- functions -----------------------------------------------------------------------------------------------

    def leaving(self, callee: Value) -> list[Escape]:
        """What leaves a callable of the project when it is called."""
        found: list[Escape] = []
        for option in options(callee):
            for function, receiver in self._bodies(option):
                found += self._leaving_function(function, receiver)
        return found

    def _bodies(self, callee: Value) -> list[tuple[FunctionValue, Value | None]]:
        """The functions that run; a wrapper that calls what it wraps runs it itself. None under unknown decorators."""
        outer = callee
        while isinstance(outer, (Bound, Partial)):
            outer = outer.function if isinstance(outer, Bound) else outer.target
        if isinstance(outer, FunctionValue) and outer.opaque:
            return []
        found = targets(callee)
        if len(found) < 2 or not isinstance(outer, FunctionValue) or outer.wraps is None:
            return found
        analysis = self._project.evaluator.analysis(found[0][0], found[0][1])
        inner = {id(function.node) for function, _ in found[1:]}
        calls_it = any(id(t.node) in inner for site in analysis.calls for t, _ in site.targets)
        return found[:1] if calls_it else found

    def _leaving_function(self, function: FunctionValue, receiver: Value | None) -> list[Escape]:
        key = (id(function.node), _class_key(receiver))
        known = self._escapes.get(key)
        if known is not None:
            return known
        self._escapes[key] = []
        analysis = self._project.evaluator.analysis(function, receiver)
        found: dict[tuple[int, int], Escape] = {}
        counts: Counter[int] = Counter()
        caught: dict[tuple[int, int], bool] = {}
        for escape, node in self._inside(analysis):
            name = _class_id(escape.cls)
            if (name, id(escape.site.node)) in found or counts[name] >= _MAX_SITES:
                continue
            place = (name, id(node))
            if place not in caught:
                caught[place] = self._is_caught(escape.cls, analysis, node)
            if not caught[place]:
                counts[name] += 1
                found[name, id(escape.site.node)] = escape
        self._escapes[key] = list(found.values())
        return self._escapes[key]

    def _inside(self, analysis: Analysis) -> Iterator[tuple[Escape, f.Node]]:
        """What is raised by the statements and calls of a body, each with the node that raises."""
        for site in analysis.raises:
            if site.value is not None and not _raises_again(site):
                for option in options(site.value):
                    cls = option.cls if isinstance(option, Instance) else option
                    if isinstance(cls, ClassValue):
                        yield Escape(cls, site), site.node
        if not analysis.calls:
            return
        iterated = analysis.iterated
        later = _handed_over(analysis)
        for call in analysis.calls:
            if call.deferred or id(call.node) in later:
                continue
            for escape in self._of_call(call, iterated):
                yield escape, call.node

    def _of_call(self, call: CallSite, iterated: Collection[int]) -> Iterator[Escape]:
        index = _THREADS.get(call.name)
        if index is not None and index < len(call.call.args):
            yield from self.leaving(call.call.args[index])
        for option in options(call.callee):
            for function, receiver in self._bodies(option):
                entered = function.kind == "contextmanager" and call.with_
                if not function.node.is_generator or entered or id(call.node) in iterated:
                    yield from self._leaving_function(function, receiver)

    # --- guards --------------------------------------------------------------------------------------------------

    def _is_caught(self, cls: Value, analysis: Analysis, node: f.Node) -> bool:
        """Whether something around a node, in the same function, catches a class for good."""
        return any(self._guard_catches(cls, analysis, guard) for guard in reversed(self._around(analysis, node)))

    def _around(self, analysis: Analysis, node: f.Node) -> tuple[f.Node, ...]:
        guards = self._guards.get(id(analysis))
        if guards is None:
            guards = self._guards[id(analysis)] = {}
            _note_guards(analysis.body, (), guards)
        return guards.get(id(node), ())

    def _guard_catches(self, cls: Value, analysis: Analysis, guard: f.Node) -> bool:
        if isinstance(guard, f.Try):
            types = {id(h.node): h.type for h in analysis.handlers}
            for handler in guard.handlers:
                if catches(types.get(id(handler), Unknown()), cls):
                    return not _lets_go(handler)
            return False
        assert isinstance(guard, f.WithItem)
        context = next((c for item, c, _ in analysis.contexts if item is guard), None)
        for option in options(context) if context is not None else ():
            if self._context_catches(option, cls):
                return True
        site = next((c for c in analysis.calls if c.node is guard.context), None)
        return site is not None and any(self.yield_catches(t, cls) for t, _ in site.targets)

    def _context_catches(self, context: Value, cls: Value) -> bool:
        if not isinstance(context, Instance):
            return False
        if "(types)" in context.attrs:
            return catches(context.attrs["(types)"], cls)
        made = context.cls
        return isinstance(made, ClassValue) and any(self._exit_swallows(made, n) for n in ("__exit__", "__aexit__"))

    def _exit_swallows(self, cls: ClassValue, name: str) -> bool:
        method = classes.method(cls, name)
        if method is None:
            return False
        analysis = self._project.evaluator.analysis(method)
        returned = any(not is_none(value) and truth(value) is not False for _, value in analysis.returns)
        return returned or bool(analysis.raises)

    def yield_catches(self, function: FunctionValue, cls: Value) -> bool:
        """Whether a generator catches what is thrown into it at one of its `yield`s."""
        if not function.node.is_generator:
            return False
        key = (id(function.node), _class_id(cls))
        if key not in self._at_yields:
            analysis = self._project.evaluator.analysis(function)
            yields = [n for n in walk(analysis.body) if isinstance(n, f.Yield)]
            self._at_yields[key] = any(self._is_caught(cls, analysis, node) for node in yields)
        return self._at_yields[key]

    # --- routes --------------------------------------------------------------------------------------------------

    def unhandled(self, route: Route) -> Iterator[Escape]:
        """What leaves the endpoint and the dependencies of a route and is caught by nothing around them.

        Handlers that are registered on the app are not asked (`is_handled`).
        """
        nodes = list(route.tree.walk())
        yields = [t for node in nodes for t, _ in targets(node.target) if t.node.is_generator]
        for index, node in enumerate(nodes):
            escapes = self.leaving(route.flat.entry.endpoint if index == 0 else node.target)
            escapes += [e for e in self._validators(node.parameters) if not _is_validation_error(e.cls)]
            for escape in escapes:
                if any(self.yield_catches(function, escape.cls) for function in yields):
                    continue
                if not self._is_caught_outside(route, escape.cls):
                    yield escape

    def _validators(self, parameters: Iterable[object]) -> list[Escape]:
        """What the validators of the models among some parameters raise."""
        found: list[Escape] = []
        for parameter in parameters:
            for model in classes.flat_classes(getattr(parameter, "type", Unknown())):
                if isinstance(model, ClassValue) and classes.is_pydantic(model):
                    for member in model.scope.vars.values():
                        if isinstance(member, FunctionValue) and _is_validator(member):
                            found += self._leaving_function(member, None)
        return found

    def _is_caught_outside(self, route: Route, cls: Value) -> bool:
        """By the route class or a middleware."""
        router = route.flat.routers[-1] if route.flat.routers else None
        made = route.flat.entry.options.get("route_class_override") or (
            router.options.get("route_class") if router is not None else None
        )
        if made is not None and not isinstance(made, External) and self._class_catches(made, cls):
            return True
        apps = {id(a): a for a in (route.flat.app, route.flat.owner)}.values()
        return any(self._middleware_catches(entry, cls) for app in apps for entry in app.middlewares)

    def _class_catches(self, made: Value, cls: Value) -> bool:
        if not isinstance(made, ClassValue):
            return not is_none(made)
        found: list[FunctionValue] = []
        for base in classes.mro(made):
            if isinstance(base, ClassValue):
                found += [m for m in base.scope.vars.values() if isinstance(m, FunctionValue)]
        return any(self._catches_around_calls(function, cls) for function in found)

    def _middleware_catches(self, entry: MiddlewareEntry, cls: Value) -> bool:
        middleware = entry.middleware
        if isinstance(middleware, External):
            dispatch = entry.call.kwargs.get("dispatch")
            if dispatch is not None:
                return any(self._catches_around_calls(t, cls) for t, _ in targets(dispatch))
            return "exception" in middleware.name.lower()
        if isinstance(middleware, ClassValue):
            return self._class_catches(middleware, cls)
        found = targets(middleware)
        return any(self._catches_around_calls(t, cls) for t, _ in found) if found else not is_none(middleware)

    def _catches_around_calls(self, function: FunctionValue, cls: Value) -> bool:
        """Whether a function (or one inside it) awaits what it was given within a `try` that catches a class."""
        key = (id(function.node), _class_id(cls))
        if key not in self._catching:
            self._catching[key] = self._finds_catch(function, cls)
        return self._catching[key]

    def _finds_catch(self, function: FunctionValue, cls: Value) -> bool:
        analysis = self._project.evaluator.analysis(function)
        if id(function.node) not in self._awaits:
            self._awaits[id(function.node)] = [n for n in walk(analysis.body) if isinstance(n, f.Await)]
        awaited = self._awaits[id(function.node)]
        if any(_calls_on(node) and self._is_caught(cls, analysis, node) for node in awaited):
            return True
        return any(self._catches_around_calls(inner, cls) for inner in analysis.nested)

    def is_handled(self, app: App, cls: Value) -> bool:
        """Whether a handler registered on an app takes a class (or one that nobody can tell)."""
        for entry in app.handlers:
            exception = entry.exception
            if isinstance(exception, (ClassValue, External)):
                if classes.is_subclass(cls, exception) is not False:
                    return True
            elif not (isinstance(getattr(exception, "value", None), int) and getattr(exception, "value", 0) != 500):
                return True
        return False


def catches(type_: Value, cls: Value) -> bool:
    """Whether an `except` of a type (or a tuple of types) catches a class; unknown counts as yes."""
    choices = type_.items if isinstance(type_, Sequence_) else options(type_)
    if isinstance(type_, Sequence_) and type_.open:
        return True
    return any(
        classes.is_subclass(cls, choice) is not False if isinstance(choice, (ClassValue, External)) else True
        for choice in choices
    )


def _class_key(receiver: Value | None) -> int:
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    return id(cls.node) if isinstance(cls, ClassValue) else 0


def _raises_again(site: RaiseSite) -> bool:
    exc = site.node.exc
    handler = site.handler
    return handler is not None and isinstance(exc, f.Name) and exc.id == handler.node.name


def _lets_go(handler: f.Handler) -> bool:
    """Whether a handler raises what it caught again."""
    for node in statements(handler.body):
        if isinstance(node, f.Raise) and (
            node.exc is None or (isinstance(node.exc, f.Name) and node.exc.id == handler.name)
        ):
            return True
    return False


def _note_guards(block: Sequence[f.Stmt], guards: tuple[f.Node, ...], found: dict[int, tuple[f.Node, ...]]) -> None:
    """Note for every node of a block what stands around it."""
    for node in block:
        found[id(node)] = guards
        if isinstance(node, (f.Function, f.Class)):
            continue
        if isinstance(node, f.Try):
            _note_guards(node.body, (*guards, node), found)
            for handler in node.handlers:
                _note_guards(handler.body, guards, found)
            _note_guards(node.orelse, guards, found)
            _note_guards(node.final, guards, found)
            continue
        if isinstance(node, f.With):
            _note_expressions((i.context for i in node.items), guards, found)
            _note_guards(node.body, (*guards, *node.items), found)
            continue
        blocks, expressions = _parts(node)
        _note_expressions(expressions, guards, found)
        for inner in blocks:
            _note_guards(inner, guards, found)


def _parts(node: f.Stmt) -> tuple[list[list[f.Stmt]], list[f.Node]]:
    """The blocks of a statement, and its expressions."""
    if isinstance(node, f.If):
        return [node.body, node.orelse], [node.test]
    if isinstance(node, f.For):
        return [node.body, node.orelse], [node.target, node.iter]
    if isinstance(node, f.While):
        return [node.body, node.orelse], [node.test]
    if isinstance(node, f.Match):
        tests: list[f.Node] = [node.subject]
        for case in node.cases:
            tests += [*case.values, *([case.guard] if case.guard is not None else [])]
        return [case.body for case in node.cases], tests
    return [], [node]


def _note_expressions(
    nodes: Iterable[f.Node], guards: tuple[f.Node, ...], found: dict[int, tuple[f.Node, ...]]
) -> None:
    for node in walk(nodes):
        found[id(node)] = guards


def _handed_over(analysis: Analysis) -> set[int]:
    """Identities of the calls whose coroutine is given to something that runs it later."""
    found: set[int] = set()
    for site in analysis.calls:
        node = site.node
        if isinstance(node, f.Call) and _last_name(node.func) in _LATER:
            found |= {id(argument) for argument in node.args}
    return found


def _last_name(node: f.Expr) -> str:
    return node.attr if isinstance(node, f.Attr) else node.id if isinstance(node, f.Name) else ""


def _calls_on(node: f.Await) -> bool:
    """Whether an `await` may run what is further in: `call_next(…)`, `self.app(…)`, a handler kept in a variable."""
    call = node.value
    if not isinstance(call, f.Call):
        return False
    name = _last_name(call.func)
    return isinstance(call.func, f.Name) or name in ("call_next", "app", "_app") or "handler" in name


def _is_validator(function: FunctionValue) -> bool:
    decorators = [d.cls if isinstance(d, Instance) else d for d in function.decorators]
    if any(isinstance(d, External) and d.name in _VALIDATORS for d in decorators):
        return True
    nodes = (d.func if isinstance(d, f.Call) else d for d in function.node.decorators)
    return any(f"pydantic.{_last_name(node)}" in _VALIDATORS for node in nodes)


def _is_validation_error(cls: Value) -> bool:
    return classes.inherits(cls, *_VALIDATION) is not False


def _class_id(cls: Value) -> int:
    """What tells one exception class from another."""
    return id(cls.node) if isinstance(cls, ClassValue) else hash(repr(cls))
