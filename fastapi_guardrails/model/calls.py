"""What happens in a function: its calls, raises, returns, assignments, with the values and contexts of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.given import Given, given, of_object
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import (
    NONE,
    UNKNOWN,
    Annotated,
    Bound,
    ClassValue,
    DependsValue,
    External,
    FunctionValue,
    Instance,
    Method,
    Partial,
    Scope,
    Sequence_,
    Unknown,
    Value,
    options,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator


#: Functions that iterate over what they are given; lazy ones, whose result somebody iterates over, count.
_CONSUMERS = frozenset(
    f"builtins.{name}"
    for name in (
        "list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "min", "max", "any", "all", "enumerate", "zip",
        "map", "filter", "str.join",
    )
)  # fmt: skip


class CallSite:
    """One call in a function.

    Attributes:
        node: the call (for a property read, the attribute; for what no expression calls, the object).
        callee: what is called, as evaluated; call: its arguments; result: what it gives.
        function: in whose body it stands.
        catching: types that `try` blocks around it in the same function catch.
        loops: loops and comprehensions around it in the same function.
        deferred: it stands in a lambda, and runs when that is called.
        awaited: the call itself is awaited.
    """

    __slots__ = (
        "awaited",
        "call",
        "callee",
        "catching",
        "deferred",
        "function",
        "handlers",
        "loops",
        "node",
        "result",
        "with_",
    )

    def __init__(
        self,
        node: f.Expr,
        callee: Value,
        call: Arguments,
        result: Value,
        function: FunctionValue,
        frame: Frame,
    ) -> None:
        self.node = node
        self.callee = callee
        self.call = call
        self.result = result
        self.function = function
        self.catching = frame.catching
        self.loops = frame.loops
        self.deferred = bool(frame.deferred)
        self.awaited = False
        self.with_ = False
        self.handlers: tuple[Value, ...] = ()

    @property
    def name(self) -> str:
        """Qualified name of the library function or method that is called, else ''."""
        return callee_name(self.callee)

    @property
    def targets(self) -> list[tuple[FunctionValue, Value | None]]:
        """The project functions whose bodies the call runs, each with its receiver."""
        return [t for option in options(self.callee) for t in targets(option)]

    @property
    def is_partial(self) -> bool:
        """Whether a part of the arguments may stand elsewhere, in a `functools.partial`."""
        return any(isinstance(option, Partial) for option in options(self.callee))

    def brings(self, function: FunctionValue, receiver: Value | None) -> Given:
        """The arguments for those parameters of a target that do not say what they are."""
        return () if self.is_partial else given(function, receiver, self.call)


def callee_name(callee: Value) -> str:
    """Qualified name of a library's callable: `requests.get`, `sqlalchemy.orm.Session.execute`; '' for others."""
    if isinstance(callee, External):
        return callee.name
    return callee.qualified if isinstance(callee, Method) else ""


def targets(callee: Value) -> list[tuple[FunctionValue, Value | None]]:
    """The project functions that calling a value runs, each with its receiver; wrapped ones count."""
    if isinstance(callee, FunctionValue):
        found: list[tuple[FunctionValue, Value | None]] = [(callee, None)]
        return found + (targets(callee.wraps) if callee.wraps is not None else [])
    if isinstance(callee, Bound):
        found = [(callee.function, callee.receiver)]
        if isinstance(callee.function.wraps, FunctionValue):
            found.append((callee.function.wraps, callee.receiver))
        return found
    if isinstance(callee, Partial):
        return targets(callee.target)
    if isinstance(callee, ClassValue):
        made = Instance(callee)
        methods = (classes.method(callee, name) for name in ("__init__", "__post_init__"))
        return [(m, made) for m in methods if m is not None]
    if isinstance(callee, Instance) and isinstance(callee.cls, ClassValue):
        method = classes.method(callee.cls, "__call__")
        return [(method, callee)] if method is not None else []
    return []


class RaiseSite:
    """A `raise`: `values` is what is raised (a class or an instance), None for a bare `raise`."""

    __slots__ = ("catching", "function", "handler", "node", "value")

    def __init__(
        self,
        node: f.Raise,
        value: Value | None,
        function: FunctionValue,
        catching: tuple[Value, ...],
        handler: HandlerSite | None,
    ) -> None:
        self.node = node
        self.value = value
        self.function = function
        self.catching = catching
        self.handler = handler


class HandlerSite:
    """An `except` clause: the class or classes that it names, and the `try` that it belongs to."""

    __slots__ = ("calls", "catching", "node", "try_", "type")

    def __init__(self, node: f.Handler, type_: Value, try_: f.Try, catching: tuple[Value, ...]) -> None:
        self.node = node
        self.type = type_
        self.try_ = try_
        self.catching = catching
        self.calls: list[CallSite] = []


class AssignSite:
    """An assignment: targets, the assigned expression and its value."""

    __slots__ = ("expression", "pos", "targets", "value")

    def __init__(self, targets: list[f.Expr], expression: f.Expr, value: Value, pos: int) -> None:
        self.targets = targets
        self.expression = expression
        self.value = value
        self.pos = pos


class Analysis:
    """What happens in one function, in source order.

    Attributes:
        values: value of every expression, by identity of its node.
        implicit: calls that no expression makes: of `__iter__`, `__enter__`, `__exit__`; their nodes are the objects.
        attributes: what `self` has at the end.
        contexts: `with` items with their context values.
        iterations: `for` loops with what they iterate over.
        filled: what it puts into variables of its module, by name.
        iterated: the expressions that loops, comprehensions, `yield from` and calls like `list(…)` iterate over, by
            identity; None for those of `async for`.
    """

    def __init__(self, function: FunctionValue, body: list[f.Stmt]) -> None:
        self.function = function
        self.body = body
        self.calls: list[CallSite] = []
        self.implicit: list[CallSite] = []
        self.raises: list[RaiseSite] = []
        self.returns: list[tuple[f.Return | None, Value]] = []
        self.yields: list[tuple[f.Yield | None, Value]] = []
        self.assigns: list[AssignSite] = []
        self.handlers: list[HandlerSite] = []
        self.contexts: list[tuple[f.WithItem, Value, f.With]] = []
        self.iterations: list[tuple[f.For, Value]] = []
        self.iterated: dict[int, f.Expr | None] = {}
        self.nested: list[FunctionValue] = []
        self.globals: set[str] = set()
        self.filled: dict[str, Value] = {}
        self.values: dict[int, Value] = {}
        self.attributes: dict[str, Value] = {}
        self.scope: Scope | None = None

    def value(self, node: f.Expr) -> Value:
        """The value of an expression of this function; Unknown for one that was never reached."""
        return self.values.get(id(node), UNKNOWN)


class Recorder:
    """Takes down what happens while a function is analysed."""

    __slots__ = ("_by_node", "_handlers", "_values", "analysis")

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._values = analysis.values
        self._by_node: dict[int, CallSite] = {}
        self._handlers: list[HandlerSite] = []

    def value(self, node: f.Expr, value: Value) -> None:
        self._values[id(node)] = value
        if node.__class__ is f.Await:
            site = self._by_node.get(id(node.value))
            if site is not None:
                site.awaited = True

    def call(self, node: f.Call, callee: Value, call: Arguments, result: Value, frame: Frame) -> None:
        known = self._by_node.get(id(node))
        if known is not None:
            return
        site = CallSite(node, callee, call, result, self.analysis.function, frame)
        site.handlers = tuple(h.type for h in self._handlers)
        self._by_node[id(node)] = site
        self.analysis.calls.append(site)
        for handler in self._handlers:
            handler.calls.append(site)
        if node.args and callee_name(callee) in _CONSUMERS:
            self.iterates(*node.args, frame=frame)
        self._stream(node, callee)

    def _stream(self, node: f.Call, callee: Value) -> None:
        """A generator expression that a streaming response gets is iterated over in a thread, later."""
        made = [a for a in (*node.args, *(k.value for k in node.keywords)) if a.__class__ is f.Comp]
        streamed = [a for a in made if isinstance(a, f.Comp) and a.kind == "generator"]
        if not streamed or not classes.inherits(callee, "starlette.responses.StreamingResponse"):
            return
        for comp in streamed:
            first = comp.generators[0].iter
            self.analysis.iterated.pop(id(first), None)
            at_once = {id(inner) for inner in walk([first])}
            inside = {id(inner) for inner in walk([comp])} - at_once
            for site in self.analysis.calls:
                site.deferred = site.deferred or id(site.node) in inside

    def property_read(self, node: f.Attr, function: FunctionValue, receiver: Value, frame: Frame) -> None:
        if id(node) not in self._by_node:
            call = Arguments([], {}, frame=frame)
            site = CallSite(node, Bound(function, receiver), call, UNKNOWN, self.analysis.function, frame)
            self._by_node[id(node)] = site
            self.analysis.calls.append(site)

    def assign(self, targets: list[f.Expr], expression: f.Expr, value: Value, pos: int, frame: Frame) -> None:
        self.analysis.assigns.append(AssignSite(targets, expression, value, pos))

    def return_(self, node: f.Return, value: Value, frame: Frame) -> None:
        self.analysis.returns.append((node, value))

    def raise_(self, node: f.Raise, value: Value | None, frame: Frame) -> None:
        handler = self._handlers[-1] if self._handlers else None
        self.analysis.raises.append(RaiseSite(node, value, self.analysis.function, frame.catching, handler))

    def enter_handler(self, handler: f.Handler, type_: Value, try_: f.Try, frame: Frame) -> None:
        site = HandlerSite(handler, type_, try_, frame.catching)
        self.analysis.handlers.append(site)
        self._handlers.append(site)

    def leave_handler(self, handler: f.Handler) -> None:
        self._handlers.pop()

    def enter(self, item: f.WithItem, context: Value, node: f.With, frame: Frame) -> None:
        self.analysis.contexts.append((item, context, node))
        site = self._by_node.get(id(item.context))
        if site is not None:
            site.with_ = True
        if not node.is_async:
            for option in options(context):
                self._enter_object(item, option, frame)

    def _enter_object(self, item: f.WithItem, context: Value, frame: Frame) -> None:
        if not isinstance(context, Instance) or not isinstance(context.cls, ClassValue):
            return
        for name in ("__enter__", "__exit__"):
            method = classes.method(context.cls, name)
            if method is not None:
                call = Arguments([], {}, frame=frame)
                bound = Bound(method, context)
                site = CallSite(item.context, bound, call, UNKNOWN, self.analysis.function, frame)
                self.analysis.implicit.append(site)

    def iterate(self, node: f.For, source: Value, frame: Frame) -> None:
        self.analysis.iterations.append((node, source))
        self.iterates(node.iter, frame=frame, waits=node.is_async)

    def iterates(self, *nodes: f.Expr, frame: Frame, waits: bool = False) -> None:
        """A loop (one that waits: `async for`), a comprehension or a call iterates over these."""
        if frame.deferred:
            return
        self.analysis.iterated.update((id(node), None if waits else node) for node in nodes)
        for node in nodes:
            if node.__class__ is f.Name:
                self._iterates_over_name(self.analysis.value(node))

    def _iterates_over_name(self, value: Value) -> None:
        """What a name holds is iterated over: the generator that a call above has made."""
        if value.__class__ is Sequence_:
            for site in self.analysis.calls:
                if site.result is value:
                    self.analysis.iterated.setdefault(id(site.node), None)

    def nested(self, function: FunctionValue) -> None:
        self.analysis.nested.append(function)

    def global_(self, node: f.Global) -> None:
        self.analysis.globals.update(node.names)

    def filled(self, name: str, value: Value) -> None:
        _add(self.analysis.filled, name, value)

    def class_attribute(self, name: str, value: Value) -> None:
        if self.analysis.function.kind == "classmethod":
            _add(self.analysis.attributes, name, value)


def _add(found: dict[str, Value], name: str, value: Value) -> None:
    before = found.get(name)
    found[name] = value if before is None else union([before, value])


def analyse(
    ev: Evaluator, function: FunctionValue, receiver: Value | None, brought: Given, store: dict[Any, Analysis], key: Any
) -> Analysis:
    """Analyse a function with its parameters as declared or given; stored before it is complete, for recursive ones."""
    body = ev.body(function)
    analysis = store[key] = Analysis(function, body)
    parent = function.scope
    while parent.kind == "class" and parent.parent is not None:
        parent = parent.parent
    scope = Scope("function", function.module, parent)
    frame = Frame(function.module, scope, function=function, inline=False, recorder=Recorder(analysis))
    me = _receiver(function, receiver)
    ev.bind_parameters(function, me, None, scope)
    _bind_dependencies(ev, function, scope)
    scope.vars.update(brought)
    analysis.scope = scope
    try:
        completed = ev.run(body, frame)
    except RecursionError:  # nested deeper than the interpreter allows: what was seen so far counts
        completed = True
    analysis.yields = [(None, v) for v in frame.yields]
    if not completed and analysis.returns and not function.node.is_generator:
        analysis.returns.append((None, NONE))
    if isinstance(me, Instance):
        analysis.attributes = me.attrs
    return analysis


def _receiver(function: FunctionValue, receiver: Value | None) -> Value | None:
    if function.owner is None or function.kind == "staticmethod":
        return None
    if function.kind == "classmethod":
        return receiver if isinstance(receiver, ClassValue) else function.owner
    if isinstance(receiver, Instance):
        return Instance(receiver.cls, receiver.args, attrs=dict(of_object(receiver)))
    return Instance(function.owner)


def _bind_dependencies(ev: Evaluator, function: FunctionValue, scope: Scope) -> None:
    """Parameters that a dependency fills, where the annotation does not say what they are, or only an interface."""
    for param in function.node.params:
        value = scope.vars.get(param.name)
        is_interface = isinstance(value, Instance) and classes.is_interface(value.cls)
        if not isinstance(value, Unknown) and not is_interface:
            continue
        found = depends_of(ev, function, param)
        if found is not None:
            given = _provided(ev, found)
            if not is_interface or isinstance(given, Instance):
                scope.vars[param.name] = given
        elif param.annotation is None and value is UNKNOWN:
            scope.vars[param.name] = _made_by_default(ev, function, param) or Unknown(f"parameter {param.name}")


def _made_by_default(ev: Evaluator, function: FunctionValue, param: f.Param) -> Instance | None:
    """The object of the project's own class that the default of a parameter without annotation makes."""
    made = ev.at_definition(param.default, function.scope) if isinstance(param.default, f.Call) else None
    return made if isinstance(made, Instance) and isinstance(made.cls, ClassValue) else None


def _provided(ev: Evaluator, depends: DependsValue) -> Value:
    """What a dependency gives; of a provider that is declared to give an interface, the one class that it makes."""
    given = ev.provided(depends)
    function = depends.target
    is_interface = isinstance(given, Instance) and classes.is_interface(given.cls)
    if not is_interface or not isinstance(function, FunctionValue):
        return given
    analysis = ev.analysis(function)
    made = union(value for _, value in (analysis.yields if function.node.is_generator else analysis.returns))
    return made if isinstance(made, Instance) else given


def depends_of(ev: Evaluator, function: FunctionValue, param: f.Param) -> DependsValue | None:
    """The `Depends` of a parameter, in its default or its annotation; one without target depends on the type."""
    from fastapi_guardrails.model import types

    found: DependsValue | None = None
    type_: Value | None = None
    if param.default is not None and not isinstance(param.default, f.Const):
        default = ev.at_definition(param.default, function.scope)
        found = default if isinstance(default, DependsValue) else None
    if param.annotation is not None:
        type_ = types.annotation_type(ev, param.annotation, function.scope)
        if found is None:
            found = _in_annotation(type_)
    if found is not None and found.target is None and type_ is not None:
        return DependsValue(classes.plain(type_), found.security, found.options, found.module, found.pos)
    return found


def _in_annotation(type_: Value) -> DependsValue | None:
    for option in options(type_):
        if isinstance(option, Annotated):
            for item in reversed(option.metadata):
                if isinstance(item, DependsValue):
                    return item
            return _in_annotation(option.type)
    return None
