"""Code for two versions of a library: `if V2: new() else: old()`, `try: new() except AttributeError: old()`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.source import facts as f

_VERSION = re.compile(r"pydantic|version|(^|_)v[12](_|$)", re.IGNORECASE)


def is_fallback(body: Sequence[f.Stmt], node: f.Node, new: str) -> bool:
    """Whether a node of a block runs only where the name `new` does not exist.

    Such a node stands in the other branch of a test for the version, or of a `try`, in which `new` is used; or behind
    an `if` with such a test that returns.
    """
    if not any(_names(found, new) for found in walk(body)):
        return False
    for found in walk(body):
        if isinstance(found, f.Try):
            branches: list[Sequence[f.Node]] = [[*found.body, *found.orelse], found.handlers]
        elif isinstance(found, (f.If, f.IfExp)) and _asks_for_version(found.test, new):
            branches = list(_branches(found))
        else:
            continue
        if any(_holds(b, node) for b in branches):
            if any(not _holds(b, node) and any(_names(n, new) for n in walk(b)) for b in branches):
                return True
        elif isinstance(found, f.If) and isinstance(found.body[-1], f.Return) and found.pos < node.pos:
            return True
    return False


def is_for_one_version(body: list[f.Stmt], node: f.Node, new: str) -> bool:
    """Whether a node of a block stands in a branch of a test for the version of a library, or for the name `new`."""
    return any(
        isinstance(found, f.If)
        and _asks_for_version(found.test, new)
        and any(_holds(b, node) for b in _branches(found))
        for found in _with_classes(body)
    )


def _with_classes(body: list[f.Stmt]) -> Iterator[f.Stmt]:
    """The statements of a block, those of classes in it too."""
    for found in statements(body):
        yield found
        if isinstance(found, f.Class):
            yield from _with_classes(found.body)


def _branches(node: f.If | f.IfExp) -> Iterator[Sequence[f.Node]]:
    if isinstance(node, f.If):
        yield node.body
        yield node.orelse
    else:
        yield [node.body]
        yield [node.orelse]


def _holds(branch: Sequence[f.Node], node: f.Node) -> bool:
    return any(found.pos == node.pos and type(found) is type(node) for found in walk(branch))


def _names(node: f.Node, new: str) -> bool:
    return (isinstance(node, f.Attr) and node.attr == new) or (isinstance(node, f.Const) and node.value == new)


def _asks_for_version(test: f.Expr, new: str) -> bool:
    asked = [node for node in walk([test]) if not _is_of_python(node)]
    names = (n.id if isinstance(n, f.Name) else n.attr if isinstance(n, f.Attr) else "" for n in asked)
    return any(_VERSION.search(name) for name in names) or any(_names(node, new) for node in asked)


def _is_of_python(node: f.Node) -> bool:
    """`sys.version_info`, which says nothing of a library."""
    return isinstance(node, f.Attr) and isinstance(node.value, f.Name) and node.value.id == "sys"
