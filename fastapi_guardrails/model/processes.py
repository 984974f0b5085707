"""When a function runs: while an app serves requests, before it does, or in a process that serves nobody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.blocking import LOOPS
from fastapi_guardrails.model import classes
from fastapi_guardrails.model.calls import targets
from fastapi_guardrails.model.launch import SERVER_WORDS, is_command
from fastapi_guardrails.model.mains import handed_to_mains
from fastapi_guardrails.model.tree import statements, walk
from fastapi_guardrails.model.values import ClassValue, FunctionValue, Instance, Value, options
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from fastapi_guardrails.model.calls import Analysis, CallSite
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.project import Project


#: Last names of the calls that may start an event loop.
_LOOP_STARTERS = frozenset(name.rpartition(".")[2] for name in LOOPS)

#: What enters an object as `async with` does.
_ENTER = "contextlib.AsyncExitStack.enter_async_context"

#: Calls that wait for the coroutines which they are given.
_WAITING = frozenset({"asyncio.gather", "asyncio.wait_for", "asyncio.shield", "asyncio.wait"})


class Processes:
    """Answers when functions run, as far as the calls show; each answer is worked out when somebody first asks."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._elsewhere: dict[int, bool] = {}
        self._runner_names: set[str] = set()

    def only_starts(self, node: f.Function) -> bool:
        """Whether nothing but the start-up of an app runs a function."""
        return id(node) in self._startup[0] and not self._serves(node)

    def only_in_scripts(self, node: f.Function) -> bool:
        """Whether a function runs only in processes that serve nobody: commands, and loops of their own."""
        if self._has_a_part(node) or node in self._project.reached or id(node) not in self._scripts:
            return False
        return not self._serves(node) and id(node) not in self._startup[0] and not self._called_elsewhere(node)

    def _has_a_part(self, node: f.Function) -> bool:
        """Whether an app calls a function itself as it serves."""
        roles = self._project.roles
        return any(node in part for part in (roles.endpoints, roles.dependencies, roles.handlers, roles.middlewares))

    def _called_elsewhere(self, node: f.Function) -> bool:
        """Whether something beside the scripts calls a function, or what calls it in them."""
        key = id(node)
        if key not in self._elsewhere:
            self._elsewhere[key] = False  # for functions that call each other
            self._elsewhere[key] = any(
                not self._starts_a_loop(caller)
                if id(caller.node) not in self._scripts
                else self._called_elsewhere(caller.node)
                for caller in self._callers(node)
            )
        return self._elsewhere[key]

    def _callers(self, node: f.Function) -> Iterator[Function]:
        """The functions that call a function by its name, as far as calls can be followed."""
        word = f.encode_word(node.name)
        for caller in self._project.functions:
            if word in caller.node.code and _calls(caller, node):
                yield caller

    def _starts_a_loop(self, function: Function) -> bool:
        return any(True for _ in self._loops_of(function, self._runners))

    def _loops_of(self, function: Function, runners: Container[int] = ()) -> Iterator[CallSite]:
        """The calls of a sync function that run something in an event loop of its own."""
        called = function.node.calls
        if function.is_async or (_LOOP_STARTERS.isdisjoint(called) and self._runner_names.isdisjoint(called)):
            return
        for site in function.analysis.calls:
            if site.name in LOOPS or any(id(target.node) in runners for target, _ in site.targets):
                yield site

    @cached_property
    def _runners(self) -> set[int]:
        """Sync functions that run in an event loop of their own what they get: `def run(work): asyncio.run(work)`."""
        found: set[int] = set()
        queue = [function for function in self._project.functions if self._runs_what_it_gets(function, found)]
        while queue:
            function = queue.pop()
            if id(function.node) in found:
                continue
            found.add(id(function.node))
            self._runner_names.add(function.node.name)
            queue += [c for c in self._callers(function.node) if self._runs_what_it_gets(c, found)]
        return found

    def _runs_what_it_gets(self, function: Function, runners: Container[int]) -> bool:
        params = {param.name for param in function.node.params} - {"self", "cls"}
        sites = self._loops_of(function, runners) if params else ()
        return any(
            _is_one_of(argument, params) for s in sites if isinstance(s.node, f.Call) for argument in s.node.args
        )

    def _serves(self, node: f.Function) -> bool:
        return node in self._project.reached or id(node) in self._beside

    @cached_property
    def _startup(self) -> tuple[set[int], list[FunctionValue]]:
        """What lifespans run before they yield; what they leave behind: tasks, and what comes after the `yield`."""
        analysis = self._project.evaluator.analysis
        before: set[int] = set()
        left: list[FunctionValue] = []
        found = [t for app in self._project.apps for s in app.value.startups for o in options(s) for t, _ in targets(o)]
        queue = [(analysis(function), end_of_start(self._project.evaluator.body(function))) for function in found]
        while queue:
            body, end = queue.pop()
            for site in body.calls:
                functions = [t for t, _ in site.targets]
                if (end is not None and site.node.pos > end) or (functions and _outlives(site, body)):
                    left += functions
                    continue
                for function in functions:
                    if id(function.node) not in before:
                        before.add(id(function.node))
                        queue.append((analysis(function), None))
            for opening, closing in _entered(body):
                left += closing
                for function, receiver in opening:
                    if id(function.node) not in before:
                        before.add(id(function.node))
                        queue.append((analysis(function, receiver), None))
        return before, left

    @cached_property
    def _beside(self) -> set[int]:
        """What runs beside the requests: tasks of the start-up, handlers, middlewares."""
        handling: list[Value] = []
        for app in self._project.apps:
            handling += [h.handler for h in app.handlers]
            handling += [m.middleware for m in app.middlewares]
        return self._closure([*self._startup[1], *(t for value in handling for t in _functions_of(value))])

    @cached_property
    def _scripts(self) -> set[int]:
        return self._closure([*self._commands(), *self._main_blocks(), *self._own_loops()], serving=False)

    def _closure(self, roots: Iterable[FunctionValue], *, serving: bool = True) -> set[int]:
        """What some functions run, however deep; without `serving` nothing that starts a server."""
        found: set[int] = set()
        queue = list(roots)
        while queue:
            function = queue.pop()
            node = function.node
            if id(node) in found or node in self._project.reached:
                continue
            if not serving and f.has_word(node, SERVER_WORDS):
                continue
            found.add(id(node))
            analysis = self._project.evaluator.analysis(function)
            queue += analysis.nested
            for site in analysis.calls:
                queue += [t for t, _ in site.targets]
                queue += [t for a in (*site.call.args, *site.call.kwargs.values()) for t in _given(a)]
        return found

    def _commands(self) -> Iterator[FunctionValue]:
        """Functions that a library for command lines calls."""
        for function in self._project.registry.functions.values():
            if is_command(function):
                yield function

    def _main_blocks(self) -> Iterator[FunctionValue]:
        """Functions that `if __name__ == "__main__":` calls, or hands over to what it calls."""
        for value in handed_to_mains(self._project.evaluator):
            yield from _functions_of(value)

    def _own_loops(self) -> Iterator[FunctionValue]:
        """What modules and sync functions run in an event loop that they start."""
        ev = self._project.evaluator
        for call in self._project.startup_calls(*LOOPS):
            if call.call.node is not None:
                frame = ev.frame_for(call.call.frame.scope)
                for argument in call.call.node.args:
                    yield from _functions_of(
                        ev.evaluate(argument.func if isinstance(argument, f.Call) else argument, frame)
                    )
        for function in self._project.functions:
            loops = list(self._loops_of(function, self._runners))
            given = (argument for site in loops for argument in (*site.call.args, *site.call.kwargs.values()))
            yield from (t for argument in given for t in _given(argument))
            if loops:
                yield from (t for site in function.analysis.calls for t, _ in site.targets if t.node.is_async)


def _is_one_of(argument: f.Expr, params: set[str]) -> bool:
    """Whether an argument is a parameter, or what a parameter gives that is called."""
    given = argument.func if isinstance(argument, f.Call) else argument
    return isinstance(given, f.Name) and given.id in params


def end_of_start(body: list[f.Stmt]) -> int | None:
    """Position of the last `yield` of a lifespan; None where it has none."""
    found = [s.pos for s in statements(body) if any(isinstance(n, f.Yield) for n in walk([s]))]
    return max(found, default=None)


def _outlives(site: CallSite, analysis: Analysis) -> bool:
    """Whether the coroutine of a call is handed on instead of awaited."""
    if site.awaited or not any(t.node.is_async and not t.node.is_generator for t, _ in site.targets):
        return False
    waiting = (s.node for s in analysis.calls if s.awaited and s.name in _WAITING)
    return not any(inner is site.node for node in waiting for inner in walk([node]))


def _calls(caller: Function, node: f.Function) -> bool:
    return any(t.node is node for site in caller.analysis.calls for t, _ in site.targets)


def _entered(body: Analysis) -> Iterator[tuple[list[tuple[FunctionValue, Instance]], list[FunctionValue]]]:
    """What the objects that a function enters with `async with` run at their begin, and at their end."""
    contexts = [value for _, value, node in body.contexts if node.is_async]
    contexts += [s.call.args[0] for s in body.calls if s.name == _ENTER and s.call.args]
    for option in (option for value in contexts for option in options(value)):
        if isinstance(option, Instance) and isinstance(option.cls, ClassValue):
            begin, end = (classes.method(option.cls, name) for name in ("__aenter__", "__aexit__"))
            yield [(begin, option)] if begin is not None else [], [end] if end is not None else []


def _functions_of(value: Value) -> list[FunctionValue]:
    """The functions behind a callable; of a class all its methods."""
    found: list[FunctionValue] = []
    for option in options(value):
        found += [t for t, _ in targets(option)]
        if isinstance(option, ClassValue):
            found += [m for m in option.scope.vars.values() if isinstance(m, FunctionValue)]
    return found


def _given(argument: Value) -> list[FunctionValue]:
    """Functions handed over as arguments: they may be called."""
    return [] if isinstance(argument, ClassValue) else [t for t, _ in targets(argument)]
