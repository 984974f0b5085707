"""Walking over facts: children, descendants, and small questions that need no evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import GenericAlias
from typing import Any, get_args

import msgspec

from fastapi_guardrails.source import facts as f


class _Fields(dict[type, tuple[str, ...]]):
    """Names of the fields that hold nodes, by class: in source order, or from the last to the first."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._step = step

    def __missing__(self, cls: type) -> tuple[str, ...]:
        found = tuple(x.name for x in msgspec.structs.fields(cls) if _holds_nodes(x.type))[:: self._step]
        self[cls] = found
        return found


def _holds_nodes(annotation: Any) -> bool:
    if isinstance(annotation, type) and not isinstance(annotation, GenericAlias):
        return issubclass(annotation, f.Node)
    return any(_holds_nodes(part) for part in get_args(annotation))


_FIELDS = _Fields(1)
_REVERSED = _Fields(-1)


def children(node: f.Node) -> Iterator[Any]:
    """The nodes directly inside a node; the body of a function is not among them (`Function.body`)."""
    for name in _FIELDS[node.__class__]:
        value = getattr(node, name)
        if value.__class__ is list:
            yield from (item for item in value if item is not None)
        elif value is not None:
            yield value


def walk(nodes: Iterable[f.Node]) -> Iterator[Any]:
    """The nodes and all that is inside them in source order, without the bodies of nested functions."""
    stack: list[Any] = list(nodes)
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # the key of `**mapping` in a dict
            continue
        yield node
        for name in _REVERSED[node.__class__]:
            value = getattr(node, name)
            if value.__class__ is list:
                stack.extend(reversed(value))
            elif value is not None:
                stack.append(value)


def walk_with_parent(nodes: Iterable[f.Node], parent: f.Node | None = None) -> Iterator[tuple[Any, Any]]:
    """As `walk`, each node with the node around it (None at the top)."""
    stack: list[tuple[Any, Any]] = [(node, parent) for node in nodes]
    stack.reverse()
    while stack:
        found = stack.pop()
        yield found
        node = found[0]
        for name in _REVERSED[node.__class__]:
            value = getattr(node, name)
            if value.__class__ is list:
                stack += [(item, node) for item in reversed(value) if item is not None]
            elif value is not None:
                stack.append((value, node))


def statements(block: list[f.Stmt]) -> Iterator[Any]:
    """All statements of a block, nested ones too, without those of nested functions and classes."""
    for node in block:
        yield node
        if isinstance(node, (f.Function, f.Class)):
            continue
        for inner in f.blocks(node):
            yield from statements(inner)


def names(nodes: Iterable[f.Node]) -> set[str]:
    """The plain names in some nodes."""
    return {node.id for node in walk(nodes) if isinstance(node, f.Name)}


def dotted_names(nodes: Iterable[f.Node]) -> set[str]:
    """The names in some nodes, and those of attributes: `self.cache`."""
    return {name for node in walk(nodes) if isinstance(node, (f.Name, f.Attr)) and (name := dotted(node))}


def assigned_attributes(params: list[f.Param], body: list[f.Stmt]) -> frozenset[str]:
    """Names of the attributes of the first parameter that a body assigns."""
    if not params:
        return frozenset()
    me = params[0].name
    found: set[str] = set()
    for node in statements(body):
        for target in targets(node):
            if isinstance(target, f.Attr) and isinstance(target.value, f.Name) and target.value.id == me:
                found.add(target.attr)
    return frozenset(found)


def targets(node: f.Stmt) -> Iterator[f.Expr]:
    """What a statement assigns to; the items of a tuple one by one."""
    if isinstance(node, f.Assign):
        for target in node.targets:
            yield from target.items if isinstance(target, f.Seq) else (target,)
    elif isinstance(node, (f.AnnAssign, f.AugAssign)):
        yield node.target
    elif isinstance(node, f.With):
        for item in node.items:
            if item.target is not None:
                yield item.target


def dotted(node: f.Expr) -> str | None:
    """`a.b.c` as text, or None where it is no plain dotted name."""
    if isinstance(node, f.Name):
        return node.id
    if isinstance(node, f.Attr):
        inner = dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr}"
    return None


_OPENERS = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}")}


def text(node: f.Expr) -> str:
    """An expression in short, for messages: names, attributes, calls and constants are kept, the rest is `…`."""
    plain = dotted(node)
    if plain is not None:
        return plain
    if isinstance(node, f.Const):
        return repr(node.value)
    if isinstance(node, f.Attr):
        return f"{text(node.value)}.{node.attr}"
    if isinstance(node, f.Call):
        return f"{text(node.func)}({'…' if node.args or node.keywords else ''})"
    if isinstance(node, f.Sub):
        return f"{text(node.value)}[{text(node.index)}]"
    if isinstance(node, f.Await):
        return f"await {text(node.value)}"
    if isinstance(node, f.Seq):
        left, right = _OPENERS[node.kind]
        return f"{left}{', '.join(text(i) for i in node.items)}{right}"
    return "…"
