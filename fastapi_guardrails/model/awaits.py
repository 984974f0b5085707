"""Where a function awaits the coroutines that it makes: there, and not where they are made, they raise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fastapi_guardrails.model.calls import Analysis, CallSite
from fastapi_guardrails.model.tree import walk_with_parent
from fastapi_guardrails.model.values import FunctionValue, truth
from fastapi_guardrails.source import facts as f

#: What makes a task of a coroutine, or runs a function later: nothing it raises comes back by itself.
_LATER = frozenset({"create_task", "ensure_future", "add_task", "start_soon", "run_coroutine_threadsafe", "spawn"})
#: Waits for tasks and keeps what they raise in them.
_KEEPING = frozenset({"asyncio.wait", "asyncio.tasks.wait"})
#: Methods that put something into a collection.
_FILLING = frozenset({"append", "add", "appendleft", "extend", "insert", "update"})
#: Runs a coroutine to its end.
_RUNNING = frozenset({"run", "run_until_complete"})


class Place(NamedTuple):
    """Where a coroutine raises: the node, and the functions of the project that it was handed to and that await it."""

    node: f.Node
    through: tuple[FunctionValue, ...] = ()


class Awaits:
    """Answers for one function."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._sites = {id(site.node): site for site in analysis.calls}
        self._parents: dict[int, f.Node | None] | None = None

    def places(self, site: CallSite) -> list[Place]:
        """Where the exceptions of a call come out; none where they never do."""
        if site.awaited or not any(t.node.is_async and not t.node.is_generator for t, _ in site.targets):
            return [Place(site.node)]
        found = self._climb(site.node, frozenset())
        return found if found is not None else []

    def _parent(self, node: f.Node) -> f.Node | None:
        if self._parents is None:
            self._parents = {id(inner): parent for inner, parent in walk_with_parent(self._analysis.body)}
        return self._parents.get(id(node))

    def _climb(self, node: f.Node, seen: frozenset[str]) -> list[Place] | None:
        """Where what a node is comes to be awaited; None where it is kept for good (`return_exceptions=True`)."""
        start = node
        is_name, is_task = isinstance(node, f.Name), False
        through: tuple[FunctionValue, ...] = ()
        while True:
            parent = self._parent(node)
            if isinstance(parent, (f.Await, f.Yield)):
                return [Place(parent, through)]
            if parent is None or isinstance(parent, f.ExprStmt):
                return [] if is_name or is_task or start is node else [Place(start, through)]
            if isinstance(parent, f.Return):
                return [] if is_task else [Place(parent, through)]
            if isinstance(parent, f.Attr):
                return [Place(start)] if parent.attr in ("result", "__await__") or not (is_name or is_task) else []
            if isinstance(parent, f.Call):
                if self._keeps(parent):
                    return None
                name = f.last_name(parent.func)
                if name in _LATER:
                    is_task = True
                elif name in _FILLING and isinstance(parent.func, f.Attr):
                    return [] if is_name else self._uses(parent.func.value, seen)
                elif is_name and name in _RUNNING:
                    return [Place(parent)]
                through += self._handed_to(parent)
            if isinstance(parent, (f.Assign, f.AnnAssign, f.AugAssign)):
                target = parent.targets[0] if isinstance(parent, f.Assign) else parent.target
                return self._uses(target, seen) if node is parent.value else []
            if isinstance(parent, (f.For, f.Generator)) and node is parent.iter:
                return self._uses(parent.target, seen)
            if not isinstance(parent, _PASSING):
                return [] if is_name or is_task else [Place(start, through)]
            node = parent

    def _keeps(self, call: f.Call) -> bool:
        site = self._sites.get(id(call))
        keyword = call.keyword("return_exceptions")
        if keyword is not None and truth(self._analysis.value(keyword.value)) is not False:
            return True
        if site is None:
            return False
        return site.name in _KEEPING or any(b"return_exceptions" in t.node.code for t, _ in site.targets)

    def _handed_to(self, call: f.Call) -> tuple[FunctionValue, ...]:
        site = self._sites.get(id(call))
        return tuple(t for t, _ in site.targets if t.node.is_async) if site is not None else ()

    def _uses(self, target: f.Expr, seen: frozenset[str]) -> list[Place] | None:
        """Where what a name holds is awaited."""
        while isinstance(target, (f.Sub, f.Star)):
            target = target.value
        if not isinstance(target, f.Name) or target.id in seen:
            return []
        found: list[Place] = []
        for node in self._names(target):
            places = self._climb(node, seen | {target.id})
            if places is None:
                return None
            found += places
        return found

    def _names(self, target: f.Name) -> Iterator[f.Name]:
        for inner, _ in walk_with_parent(self._analysis.body):
            if isinstance(inner, f.Name) and inner.id == target.id and inner is not target:
                yield inner


#: Expressions that hand on what stands in them.
_PASSING = (
    f.Call, f.Keyword, f.Star, f.Seq, f.Dict, f.Comp, f.Generator, f.IfExp, f.Bool, f.Sub, f.Binary, f.Walrus,
)  # fmt: skip
