"""Async context: which calls of an `async def` lead, through sync functions however deep, to a call that matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.finding import Step
from fastapi_guardrails.model.calls import Analysis, CallSite
from fastapi_guardrails.model.classes import inherits, plain
from fastapi_guardrails.model.elements import Function, mark_at
from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.model.types import annotation_type
from fastapi_guardrails.model.values import Coroutine, FunctionValue, Unknown, Value, options
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project

#: Says what a call does that matters ("`Session.execute`"), or None.
Predicate = Callable[[CallSite], "str | None"]


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


class Chains:
    """Finds the calls that lead to what a predicate describes; what lies below a function is worked out once."""

    def __init__(self, project: Project, predicate: Predicate, *, even_once: bool = False) -> None:
        """Prepare the search.

        Args:
            project: where to look.
            predicate: what matters.
            even_once: follow also what runs once in the life of a process, as what runs at start-up does.
        """
        self._project = project
        self._predicate = predicate
        self._even_once = even_once
        self._below: dict[tuple[int, str], tuple[str, tuple[Step, ...]] | None] = {}

    def hits(self, function: Function) -> Iterator[Hit]:
        """The calls in a function that lead to what matters, in source order."""
        for site, what, steps in self._found(function.analysis):
            yield Hit(site, what, steps)

    def _found(self, analysis: Analysis) -> Iterator[tuple[CallSite, str, tuple[Step, ...]]]:
        iterated = iterated_calls(analysis)
        outside: set[int] | None = None
        for site in analysis.calls:
            found = None if site.deferred else self._of_site(site, iterated)
            if found is None:
                continue
            outside = self._left_out(analysis) if outside is None else outside
            if id(site.node) not in outside:
                yield site, *found

    def _left_out(self, analysis: Analysis) -> set[int]:
        without_loop = calls_without_loop(analysis)
        return without_loop if self._even_once else without_loop | calls_once(analysis)

    def _of_site(self, site: CallSite, iterated: set[int]) -> tuple[str, tuple[Step, ...]] | None:
        what = self._predicate(site)
        if what is not None:
            # What is awaited gives an awaitable: the handle is not of the sync type that it was taken for.
            return None if site.awaited else (what, ())
        for target, receiver in site.targets:
            once = target.kind == "cached" and not target.node.params
            if (once and not self._even_once) or not runs_body(site, target, iterated):
                continue
            below = self._beneath(target, receiver)
            if below is not None:
                return below
        return None

    def _beneath(self, function: FunctionValue, receiver: Value | None) -> tuple[str, tuple[Step, ...]] | None:
        key = (id(function.node), repr(receiver))
        if key in self._below:
            return self._below[key]
        self._below[key] = None
        analysis = self._project.evaluator.analysis(function, receiver)
        for site, what, steps in self._found(analysis):
            said = f"runs {what}" if not steps else f"`{function.qualname}` calls on"
            step = Step(mark_at(function.module, site.node.pos), said)
            self._below[key] = (what, (step, *steps))
            break
        return self._below[key]


def iterated_calls(analysis: Analysis) -> set[int]:
    """Identities of the calls whose results the function itself iterates over."""
    return analysis.iterated


def runs_body(site: CallSite, target: FunctionValue, iterated: set[int]) -> bool:
    """Whether a call runs the body of a sync function here.

    A generator's runs only when it is iterated or entered.
    """
    if target.node.is_async:
        return False
    if site.awaited and not isinstance(site.result, (Coroutine, Unknown)):
        return False
    if not target.node.is_generator:
        return True
    return id(site.node) in iterated or (target.kind == "contextmanager" and site.with_)


def calls_without_loop(analysis: Analysis) -> set[int]:
    """Identities of the calls that run only where no event loop runs: where `get_running_loop` has raised."""
    asks = {id(site.node) for site in analysis.calls if site.name == "asyncio.get_running_loop"}
    found: set[int] = set()
    if not asks:
        return found
    for node in statements(analysis.body):
        if isinstance(node, f.Try) and any(id(inner) in asks for inner in walk(node.body)):
            found |= {id(inner) for handler in node.handlers for inner in walk(handler.body)}
    return found


def calls_once(analysis: Analysis) -> set[int]:
    """Identities of the calls that fill a global variable which is kept: `if cache is None: cache = load()`."""
    found: set[int] = set()
    if not analysis.globals:
        return found
    for node in statements(analysis.body):
        if isinstance(node, f.If) and _names([node.test]) & _assigned(node.body) & analysis.globals:
            found |= {id(inner) for inner in walk(node.body)}
    for index, node in enumerate(analysis.body):
        rest = analysis.body[index + 1 :]
        if not isinstance(node, f.If) or not isinstance(node.body[-1], f.Return):
            continue
        if _names([node.test]) & _assigned(rest) & analysis.globals:
            found |= {id(inner) for inner in walk(rest)}
    return found


def _names(nodes: Sequence[f.Node]) -> set[str]:
    return {node.id for node in walk(nodes) if isinstance(node, f.Name)}


def _assigned(block: list[f.Stmt]) -> set[str]:
    return {n for s in statements(block) if isinstance(s, f.Assign) for n in _names(s.targets)}


def on_the_loop(project: Project) -> Iterator[Function]:
    """The async functions of the application that run on the event loop while it serves.

    What only the start-up of an app runs blocks nobody and is left out.
    """
    for function in project.functions:
        if function.is_async and function.node not in project.startup_only:
            yield function


def before_serving(function: Function, site: CallSite) -> bool:
    """Whether a call of a lifespan stands before its `yield`."""
    if not function.is_lifespan and not _takes_an_app(function):
        return False
    yields = [s.pos for s in statements(function.body) if any(isinstance(n, f.Yield) for n in walk([s]))]
    return not yields or site.node.pos < max(yields)


def _takes_an_app(function: Function) -> bool:
    """Whether a function has the form of a lifespan: an async context manager of an app, however it gets there."""
    value = function.value
    params = value.node.params
    if value.kind != "contextmanager" or len(params) != 1 or params[0].annotation is None:
        return False
    type_ = annotation_type(function.project.evaluator, params[0].annotation, value.scope)
    return any(inherits(plain(option), "starlette.applications.Starlette") is True for option in options(type_))
