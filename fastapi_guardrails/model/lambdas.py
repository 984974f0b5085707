"""Lambdas: as functions, and what their parameters are: `map` and `sorted` call them with items of what they get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_guardrails.model import types
from fastapi_guardrails.model.calls import callee_name
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.model.values import FunctionValue, LambdaValue, Method, Value
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.frames import Frame

#: Call their first argument with an item of each other one.
_MAPPING = frozenset(
    {"builtins.map", "builtins.filter", "itertools.dropwhile", "itertools.filterfalse", "itertools.takewhile"}
)
#: Call `key=` with each item of their only positional argument.
_KEYED = frozenset({"builtins.max", "builtins.min", "builtins.sorted", "heapq.nlargest", "heapq.nsmallest"})


def as_function(ev: Evaluator, value: LambdaValue) -> FunctionValue:
    """A function that returns what a lambda gives: the same one each time."""
    key = id(value.node), id(value.scope)
    known = ev.lambdas.get(key)
    if known is None:
        known = ev.lambdas[key] = FunctionValue(_definition(value.node), value.module, value.scope, value.qualname)
    return known


def _definition(node: f.Lambda) -> f.Function:
    own = {param.name for param in node.params}
    names = {f.last_name(inner.func) for inner in walk([node.body]) if isinstance(inner, f.Call)}
    calls = sorted(f.UNNAMED if name in own else name for name in names)
    code = f.encode_body([f.Return(node.pos, node.body)])
    line = f.line_of(node.pos)
    return f.Function(node.pos, "<lambda>", node.params, [], None, False, False, line, calls, [], [], code)


def handed(ev: Evaluator, node: f.Call, callee: Value, frame: Frame) -> tuple[f.Lambda, list[Value]] | None:
    """The lambda among the arguments of a call, and the arguments with which it is called; None where neither is."""
    name = callee_name(callee)
    if name in _MAPPING and len(node.args) > 1 and isinstance(node.args[0], f.Lambda):
        return node.args[0], [_item(ev, source, frame) for source in node.args[1:]]
    key = node.keyword("key")
    if key is None or not isinstance(key.value, f.Lambda):
        return None
    if name in _KEYED and node.args and (len(node.args) == 1 or name.startswith("heapq.")):
        return key.value, [_item(ev, node.args[-1], frame)]
    if name == "builtins.list.sort" and isinstance(callee, Method):
        return key.value, [types.element(callee.receiver, ev)]
    return None


def _item(ev: Evaluator, source: f.Expr, frame: Frame) -> Value:
    return types.element(ev.evaluate(source, frame), ev)
