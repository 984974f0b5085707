"""Which functions may come to a call that matters: a cheap question, asked before they are analysed.

It is answered by names, as that for coroutines is (`coroutines`): what functions call without `await`
(`facts.Function.calls`), against the last names of what matters and of the functions that may come to it. Whatever may
be called by another name than its own (a parameter, an attribute or a variable that holds a function) is suspect.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.blocking import has_boto
from fastapi_guardrails.knowledge.database import has_sync_redis
from fastapi_guardrails.model.imports import imports
from fastapi_guardrails.model.tree import statements
from fastapi_guardrails.model.values import (
    PROPERTIES,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Lazy,
    Mapping,
    Sequence_,
    Value,
)
from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.roots import Imported, full_names, imported_by

if TYPE_CHECKING:
    from fastapi_guardrails.model.project import Project

#: Functions of Python that call what they are given.
_CALLING = frozenset({"map", "filter", "reduce", "sorted", "min", "max"})

#: Methods that run when their class is called.
MAKING = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__"})

#: Methods that a `with` statement calls.
_ENTERING = frozenset({"__enter__", "__exit__"})

#: Methods that are called without a name: of any function the body may do that.
_HIDDEN = frozenset({"__call__", "__iter__"})

#: Statements that give names.
_NAMING = frozenset({f.Import, f.ImportFrom, f.Assign})

#: Types of what cannot be called.
_DATA = frozenset({"str", "int", "float", "bool", "bytes", "list", "dict", "set", "frozenset", "tuple", "datetime"})

#: Attributes of async sessions and engines that are sync.
_SYNC_HALVES = (f.encode_word("sync_session"), f.encode_word("sync_engine"))

#: One function of so many has to be async.
_ASYNC_SHARE = 4


class Names:
    """What functions of a project call, and by which other names they may be called themselves; for all questions."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def functions(self) -> list[FunctionValue]:
        """All functions; those inside others are known only when all of the application were looked for."""
        return list(self._project.registry.functions.values()) if self._project.functions else []

    @cached_property
    def pay(self) -> bool:
        """Whether it is cheaper to ask by names than to analyse all async functions.

        It is, where many are async and no library is there of which any method may do I/O.
        """
        functions = self._project.registry.functions.values()
        waiting = sum(function.node.is_async for function in functions)
        if waiting * _ASYNC_SHARE <= len(functions):
            return False
        return not (has_sync_redis(self.imported) or has_boto(self.imported))

    @cached_property
    def imported(self) -> frozenset[str]:
        """What is imported of libraries, in full: `a.b` for `import a.b` and `from a import b`.

        A sync session that an async one gives counts as imported.
        """
        found: set[Imported] = set().union(*self._project.sources.imports.values())
        for function in self.functions:
            if f.IMPORTED in function.node.code:
                found.update(pair for node in imports(function.node.body) for pair in imported_by(node))
        if any(f.has_word(function.node, _SYNC_HALVES) for function in self.functions):
            found.add(("sqlalchemy.orm", ("Session",)))
        return frozenset(name for pair in found for name in full_names(pair))

    @cached_property
    def imports(self) -> list[f.Import | f.ImportFrom]:
        """The imports of modules, without those of their functions and classes."""
        return [node for node in self._outside if isinstance(node, (f.Import, f.ImportFrom))]

    @cached_property
    def _outside(self) -> list[f.Stmt]:
        """What modules import and assign."""
        modules = self._project.symbols.modules.values()
        return [n for module in modules for n in statements(module.facts.body) if n.__class__ in _NAMING]

    @cached_property
    def _called(self) -> frozenset[str]:
        """All names that something is called by."""
        return frozenset(name for function in self.functions for name in function.node.calls)

    @cached_property
    def plain(self) -> frozenset[str]:
        """Names of the functions that are not async."""
        return frozenset(function.name for function in self.functions if not function.node.is_async)

    @cached_property
    def leading(self) -> dict[str, list[FunctionValue]]:
        """The functions in whose body a call by a name, without `await`, may run something of that name here."""
        found: dict[str, list[FunctionValue]] = defaultdict(list)
        for function in self.functions:
            if not function.node.is_async:
                for name in function.node.calls:
                    found[name].append(function)
        return found

    @cached_property
    def others(self) -> dict[str, list[str]]:
        """Other names of what a name stands for: aliases, subclasses, and what a decorator makes."""
        found: dict[str, list[str]] = defaultdict(list)
        for node in self.imports:
            for alias in node.names:
                if alias.asname:
                    found[alias.name.rpartition(".")[2]].append(alias.asname)
        for function in self.functions:
            for decorator in function.node.decorators:
                found[_name(decorator)].append(function.name)
        for cls in self._project.registry.classes.values():
            for base in cls.node.bases:
                found[_name(base)].append(cls.name)
        for name, value in self._variables:
            if isinstance(value, (ClassValue, FunctionValue)):
                found[value.name].append(name)
            elif isinstance(value, External):
                found[value.name.rpartition(".")[2]].append(name)
        return found

    @cached_property
    def open(self) -> frozenset[str]:
        """Names by which anything may be called."""
        names = set(_CALLING)
        names.update(name for function in self.functions for name in function.node.assigned)
        names.update(self._attributes())
        names.update(name for name, value in self._variables if not _is_followed(value))
        for cls in self._project.registry.classes.values():
            fields = [s for s in cls.node.body if isinstance(s, f.AnnAssign) and not _is_data(s.annotation)]
            names.update(field.target.id for field in fields if isinstance(field.target, f.Name))
        return frozenset({f.UNNAMED, *(names & self._called), *self._wrapped()})

    def _wrapped(self) -> Iterator[str]:
        """The functions that something of the project decorates, unless they are async then."""
        own = {function.name for function in self.functions} | {c.name for c in self._project.registry.classes.values()}
        for function in self.functions:
            if any(_name(decorator) in own for decorator in function.node.decorators):
                made = function.scope.vars.get(function.name)
                if not isinstance(made, FunctionValue) or not made.node.is_async:
                    yield function.name

    def _attributes(self) -> Iterator[str]:
        """The attributes that modules assign."""
        for node in self._outside:
            if isinstance(node, f.Assign):
                yield from (target.attr for target in node.targets if isinstance(target, f.Attr))

    @cached_property
    def _variables(self) -> list[tuple[str, Value]]:
        """Variables of modules and classes by which something is called."""
        scopes = [module.scope for module in self._project.symbols.modules.values()]
        scopes += [cls.scope for cls in self._project.registry.classes.values()]
        called = self._called
        return [item for scope in scopes for item in scope.vars.items() if item[0] in called]


class Suspects:
    """The functions that may come, without waiting for it, to a call by one of some names.

    Args:
        project: where to look.
        names: last names of what matters.
    """

    def __init__(self, project: Project, names: Iterable[str]) -> None:
        self._names = project.names
        self._suspect: set[str] = set()
        self._properties: list[bytes] = []
        self._spread(self._names.open.union(names))
        awaitable = self._suspect & project.coroutines.names & self._names.plain
        self._words = [*self._properties, *map(f.encode_word, sorted(awaitable))]
        self._all = not _HIDDEN.isdisjoint(self._suspect)
        self._contexts = not _ENTERING.isdisjoint(self._suspect)

    def __contains__(self, function: FunctionValue) -> bool:
        node = function.node
        if self._all or not self._suspect.isdisjoint(node.calls):
            return True
        return f.has_word(node, self._words) or (self._contexts and f.WITH in node.code)

    def has(self, name: str) -> bool:
        """Whether a call by a name may matter."""
        return name in self._suspect

    def _spread(self, names: frozenset[str]) -> None:
        """From some names to those of all that may come to them."""
        queue = list(names)
        self._suspect |= names
        while queue:
            for name in self._next(queue.pop()):
                if name not in self._suspect:
                    self._suspect.add(name)
                    queue.append(name)

    def _next(self, name: str) -> Iterator[str]:
        yield from self._names.others.get(name, ())
        if name in _ENTERING:
            for function in self._names.functions:
                if f.WITH in function.node.code and not function.node.is_async:
                    yield from self._of(function)
        for function in self._names.leading.get(name, ()):
            yield from self._of(function)

    def _of(self, function: FunctionValue) -> Iterator[str]:
        """The names by which a function that is suspect is called."""
        yield function.name
        if function.name in MAKING and function.owner is not None:
            yield function.owner.name
        if function.kind in PROPERTIES:
            word = f.encode_word(function.name)
            if word not in self._properties:
                self._properties.append(word)
                for reader in self._names.functions:
                    if not reader.node.is_async and f.has_word(reader.node, [word]):
                        yield from self._of(reader)


def _name(node: f.Expr) -> str:
    """The last name of a decorator or a base class."""
    while isinstance(node, (f.Call, f.Sub)):
        node = node.func if isinstance(node, f.Call) else node.value
    return f.last_name(node)


def _is_data(annotation: f.Expr) -> bool:
    """Whether an annotation is that of something that nobody can call: `list[Item]`, `str | None`."""
    if isinstance(annotation, f.Binary):
        return _is_data(annotation.left) and _is_data(annotation.right)
    if isinstance(annotation, f.Const):
        return annotation.value is None
    return _name(annotation) in _DATA


def _is_followed(value: Value) -> bool:
    """Whether a variable is nothing to call, or is called by a name that leads on."""
    if isinstance(value, Instance):
        return not isinstance(value.cls, External) or not value.cls.name.startswith("asgiref.")
    if isinstance(value, Const):
        return value.value is not None  # a variable that is filled later
    return isinstance(value, (Lazy, ClassValue, FunctionValue, External, Sequence_, Mapping))
