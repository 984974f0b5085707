"""Names that switch something on or off in a function: what a caller gives for them decides which branches run."""

from __future__ import annotations

from fastapi_guardrails.model.tree import names, walk
from fastapi_guardrails.model.values import Const, Value
from fastapi_guardrails.source import facts as f


class Switches:
    """The names that one function asks about.

    Attributes:
        tested: all that stand in a test, or in a loop whose round a test looks at.
        modes: compared with words (`mode == "strict"`), and never asked for their truth: these are no data.
    """

    def __init__(self, body: list[f.Stmt]) -> None:
        tested: set[str] = set()
        asked: set[str] = set()
        compared: set[str] = set()
        for node in walk(body):
            if isinstance(node, (f.If, f.While, f.IfExp)):
                tested |= names([node.test])
                asked |= _asked(node.test)
            elif isinstance(node, f.Bool):
                tested |= names([node])
            elif isinstance(node, f.Compare) and isinstance(node.left, f.Name) and _are_words(node.rights):
                compared.add(node.left.id)
        loops = [n for n in walk(body) if isinstance(n, f.For) and not tested.isdisjoint(names([n.target]))]
        self.tested = frozenset(tested.union(*(names([loop.iter]) for loop in loops)))
        self.modes = frozenset(compared - asked)


def is_switch(value: Value) -> bool:
    """Whether an argument is True, False or None: other constants may be the data that a function works on."""
    return isinstance(value, Const) and (value.value is None or isinstance(value.value, bool))


def _asked(test: f.Expr) -> set[str]:
    """The names whose truth a test asks for."""
    if isinstance(test, f.Bool):
        return {name for part in test.values for name in _asked(part)}
    if isinstance(test, f.Unary):
        return _asked(test.value)
    return {test.id} if isinstance(test, f.Name) else set()


def _are_words(nodes: list[f.Expr]) -> bool:
    found = [node for node in walk(nodes) if isinstance(node, f.Const)]
    return bool(found) and all(isinstance(node.value, str) for node in found)
