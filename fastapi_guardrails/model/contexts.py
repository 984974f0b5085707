"""Async context: which calls of an `async def` lead, through sync functions however deep, to a call that matters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.finding import Step
from fastapi_guardrails.model.branches import Known, dead, decides, deciding_names
from fastapi_guardrails.model.calls import Analysis, CallSite, targets
from fastapi_guardrails.model.classes import inherits, plain
from fastapi_guardrails.model.classes import method as method_of
from fastapi_guardrails.model.elements import Function, mark_at
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.given import Given, receiver_key, untyped
from fastapi_guardrails.model.given import key as given_key
from fastapi_guardrails.model.lambdas import as_function
from fastapi_guardrails.model.processes import end_of_start
from fastapi_guardrails.model.suspects import MAKING, Suspects
from fastapi_guardrails.model.tree import assigned_attributes, dotted, dotted_names, statements, walk
from fastapi_guardrails.model.types import annotation_type
from fastapi_guardrails.model.values import (
    UNKNOWN,
    Bound,
    ClassValue,
    Const,
    Coroutine,
    External,
    FunctionValue,
    Instance,
    LambdaValue,
    Method,
    Partial,
    Unknown,
    Value,
    options,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project

#: Says what a call does that matters ("`Session.execute`"), or None.
Predicate = Callable[[CallSite], "str | None"]

#: Behind every position of a file.
_NEVER = 1 << 62

#: What a call leads to, and the way down.
_Found = tuple[str, tuple[Step, ...]]

#: Questions for the running event loop: in an async context there is one.
_ASKING = frozenset(
    {"asyncio.get_running_loop", "asyncio.AbstractEventLoop.is_running", "sniffio.current_async_library"}
)

#: Functions that give the event loop, which runs in an async context.
_LOOP_GIVING = frozenset({"asyncio.get_running_loop", "asyncio.get_event_loop"})

#: Functions of Python that call what they are given, and use up what it gives.
_CALLING = frozenset(f"builtins.{name}" for name in ("map", "filter", "sorted", "min", "max")) | {"functools.reduce"}

#: Decorators that hand the function over to a thread.
_THREADED = frozenset({"asgiref.sync.sync_to_async", "asgiref.sync.SyncToAsync", "asyncer.asyncify"})


class Hit(NamedTuple):
    """A call of an async function that leads to a call that matters.

    Attributes:
        site: the call in the async function.
        what: what is done in the end.
        steps: the way down, empty where `site` itself does it.
    """

    site: CallSite
    what: str
    steps: tuple[Step, ...]


class _Place(NamedTuple):
    """A function as it is called.

    Attributes:
        receiver: the object whose method it is.
        known: the arguments that decide its branches.
        once: it runs once in the life of the process.
        given: the arguments for parameters that do not say what they are.
    """

    function: FunctionValue
    receiver: Value | None
    known: Known
    once: bool
    given: Given = ()

    @property
    def key(self) -> tuple[object, ...]:
        known = tuple((name, repr(value)) for name, value in sorted(self.known.items()))
        function = id(self.function.node), id(self.function.scope)  # of a wrapper: with what it wraps
        receiver = receiver_key(self.receiver), is_kept(self.receiver)
        return *function, *receiver, known, self.once, given_key(self.given)


class Chains:
    """Finds the calls that lead to what a predicate describes; what lies below a function is worked out once."""

    def __init__(
        self,
        project: Project,
        predicate: Predicate,
        names: Callable[[Collection[str]], Collection[str]],
        harmless: Predicate = lambda _: None,
    ) -> None:
        """Prepare the search.

        Args:
            project: where to look.
            predicate: what matters.
            names: gives the last names of the calls that may matter in a project that imports some names, which spares
                a look at most functions. Not asked where they may have any name (`Names.pay`).
            harmless: says of a call that matters why it does not where it runs once in the life of a process.
        """
        self._project = project
        self._predicate = predicate
        self._harmless = harmless
        self._suspects = Suspects(project, names(project.names.imported)) if project.names.pay else None
        self._below: dict[tuple[object, ...], _Found | None] = {}
        self._tested: dict[int, frozenset[str]] = {}

    def hits(self, function: Function) -> Iterator[Hit]:
        """The calls in a function that lead to what matters: with its parameters as declared, and as callers give."""
        if not self._may_matter(function.value):
            return
        seen: set[int] = set()
        for brought in ((), *self._brought(function)):
            analysis = self._project.evaluator.analysis(function.value, None, brought)
            for site, what, steps in self._found(analysis, _Place(function.value, None, {}, False, brought)):
                if id(site.node) not in seen:
                    seen.add(id(site.node))
                    yield Hit(site, what, steps)

    def _brought(self, function: Function) -> list[Given]:
        """What callers bring for parameters without a type, where that may matter."""
        names = {param.name for _, param in untyped(function.value)}
        if names and any(self._may_matter_by(site, names) for site in function.analysis.calls):
            return self._project.callers.bring(function.value)
        return []

    def _may_matter_by(self, site: CallSite, names: set[str]) -> bool:
        """Whether a call is of a method of something behind one of some names, or hands that on to what may matter."""
        if not isinstance(site.node, f.Call):
            return False
        if _root(site.node) in names:
            is_called = isinstance(site.node.func, f.Name)
            return is_called or self._suspects is None or self._suspects.has(f.last_name(site.node.func))
        given = (*site.node.args, *(keyword.value for keyword in site.node.keywords))
        handed = any(isinstance(value, f.Name) and value.id in names for value in given)
        return handed and any(self._may_matter(target) for target, _ in site.targets)

    def _may_matter(self, function: FunctionValue) -> bool:
        return self._suspects is None or function in self._suspects

    def _found(self, analysis: Analysis, place: _Place) -> Iterator[tuple[CallSite, str, tuple[Step, ...]]]:
        left_out: set[int] | None = None
        once: set[int] | None = None
        for site in (*analysis.calls, *analysis.implicit, *_iterations(analysis)):
            found = None if site.deferred else self._of_site(site, analysis, place)
            if found is None:
                continue
            left_out = self._never(analysis, place.known) if left_out is None else left_out
            if id(site.node) in left_out:
                continue
            once = calls_once(analysis, place.receiver) if once is None else once
            if id(site.node) in once and not place.once:
                found = self._of_site(site, analysis, place._replace(once=True))
            if found is not None:
                yield site, *found

    def _of_site(self, site: CallSite, analysis: Analysis, place: _Place) -> _Found | None:
        what = self._predicate(site)
        if what is not None and not (place.once and self._harmless(site)):
            # What is awaited gives an awaitable: the handle is not of the sync type that it was taken for.
            return None if site.awaited else (what, ())
        for target, receiver in _called(site.callee):
            if self._may_matter(target) and runs_body(site, target, analysis.iterated):
                kept = target.kind == "cached_property" or (target.kind == "cached" and not target.node.params)
                once = place.once or kept
                below = self._beneath(site, _Place(target, receiver, place.known, once))
                if below is not None:
                    return below
        return self._of_arguments(site, analysis, place)

    def _of_arguments(self, site: CallSite, analysis: Analysis, place: _Place) -> _Found | None:
        """What a call of a lambda runs, and of Python's functions that call what they are given."""
        callees = options(site.callee)
        if site.name in _CALLING:
            callees = [o for a in (*site.call.args, *site.call.kwargs.values()) for o in options(a)]
            for target, receiver in (t for callee in callees for t in _called(callee)):
                below = None
                if not target.node.is_async and not target.node.is_generator and self._may_matter(target):
                    below = self._beneath(None, _Place(target, receiver, {}, place.once))
                if below is not None:
                    return below
        for callee in callees:
            if isinstance(callee, LambdaValue):
                found = self._of_lambda(callee, site, analysis, place)
                if found is not None:
                    return found
        return None

    def _of_lambda(self, callee: LambdaValue, site: CallSite, analysis: Analysis, place: _Place) -> _Found | None:
        """What the body of a lambda does, which stands in the function that is looked at or anywhere else."""
        inside = {id(node) for node in walk([callee.node.body])}
        here = [inner for inner in analysis.calls if id(inner.node) in inside]
        if here:
            return next((found for inner in here if (found := self._of_site(inner, analysis, place))), None)
        function = as_function(self._project.evaluator, callee)
        return self._beneath(site, _Place(function, None, {}, place.once)) if self._may_matter(function) else None

    def _beneath(self, site: CallSite | None, place: _Place) -> _Found | None:
        """What lies below a call of a function: in general, and then with its arguments where they decide."""
        found = self._search(place._replace(known={}))
        if found is None and site is not None:
            place = place._replace(given=site.brings(place.function, place.receiver))
            found = self._search(place._replace(known={})) if place.given else None
        if found is None or site is None:
            return found
        function = place.function
        key = id(function.node)
        if key not in self._tested:
            self._tested[key] = deciding_names(self._project.evaluator.body(function))
        known = bound(site, function, place.receiver, self._tested[key], place.known)
        return self._search(place._replace(known=known)) if known else found

    def _search(self, place: _Place) -> _Found | None:
        key = place.key
        if key in self._below:
            return self._below[key]
        self._below[key] = None
        function = place.function
        analysis = self._project.evaluator.analysis(function, place.receiver, place.given)
        for site, what, steps in self._found(analysis, place):
            said = f"runs {what}" if not steps else f"`{function.qualname}` calls on"
            step = Step(mark_at(function.module, site.node.pos), said)
            self._below[key] = (what, (step, *steps))
            break
        return self._below[key]

    def _never(self, analysis: Analysis, known: Known) -> set[int]:
        """Identities of the nodes that do not run in an async context, with what is known of the parameters."""
        asking = {id(site.node) for site in analysis.calls if site.name in _ASKING or self._looks_for_a_loop(site)}
        return dead(analysis.body, known, asking)

    def _looks_for_a_loop(self, site: CallSite) -> bool:
        """Whether a call is of a helper that gives the event loop or None, or says whether one runs."""
        if not all(_is_loop_or_flag(option) for option in options(site.result)):
            return False
        analyses = [self._project.evaluator.analysis(target, receiver) for target, receiver in site.targets]
        return any(inner.name in _LOOP_GIVING for analysis in analyses for inner in analysis.calls)


def _called(callee: Value) -> list[tuple[FunctionValue, Value | None]]:
    """The functions whose bodies a call enters: of a wrapped one the wrapper, which does with it what it does.

    None where a sync or an async function may be called: which of them says whether an event loop runs.
    """
    found: list[tuple[FunctionValue, Value | None]] = []
    for option in options(callee):
        while isinstance(option, Partial):
            option = option.target
        entered = targets(option)
        found += entered[:1] if isinstance(option, (FunctionValue, Bound)) else entered
    return found if len({function.node.is_async for function, _ in found}) < 2 else []


def bound(
    site: CallSite, function: FunctionValue, receiver: Value | None, wanted: frozenset[str], known: Known
) -> dict[str, Value]:
    """The arguments of a call under the names of the parameters, where they are wanted and may decide a branch.

    `known` are the names that the caller knows.
    """
    node = site.node
    if not wanted or not isinstance(node, f.Call) or site.call.open or site.is_partial:
        return {}
    params = function.node.params
    if receiver is not None and params and params[0].kind in ("pos", "any"):
        params = params[1:]
    expressions: dict[str | int, f.Expr] = dict(enumerate(node.args))
    expressions.update({k.name: k.value for k in node.keywords if k.name})
    found: dict[str, Value] = {}
    for index, param in enumerate(params):
        if param.name not in wanted or param.kind in ("args", "kwargs"):
            continue
        value = site.call.get(None if param.kind == "kw" else index, param.name)
        if value is None:
            value = Const(param.default.value) if isinstance(param.default, f.Const) else None
        else:
            given = expressions.get(param.name, expressions.get(index))
            value = known.get(given.id, value) if isinstance(given, f.Name) else value
        if value is not None and decides(value):
            found[param.name] = value
    return found


def _is_loop_or_flag(value: Value) -> bool:
    if isinstance(value, Const):
        return value.value is None or isinstance(value.value, bool)
    if not isinstance(value, Instance) or not isinstance(value.cls, External):
        return False
    return value.cls.name in ("asyncio.AbstractEventLoop", "builtins.bool")


def _root(node: f.Expr) -> str | None:
    """The name that a chain of attributes and calls begins with: `db` in `db.query(User).all()`."""
    while isinstance(node, (f.Call, f.Attr)):
        node = node.func if isinstance(node, f.Call) else node.value
    return node.id if isinstance(node, f.Name) else None


def _qualified(decorator: Value) -> str:
    return decorator.name if isinstance(decorator, External) else ""


def _iterations(analysis: Analysis) -> Iterator[CallSite]:
    """Calls of `__iter__`, which loops and their like make."""
    for key, node in analysis.iterated.items():
        value = analysis.values.get(key)
        if node is None or not isinstance(value, Instance):
            continue
        method = method_of(value.cls, "__iter__") if isinstance(value.cls, ClassValue) else None
        if method is None and isinstance(value.cls, ClassValue):
            continue
        callee = Bound(method, value) if method is not None else Method(value.cls.name, "__iter__", value)
        call = Arguments([], {}, frame=Frame(analysis.function.module, analysis.function.scope))
        yield CallSite(node, callee, call, UNKNOWN, analysis.function, call.frame)


def runs_body(site: CallSite, target: FunctionValue, iterated: Collection[int]) -> bool:
    """Whether a call runs the body of a sync function here.

    A generator's runs only when it is iterated or entered.
    """
    if target.node.is_async or any(_qualified(decorator) in _THREADED for decorator in target.decorators):
        return False
    if site.awaited and (target.opaque or not isinstance(site.result, (Coroutine, Unknown))):
        return False  # what is awaited is what a decorator has made of it
    if not target.node.is_generator:
        return True
    return id(site.node) in iterated or (target.kind == "contextmanager" and site.with_)


def calls_once(analysis: Analysis, receiver: Value | None) -> set[int]:
    """Identities of the calls that fill what is kept as long as the process: `if cache is None: cache = load()`.

    That is a global variable, or an attribute of an object that was there before.
    """
    function = analysis.function
    kept = set(analysis.globals)
    if is_kept(receiver) and function.node.params and function.name not in MAKING:
        kept |= {
            f"{function.node.params[0].name}.{name}"
            for name in assigned_attributes(function.node.params, analysis.body)
        }
    if not kept:
        return set()
    found: set[int] = set()
    for node in statements(analysis.body):
        if isinstance(node, f.If) and _tested(node.test) & _assigned(node.body) & kept:
            found |= {id(inner) for inner in walk(node.body)}
    for index, node in enumerate(analysis.body):
        rest = analysis.body[index + 1 :]
        if not isinstance(node, f.If) or not isinstance(node.body[-1], f.Return):
            continue
        if _tested(node.test) & _assigned(rest) & kept:
            found |= {id(inner) for inner in walk(rest)}
    return found


def is_kept(value: Value | None) -> bool:
    """Whether an object, or a class, may live as long as the process: all but those that the function itself makes."""
    if not isinstance(value, Instance):
        return isinstance(value, ClassValue)
    held = value.module.scope.vars.values() if value.module is not None else ()
    return not value.made or any(other is value for other in held)


def _tested(test: f.Expr) -> set[str]:
    """The names and attributes that a condition asks for: `self.cache`, also as `hasattr(self, "cache")`."""
    found = dotted_names([test])
    for node in walk([test]):
        if isinstance(node, f.Call) and f.last_name(node.func) in ("hasattr", "getattr") and len(node.args) > 1:
            owner, name = node.args[:2]
            if isinstance(name, f.Const):
                found.add(f"{dotted(owner)}.{name.value}")
    return found


def _assigned(block: list[f.Stmt]) -> set[str]:
    return {n for s in statements(block) if isinstance(s, f.Assign) for n in dotted_names(s.targets)}


def while_serving(project: Project, chains: Chains) -> Iterator[tuple[Function, Hit]]:
    """The hits in async functions of the application that block requests.

    Left out: what only the start-up of an app runs, and what runs in scripts only.
    """
    for function in project.functions:
        if not function.is_async:
            continue
        hits = list(chains.hits(function))
        if not hits or project.processes.only_starts(function.node) or project.processes.only_in_scripts(function.node):
            continue
        end = _before_serving(function)
        yield from ((function, hit) for hit in hits if end is None or hit.site.node.pos > end)


def _before_serving(function: Function) -> int | None:
    """Position where a lifespan has started its app; None for other functions."""
    if not function.is_lifespan and not _takes_an_app(function):
        return None
    end = end_of_start(function.body)
    return _NEVER if end is None else end


def _takes_an_app(function: Function) -> bool:
    """Whether a function has the form of a lifespan: an async context manager of an app, however it gets there."""
    value = function.value
    params = value.node.params
    if value.kind != "contextmanager" or len(params) != 1 or params[0].annotation is None:
        return False
    type_ = annotation_type(function.project.evaluator, params[0].annotation, value.scope)
    return any(inherits(plain(option), "starlette.applications.Starlette") is True for option in options(type_))
