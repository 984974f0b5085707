"""Walking over facts: children, descendants, and small questions that need no evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from fastapi_guardrails.source import facts as f

_FIELDS: dict[type, tuple[str, ...]] = {}


def children(node: f.Node) -> Iterator[Any]:
    """The nodes directly inside a node; the body of a function is not among them (`Function.body`)."""
    cls = node.__class__
    fields = _FIELDS.get(cls)
    if fields is None:
        fields = _FIELDS[cls] = tuple(x.name for x in msgspec.structs.fields(cls) if x.name not in ("pos", "code"))
    for name in fields:
        value = getattr(node, name)
        if isinstance(value, f.Node):
            yield value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, f.Node):
                    yield item


def walk(nodes: Iterable[f.Node]) -> Iterator[Any]:
    """The nodes and all that is inside them in source order, without the bodies of nested functions."""
    for node in nodes:
        yield node
        yield from walk(children(node))


def walk_with_parent(nodes: Iterable[f.Node], parent: f.Node | None = None) -> Iterator[tuple[Any, Any]]:
    """As `walk`, each node with the node around it (None at the top)."""
    for node in nodes:
        yield node, parent
        yield from walk_with_parent(children(node), node)


def statements(block: list[f.Stmt]) -> Iterator[Any]:
    """All statements of a block, nested ones too, without those of nested functions and classes."""
    for node in block:
        yield node
        if isinstance(node, (f.Function, f.Class)):
            continue
        for inner in _blocks(node):
            yield from statements(inner)


def _blocks(node: f.Stmt) -> Iterator[list[f.Stmt]]:
    if isinstance(node, (f.If, f.For, f.While)):
        yield node.body
        yield node.orelse
    elif isinstance(node, f.With):
        yield node.body
    elif isinstance(node, f.Try):
        yield node.body
        for handler in node.handlers:
            yield handler.body
        yield node.orelse
        yield node.final
    elif isinstance(node, f.Match):
        for case in node.cases:
            yield case.body


def assigned_attributes(params: list[f.Param], body: list[f.Stmt]) -> frozenset[str]:
    """Names of the attributes of the first parameter that a body assigns."""
    if not params:
        return frozenset()
    me = params[0].name
    found: set[str] = set()
    for node in statements(body):
        for target in _targets(node):
            if isinstance(target, f.Attr) and isinstance(target.value, f.Name) and target.value.id == me:
                found.add(target.attr)
    return frozenset(found)


def _targets(node: f.Stmt) -> Iterator[f.Expr]:
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
