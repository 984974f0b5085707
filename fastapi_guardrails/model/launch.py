"""What starts an app though no code of the project calls it: factories for a server's command line, `main()`, commands.

They are called once all modules are executed. First the functions that make an app, with arguments that nobody knows.
Then those that start one: what leads to code that registers something, and to a server (`uvicorn.run`), or is a
command, or is called under `if __name__ == "__main__"`. What they get from a factory is the app that is there already,
so that what `main()` registers on it is served beside the rest. What else nobody calls is dead, and registers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.programs import COMMAND_LIBRARIES, SERVERS
from fastapi_guardrails.model import classes, tree
from fastapi_guardrails.model.calls import callee_name, targets
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.launched import Launched
from fastapi_guardrails.model.mains import handed_to_mains
from fastapi_guardrails.model.registering import says_to_give, speaks
from fastapi_guardrails.model.routing import APP_CLASSES, Entry, IncludeEntry, RouterObject
from fastapi_guardrails.model.values import FunctionValue, Value, options
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

#: Names in a function's body or its return annotation that make it worth calling when nobody calls it.
_APP_NAMES = ("FastAPI", "Starlette")
_APP_WORDS = tuple(map(f.encode_word, _APP_NAMES))

#: Names in a body that speak of a server.
SERVER_WORDS = tuple(map(f.encode_word, SERVERS))

#: Names a body that includes routers.
_INCLUDING = f.encode_word("include_router")

#: How many functions are looked for by their callers: what leads to an app is short.
_MOST = 60


def launch(ev: Evaluator) -> None:
    """Call what makes the apps that no module makes when it is imported, and what registers the rest on them."""
    full = {id(app) for app in ev.registry.apps if any(map(_serves, app.entries))}
    made: dict[int, Value] = {}
    unfed: dict[int, FunctionValue] = {}
    for function in list(ev.registry.functions.values()):
        if _is_left(ev, function) and _may_build_app(function.node) and not function.node.is_generator:
            made.update(_call(ev, function))
            if function.node.params and _INCLUDING in function.node.code:
                unfed[id(function.node)] = function
    ev.launched = Launched(made)
    for function, builders in _entries(ev, list(unfed.values())):
        if any(_is_left(ev, builder) or id(builder.node) in unfed for builder in builders):
            _call_as_entry(ev, function, full)
            for builder in builders:
                unfed.pop(id(builder.node), None)
    ev.launched = None


def is_command(function: FunctionValue) -> bool:
    """Whether a library for command lines calls a function."""
    return any(callee_name(decorator).startswith(COMMAND_LIBRARIES) for decorator in function.decorators)


# --- what is called ------------------------------------------------------------------------------------------------


def _is_left(ev: Evaluator, function: FunctionValue) -> bool:
    """Whether a function of the application was not carried out so far; what an app class does itself is not asked."""
    if id(function.node) in ev.executed or not function.module.is_application:
        return False
    return function.owner is None or not classes.inherits(function.owner, *APP_CLASSES)


def _may_build_app(function: f.Function) -> bool:
    """Whether a function makes an app itself, or says that it gives one."""
    return f.has_word(function, _APP_WORDS) or says_to_give(function, *_APP_NAMES)


def _entries(ev: Evaluator, unfed: list[FunctionValue]) -> Iterator[tuple[FunctionValue, list[FunctionValue]]]:
    """The functions that start apps, callers first, each with what it leads to that makes an app or registers.

    Args:
        ev: the evaluator.
        unfed: factories that may be given routers, and were not when they were called.
    """
    left = [function for function in ev.registry.functions.values() if _is_left(ev, function)]
    building = unfed + [function for function in left if speaks(function)]
    if not building:
        return
    callers = _Callers(ev, left)
    serving = callers.closure(fn for fn in left if f.has_word(fn.node, SERVER_WORDS))
    mains = {id(function.node) for value in handed_to_mains(ev) for function, _ in targets(value)}
    leads: dict[int, list[FunctionValue]] = {}
    starting: dict[int, FunctionValue] = {}
    for builder in building:
        for key, function in callers.closure([builder]).items():
            if id(function.node) in ev.executed:
                continue
            if key in serving or key in mains or is_command(function):
                starting[key] = function
                leads.setdefault(key, []).append(builder)
    for function in callers.first(starting):
        yield function, leads[id(function.node)]


class _Callers:
    """Who calls whom, by name, of functions that were not carried out."""

    def __init__(self, ev: Evaluator, functions: list[FunctionValue]) -> None:
        self._ev = ev
        self._functions = functions
        self._known: dict[int, list[FunctionValue]] = {}

    def closure(self, called: Iterable[FunctionValue]) -> dict[int, FunctionValue]:
        """Some functions and what calls them, however deep, by the identity of their nodes."""
        found: dict[int, FunctionValue] = {}
        queue = list(called)
        while queue:
            function = queue.pop()
            if id(function.node) not in found:
                found[id(function.node)] = function
                queue += self._of(function)
        return found

    def first(self, functions: Mapping[int, FunctionValue]) -> list[FunctionValue]:
        """Functions in an order in which callers come before what they call."""
        ordered: list[FunctionValue] = []
        entered: set[int] = set()

        def visit(function: FunctionValue) -> None:
            key = id(function.node)
            if key in functions and key not in entered:
                entered.add(key)
                for caller in self._of(function):
                    visit(caller)
                ordered.append(function)

        for function in functions.values():
            visit(function)
        return ordered

    def _of(self, function: FunctionValue) -> list[FunctionValue]:
        """What calls a function itself."""
        key = id(function.node)
        if key not in self._known:
            self._known[key] = [] if len(self._known) > _MOST else list(self._search(function))
        return self._known[key]

    def _search(self, function: FunctionValue) -> Iterator[FunctionValue]:
        owner = function.owner
        name = owner.name if owner is not None and function.name == "__init__" else function.name
        word = f.encode_word(name)
        for caller in self._functions:
            if word in caller.node.code and caller is not function and self._calls(caller, name, function):
                yield caller

    def _calls(self, caller: FunctionValue, name: str, function: FunctionValue) -> bool:
        for node in tree.walk(self._ev.body(caller)):
            if isinstance(node, f.Call) and f.last_name(node.func) == name and self._is(node.func, caller, function):
                return True
        return False

    def _is(self, called: f.Expr, caller: FunctionValue, function: FunctionValue) -> bool:
        """Whether a function is called: names of the module say so, of names of the body only words can."""
        root = called
        while isinstance(root, f.Attr):
            root = root.value
        if isinstance(root, f.Name) and root.id in caller.module.scope.vars:
            value = self._ev.evaluate(called, self._ev.frame_for(caller.scope))
            return any(target.node is function.node for option in options(value) for target, _ in targets(option))
        if isinstance(called, f.Name) or function.name == "__init__":
            return True
        owner = function.owner
        holder = function.module.name.rpartition(".")[2] if owner is None else owner.name
        return caller.owner is owner is not None or f.encode_word(holder) in caller.node.code


# --- calling -------------------------------------------------------------------------------------------------------


def _call_as_entry(ev: Evaluator, function: FunctionValue, full: set[int]) -> None:
    """Call a function that starts apps.

    What it adds to a full one, which an import or another such function filled, only this program has.
    """
    counts = [(app, len(app.entries)) for app in ev.registry.apps]
    _call(ev, function)
    for app, count in counts:
        for entry in app.entries[count:] if id(app) in full else ():
            entry.off = True
    full.update(id(app) for app, count in counts if len(app.entries) > count)


def _serves(entry: Entry) -> bool:
    """Whether something registered serves anything; not so an include of an empty router."""
    return (
        not isinstance(entry, IncludeEntry) or not isinstance(entry.router, RouterObject) or bool(entry.router.entries)
    )


def _call(ev: Evaluator, function: FunctionValue) -> dict[int, Value]:
    """Call a function with arguments that nobody knows: what it and its class give, by the identity of their nodes."""
    frame = Frame(function.module, function.scope)
    call = Arguments([], {}, frame=frame)
    made: dict[int, Value] = {}
    receiver: Value | None = None
    if function.owner is not None and function.kind != "staticmethod":
        receiver = function.owner
        if function.kind != "classmethod":
            receiver = made[id(function.owner.node)] = ev.instantiate(function.owner, (), call)
    if id(function.node) not in ev.executed:
        made[id(function.node)] = ev.start(function, receiver, call)
    return made
