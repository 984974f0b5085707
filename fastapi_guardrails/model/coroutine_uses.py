"""What a function does with the coroutines that it makes and does not await there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

from fastapi_guardrails.model import classes, types
from fastapi_guardrails.model.calls import callee_name
from fastapi_guardrails.model.tree import dotted, names, statements, walk, walk_with_parent
from fastapi_guardrails.model.values import (
    UNKNOWN,
    ClassValue,
    Const,
    Coroutine,
    External,
    FunctionValue,
    Instance,
    Method,
    Scope,
    Value,
    is_none,
    options,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis, CallSite
    from fastapi_guardrails.model.evaluate import Evaluator

#: Builtins that take a coroutine and give what nobody wants, and those that fail.
_POINTLESS = frozenset({"builtins.bool", "builtins.print", "builtins.str"})
_FAILING = frozenset(
    f"builtins.{name}"
    for name in (
        "len", "list", "tuple", "set", "frozenset", "dict", "int", "float", "bytes", "sum", "sorted", "reversed",
        "min", "max", "any", "all", "iter", "next", "enumerate", "zip", "map", "filter", "abs", "round",
    )
)  # fmt: skip

#: What a coroutine itself has.
_OF_COROUTINES = frozenset({"close", "send", "throw", "__await__", "cr_await", "cr_code", "cr_frame", "cr_running"})

#: Builtins that use each of the values that a comprehension gives.
_USING_EACH = frozenset({"builtins.sum", "builtins.sorted", "builtins.min", "builtins.max"})

#: Functions of libraries that make data of what they get.
_ENCODING = frozenset({"json.dumps", "fastapi.encoders.jsonable_encoder"})

_JSON = "starlette.responses.JSONResponse"

#: Class methods of Pydantic models that read an object.
_VALIDATING = frozenset({"model_validate", "parse_obj", "from_orm"})

#: Modules of Python's library whose classes are no awaitables.
_PLAIN = ("builtins.", "uuid.", "datetime.", "decimal.")

#: Packages whose functions wait for what they get, ask what it is, or keep it for others.
_ASKING_OR_WAITING = frozenset(
    {"anyio", "asgiref", "asyncer", "asyncio", "builtins", "collections", "curio", "inspect", "trio", "types", "typing"}
)

#: What functions are called that say whether something is async.
_ASKING = re.compile(r"coroutine|awaitable|async")

Parents = dict[int, f.Node | None]


class Use(NamedTuple):
    """A use as a value: in words, and whether it fails (or is only pointless)."""

    how: str
    fails: bool


_TESTED = Use("tested for truth, which is always true", False)
_SENT = Use("sent as a response", True)
_READ = Use("used as its result", True)
_UNPACKED = Use("unpacked", True)
_OPERAND = Use("an operand", True)


class CoroutineUses:
    """Answers for one function.

    Args:
        ev: the evaluator.
        analysis: of the function.
        parents: the nodes around its nodes.
        is_endpoint: says whether it is an endpoint; asked only if that matters.
    """

    def __init__(self, ev: Evaluator, analysis: Analysis, parents: Parents, is_endpoint: Callable[[], bool]) -> None:
        self._ev = ev
        self._is_endpoint = is_endpoint
        self._analysis = analysis
        self._parents = parents
        self._sites: dict[int, CallSite] | None = None

    def of(self, node: f.Expr) -> Use | None:
        """How the coroutine that an expression makes is used as a value; None where it may be awaited later.

        What the function asks about whether it is async may be something else there.
        """
        use = self._of(node)
        is_asked = use is not None and isinstance(node, f.Call) and dotted(node.func) in self._asked
        return None if is_asked else use

    @cached_property
    def _asked(self) -> set[str]:
        """The names of which the function asks whether they are async: `if is_coroutine_callable(tool.run)`."""
        calls = (node for node in walk(self._analysis.body) if isinstance(node, f.Call))
        asking = (call for call in calls if _ASKING.search(f.last_name(call.func)))
        return {name for call in asking for argument in call.args if (name := dotted(argument))}

    def _of(self, node: f.Expr) -> Use | None:
        parent = self._parents.get(id(node))
        if parent is None:
            return None
        if isinstance(parent, f.Walrus):
            return self._around(parent, self._parents[id(parent)]) and self._by_name(node, parent)
        if isinstance(parent, f.IfExp) and parent.test is not node:
            use = self._around(parent, self._parents[id(parent)])
            return use if use is not None and use.fails else self._in_a_display(node, parent)
        return (
            self._around(node, parent)
            or self._by_name(node, parent)
            or self._of_each(node, parent)
            or self._in_a_display(node, parent)
        )

    def _around(self, node: f.Expr, parent: f.Node | None) -> Use | None:
        """How what stands around an expression uses it as a value."""
        if isinstance(parent, f.ExprStmt):
            return Use("dropped", False)
        if isinstance(parent, f.Attr):
            return None if parent.attr in _OF_COROUTINES else _READ
        if isinstance(parent, f.Sub) and parent.value is node:
            return _READ
        if isinstance(parent, f.Call) and parent.func is node:
            return Use("called", True)
        if self._is_entered(node, parent):
            return Use("entered", True)
        if _is_unpacked(node, parent):
            return _UNPACKED
        if isinstance(parent, (f.For, f.Generator)) and parent.iter is node:
            fails = not parent.is_async or self._is_never_something_else(node)
            return Use("iterated over", True) if fails else None
        if _is_tested(node, parent):
            return _TESTED
        if isinstance(parent, f.Match) and parent.subject is node:
            return Use("matched", False)
        if isinstance(parent, f.Raise):
            return Use("raised", True)
        if isinstance(parent, f.Compare):
            return _OPERAND._replace(fails=False)
        if isinstance(parent, (f.Binary, f.AugAssign)):
            return _OPERAND
        if isinstance(parent, f.FString):
            return Use("put into a string", False)
        return self._given(node, parent)

    def _is_entered(self, node: f.Expr, parent: f.Node | None) -> bool:
        if not isinstance(parent, f.WithItem) or parent.context is not node:
            return False
        around = self._parents.get(id(parent))
        return isinstance(around, f.With) and (not around.is_async or self._is_never_something_else(node))

    def _is_never_something_else(self, node: f.Expr) -> bool:
        """Whether no asynchronous generator or context can be called in the place of the function.

        A class may override a method with one.
        """
        callee = self._analysis.value(node.func) if isinstance(node, f.Call) else UNKNOWN
        return all(isinstance(o, FunctionValue) and o.owner is None for o in options(callee))

    def _of_each(self, node: f.Expr, parent: f.Node) -> Use | None:
        """How `any`, `sum` and the like use the coroutines that a comprehension makes."""
        around = self._parents.get(id(parent)) if isinstance(parent, f.Comp) and parent.elt is node else None
        if not isinstance(around, f.Call) or not any(arg is parent for arg in around.args):
            return None
        callee = self._analysis.value(around.func)
        name = callee.name if isinstance(callee, External) else ""
        if name in ("builtins.any", "builtins.all"):
            return _TESTED
        return Use(f"given to `{name.removeprefix('builtins.')}`", True) if name in _USING_EACH else None

    # --- in a list or a dict -----------------------------------------------------------------------------------------

    def _in_a_display(self, node: f.Expr, parent: f.Node | None) -> Use | None:
        """How a list or a dict is used that a coroutine is put into: a client gets it, or nobody can encode it."""
        while _holds(parent, node):
            node, parent = cast(f.Expr, parent), self._parents.get(id(parent))
        if isinstance(parent, f.Return):
            return _SENT if isinstance(node, (f.Seq, f.Dict, f.Comp)) and self._is_endpoint() else None
        if isinstance(parent, (f.Assign, f.AnnAssign)) and isinstance(node, (f.Seq, f.Dict, f.Comp)):
            return self._sent_by_name(node, parent)
        return self._encoded(node, parent)

    def _sent_by_name(self, display: f.Expr, parent: f.Node) -> Use | None:
        """How the name of a list or a dict is used, where it is for nothing but the response."""
        target = self._target(display, parent)
        if target is None or self._is_shared(target.id) or _assignments(self._analysis, target.id) != 1:
            return None
        found: Use | None = None
        for use, around in walk_with_parent(self._analysis.body):
            if not isinstance(use, f.Name) or use.id != target.id or use is target or self._is_filled(around):
                continue
            is_returned = isinstance(around, f.Return) and self._is_endpoint()
            found = _SENT if is_returned else self._encoded(use, around)
            if found is None:
                return None
        return found

    def _is_filled(self, node: f.Node | None) -> bool:
        """Whether it is the `data[key]` of `data[key] = …`."""
        parent = self._parents.get(id(node))
        return isinstance(parent, f.Assign) and any(target is node for target in parent.targets)

    def _encoded(self, node: f.Expr, parent: f.Node | None) -> Use | None:
        """Whether a JSON response, or what makes JSON, gets something."""
        call = self._taking(node, parent)
        if call is None:
            return None
        first = call.args[0] if call.args else None
        if first is not node and not (isinstance(parent, f.Keyword) and parent.name in ("content", "obj")):
            return None
        callee = self._analysis.value(call.func)
        if isinstance(callee, External) and callee.name in _ENCODING:
            return Use(f"given to `{callee.name.rpartition('.')[2]}`", True)
        is_response = isinstance(callee, (External, ClassValue)) and classes.inherits(callee, _JSON) is True
        return _SENT if is_response else None

    # --- arguments ---------------------------------------------------------------------------------------------------

    def _given(self, node: f.Expr, parent: f.Node | None) -> Use | None:
        """How a call uses an argument, where it says that it takes the value."""
        name = parent.name if isinstance(parent, f.Keyword) else None
        call = self._taking(node, parent)
        if call is None:
            return None
        callee = self._analysis.value(call.func)
        if isinstance(callee, External) and callee.name in _FAILING | _POINTLESS:
            return Use(f"given to `{callee.name.removeprefix('builtins.')}`", callee.name in _FAILING)
        if isinstance(callee, Method) and callee.name in _VALIDATING and classes.is_pydantic(callee.receiver):
            return Use(f"given to `{callee.name}`", True)
        if isinstance(callee, Method) and callee.qualified in ("builtins.str.format", "builtins.str.join"):
            return Use(f"given to `{callee.name}`", False)
        index = next((i for i, arg in enumerate(call.args) if arg is node), None)
        if any(isinstance(arg, f.Star) for arg in call.args):
            return None
        declared = self._declared(call, callee, index, name)
        if declared is None or not self._is_plain(declared):
            return None
        called = callee.name if isinstance(callee, (FunctionValue, ClassValue, Method)) else _last_name(call.func)
        return Use(f"given to `{called}`, which takes its result", True)

    def _declared(self, call: f.Call, callee: Value, index: int | None, name: str | None) -> Value | None:
        """What an argument of a call is declared as, by the annotation of a parameter or of a field."""
        if isinstance(callee, ClassValue) and name is not None and classes.method(callee, "__init__") is None:
            field = classes.annotation(callee, name)
            return None if field is None else self._value(field[0], field[1].scope)
        targets = self._targets(call)
        if len(targets) != 1:
            return None
        function, receiver = targets[0]
        params = function.node.params
        if receiver is not None and params and params[0].kind in ("pos", "any"):
            params = params[1:]
        for position, param in enumerate(params):
            is_it = param.name == name if name is not None else position == index
            if is_it and param.kind not in ("args", "kwargs") and param.annotation is not None:
                return self._value(param.annotation, function.scope)
        return None

    def _targets(self, call: f.Call) -> list[tuple[FunctionValue, Value | None]]:
        if self._sites is None:
            self._sites = {id(site.node): site for site in self._analysis.calls}
        site = self._sites.get(id(call))
        return site.targets if site is not None else []

    def _value(self, annotation: f.Expr, scope: Scope) -> Value:
        return types.instance_of(self._ev, types.annotation_type(self._ev, annotation, scope))

    def _is_plain(self, value: Value) -> bool:
        """Whether a type takes no coroutine, whichever of its options is meant."""
        return all(isinstance(option, Const) or _is_plain_object(option) for option in options(value))

    # --- names -------------------------------------------------------------------------------------------------------

    def _by_name(self, node: f.Expr, parent: f.Node) -> Use | None:
        """How a name that the coroutine is assigned to is used, where it is never awaited or handed on."""
        target = self._target(node, parent)
        if target is None or self._is_shared(target.id):
            return None
        is_only = _assignments(self._analysis, target.id) == 1
        found: list[Use] = []
        is_returned = is_given = False
        for use, around in self._reads(target, node, is_only):
            if around is None:
                return None
            how = self._around(use, around) or self._in_a_display(use, around)
            if how is not None:
                found.append(how)
            elif isinstance(around, f.Return):
                is_returned = True
            elif self._is_given_to_the_project(use, around) or self._is_given_to_a_library(use, around):
                is_given = True
            else:
                return None
        if is_only and isinstance(parent, f.AnnAssign) and self._says_otherwise(parent):
            found.append(Use("kept as its result", True))
        if is_only and not found and not is_returned and not is_given:
            return Use("kept and never awaited", False)
        sure = [use for use in found if use.fails]
        if not sure and (is_given or (is_returned and not self._analysis.function.node.is_async)):
            return None
        return next(iter(sure or found), None)

    def _is_shared(self, name: str) -> bool:
        """Whether others may see what a name holds: it is global, or a function inside names it."""
        return name in self._analysis.globals or any(
            name in names(nested.node.body) for nested in self._analysis.nested
        )

    def _target(self, node: f.Expr, parent: f.Node) -> f.Name | None:
        """The one name that gets the value of an expression: `a` and `b` of `a, b = one(), two()` too."""
        around = self._parents.get(id(parent))
        if not isinstance(parent, f.Seq) or not isinstance(around, f.Assign):
            return _only_target(node, parent)
        targets = around.targets[0]
        if len(around.targets) > 1 or not isinstance(targets, f.Seq) or len(targets.items) != len(parent.items):
            return None
        if any(isinstance(item, f.Star) for item in (*targets.items, *parent.items)):
            return None
        target = next(t for t, item in zip(targets.items, parent.items) if item is node)
        return target if isinstance(target, f.Name) else None

    def _reads(self, target: f.Name, node: f.Expr, is_only: bool) -> Iterator[tuple[f.Name, f.Node | None]]:
        """Where a name is read that holds the coroutine, with what stands around; None for it where it is unsure."""
        made = self._analysis.value(node)
        for use, around in walk_with_parent(self._analysis.body):
            if not isinstance(use, f.Name) or use.id != target.id or use is target:
                continue
            held = options(self._analysis.value(use))
            if is_only:
                yield use, around
            elif any(option is made for option in held):
                yield use, around if all(option is made or is_none(option) for option in held) else None

    def _is_given_to_a_library(self, use: f.Expr, around: f.Node) -> bool:
        """Whether something gets it that neither waits for coroutines nor asks what it got."""
        call = self._taking(use, around)
        name = callee_name(self._analysis.value(call.func)) if call is not None else ""
        return bool(name) and name.partition(".")[0] not in _ASKING_OR_WAITING

    def _is_given_to_the_project(self, use: f.Expr, around: f.Node) -> bool:
        call = self._taking(use, around)
        return call is not None and bool(self._targets(call))

    def _taking(self, node: f.Expr, parent: f.Node | None) -> f.Call | None:
        """The call that gets something as an argument, by its place or by a name."""
        call = self._parents.get(id(parent)) if isinstance(parent, f.Keyword) else parent
        return call if isinstance(call, f.Call) and call.func is not node else None

    def _says_otherwise(self, node: f.AnnAssign) -> bool:
        """Whether the annotation of an assignment takes no coroutine."""
        return self._is_plain(self._value(node.annotation, self._analysis.function.scope))


def _holds(display: f.Node | None, node: f.Expr) -> bool:
    """Whether a list, a dict or the like holds the value of an expression."""
    if isinstance(display, f.Seq):
        return True
    if isinstance(display, f.Dict):
        return any(value is node for value in display.values)
    if isinstance(display, f.Comp):
        return display.kind != "generator" and (display.value or display.elt) is node
    return isinstance(display, f.IfExp) and display.test is not node


def is_coroutine(value: Value) -> bool:
    """Whether a value is a coroutine for sure."""
    return all(isinstance(option, Coroutine) and option.certain for option in options(value))


def can_wait(node: f.Node, parents: Parents) -> bool:
    """Whether `await` may stand there: not in a lambda; in a generator expression it would make an async one.

    In `await load().name` there is one already, in the wrong place.
    """
    parent = parents.get(id(node))
    around = parent
    while isinstance(around, (f.Attr, f.Sub)):
        around = parents.get(id(around))
    if around is not parent and isinstance(around, f.Await):
        return False
    while parent is not None:
        if isinstance(parent, f.Lambda):
            return False
        if isinstance(parent, f.Comp) and parent.kind == "generator" and parent.generators[0] is not node:
            return False
        if isinstance(parent, f.Generator) and parent.iter is not node:
            # Only what the first loop iterates over is evaluated around the expression.
            around = parents.get(id(parent))
            if isinstance(around, f.Comp) and around.kind == "generator":
                return False
        node, parent = parent, parents.get(id(parent))
    return True


def _is_unpacked(node: f.Expr, parent: f.Node | None) -> bool:
    if isinstance(parent, f.Dict):
        return any(key is None and value is node for key, value in zip(parent.keys, parent.values))
    if isinstance(parent, f.Assign):
        return parent.value is node and any(isinstance(target, f.Seq) for target in parent.targets)
    return isinstance(parent, f.Star) or (isinstance(parent, f.Keyword) and parent.name is None)


def _is_tested(node: f.Expr, parent: f.Node | None) -> bool:
    if isinstance(parent, f.Generator):
        return any(test is node for test in parent.ifs)
    if isinstance(parent, (f.If, f.While, f.IfExp, f.Assert)):
        return parent.test is node
    if isinstance(parent, f.Bool):
        return parent.values[-1] is not node
    return isinstance(parent, f.Unary)


def _is_plain_object(value: Value) -> bool:
    if not isinstance(value, Instance):
        return False
    if isinstance(value.cls, External):
        return value.cls.name.startswith(_PLAIN) and value.cls.name != "builtins.object"
    return classes.is_complete(value.cls) and not classes.is_interface(value.cls) and not _waits(value.cls)


def _waits(cls: ClassValue) -> bool:
    return classes.member(cls, "__await__") is not None


def _last_name(node: f.Expr) -> str:
    return node.attr if isinstance(node, f.Attr) else node.id if isinstance(node, f.Name) else "…"


def _only_target(node: f.Expr, parent: f.Node) -> f.Name | None:
    if isinstance(parent, f.Assign) and len(parent.targets) == 1 and parent.value is node:
        target = parent.targets[0]
    elif isinstance(parent, (f.AnnAssign, f.Walrus)) and parent.value is node:
        target = parent.target
    else:
        return None
    return target if isinstance(target, f.Name) else None


def _assignments(analysis: Analysis, name: str) -> int:
    count = 0
    for node in statements(analysis.body):
        if isinstance(node, f.Assign):
            count += sum(_binds(target, name) for target in node.targets)
        elif isinstance(node, (f.AnnAssign, f.AugAssign, f.For)):
            count += _binds(node.target, name)
    return count + sum(
        isinstance(n, f.Walrus) and isinstance(n.target, f.Name) and n.target.id == name for n in walk(analysis.body)
    )


def _binds(target: f.Expr, name: str) -> bool:
    if isinstance(target, f.Star):
        return _binds(target.value, name)
    if isinstance(target, f.Seq):
        return any(_binds(item, name) for item in target.items)
    return isinstance(target, f.Name) and target.id == name
