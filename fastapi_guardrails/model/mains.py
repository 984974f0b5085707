"""`if __name__ == "__main__":`, which runs only where a module is the program.

An app that is made there exists nowhere else, and is taken as it is. What is registered there on an app of the module
is served only if that module is started: it counts as *off*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.routing import APP_CLASSES
from fastapi_guardrails.model.tree import walk
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.symbols import Module
    from fastapi_guardrails.model.values import Value

_REGISTERING = frozenset({"include_router", "add_api_route", "add_api_websocket_route", "mount"})
_DECORATORS = frozenset({"get", "post", "put", "patch", "delete", "options", "head", "trace", "api_route", "websocket"})


def is_main(test: f.Expr) -> bool:
    """`__name__ == "__main__"`."""
    return isinstance(test, f.Compare) and isinstance(test.left, f.Name) and test.left.id == "__name__"


def run_main(ev: Evaluator, module: Module, block: list[f.Stmt]) -> None:
    """Carry out what such a block registers."""
    frame = Frame(module, module.scope)
    makes_app = any(_makes_app(ev, node, module) for node in walk(block))
    frame.off = int(not makes_app)
    for statement in block:
        if not makes_app and not _registers(statement):
            continue
        try:
            ev.run([statement], frame)
        except RecursionError:
            ev.stack.clear()  # nested deeper than the interpreter allows: what was seen so far counts
            ev.registry.give_up(Arguments([], {}, frame=frame), [])


def handed_to_mains(ev: Evaluator) -> Iterator[Value]:
    """What such blocks call, and what they hand over to what they call."""
    for module, block in ev.registry.mains:
        frame = ev.frame_for(module.scope)
        for node in walk(block) if module.is_application else ():
            for part in (node.func, *node.args) if isinstance(node, f.Call) else ():
                if isinstance(part, (f.Name, f.Attr)):
                    yield ev.evaluate(part, frame)


def _makes_app(ev: Evaluator, node: f.Node, module: Module) -> bool:
    if not isinstance(node, f.Call) or not isinstance(node.func, (f.Name, f.Attr)):
        return False
    return classes.inherits(ev.evaluate(node.func, ev.frame_for(module.scope)), *APP_CLASSES) is True


def _registers(statement: f.Stmt) -> bool:
    if isinstance(statement, f.Function):
        return any(isinstance(node, f.Attr) and node.attr in _DECORATORS for node in walk(statement.decorators))
    return any(isinstance(node, f.Attr) and node.attr in _REGISTERING for node in walk([statement]))
