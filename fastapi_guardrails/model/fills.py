"""What functions put into what is None or empty at start: `global client; client = Client()`, `CLIENTS[key] = …`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model import classes
from fastapi_guardrails.model.values import UNKNOWN, ClassValue, FunctionValue, Value, is_none, is_unknown, union
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.evaluate import Evaluator, Kept
    from fastapi_guardrails.model.symbols import Module

    #: Whether an expression of a function is the container in question.
    _IsContainer = Callable[[f.Expr, Analysis], bool]

#: Methods of containers that put an argument into them, by the position of that.
_ADDING = {"add": 0, "append": 0, "appendleft": 0, "insert": 1, "setdefault": 1}

#: Methods that put in what another container holds.
_MERGING = frozenset({"extend", "update"})


class Fills:
    """Looks through the functions of a module, or of a class, for what they assign or put into containers.

    It is asked in the midst of analyses, and must answer the same whoever asks first. So what it looks at is analysed
    apart from the rest, and finds the variables of modules as start-up code left them.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self._ev = evaluator
        self._known: dict[tuple[str, str], Value | None] = {}
        self._kept: Kept = ({}, {})
        self._asking = False

    def of(self, module: Module, name: str) -> Value | None:
        """What functions put into a variable, as a union; None where no function does."""
        return self._ask((module.path, name), lambda: self._found(module, name))

    def held(self, module: Module, name: str) -> Value | None:
        """What the functions of a module put into its container, as a union; None where that cannot be told."""

        def is_container(node: f.Expr, analysis: Analysis) -> bool:
            own = analysis.scope.vars if analysis.scope is not None else {}
            return isinstance(node, f.Name) and node.id == name and (name not in own or name in analysis.globals)

        return self._ask(
            (f"{module.path}[]", name), lambda: self._put(self._in_module[module.path], name, is_container)
        )

    def held_by(self, cls: ClassValue, name: str) -> Value | None:
        """What the methods of a class put into a container of its objects; None where that cannot be told."""

        def is_container(node: f.Expr, analysis: Analysis) -> bool:
            if not isinstance(node, f.Attr) or node.attr != name or not isinstance(node.value, f.Name):
                return False
            params = analysis.function.node.params
            return node.value.id == cls.name or (bool(params) and node.value.id == params[0].name)

        bases = [base for base in classes.mro(cls) if isinstance(base, ClassValue)]
        methods = [m for base in bases for m in base.scope.vars.values() if isinstance(m, FunctionValue)]
        return self._ask((f"{id(cls.node)}", name), lambda: self._put(methods, name, is_container))

    def _ask(self, place: tuple[str, str], find: Callable[[], Value | None]) -> Value | None:
        if self._asking:
            return None
        if place not in self._known:
            self._asking = True
            try:
                with self._ev.apart(self._kept):
                    self._known[place] = find()
            finally:
                self._asking = False
        return self._known[place]

    def _put(self, functions: Iterable[FunctionValue], name: str, is_container: _IsContainer) -> Value | None:
        word = [f.encode_word(name)]
        naming = [function for function in functions if f.has_word(function.node, word)]
        found = [value for fn in naming for value in _added(self._ev.analysis(fn), is_container) if not is_none(value)]
        made = union(found)
        return None if is_unknown(made) else made

    def _found(self, module: Module, name: str) -> Value | None:
        word = [f.encode_word(name)]
        functions = (fn for fn in self._functions[module.path] if f.has_word(fn.node, word))
        values = (self._ev.analysis(function).filled.get(name) for function in functions)
        found = [value for value in values if value is not None and not is_none(value)]
        return union(found) if found else None

    @cached_property
    def _in_module(self) -> dict[str, list[FunctionValue]]:
        """By the path of a module: its functions."""
        found: dict[str, list[FunctionValue]] = defaultdict(list)
        for function in self._ev.registry.functions.values():
            found[function.module.path].append(function)
        return found

    @cached_property
    def _functions(self) -> dict[str, list[FunctionValue]]:
        """By the path of a module: its functions that say `global` somewhere."""
        found: dict[str, list[FunctionValue]] = defaultdict(list)
        for function in self._ev.registry.functions.values():
            if f.GLOBAL in function.node.code:
                found[function.module.path].append(function)
        return found


def _added(analysis: Analysis, is_container: _IsContainer) -> Iterator[Value]:
    """What a function puts into a container; Unknown for all that another one holds."""
    for assign in analysis.assigns:
        for target in assign.targets:
            if isinstance(target, f.Sub) and is_container(target.value, analysis):
                yield assign.value
    for site in analysis.calls:
        node = site.node
        if (
            not isinstance(node, f.Call)
            or not isinstance(node.func, f.Attr)
            or not is_container(node.func.value, analysis)
        ):
            continue
        index = _ADDING.get(node.func.attr)
        if index is not None and index < len(site.call.args):
            yield site.call.args[index]
        elif node.func.attr in _MERGING:
            yield UNKNOWN
