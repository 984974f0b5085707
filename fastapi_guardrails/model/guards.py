"""What stands around a statement and may keep an exception: `try` blocks, `with` blocks, a `finally` that leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import Analysis
from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.model.values import ClassValue, Const, External, Sequence_, Value, options
from fastapi_guardrails.source import facts as f

#: What stands around a node, outermost first: a `Try`, a `WithItem`, or the statement that leaves a `finally`.
Guards = tuple[f.Node, ...]


def around(body: list[f.Stmt]) -> dict[int, Guards]:
    """What stands around each node of a body, by the node's identity."""
    found: dict[int, Guards] = {}
    _note(body, (), found)
    return found


def _note(block: Sequence[f.Stmt], guards: Guards, found: dict[int, Guards]) -> None:
    for node in block:
        found[id(node)] = guards
        if isinstance(node, f.Try):
            _note_try(node, guards, found)
        elif isinstance(node, f.With):
            for index, item in enumerate(node.items):
                _note_expressions([item], (*guards, *node.items[:index]), found)
            _note(node.body, (*guards, *node.items), found)
        elif not isinstance(node, (f.Function, f.Class)):
            blocks, expressions = _parts(node)
            _note_expressions(expressions, guards, found)
            for inner in blocks:
                _note(inner, guards, found)


def _note_try(node: f.Try, guards: Guards, found: dict[int, Guards]) -> None:
    leaving = next((s for s in statements(node.final) if isinstance(s, f.Return)), None)
    outer = guards if leaving is None else (*guards, leaving)
    _note(node.body, (*outer, node), found)
    for handler in node.handlers:
        _note(handler.body, outer, found)
    _note(node.orelse, outer, found)
    _note(node.final, guards, found)


def _parts(node: f.Stmt) -> tuple[list[list[f.Stmt]], list[f.Node]]:
    """The blocks of a statement, and its expressions."""
    if isinstance(node, f.If):
        return [node.body, node.orelse], [node.test]
    if isinstance(node, f.For):
        return [node.body, node.orelse], [node.target, node.iter]
    if isinstance(node, f.While):
        return [node.body, node.orelse], [node.test]
    if isinstance(node, f.Match):
        tests: list[f.Node] = [node.subject]
        for case in node.cases:
            tests += [*case.values, *([case.guard] if case.guard is not None else [])]
        return [case.body for case in node.cases], tests
    return [], [node]


def _note_expressions(nodes: Iterable[f.Node], guards: Guards, found: dict[int, Guards]) -> None:
    for node in walk(nodes):
        found[id(node)] = guards


def catches(type_: Value, cls: Value) -> bool:
    """Whether an `except` of a type (or a tuple of types) catches a class; unknown counts as yes."""
    choices = type_.items if isinstance(type_, Sequence_) else options(type_)
    if isinstance(type_, Sequence_) and type_.open:
        return True
    return any(_is_one(cls, choice) is not False for choice in choices)


def _is_one(cls: Value, choice: Value) -> bool | None:
    if isinstance(choice, Sequence_):
        return catches(choice, cls)
    return classes.is_subclass(cls, choice) if isinstance(choice, (ClassValue, External)) else None


def is_raised_again(handler: f.Handler, cls: Value, analysis: Analysis, left_out: Collection[int] = ()) -> bool:
    """Whether an `except` that catches a class surely lets it go again: `raise`, `raise exc`.

    Tests with `isinstance` are answered for that class. What hangs on other questions to the exception (`if
    exc.code != 404: raise`) cannot be told, and counts as kept.

    Args:
        handler: the `except`.
        cls: the class that it has caught.
        analysis: of the function around it.
        left_out: identities of nodes that never run.
    """
    return _Release(handler, cls, analysis, left_out).block(handler.body, True)[0]


class _Release:
    """Goes through the statements of an `except` in the place of an exception of one class."""

    def __init__(self, handler: f.Handler, cls: Value, analysis: Analysis, left_out: Collection[int]) -> None:
        self.name = handler.name
        self.cls = cls
        self.analysis = analysis
        self.left_out = left_out

    def block(self, block: list[f.Stmt], is_sure: bool) -> tuple[bool, bool]:
        """Whether the statements raise the exception again, and whether what follows them never runs."""
        for node in block:
            if id(node) in self.left_out:
                continue
            if isinstance(node, f.Raise):
                return is_sure and self.raises_it(node), True
            if isinstance(node, f.Return) or (isinstance(node, f.Simple) and node.word != "pass"):
                return False, True
            released, ended, unsure = self.compound(node, is_sure)
            if released or ended:
                return released, ended
            is_sure = is_sure and not unsure
        return False, False

    def raises_it(self, node: f.Raise) -> bool:
        exc = node.exc
        if isinstance(exc, f.Call) and isinstance(exc.func, f.Attr) and exc.func.attr == "with_traceback":
            exc = exc.func.value
        return exc is None or (isinstance(exc, f.Name) and exc.id == self.name)

    def compound(self, node: f.Stmt, is_sure: bool) -> tuple[bool, bool, bool]:
        """As `block`, and whether the exception itself decided if what follows runs."""
        if isinstance(node, f.If):
            return self.branch(node, is_sure)
        if isinstance(node, f.Match):
            is_sure = is_sure and not self.is_about([node.subject])
            ends = [self.block(case.body, is_sure) for case in node.cases]
            return any(released for released, _ in ends), False, False
        inner: list[list[f.Stmt]] = []
        if isinstance(node, f.Try):
            inner = [node.body, node.orelse, node.final]
        elif isinstance(node, (f.For, f.While)):
            inner = [node.body, node.orelse]
        elif isinstance(node, f.With):
            inner = [node.body]
        ends = [self.block(block, is_sure) for block in inner]
        stays = isinstance(node, (f.For, f.While, f.Try))
        return any(r for r, _ in ends), not stays and any(e for _, e in ends), False

    def branch(self, node: f.If, is_sure: bool) -> tuple[bool, bool, bool]:
        answer = self.answer(node.test)
        if answer is not None:
            return (*self.block(node.body if answer else node.orelse, is_sure), False)
        about = self.is_about([node.test])
        first = self.block(node.body, is_sure and not about)
        second = self.block(node.orelse, is_sure and not about)
        return first[0] or second[0], first[1] and second[1], about and (first[1] or second[1])

    def is_about(self, nodes: list[f.Expr]) -> bool:
        return any(isinstance(node, f.Name) and node.id == self.name for node in walk(nodes))

    def answer(self, test: f.Expr) -> bool | None:
        """What a test says of the exception: True, False, or None."""
        if isinstance(test, f.Unary) and test.op == "not":
            inner = self.answer(test.value)
            return None if inner is None else not inner
        if isinstance(test, f.Bool):
            answers = [self.answer(part) for part in test.values]
            decisive = test.op == "or"
            if decisive in answers:
                return decisive
            return None if None in answers else not decisive
        if isinstance(test, f.Call) and isinstance(test.func, f.Name) and test.func.id == "isinstance":
            return self.is_instance(test)
        value = self.analysis.value(test)
        return bool(value.value) if isinstance(value, Const) else None

    def is_instance(self, test: f.Call) -> bool | None:
        if len(test.args) != 2 or not self.is_about(test.args[:1]) or not isinstance(test.args[0], f.Name):
            return None
        type_ = self.analysis.value(test.args[1])
        choices = type_.items if isinstance(type_, Sequence_) else options(type_)
        answers = [_is_one(self.cls, choice) for choice in choices]
        if True in answers:
            return True
        return None if None in answers or (isinstance(type_, Sequence_) and type_.open) else False
