"""Values that only a default chose: with other settings, something else would stand in their place.

`auth = Auth0() if settings.auth else NoAuth()` is known, as the default says which it is. Who asks what protects a
route must not take that for the whole truth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi_guardrails.model.values import (
    Annotated,
    Bound,
    ClassValue,
    Const,
    DependsValue,
    FunctionValue,
    Instance,
    LambdaValue,
    Lazy,
    Partial,
    Sequence_,
    Value,
    is_none,
)

#: What a dependency, or a list of them, may be.
_CHOSEN = (
    Annotated, Bound, ClassValue, DependsValue, FunctionValue, Instance, LambdaValue, Lazy, Partial, Sequence_,
)  # fmt: skip


class Choices:
    """Collects what was chosen; imported names among it are looked up when somebody asks."""

    def __init__(self, resolve: Callable[[Lazy], Value]) -> None:
        self._resolve = resolve
        self._made: list[Value] = []
        self._known: dict[int, Value] = {}

    def add(self, value: Value) -> Value:
        """Note a value for which a default decided; what stands for it from then on, as all share one `None`."""
        if is_none(value):
            value = Const(None, soft=True)
        elif not isinstance(value, _CHOSEN):
            return value
        self._made.append(value)
        return value

    def add_differing(self, taken: Mapping[str, Value], other: Mapping[str, Value]) -> None:
        """Note the names of two branches that stand for something else in the one that the defaults do not take."""
        for name, value in other.items():
            chosen = taken.get(name)
            if isinstance(chosen, _CHOSEN) and chosen is not value:
                self._made.append(chosen)

    def holds(self, value: Value | None) -> bool:
        """Whether a value, or the object whose method it is, was chosen by a default."""
        made, self._made = self._made, []
        for chosen in made:
            found = self._resolve(chosen) if isinstance(chosen, Lazy) else chosen
            self._known[id(found)] = found
        if isinstance(value, Bound) and id(value.receiver) in self._known:
            return True
        return id(value) in self._known
