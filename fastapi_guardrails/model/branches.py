"""Which calls of a function never run, given what some of its names are.

A helper is often called with a literal (`send(event, wait=False)`), and a helper that starts an event loop asks first
whether one runs. Both decide branches, and what the other branch does is of no concern to that caller. Settings decide
branches too: by their defaults.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from fastapi_guardrails.model.tree import dotted, dotted_names, names, walk
from fastapi_guardrails.model.values import Const, Instance, Sequence_, Union, Value, is_soft, truth, union
from fastapi_guardrails.model.values import Mapping as MappingValue
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis

#: What is known of names: parameters with the values of their arguments.
Known = Mapping[str, Value]

_YES = Const(True)


def deciding_names(body: list[f.Stmt]) -> frozenset[str]:
    """Names that may decide a branch of a function, or that it hands on to another."""
    found: set[str] = set()
    tested: set[str] = set()
    copied: list[tuple[str, str]] = []
    for node in walk(body):
        if isinstance(node, (f.If, f.While, f.IfExp)):
            found |= names([node.test])
            tested |= dotted_names([node.test])
        elif isinstance(node, (f.Assign, f.AnnAssign)) and isinstance(node.value, f.Name):
            copied += [(target, node.value.id) for target in _copies(node)]
        elif isinstance(node, f.Bool):
            found |= names(node.values)
        elif isinstance(node, f.Call):
            given = (*node.args, *(keyword.value for keyword in node.keywords))
            found.update(argument.id for argument in given if isinstance(argument, f.Name))
    found.update(name for target, name in copied if target in tested)
    return frozenset(found)


def decides(value: Value) -> bool:
    """Whether an argument may decide a branch: it is a constant of the program, or an object and so not None."""
    return (isinstance(value, (Const, Sequence_, MappingValue)) and not is_soft(value)) or isinstance(value, Instance)


def dead(body: list[f.Stmt], known: Known, asking: Collection[int] = ()) -> set[int]:
    """Identities of the nodes that never run.

    Args:
        body: statements of a function.
        known: what its parameters are.
        asking: identities of the calls that ask for the running event loop; there is one.
    """
    walker = _Walker(dict(known), asking)
    walker.block(body)
    return walker.dead


class _Walker:
    """Goes through the statements of a function and notes what cannot run."""

    def __init__(self, known: dict[str, Value], asking: Collection[int]) -> None:
        self.known = known
        self.asking = asking
        self.dead: set[int] = set()

    def block(self, body: list[f.Stmt]) -> bool:
        """Go through statements; True where what follows them never runs."""
        for index, statement in enumerate(body):
            if self.statement(statement):
                self.drop(body[index + 1 :])
                return True
        return False

    def drop(self, nodes: Iterable[f.Node]) -> None:
        """These nodes never run."""
        self.dead.update(id(node) for node in walk(nodes))

    def statement(self, node: f.Stmt) -> bool:
        """Go through one statement; True where what follows never runs."""
        if isinstance(node, (f.Return, f.Raise, f.Simple)):
            self.expressions([node])
            return not isinstance(node, f.Simple) or node.word != "pass"
        if isinstance(node, f.If):
            return self.branch(node)
        if isinstance(node, f.Try):
            return self.attempt(node)
        if isinstance(node, (f.For, f.While)):
            rounds = self.rounds(node) if isinstance(node, f.For) else {}
            self.forget([node])  # what a later round assigns, an earlier test may see
            self.known.update(rounds)
            self.expressions([node.iter if isinstance(node, f.For) else node.test])
            if isinstance(node, f.While) and self.answer(node.test) is False:
                self.drop(node.body)
            self.block(node.body)
            self.block(node.orelse)
            self.forget([node] if rounds else ())
            return False
        if isinstance(node, f.With):
            self.expressions(item.context for item in node.items)
            self.forget(node.items)
            self.block(node.body)
            return False
        if isinstance(node, f.Match):
            for case in node.cases:
                for name in case.names:
                    self.known.pop(name, None)
                self.block(case.body)
            return False
        if not isinstance(node, (f.Function, f.Class)):
            self.expressions([node])
            self.forget([node])
        if isinstance(node, (f.Assign, f.AnnAssign)):
            given = self.value(node.value) if isinstance(node.value, f.Name) else None
            if given is not None:
                self.known.update(dict.fromkeys(_copies(node), given))
            elif id(node.value) in self.asking:
                self.learn([node])
        return False

    def rounds(self, node: f.For) -> dict[str, Value]:
        """What the name of a loop over the keys of a known dict may be (`for key, value in given.items()`)."""
        source, target = node.iter, node.target
        if isinstance(source, f.Call) and isinstance(source.func, f.Attr) and source.func.attr in ("items", "keys"):
            target = target.items[0] if source.func.attr == "items" and isinstance(target, f.Seq) else target
            source = source.func.value
        given = self.value(source)
        if not isinstance(given, MappingValue) or given.open or not isinstance(target, f.Name):
            return {}
        if any(target.id in _changed(inner) for inner in _assigned(node.body)):
            return {}
        return {target.id: union(Const(key) for key in given.items)} if given.items else {}

    def branch(self, node: f.If) -> bool:
        self.expressions([node.test])
        answer = self.answer(node.test)
        self.forget([node.test])
        if answer is not None:
            self.drop(node.orelse if answer else node.body)
            return self.block(node.body if answer else node.orelse)
        left = self.block(node.body)
        return self.block(node.orelse) and left

    def attempt(self, node: f.Try) -> bool:
        """A `try`; one that asks for the running loop does not fail where there is one."""
        asks = bool(self.asking) and any(id(inner) in self.asking for inner in walk(node.body))
        left = self.block(node.body) or self.block(node.orelse)
        if asks:
            self.drop(node.handlers)
            self.learn(node.body)
        else:
            for handler in node.handlers:
                left = self.block(handler.body) and left
        return self.block(node.final) or left

    def learn(self, body: list[f.Stmt]) -> None:
        """Names that get the running loop, or beside it the word that there is one."""
        for node in body:
            if isinstance(node, (f.Assign, f.AnnAssign)):
                says = isinstance(node.value, f.Const) and node.value.value is True
                targets = node.targets if isinstance(node, f.Assign) else [node.target]
                if says or id(node.value) in self.asking:
                    self.known.update({t.id: _YES for t in targets if isinstance(t, f.Name)})

    def forget(self, nodes: Iterable[f.Node]) -> None:
        """Names that some nodes assign: what was known of them holds no more."""
        for node in walk(nodes):
            targets: list[f.Expr | None] = []
            if isinstance(node, f.Assign):
                targets += node.targets
            elif isinstance(node, (f.AnnAssign, f.AugAssign, f.For, f.Walrus, f.WithItem)):
                targets.append(node.target)
            for target in targets:
                for name in _changed(target) if target is not None else ():
                    self.known.pop(name, None)
                changed = dotted(target) if target is not None else None
                for name in [known for known in self.known if changed and f"{known}.".startswith(f"{changed}.")]:
                    del self.known[name]

    def expressions(self, nodes: Iterable[f.Node]) -> None:
        """Parts of expressions that never run: behind `and`, `or`, and in conditional expressions."""
        for node in walk(nodes):
            if isinstance(node, f.IfExp):
                answer = self.answer(node.test)
                if answer is not None:
                    self.drop([node.orelse if answer else node.body])
            elif isinstance(node, f.Bool):
                for index, part in enumerate(node.values):
                    if self.answer(part) is (node.op == "or"):
                        self.drop(node.values[index + 1 :])
                        break

    def answer(self, test: f.Expr) -> bool | None:
        """What a test says: True, False, or None where it cannot be known."""
        if isinstance(test, f.Const):
            return bool(test.value)
        if isinstance(test, (f.Name, f.Attr)):
            value = self.value(test)
            return None if value is None else truth(value)
        if isinstance(test, f.Unary) and test.op == "not":
            answer = self.answer(test.value)
            return None if answer is None else not answer
        if isinstance(test, f.Bool):
            return self.combined(test)
        if isinstance(test, f.Compare) and len(test.rights) == 1:
            return self.compared(test.left, test.ops[0], test.rights[0])
        if isinstance(test, f.Walrus):
            return self.answer(test.value)
        if id(test) in self.asking:
            return True
        return self.begins(test) if isinstance(test, f.Call) else None

    def begins(self, test: f.Call) -> bool | None:
        """`name.startswith("…")` and `name.endswith("…")` of a known text."""
        func = test.func
        if not isinstance(func, f.Attr) or func.attr not in ("startswith", "endswith") or len(test.args) != 1:
            return None
        whole, part = self.value(func.value), self.value(test.args[0])
        if not isinstance(whole, Const) or not isinstance(part, Const):
            return None
        if not isinstance(whole.value, str) or not isinstance(part.value, str):
            return None
        return whole.value.startswith(part.value) if func.attr == "startswith" else whole.value.endswith(part.value)

    def combined(self, test: f.Bool) -> bool | None:
        answers = [self.answer(part) for part in test.values]
        decisive = test.op == "or"
        if decisive in answers:
            return decisive
        return None if None in answers else not decisive

    def compared(self, left: f.Expr, op: str, right: f.Expr) -> bool | None:
        first, second = self.value(left), self.value(right)
        if isinstance(first, Const) and op in ("in", "not in") and isinstance(right, f.Seq):
            return self.contained(first, right, op == "in")
        if first is None or not isinstance(second, Const) or op not in ("is", "is not", "==", "!="):
            return None
        if isinstance(first, Union):
            answers = {self.agrees(option, op, second) for option in first.options}
            return answers.pop() if len(answers) == 1 else None
        return self.agrees(first, op, second)

    def agrees(self, first: Value, op: str, second: Const) -> bool | None:
        positive = op in ("is", "==")
        if isinstance(first, Const):
            same = first.value == second.value and type(first.value) is type(second.value)
            return same is positive
        return not positive if second.value is None else None  # an object is not None

    def contained(self, value: Const, among: f.Seq, positive: bool) -> bool | None:
        items = [item.value for item in among.items if isinstance(item, f.Const)]
        if value.value in items:
            return positive
        return None if len(items) < len(among.items) else not positive

    def value(self, node: f.Expr) -> Value | None:
        if isinstance(node, f.Const):
            return Const(node.value)
        name = dotted(node)
        return self.known.get(name) if name is not None else None


def _assigned(body: list[f.Stmt]) -> list[f.Expr]:
    """What the statements of a body assign to."""
    found: list[f.Expr] = []
    for node in walk(body):
        if isinstance(node, f.Assign):
            found += node.targets
        elif isinstance(node, (f.AnnAssign, f.AugAssign, f.For, f.Walrus)):
            found.append(node.target)
    return found


def _copies(node: f.Assign | f.AnnAssign) -> list[str]:
    """The names and attributes that an assignment gives a value to, where each gets the whole."""
    found = node.targets if isinstance(node, f.Assign) else [node.target]
    return [name for target in found if (name := dotted(target)) is not None]


def _changed(target: f.Expr) -> set[str]:
    """The names that an assignment to a target changes: of `items[key]` it is `items`, and not `key`."""
    if isinstance(target, f.Seq):
        return {name for item in target.items for name in _changed(item)}
    while isinstance(target, (f.Sub, f.Attr, f.Star)):
        target = target.value
    return {target.id} if isinstance(target, f.Name) else set()


# --- what the defaults lead to --------------------------------------------------------------------------------------


def is_taken(analysis: Analysis, node: f.Node) -> bool | None:
    """Whether a function comes to a node of its body with what the defaults say; None where nobody can tell."""
    return _leads_to(analysis, analysis.body, node)


def _leads_to(analysis: Analysis, block: list[f.Stmt], node: f.Node) -> bool | None:
    sure = True
    for statement in block:
        if _holds([statement], node):
            inside = _inside(analysis, statement, node)
            return inside if sure or inside is False else None
        answer = _goes_on(analysis, statement)
        if answer is False:
            return False
        sure = sure and answer is True
    return None


def _inside(analysis: Analysis, statement: f.Stmt, node: f.Node) -> bool | None:
    """The same for the statement that the node is in."""
    if isinstance(statement, f.If):
        return _in_branch(analysis, statement, node)
    if isinstance(statement, (f.For, f.Try, f.While, f.With)) and _holds(statement.body, node):
        return _leads_to(analysis, statement.body, node)
    is_handled = isinstance(statement, f.Try) and any(_holds(handler.body, node) for handler in statement.handlers)
    return None if is_handled else True


def _in_branch(analysis: Analysis, statement: f.If, node: f.Node) -> bool | None:
    answer = truth(analysis.value(statement.test))
    for block, taken in ((statement.body, True), (statement.orelse, False)):
        if _holds(block, node):
            inside = _leads_to(analysis, block, node)
            if answer is None:
                return False if inside is False else None
            return inside if answer is taken else False
    return True


def _goes_on(analysis: Analysis, statement: f.Stmt) -> bool | None:
    """Whether what stands behind a statement is reached."""
    if isinstance(statement, (f.Return, f.Raise)):
        return False
    if not isinstance(statement, f.If):
        return True
    leaving = [bool(b) and isinstance(b[-1], (f.Return, f.Raise)) for b in (statement.orelse, statement.body)]
    answer = truth(analysis.value(statement.test))
    if answer is None:
        return None if any(leaving) else True
    return not leaving[answer]


def _holds(block: list[f.Stmt], node: f.Node) -> bool:
    return any(inner is node for inner in walk(block))
