"""Which class stands behind an interface, where the project has one that implements it and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.values import ClassValue, External, FunctionValue

if TYPE_CHECKING:
    from fastapi_guardrails.model.registry import Registry


class Interfaces:
    """Answers for one project; what is found is kept until further classes are defined."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._seen = 0
        self._found: dict[int, ClassValue | None] = {}

    def implementation(self, interface: ClassValue) -> ClassValue | None:
        """The only class of the application that inherits from an interface, or has all methods of a protocol."""
        if self._seen != len(self._registry.classes):
            self._seen = len(self._registry.classes)
            self._found = {}
        key = id(interface.node)
        if key not in self._found:
            self._found[key] = self._only_one(interface)
        return self._found[key]

    def _only_one(self, interface: ClassValue) -> ClassValue | None:
        bases = [classes.plain(base) for base in interface.bases]
        is_protocol = any(isinstance(base, External) and base.name == "typing.Protocol" for base in bases)
        wanted = {n: _parameters(v) for n, v in interface.scope.vars.items() if isinstance(v, FunctionValue)}
        found: list[ClassValue] = []
        for cls in list(self._registry.classes.values()):
            if cls.node is interface.node or not cls.module.is_application or classes.is_interface(cls):
                continue
            if classes.is_subclass(cls, interface) is True or (is_protocol and _has_all(cls, wanted)):
                found.append(cls)
        return found[0] if len(found) == 1 else None


def _has_all(cls: ClassValue, wanted: dict[str, list[str]]) -> bool:
    methods = {name: classes.method(cls, name) for name in wanted}
    return bool(wanted) and all(m is not None and _parameters(m) == wanted[name] for name, m in methods.items())


def _parameters(function: FunctionValue) -> list[str]:
    return [param.name for param in function.node.params]
