"""What functions put into variables of modules that are None at first: `global client; client = Client()`."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.model.values import FunctionValue, Value, is_none, union
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator, Kept
    from fastapi_guardrails.model.symbols import Module


class Fills:
    """Looks through the functions of a module that say `global` for what they assign.

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
        if self._asking:
            return None
        place = module.path, name
        if place not in self._known:
            self._asking = True
            try:
                with self._ev.apart(self._kept):
                    self._known[place] = self._found(module, name)
            finally:
                self._asking = False
        return self._known[place]

    def _found(self, module: Module, name: str) -> Value | None:
        word = [f.encode_word(name)]
        functions = (fn for fn in self._functions[module.path] if f.has_word(fn.node, word))
        values = (self._ev.analysis(function).filled.get(name) for function in functions)
        found = [value for value in values if value is not None and not is_none(value)]
        return union(found) if found else None

    @cached_property
    def _functions(self) -> dict[str, list[FunctionValue]]:
        """By the path of a module: its functions that say `global` somewhere."""
        found: dict[str, list[FunctionValue]] = defaultdict(list)
        for function in self._ev.registry.functions.values():
            if f.GLOBAL in function.node.code:
                found[function.module.path].append(function)
        return found
