"""What is there already while the functions that start apps are called: it is not made again, and not filled twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model.registering import routers_given
from fastapi_guardrails.model.routing import RouterObject
from fastapi_guardrails.model.values import Const, FunctionValue, Instance, Mapping, Sequence_, Unknown, Value

if TYPE_CHECKING:
    from collections.abc import Hashable

    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.source import facts as f


class Launched:
    """Results of calls.

    Args:
        made: what factories and classes gave that were called before, by the identity of their nodes.
    """

    def __init__(self, made: dict[int, Value]) -> None:
        self._made = made
        self._objects = {id(value) for value in made.values() if isinstance(value, Instance)}
        self._results: dict[Hashable, Value] = {}

    def made(self, node: f.Node, call: Arguments) -> Value | None:
        """What a factory or a class gave before, unless this call hands over what can be registered."""
        found = self._made.get(id(node))
        return found if found is not None and not _hands_over_routers(call) else None

    def result(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> Value | None:
        """What a call gives that need not be carried out: it was before, with the same arguments."""
        return self.made(function.node, call) or self._results.get(self._key(function, receiver, call))

    def keep(self, function: FunctionValue, receiver: Value | None, call: Arguments, result: Value) -> None:
        """Remember what a call gave that may have registered something."""
        if routers_given(receiver, call):
            self._results[self._key(function, receiver, call)] = result

    def _key(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> Hashable:
        sign = _rough_sign if id(receiver) in self._objects else _sign
        named = ((name, sign(value)) for name, value in sorted(call.kwargs.items()))
        return id(function.node), id(receiver), *map(sign, call.args), *named


def _hands_over_routers(call: Arguments) -> bool:
    if routers_given(None, call):
        return True
    lists = (value for value in (*call.args, *call.kwargs.values()) if isinstance(value, Sequence_))
    return any(isinstance(item, RouterObject) for value in lists for item in value.items)


def _sign(value: Value) -> Hashable:
    """What tells an argument from others; all unknown ones are alike."""
    if isinstance(value, Const):
        return value.__class__, value.value
    return Unknown if isinstance(value, Unknown) else id(value)


def _rough_sign(value: Value) -> Hashable:
    """The same of what `serve` of an object gets, where options are no reason to register all again."""
    return Unknown if isinstance(value, Mapping) else _sign(value)
