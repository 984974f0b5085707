"""Which functions may make a coroutine that they do not await: a cheap question, asked before a function is analysed.

It is answered by names: what a function calls without `await` (`facts.Function.calls`) against what is async.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.returns import FUNCTIONS, METHODS
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.tree import dotted, statements, walk
from fastapi_guardrails.model.values import (
    PROPERTIES,
    Bound,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Partial,
    Union,
    Value,
    options,
)
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.roots import Imported, full_names, imported_by

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project

#: Functions of libraries that hand a coroutine on, or make one, and have no fixed result.
_MAKERS = ("gather", "wait_for", "shield", "to_thread", "run_in_threadpool", "run_sync", "anext")

#: Annotations of what is called and gives something to await.
_AWAITABLES = frozenset({"Awaitable", "Coroutine"})


#: Packages that every project imports something from: only classes that are named count.
_FRAMEWORKS = frozenset({"fastapi", "starlette"})

#: What may be async, or one of several things that are.
_CALLABLES = frozenset({FunctionValue, Bound, Partial, External, Union})


class Coroutines:
    """Names of what makes coroutines in a project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def may_be_dropped(self, function: f.Function) -> bool:
        """Whether a function may make a coroutine without awaiting it right there."""
        names = self.names
        return any(
            name in names or (name == f.UNNAMED and (function.is_async or self._mentions(function)))
            for name in function.calls
        ) or (bool(self._properties) and f.has_word(function, self._properties))

    def _mentions(self, function: f.Function) -> bool:
        return self._pattern.search(function.code) is not None

    @cached_property
    def _properties(self) -> list[bytes]:
        """Names of the properties that give something to await, as bodies name them."""
        functions = self._project.registry.functions.values()
        return [f.encode_word(v.name) for v in functions if v.node.is_async and v.kind in PROPERTIES]

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(re.escape(f.encode_word(name)) for name in sorted(self.names)))

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of what gives something to await."""
        names = {*_MAKERS, *self._of_libraries()}
        functions = [value.node for value in self._project.registry.functions.values()]
        names.update(node.name for node in functions if node.is_async or _promises(node.returns))
        names.update(self._other_names(names))
        return frozenset(self._handed_on(functions, names))

    def _handed_on(self, functions: list[f.Function], names: set[str]) -> set[str]:
        """These names, and those of the plain functions that return what something of them gives, however deep."""
        callers: dict[str, list[f.Function]] = {}
        for node in functions:
            if not node.is_async and not node.is_generator:
                for called in node.calls:
                    callers.setdefault(called, []).append(node)
        returned: dict[int, set[str]] = {}
        known, queue = set(names), list(names)
        while queue:
            for node in callers.get(queue.pop(), ()):
                if node.name in known:
                    continue
                if id(node) not in returned:
                    calls = returned[id(node)] = _returned_calls(node)
                    for called in calls.difference(node.calls):
                        callers.setdefault(called, []).append(node)
                if not known.isdisjoint(returned[id(node)]):
                    known.add(node.name)
                    queue.append(node.name)
        return known

    def _of_libraries(self) -> Iterator[str]:
        """What is async of the libraries that the project imports."""
        pairs = (pair for node in self._project.names.imports for pair in imported_by(node))
        imported = {name for pair in pairs for name in full_names(_as_sqlalchemy(pair))}
        for cls, methods in METHODS.items():
            names = [name for name, spec in methods.items() if spec.startswith("await ")]
            if names and _is_at_hand(cls, imported):
                yield from names
        yield from (name.rpartition(".")[2] for name, spec in FUNCTIONS.items() if spec.startswith("await "))

    def _other_names(self, names: set[str]) -> Iterator[str]:
        """Names by which modules and classes call what is async otherwise: aliases and assignments."""
        aliases = (alias for node in self._project.names.imports for alias in node.names)
        yield from (alias.asname for alias in aliases if alias.asname and alias.name in names)
        scopes = [m.scope for m in self._project.symbols.modules.values()]
        scopes += [cls.scope for cls in self._project.registry.classes.values()]
        kinds = _CALLABLES | {Instance} if "__call__" in names else _CALLABLES
        for name, value in (item for scope in scopes for item in scope.vars.items()):
            if value.__class__ in kinds and name not in names and _is_async(value):
                yield name


def _is_at_hand(cls: str, imported: set[str]) -> bool:
    """Whether a project that imports some names may have instances of a library's class."""
    module, _, name = cls.rpartition(".")
    package = module.partition(".")[0]
    if package in _FRAMEWORKS:
        return package in imported or module in imported or any(i.endswith("." + name) for i in imported)
    if package in imported:
        return package != "sqlalchemy" or any(i.startswith(module) for i in imported)
    return any(i == module or i.startswith(module + ".") for i in imported)


def _as_sqlalchemy(imported: Imported) -> Imported:
    """What is imported from SQLModel counts as SQLAlchemy."""
    module, names = imported
    return (module.replace("sqlmodel", "sqlalchemy", 1), names) if names else imported


def _is_async(value: Value) -> bool:
    for option in options(value):
        target: Value | None = option.target if isinstance(option, Partial) else option
        target = target.function if isinstance(target, Bound) else target
        if isinstance(target, Instance) and isinstance(target.cls, ClassValue):
            target = classes.method(target.cls, "__call__")
        if isinstance(target, FunctionValue) and target.node.is_async:
            return True
        if isinstance(target, External) and FUNCTIONS.get(target.name, "").startswith("await "):
            return True
    return False


def _promises(returns: f.Expr | None) -> bool:
    """Whether an annotation, which may be written as a string, names something to await."""
    for node in walk([returns]) if returns is not None else ():
        if isinstance(node, f.Const) and isinstance(node.value, str):
            if any(word in node.value for word in _AWAITABLES):
                return True
        elif isinstance(node, (f.Name, f.Attr)) and (dotted(node) or "").rpartition(".")[2] in _AWAITABLES:
            return True
    return False


def _returned_calls(function: f.Function) -> set[str]:
    """Names of the calls in what a function returns."""
    returned = (node.value for node in statements(function.body) if isinstance(node, f.Return))
    calls = (node for value in returned if value is not None for node in walk([value]) if isinstance(node, f.Call))
    return {f.last_name(call.func) for call in calls}
