"""What evaluation finds in passing: apps and routers, library calls of start-up code, definitions, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model.classes import is_declarative
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.routing import Entry, Place, RouteEntry, RouterObject, place_of
from fastapi_guardrails.model.values import (
    Bound,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Mapping,
    Method,
    Partial,
    Value,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.symbols import Module


class LibraryCall:
    """A call of something of a library, with the arguments that it was given at start-up.

    Attributes:
        name: qualified name of the function, class or method.
        off: it stands in a branch that the defaults do not take.
    """

    __slots__ = ("call", "callee", "name", "off", "uncertain")

    def __init__(self, callee: External | Method, call: Arguments) -> None:
        self.callee = callee
        self.name = callee.name if isinstance(callee, External) else callee.qualified
        self.call = call
        self.off = bool(call.frame.off)
        self.uncertain = bool(call.frame.uncertain)


class Registry:
    """Collects; asks nothing."""

    def __init__(self) -> None:
        self.apps: list[RouterObject] = []
        self.routers: list[RouterObject] = []
        #: includes of what may be any router, and of what a library made
        self.unknown_includes: list[tuple[RouterObject, Entry]] = []
        self.library_includes: list[tuple[RouterObject, Entry]] = []
        #: apps and routers that something got which cannot be followed, with the include that it may make
        self.handed_over: list[tuple[RouterObject, RouterObject, Entry]] = []
        self.functions: dict[int, FunctionValue] = {}
        self.classes: dict[int, ClassValue] = {}
        self._classes_by_name: dict[str, list[ClassValue]] = {}
        self.calls: dict[str, list[LibraryCall]] = {}
        self.dynamic_imports = False
        #: paths of the modules that a module imports by name, by its path
        self.imported: dict[str, set[str]] = {}
        #: blocks that run only where their module is the program
        self.mains: list[tuple[Module, list[f.Stmt]]] = []
        #: calls that were not followed to their end and may register something, with the routers that they got
        self.given_up: dict[Place, list[RouterObject]] = {}
        self._seq = 0
        self._keys: dict[int, tuple[Mapping, list[tuple[Value, Value]]]] = {}

    def next(self) -> int:
        """The next number in the order of registration."""
        self._seq += 1
        return self._seq

    def router_made(self, router: RouterObject) -> None:
        (self.apps if router.is_app else self.routers).append(router)

    def defined(self, function: FunctionValue, frame: Frame) -> None:
        """A function was defined; the first evaluation of its `def` stands for it."""
        self.functions.setdefault(id(function.node), function)

    def class_defined(self, cls: ClassValue, frame: Frame) -> None:
        if self.classes.setdefault(id(cls.node), cls) is cls:
            self._classes_by_name.setdefault(cls.name, []).append(cls)

    def mapped_class(self, name: str) -> ClassValue | None:
        """The one mapped class of that name, as SQLAlchemy's registry finds it."""
        found = [cls for cls in self._classes_by_name.get(name.rpartition(".")[2], ()) if is_declarative(cls)]
        return found[0] if len(found) == 1 else None

    def name(self, value: Value, node: f.Assign | f.AnnAssign, frame: Frame) -> None:
        """An assignment gives routers their name: that of a module's or a class's, else the function's own."""
        if not isinstance(value, RouterObject):
            return
        target = node.targets[0] if isinstance(node, f.Assign) else node.target
        place = Place(frame.module, node.pos, "stmt")
        if frame.scope.kind != "function":
            if isinstance(target, f.Name) and not value.name:
                value.name, value.assigned = target.id, place
        elif value.local is None and frame.function is not None and value.owner is frame.function:
            name = _written(target)
            value.local = (name, place) if name else None

    def library_call(self, callee: External | Method, call: Arguments) -> None:
        if call.frame.inline:
            made = LibraryCall(callee, call)
            self.calls.setdefault(made.name, []).append(made)

    def view(self, cls: ClassValue, router: Value) -> None:
        """A class-based view: the routes that its methods registered on the router belong to it."""
        if not isinstance(router, RouterObject):
            return
        for entry in router.entries:
            if isinstance(entry, RouteEntry) and entry.view is None and _owner(entry.endpoint) is cls:
                entry.view = cls

    def give_up(self, call: Arguments, routers: list[RouterObject]) -> None:
        """A call is not followed, though it may register something on some routers (on any, if none are known)."""
        if call.frame.module.is_application:
            self.given_up.setdefault(place_of(call), []).extend(routers)

    def keep_keys(self, mapping: Mapping, keys: list[tuple[Value, Value]]) -> None:
        """Remember the keys of a dict display that are no scalars (exception classes)."""
        self._keys[id(mapping)] = (mapping, keys)

    def pairs(self, mapping: Value) -> list[tuple[Value, Value]] | None:
        """The (key, value) pairs of a dict, keys that are no scalars included; None where some are not known."""
        found = self._keys.get(id(mapping))
        if found is not None:
            return found[1]
        if isinstance(mapping, Mapping) and not mapping.open:
            return [(Const(key), value) for key, value in mapping.items.items()]
        return None

    def set_item(self, mapping: Mapping, key: Value, value: Value, *, sure: bool = True) -> None:
        """`mapping[key] = value`, which happens for sure or perhaps."""
        known = self.pairs(mapping)
        if sure and isinstance(key, Const) and id(mapping) not in self._keys:
            mapping.items[key.value] = value
            return
        mapping.open = True
        if known is not None:
            self.keep_keys(mapping, [*known, (key, value)])


def _written(target: f.Expr) -> str:
    """A name, or an attribute of one, as it is written."""
    if isinstance(target, f.Attr) and isinstance(target.value, f.Name):
        return f"{target.value.id}.{target.attr}"
    return target.id if isinstance(target, f.Name) else ""


def _owner(endpoint: Value) -> ClassValue | None:
    while isinstance(endpoint, (Bound, Partial)):
        endpoint = endpoint.function if isinstance(endpoint, Bound) else endpoint.target
    if isinstance(endpoint, FunctionValue):
        if isinstance(endpoint.wraps, FunctionValue):
            return endpoint.wraps.owner or endpoint.owner
        return endpoint.owner
    return None
