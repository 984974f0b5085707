"""Exception flow: which `raise` leaves a function, through the calls that it makes, and what catches it on the way.

Guards are worked out by where a statement stands: the `try` blocks around it, whose handlers may raise again, and the
`with` blocks around it that swallow. What cannot be told (an unknown type in an `except`) counts as catching. A call
is followed with its arguments where they decide whether the callee raises (`get(raise_exception=False)`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.awaits import Awaits, Place
from fastapi_guardrails.model.branches import Known, dead, decides
from fastapi_guardrails.model.calls import Analysis, CallSite, RaiseSite, targets
from fastapi_guardrails.model.contexts import bound
from fastapi_guardrails.model.given import Given, receiver_key
from fastapi_guardrails.model.given import key as given_key
from fastapi_guardrails.model.guards import Guards, around, catches, is_raised_again
from fastapi_guardrails.model.switches import Switches, is_switch
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.types import annotation_type
from fastapi_guardrails.model.values import (
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Partial,
    Scope,
    Unknown,
    Value,
    is_none,
    options,
    truth,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.dependencies import Dependency
    from fastapi_guardrails.model.elements import App, Route
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.project import Project
    from fastapi_guardrails.model.routing import MiddlewareEntry

#: Hands a function to a thread, whose exception comes back: name → index of the function.
_THREADS = {
    "starlette.concurrency.run_in_threadpool": 0,
    "asyncio.to_thread": 0,
    "anyio.to_thread.run_sync": 0,
    "asyncio.AbstractEventLoop.run_in_executor": 1,
}
_VALIDATORS = frozenset(
    f"pydantic.{name}" for name in ("field_validator", "model_validator", "validator", "root_validator")
)
_VALIDATION = ("builtins.ValueError", "builtins.AssertionError")
_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})

#: How many raises of one class are followed out of one function: more only lengthen the trace.
_MAX_SITES = 8
#: Deeper than any call.
_NOWHERE = 1 << 62
#: An argument of which nothing counts but that it is not None.
_OBJECT = Instance(External("builtins.object"))


class Escape(NamedTuple):
    """An exception class that leaves a function, and the `raise` that begins it."""

    cls: ClassValue | External
    site: RaiseSite


class _Run(NamedTuple):
    """A function as it is called.

    Attributes:
        receiver: the object whose method it is.
        known: names of which the caller, or what the function closes over, says what they are.
        given: the arguments for parameters that do not say what they are.
    """

    function: FunctionValue
    receiver: Value | None
    known: Known
    given: Given = ()

    @property
    def key(self) -> tuple[object, ...]:
        known = tuple((name, repr(value)) for name, value in sorted(self.known.items()))
        place = id(self.function.node), id(self.function.scope), receiver_key(self.receiver)
        return *place, known, given_key(self.given)


class _Call(NamedTuple):
    """A call in a function that is called in some way."""

    site: CallSite
    analysis: Analysis
    run: _Run


class Exceptions:
    """Answers for one project; what leaves a function is worked out once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._escapes: dict[tuple[object, ...], list[Escape]] = {}
        self._running: dict[tuple[object, ...], int] = {}
        self._partial: dict[tuple[object, ...], tuple[list[Escape], int]] = {}
        self._outermost = _NOWHERE
        self._asked: dict[int, Switches] = {}
        self._raising: dict[int, frozenset[str]] = {}
        self._guards: dict[int, dict[int, Guards]] = {}
        self._awaits: dict[int, list[f.Await]] = {}
        self._catching: dict[tuple[int, int], bool] = {}
        self._at_yields: dict[tuple[int, int], bool] = {}
        self._awaiting: dict[tuple[int, int], bool] = {}

    # --- functions -----------------------------------------------------------------------------------------------

    def leaving(self, callee: Value) -> list[Escape]:
        """What leaves a callable of the project when it is called."""
        found: list[Escape] = []
        for option in options(callee):
            for function, receiver in self._bodies(option):
                found += self._leaving(function, receiver)
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

    def _leaving(self, function: FunctionValue, receiver: Value | None, call: _Call | None = None) -> list[Escape]:
        """What leaves a function: in general, and then with the arguments of a call where they decide."""
        run = _Run(function, receiver, self._closed_over(function), _objects(function, receiver, call))
        found = self._leaving_run(run)
        if call is None or (not found and not self._raised(run)):
            return found
        known = {**run.known, **self._given(run, call), **self._given_to_raise(run, call)}
        return self._leaving_run(run._replace(known=known)) if len(known) > len(run.known) else found

    def _closed_over(self, function: FunctionValue) -> dict[str, Value]:
        """The names of the functions around it that decide its branches: arguments of a decorator."""
        scope: Scope | None = function.scope
        if scope is None or scope.kind != "function":
            return {}
        found: dict[str, Value] = {}
        own = {p.name for p in function.node.params}
        while scope is not None and scope.kind == "function":
            for name in self._switches(function).tested - own - found.keys():
                value = scope.vars.get(name)
                if value is not None and decides(value):
                    found[name] = _OBJECT if isinstance(value, Instance) else value
            scope = scope.parent
        return found

    def _given(self, run: _Run, call: _Call) -> dict[str, Value]:
        """The arguments of a call that decide which branches run."""
        params = run.function.node.params
        brought = bound(call.site, run.function, run.receiver, frozenset(p.name for p in params), call.run.known)
        switches = self._switches(run.function)
        found = {
            name: value if not isinstance(value, Instance) else _OBJECT
            for name, value in brought.items()
            if is_switch(value) or name in (switches.modes if isinstance(value, Const) else switches.tested)
        }
        if call.analysis.scope is run.function.scope:
            own = {p.name for p in params}
            found.update({n: v for n, v in call.run.known.items() if n in switches.tested and n not in own})
        return found

    def _given_to_raise(self, run: _Run, call: _Call) -> dict[str, Value]:
        """The exceptions that a call gives to a function, or leaves at their defaults, which raises them."""
        names = self._raised(run)
        if not names or call.site.call.open or call.site.is_partial:
            return {}
        evaluator = self._project.evaluator
        params = run.function.node.params
        found: dict[str, Value] = {}
        for index, param in enumerate(params if run.receiver is None else params[1:]):
            if param.name in names:
                value = call.site.call.get(None if param.kind == "kw" else index, param.name)
                if value is None and param.default is not None:
                    value = evaluator.at_definition(param.default, run.function.scope)
                if value is not None and not _is_handed_on(call, index, param.name):
                    found[param.name] = value
        return found

    def _raised(self, run: _Run) -> frozenset[str]:
        """The parameters that a function raises: which class that is only its callers know."""
        key = id(run.function.node)
        if key not in self._raising:
            analysis = self._project.evaluator.analysis(run.function, run.receiver)
            names = {_raised_name(site) for site in analysis.raises} & {p.name for p in run.function.node.params}
            made = {t.id for a in analysis.assigns for t in a.targets if isinstance(t, f.Name)} if names else ()
            self._raising[key] = frozenset(names.difference(made))
        return self._raising[key]

    def _switches(self, function: FunctionValue) -> Switches:
        key = id(function.node)
        if key not in self._asked:
            self._asked[key] = Switches(self._project.evaluator.body(function))
        return self._asked[key]

    def _leaving_run(self, run: _Run) -> list[Escape]:
        """As `_leaving`; what a recursion cuts short is kept only until the function that it goes back to is done."""
        key = run.key
        if key in self._escapes:
            return self._escapes[key]
        if key in self._running:
            self._outermost = min(self._outermost, self._running[key])
            return []
        if key in self._partial:
            found, outermost = self._partial[key]
            self._outermost = min(self._outermost, outermost)
            return found
        depth = self._running[key] = len(self._running)
        around, self._outermost = self._outermost, _NOWHERE
        found = self._find(run)
        del self._running[key]
        if self._outermost >= depth:
            self._escapes[key] = found
            self._partial = {k: v for k, v in self._partial.items() if v[1] < depth}
            self._outermost = around
        else:
            self._partial[key] = found, self._outermost
            self._outermost = min(around, self._outermost)
        return found

    def _find(self, run: _Run) -> list[Escape]:
        analysis = self._project.evaluator.analysis(run.function, run.receiver, run.given)
        left_out = dead(analysis.body, run.known) if run.known else frozenset()
        found: dict[tuple[int, int], Escape] = {}
        counts: Counter[int] = Counter()
        caught: dict[tuple[int, int], bool] = {}
        for escape, place in self._inside(analysis, run, left_out):
            name = _class_id(escape.cls)
            if (name, id(escape.site.node)) in found or counts[name] >= _MAX_SITES:
                continue
            key = (name, id(place.node))
            if key not in caught:
                caught[key] = self._is_caught(escape.cls, analysis, place.node, left_out)
            if not caught[key] and not any(self._catches_what_it_awaits(t, escape.cls) for t in place.through):
                counts[name] += 1
                found[name, id(escape.site.node)] = escape
        return list(found.values())

    def _inside(self, analysis: Analysis, run: _Run, left_out: Collection[int]) -> Iterator[tuple[Escape, Place]]:
        """What is raised by the statements and calls of a body, each with the place where it comes out."""
        raised = self._raised(run) if analysis.raises else ()
        for site in analysis.raises:
            if site.value is not None and id(site.node) not in left_out and not _raises_again(site):
                name = _raised_name(site)
                for option in options(run.known.get(name, Unknown()) if name in raised else site.value):
                    cls = option.cls if isinstance(option, Instance) else option
                    if isinstance(cls, ClassValue):
                        yield Escape(cls, site), Place(site.node)
        awaits = Awaits(analysis)
        for call in analysis.calls:
            if call.deferred or id(call.node) in left_out:
                continue
            places: list[Place] | None = None
            for escape in self._of_call(_Call(call, analysis, run)):
                if places is None:
                    places = awaits.places(call)
                for place in places:
                    yield escape, place
        for item, context, _ in analysis.contexts:
            if id(item.context) not in left_out:
                for escape in self._of_entering(context):
                    yield escape, Place(item.context)

    def _of_call(self, call: _Call) -> Iterator[Escape]:
        site = call.site
        index = _THREADS.get(site.name)
        if index is not None and index < len(site.call.args):
            yield from self.leaving(site.call.args[index])
        for option in options(site.callee):
            for function, receiver in self._bodies(option):
                entered = function.kind == "contextmanager" and site.with_
                if not function.node.is_generator or entered or id(site.node) in call.analysis.iterated:
                    yield from self._leaving(function, receiver, call)

    def _of_entering(self, context: Value) -> Iterator[Escape]:
        """What a `with` raises when it enters an object of the project."""
        for option in options(context):
            if isinstance(option, Instance) and isinstance(option.cls, ClassValue):
                for name in ("__enter__", "__aenter__"):
                    method = classes.method(option.cls, name)
                    if method is not None and not method.opaque:
                        yield from self._leaving(method, option)

    # --- guards --------------------------------------------------------------------------------------------------

    def _is_caught(self, cls: Value, analysis: Analysis, node: f.Node, left_out: Collection[int] = frozenset()) -> bool:
        """Whether something around a node, in the same function, catches a class for good."""
        guards = self._guards.get(id(analysis))
        if guards is None:
            guards = self._guards[id(analysis)] = around(analysis.body)
        return any(self._guard_catches(cls, analysis, g, left_out) for g in reversed(guards.get(id(node), ())))

    def _guard_catches(self, cls: Value, analysis: Analysis, guard: f.Node, left_out: Collection[int]) -> bool:
        if isinstance(guard, f.Try):
            types = {id(h.node): h.type for h in analysis.handlers}
            for handler in guard.handlers:
                if catches(types.get(id(handler), Unknown()), cls):
                    return not is_raised_again(handler, cls, analysis, left_out)
            return False
        if not isinstance(guard, f.WithItem):
            return True  # a `finally` that returns
        context = next((c for item, c, _ in analysis.contexts if item is guard), None)
        for option in options(context) if context is not None else ():
            if self._context_catches(option, cls, analysis):
                return True
        site = next((c for c in analysis.calls if c.node is guard.context), None)
        return site is not None and any(self.yield_catches(t, cls) for t, _ in site.targets)

    def _context_catches(self, context: Value, cls: Value, analysis: Analysis) -> bool:
        if not isinstance(context, Instance):
            return False
        if "(types)" in context.attrs:
            return catches(context.attrs["(types)"], cls)
        made = context.cls
        if isinstance(made, External) and made.name in _STACKS:
            return any(self._stack_catches(site, cls, analysis) for site in analysis.calls)
        return isinstance(made, ClassValue) and any(self._exit_swallows(made, n) for n in ("__exit__", "__aexit__"))

    def _stack_catches(self, site: CallSite, cls: Value, analysis: Analysis) -> bool:
        """Whether a call puts a context manager that catches on an `ExitStack`."""
        if not site.name.endswith(("enter_context", "enter_async_context")) or not site.call.args:
            return False
        node = site.node.args[0] if isinstance(site.node, f.Call) and site.node.args else None
        made = next((c for c in analysis.calls if c.node is node), None)
        if made is not None and any(self.yield_catches(t, cls) for t, _ in made.targets):
            return True
        return any(self._context_catches(option, cls, analysis) for option in options(site.call.args[0]))

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

    # --- apps and routes -----------------------------------------------------------------------------------------

    def takes_all(self, app: App) -> bool:
        """Whether a handler or a middleware of an app takes every exception, or may (`FastAPI(**unknown)`)."""
        anything = External("builtins.Exception")
        return (
            app.value.open
            or self.is_handled(app, anything)
            or any(self._middleware_catches(m, anything) for m in app.middlewares)
        )

    def unhandled(self, route: Route) -> Iterator[Escape]:
        """What leaves the endpoint and the dependencies of a route and is caught by nothing around them.

        Handlers that are registered on the app are not asked (`is_handled`).
        """
        entered: list[FunctionValue] = []
        for node in _in_order(route):
            escapes = self._of_endpoint(route) if node is route.tree else self.leaving(node.target)
            escapes += [e for e in self._validators(node.parameters) if not _is_validation_error(e.cls)]
            for escape in escapes:
                if any(self.yield_catches(function, escape.cls) for function in entered):
                    continue
                if not self._is_caught_outside(route, escape.cls):
                    yield escape
            entered += [t for t, _ in targets(node.target) if t.node.is_generator]

    def _of_endpoint(self, route: Route) -> list[Escape]:
        """What leaves an endpoint or its wrapper, which may ask for the method of the request."""
        found: list[Escape] = []
        method = Const(route.methods[0]) if len(route.methods) == 1 else None
        for option in options(route.flat.entry.endpoint):
            for function, receiver in self._bodies(option):
                escapes = self._leaving(function, receiver)
                requests = _request_parameters(self._project.evaluator, function) if escapes and method else ()
                if method is not None and requests:
                    known = {**self._closed_over(function), **{f"{name}.method": method for name in requests}}
                    escapes = self._leaving_run(_Run(function, receiver, known))
                found += escapes
        return found

    def _validators(self, parameters: Iterable[object]) -> list[Escape]:
        """What the validators of the models among some parameters raise."""
        found: list[Escape] = []
        for parameter in parameters:
            for model in classes.flat_classes(getattr(parameter, "type", Unknown())):
                if isinstance(model, ClassValue) and classes.is_pydantic(model):
                    for member in model.scope.vars.values():
                        if isinstance(member, FunctionValue) and _is_validator(member):
                            found += self._leaving(member, None)
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
            given = (name for name, value in entry.call.kwargs.items() if not is_none(value))
            return "exception" in middleware.name.lower() or any("handler" in name for name in given)
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
        awaited = self._awaits_of(function, analysis)
        if any(_calls_on(node, analysis) and self._is_caught(cls, analysis, node) for node in awaited):
            return True
        return any(self._catches_around_calls(inner, cls) for inner in analysis.nested)

    def _awaits_of(self, function: FunctionValue, analysis: Analysis) -> list[f.Await]:
        if id(function.node) not in self._awaits:
            self._awaits[id(function.node)] = [n for n in walk(analysis.body) if isinstance(n, f.Await)]
        return self._awaits[id(function.node)]

    def _catches_what_it_awaits(self, function: FunctionValue, cls: Value) -> bool:
        """Whether a function that is given a coroutine awaits it within a `try` that catches a class."""
        key = (id(function.node), _class_id(cls))
        if key not in self._awaiting:
            analysis = self._project.evaluator.analysis(function)
            params = {p.name for p in function.node.params}
            self._awaiting[key] = any(
                self._is_caught(cls, analysis, node)
                for node in self._awaits_of(function, analysis)
                if any(isinstance(inner, f.Name) and inner.id in params for inner in walk([node.value]))
            )
        return self._awaiting[key]

    def is_handled(self, app: App, cls: Value) -> bool:
        """Whether a handler registered on an app takes a class (or one that nobody can tell)."""
        return any(_handles(option, cls) for entry in app.handlers for option in options(entry.exception))


def _handles(exception: Value, cls: Value) -> bool:
    """Whether a handler that is registered for something takes a class: one for 500 takes all."""
    if isinstance(exception, (ClassValue, External)):
        return classes.is_subclass(cls, exception) is not False
    return not (isinstance(exception, Const) and isinstance(exception.value, int) and exception.value != 500)


def _in_order(route: Route) -> Iterator[Dependency]:
    """The dependencies of a route and at last its endpoint, as FastAPI calls them.

    Those of the decorator and of everything around it come before those of the endpoint's parameters.
    """
    tree = route.tree
    own = [child for child in tree.children if child.parameter is not None]
    for child in (*(c for c in tree.children if c.parameter is None), *own):
        yield from _children_first(child)
    yield tree


def _children_first(node: Dependency) -> Iterator[Dependency]:
    for child in node.children:
        yield from _children_first(child)
    yield node


def _request_parameters(ev: Evaluator, function: FunctionValue) -> list[str]:
    """Names of the parameters that get the request, where the function asks for its method."""
    if b"\xa6method" not in function.node.code:
        return []
    return [
        p.name
        for p in function.node.params
        if p.annotation is not None
        and classes.inherits(annotation_type(ev, p.annotation, function.scope), "starlette.requests.Request") is True
    ]


def _objects(function: FunctionValue, receiver: Value | None, call: _Call | None) -> Given:
    """What a call brings for parameters without a type; what a library's object raises does not count."""
    brought = () if call is None else call.site.brings(function, receiver)
    return tuple((name, value) for name, value in brought if any(_is_own(option) for option in options(value)))


def _is_own(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, ClassValue)


def _raises_again(site: RaiseSite) -> bool:
    exc = site.node.exc
    handler = site.handler
    return handler is not None and isinstance(exc, f.Name) and exc.id == handler.node.name


def _calls_on(node: f.Await, analysis: Analysis) -> bool:
    """Whether an `await` may run what is further in.

    That is `call_next(…)`, a handler kept in a variable, `self.app(scope, receive, send)`, or a helper that is given
    `call_next`.
    """
    return any(isinstance(call, f.Call) and _is_call_on(call, analysis) for call in walk([node.value]))


def _is_call_on(call: f.Call, analysis: Analysis) -> bool:
    if isinstance(call.func, f.Name):
        if not targets(analysis.value(call.func)):
            return True
    elif len(call.args) == 3 or "handler" in f.last_name(call.func) or f.last_name(call.func) in ("call_next", "app"):
        return True
    return any(isinstance(argument, f.Name) and argument.id == "call_next" for argument in call.args)


def _raised_name(site: RaiseSite) -> str:
    """The name of what is raised, as it is or called: `raise error`, `raise error("…")`; '' for anything else."""
    raised = site.node.exc
    if isinstance(raised, f.Call):
        raised = raised.func
    return raised.id if isinstance(raised, f.Name) else ""


def _is_handed_on(call: _Call, index: int, name: str) -> bool:
    """Whether a call hands on a parameter of its own function: what that is only the callers know."""
    node = call.site.node
    if not isinstance(node, f.Call):
        return False
    keyword = node.keyword(name)
    given = keyword.value if keyword is not None else node.args[index] if index < len(node.args) else None
    return isinstance(given, f.Name) and any(p.name == given.id for p in call.run.function.node.params)


def _is_validator(function: FunctionValue) -> bool:
    decorators = [d.cls if isinstance(d, Instance) else d for d in function.decorators]
    if any(isinstance(d, External) and d.name in _VALIDATORS for d in decorators):
        return True
    nodes = (d.func if isinstance(d, f.Call) else d for d in function.node.decorators)
    return any(f"pydantic.{f.last_name(node)}" in _VALIDATORS for node in nodes)


def _is_validation_error(cls: Value) -> bool:
    return classes.inherits(cls, *_VALIDATION) is not False


def _class_id(cls: Value) -> int:
    """What tells one exception class from another."""
    return id(cls.node) if isinstance(cls, ClassValue) else hash(repr(cls))
