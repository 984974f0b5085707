"""Which functions may register routes, as far as their bodies tell without being carried out."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from fastapi_guardrails.model import tree
from fastapi_guardrails.model.routing import RouterObject
from fastapi_guardrails.model.values import FunctionValue, Instance, Value
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.model.registry import Registry

#: Names in an encoded body that may register routes.
_WORDS = tuple(map(f.encode_word, ("include_router", "add_api_route", "add_route", "mount", "APIRouter", "FastAPI")))
#: Of these calls rules want the arguments that start-up gives them.
_WATCHED = (f.encode_word("create_async_engine"),)


class Registering:
    """Answers for one project; what is worked out once is kept while further functions are defined."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._seen = 0
        #: how many functions have a name
        self._counts: Counter[str] = Counter()
        #: names of plain functions that speak of a router
        self._speaking: set[str] = set()
        #: names of plain functions by what they call
        self._callers: dict[str, set[str]] = {}
        self._names: frozenset[str] = frozenset()

    def may(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> bool:
        """Whether a call may register something: it gets an app or router, or leads to a body that speaks of one."""
        return (
            bool(routers_given(receiver, call))
            or says_to_give(function.node, "FastAPI", "APIRouter")
            or speaks(function)
            or _is_watched(function)
            or not self._leading().isdisjoint(function.node.calls)
        )

    def _leading(self) -> frozenset[str]:
        """Names of the functions that speak of a router or call, however deep, one that does.

        Only names that a single function of a module has: of two functions or methods nobody knows which is called.
        """
        functions = self._registry.functions
        if self._seen < len(functions):
            for function in islice(functions.values(), self._seen, None):
                self._note(function)
            self._seen = len(functions)
            self._names = self._closure()
        return self._names

    def _note(self, function: FunctionValue) -> None:
        name = function.name
        self._counts[name] += 1
        if function.qualname != name:
            return
        if speaks(function) or _is_watched(function):
            self._speaking.add(name)
        for called in function.node.calls:
            self._callers.setdefault(called, set()).add(name)

    def _closure(self) -> frozenset[str]:
        found: set[str] = set()
        queue = list(self._speaking)
        while queue:
            name = queue.pop()
            if name not in found and self._counts[name] == 1:
                found.add(name)
                queue += self._callers.get(name, ())
        return frozenset(found)


def says_to_give(function: f.Function, *names: str) -> bool:
    """Whether a function's return annotation names a class of these last names."""
    if function.returns is None:
        return False
    return any(_last_name(node) in names for node in tree.walk([function.returns]))


def _last_name(node: f.Expr) -> str:
    """The last name of a name, or of one that is written as a string."""
    if isinstance(node, f.Const) and isinstance(node.value, str):
        return node.value.rpartition(".")[2]
    return f.last_name(node)


def routers_given(receiver: Value | None, call: Arguments) -> list[RouterObject]:
    """The apps and routers that a call hands over, also as what its objects hold."""
    given = [receiver, *call.args, *call.kwargs.values()]
    held = [value for holder in given if isinstance(holder, Instance) for value in holder.attrs.values()]
    return [value for value in (*given, *held) if isinstance(value, RouterObject)]


def speaks(function: FunctionValue) -> bool:
    """Whether the body of a function names what makes apps and routers or registers on them."""
    return f.has_word(function.node, _WORDS)


def _is_watched(function: FunctionValue) -> bool:
    return f.has_word(function.node, _WATCHED)
