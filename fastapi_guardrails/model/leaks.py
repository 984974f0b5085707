"""Where the text of a caught exception goes: which responses are given it, in the function and in its helpers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from fastapi_guardrails.knowledge.unexpected import is_unexpected
from fastapi_guardrails.model.calls import CallSite
from fastapi_guardrails.model.classes import inherits, is_pydantic, is_settings, method, plain
from fastapi_guardrails.model.tree import dotted, dotted_names, statements, walk
from fastapi_guardrails.model.values import (
    ENVIRONMENT,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Method,
    Sequence_,
    Value,
    options,
    truth,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.elements import Function
    from fastapi_guardrails.model.evaluate import Evaluator

_HTTP_ERRORS = ("starlette.exceptions.HTTPException", "starlette.exceptions.WebSocketException")
_RESPONSE = "starlette.responses.Response"
_CLOSE = "starlette.websockets.WebSocket.close"
_APP = "starlette.applications.Starlette"
_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "os._Environ.get"})
#: Attributes of exceptions that are text, or other exceptions.
_TEXTS = frozenset(
    {
        "args", "message", "msg", "orig", "strerror", "detail", "statement", "params", "reason", "text", "pgerror",
        "__cause__", "__context__", "exceptions",
    }
)  # fmt: skip
_TRACEBACKS = frozenset(
    f"traceback.{name}"
    for name in ("format_exc", "format_exception", "format_exception_only", "format_tb", "format_list", "extract_tb")
)
_CURRENT = frozenset({"sys.exc_info", "sys.exception"})
#: The last names of both, as they stand in an encoded body; `log.exception` is not meant, unless there is a `sys`.
_ASKING = tuple(f.encode_word(name.rpartition(".")[2]) for name in sorted(_TRACEBACKS | _CURRENT - {"sys.exception"}))
_ASKING_SYS = (f.encode_word("sys"), f.encode_word("exception"))
_TO_TEXT = frozenset(
    f"builtins.{name}" for name in ("str", "repr", "format", "ascii", "list", "tuple", "dict", "set")
) | {"json.dumps", "fastapi.encoders.jsonable_encoder"}
#: Methods of texts and collections that give what is in them.
_KEEPING = frozenset(
    {
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "replace", "lower",
        "upper", "title", "capitalize", "casefold", "join", "encode", "decode", "center", "ljust", "rjust", "zfill",
        "removeprefix", "removesuffix", "expandtabs", "translate", "copy", "values", "items", "pop", "get", "format",
        "with_traceback", "__str__", "__repr__", "model_dump", "model_dump_json", "dict", "json",
    }
)  # fmt: skip
#: Methods with which a helper takes out what nobody may see.
_CHANGING = frozenset({"replace", "translate"})
#: Methods that put something into a collection.
_FILLING = frozenset({"append", "add", "extend", "insert", "update", "setdefault", "appendleft"})
#: Arguments of an `HTTPException` that no client reads.
_UNREAD = frozenset({"status_code", "headers", "code", "media_type", "background"})
#: How many calls deep helpers are followed.
_MAX_DEPTH = 3


class Leak(NamedTuple):
    """A response that holds the text: the call or statement, what it is, and the function that it stands in."""

    node: f.Node
    what: str
    function: FunctionValue


class _Text(NamedTuple):
    """A name that holds the text.

    Attributes:
        block: the block in which it got it.
        keys: under which keys, for a dict that holds it among other things; None for any.
        cleared: blocks in which it got something else.
    """

    block: tuple[int, ...]
    keys: frozenset[object] | None
    cleared: frozenset[tuple[int, ...]] = frozenset()


class Caught:
    """What the text of one exception flows into.

    Args:
        ev: evaluates helpers.
        analysis: of the function in which it is caught.
        name: the name that it is bound to, or ''.
        body: the statements in which it has this name.
        answers: says whether what the function returns is the answer to a request; asked only if that matters.
        texts: parameters that hold its text from the start.
        depth: how many calls lead here.
    """

    def __init__(
        self,
        ev: Evaluator,
        analysis: Analysis,
        name: str,
        body: list[f.Stmt],
        *,
        answers: Callable[[], bool] | None = None,
        texts: tuple[str, ...] = (),
        depth: int = 0,
    ) -> None:
        self._ev = ev
        self._analysis = analysis
        self._name = name
        self._body = body
        self._answers = answers
        self._depth = depth
        self._texts: dict[str, _Text] = {name: _Text((), None) for name in texts}
        self._calls: dict[int, CallSite] = {id(site.node): site for site in analysis.calls}
        self._blocks: dict[int, tuple[int, ...]] = {}
        self._here: tuple[int, ...] = ()

    def leaks(self) -> Iterator[Leak]:
        """The responses that hold its text, in source order."""
        for statement in self._statements():
            yield from self._sinks(statement)

    def is_returned(self, index: int | None = None) -> bool:
        """Whether the function returns its text: always, where something else than the text decides.

        Args:
            index: which item of the tuples that it returns is meant; None for the whole.
        """
        answers = [
            self._holds(_item(node.value, index))
            for node in self._statements()
            if isinstance(node, f.Return) and node.value is not None
        ]
        return all(answers) and bool(answers) if self._is_decided_elsewhere() else any(answers)

    def _is_decided_elsewhere(self) -> bool:
        params = {p.name for p in self._analysis.function.node.params} - {self._name, *self._texts, "self", "cls"}
        tests = [n.test for n in walk(self._body) if isinstance(n, (f.If, f.IfExp))]
        return any(isinstance(node, f.Name) and node.id in params for node in walk(tests))

    def _statements(self) -> Iterator[f.Stmt]:
        """The statements that may see it, each after what it does to the names."""
        _note_blocks(self._analysis.body, (), self._blocks)
        inside = {id(s) for s in statements(self._body)}
        never = {id(s) for s in self._never()}
        for statement in [*statements(self._body), *self._later(inside)]:
            if id(statement) not in inside:
                if not self._texts:
                    return
                self._name = ""
            if id(statement) not in never:
                self._here = self._blocks.get(id(statement), ())
                self._assign(statement)
                yield statement

    def _later(self, inside: set[int]) -> list[f.Stmt]:
        """What runs behind an `except` that does not leave; the other ones of its `try` do not."""
        if _leaves(self._body):
            return []
        end = max((s.pos for s in statements(self._body)), default=0)
        tries = [s for s in statements(self._analysis.body) if isinstance(s, f.Try)]
        own = next((t for t in tries if any(h.body is self._body for h in t.handlers)), None)
        others = [h.body for h in own.handlers] + [own.orelse] if own is not None else []
        apart = {id(s) for block in others for s in statements(block)}
        return [s for s in statements(self._analysis.body) if s.pos > end and id(s) not in apart | inside]

    def _never(self) -> Iterator[f.Stmt]:
        """What does not run by default, or only a setting can tell: `if settings.debug:`."""
        for node in statements(self._analysis.body):
            if isinstance(node, f.If):
                test = self._analysis.value(node.test)
                if isinstance(test, Const):
                    yield from statements(node.orelse if test.value else node.body)
                elif self._is_setting(node.test):
                    yield from statements([*node.body, *node.orelse])

    def _is_setting(self, test: f.Expr) -> bool:
        """Whether a test asks for a setting, or for the environment."""
        for node in walk([test]):
            if isinstance(node, f.Attr):
                owners = [o.cls for o in options(self._analysis.value(node.value)) if isinstance(o, Instance)]
                if any(is_settings(c) is True or (node.attr == "debug" and inherits(c, _APP) is True) for c in owners):
                    return True
            elif isinstance(node, f.Call) and self._name_of(node) in _ENVIRONMENT:
                return True
        return self._analysis.value(test) is ENVIRONMENT

    # --- names ---------------------------------------------------------------------------------------------------

    def _assign(self, node: f.Stmt) -> None:
        if isinstance(node, (f.Assign, f.AnnAssign, f.AugAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, f.Assign) else [node.target]:
                self._assign_to(target, node)
        elif isinstance(node, f.For) and isinstance(node.target, f.Name) and self._holds(node.iter):
            self._keep(node.target.id, node, None)
        elif isinstance(node, f.ExprStmt) and isinstance(node.value, f.Call):
            self._fill(node.value, node)

    def _assign_to(self, target: f.Expr, node: f.Assign | f.AnnAssign | f.AugAssign) -> None:
        assert node.value is not None
        if isinstance(target, f.Seq):
            starred = any(isinstance(part, f.Star) for part in target.items)
            for index, part in enumerate(target.items):
                if self._holds_part(node.value, None if starred else index):
                    for name in (n for n in walk([part]) if isinstance(n, f.Name)):
                        self._keep(name.id, node, None)
        elif isinstance(target, f.Sub) and isinstance(target.value, f.Name):
            if self._holds(node.value):
                self._keep(target.value.id, node, _key(target.index))
        elif isinstance(target, f.Name):
            if self._holds(node.value):
                self._texts.pop(target.id, None)
                self._keep(target.id, node, self._keys(node.value))
            elif not isinstance(node, f.AugAssign):
                self._forget(target.id, node)

    def _fill(self, call: f.Call, node: f.Stmt) -> None:
        """`errors.append(str(exc))`."""
        func = call.func
        if isinstance(func, f.Attr) and isinstance(func.value, f.Name) and func.attr in _FILLING:
            given = [*call.args, *(k.value for k in call.keywords)]
            if any(self._holds(a) for a in given) and func.value.id != self._name:
                self._keep(func.value.id, node, None)

    def _keep(self, name: str, node: f.Stmt, keys: frozenset[object] | None) -> None:
        known = self._texts.get(name)
        if known is not None:
            keys = None if known.keys is None or keys is None else known.keys | keys
        self._texts[name] = _Text(self._blocks.get(id(node), ()), keys)

    def _forget(self, name: str, node: f.Stmt) -> None:
        """A name gets something else: what it held is gone where that happens in the same block or around it."""
        known = self._texts.get(name)
        here = self._blocks.get(id(node), ())
        if known is None:
            return
        if known.block[: len(here)] == here or self._is_alternative(known.block, here):
            del self._texts[name]
        else:
            self._texts[name] = known._replace(cleared=known.cleared | {here})

    def _is_alternative(self, first: tuple[int, ...], second: tuple[int, ...]) -> bool:
        """Whether two blocks are the branches of an `if` that asks for something else than the text."""
        for node in statements(self._analysis.body):
            if isinstance(node, f.If) and node.orelse:
                path = self._blocks[id(node)]
                branches = ((*path, id(node.body[0])), (*path, id(node.orelse[0])))
                if (first, second) in (branches, branches[::-1]):
                    return not self._is_about(node.test)
        return False

    def _is_about(self, test: f.Expr) -> bool:
        return any(isinstance(n, f.Name) and (n.id == self._name or n.id in self._texts) for n in walk([test]))

    def _keys(self, node: f.Expr) -> frozenset[object] | None:
        if not isinstance(node, f.Dict) or not all(isinstance(key, f.Const) for key in node.keys):
            return None
        return frozenset(k.value for k, v in zip(node.keys, node.values) if isinstance(k, f.Const) and self._holds(v))

    # --- responses -----------------------------------------------------------------------------------------------

    def _sinks(self, statement: f.Stmt) -> Iterator[Leak]:
        found = False
        for node in walk(_own_expressions(statement)):
            if isinstance(node, f.Call):
                for leak in self._responses(node):
                    found = True
                    yield leak
        if isinstance(statement, (f.Assign, f.AugAssign)) and self._is_told_later(statement):
            yield Leak(statement, "the `detail`", self._analysis.function)
        given = None if found else _given(statement)
        if given is not None and self._answers is not None and self._holds(given) and self._answers():
            what = "the returned value" if isinstance(statement, f.Return) else "the streamed value"
            yield Leak(statement, what, self._analysis.function)

    def _is_told_later(self, node: f.Assign | f.AugAssign) -> bool:
        """`error.detail = str(exc)`, where `error` is an `HTTPException` that is there already."""
        targets = node.targets if isinstance(node, f.Assign) else [node.target]
        owners = [t.value for t in targets if isinstance(t, f.Attr) and t.attr == "detail"]
        return (
            bool(owners)
            and self._holds(node.value)
            and any(
                isinstance(made, Instance) and inherits(made.cls, *_HTTP_ERRORS) is True
                for owner in owners
                for made in options(self._analysis.value(owner))
            )
        )

    def _responses(self, node: f.Call) -> Iterator[Leak]:
        """What a call makes, if it is something for the client that is given the text."""
        site = self._calls.get(id(node))
        if site is None:
            return
        given = [a for a in node.args if self._holds(a)]
        named = [k for k in node.keywords if k.name not in _UNREAD and self._holds(k.value)]
        if not given and not named:
            return
        for callee in options(site.callee):
            what = _for_client(plain(callee), node, given, {k.name for k in named if k.name})
            if what:
                yield Leak(node, what, self._analysis.function)
                return
        if not isinstance(site.callee, ClassValue):
            yield from self._in_helper(node, site)

    def _in_helper(self, node: f.Call, site: CallSite) -> Iterator[Leak]:
        """What a helper that gets the exception makes of it; one that gets its text is given it here."""
        for inner, hands_text in self._helpers(node, site):
            for leak in inner.leaks():
                yield Leak(node, leak.what, self._analysis.function) if hands_text else leak
                break

    def _helpers(self, node: f.Call, site: CallSite) -> Iterator[tuple[Caught, bool]]:
        """The functions of the project that a call hands the exception or its text to."""
        if self._depth >= _MAX_DEPTH:
            return
        for target, receiver in site.targets[:1]:
            if target.node.is_generator:
                continue
            bound = receiver is not None and target.kind != "staticmethod"
            texts: list[str] = []
            name = ""
            for argument, parameter in _bound(node, target, bound):
                if self._is_exception(argument) and not name:
                    name = parameter
                elif self._holds(argument):
                    texts.append(parameter)
            if name or texts:
                analysis = self._ev.analysis(target, receiver)
                inner = Caught(self._ev, analysis, name, analysis.body, texts=tuple(texts), depth=self._depth + 1)
                yield inner, not name

    # --- the text ------------------------------------------------------------------------------------------------

    def _holds(self, node: f.Expr) -> bool:
        """Whether an expression is or holds the exception or its text."""
        if isinstance(node, f.Name):
            return self._is_text(node) or (self._is_exception(node) and self._is_still_unexpected(node))
        if isinstance(node, f.FString):
            return any(self._holds(part) or self._holds_converted(part) for part in node.parts)
        if isinstance(node, f.Binary):
            return node.op in ("+", "%", "|") and (self._holds(node.left) or self._holds(node.right))
        if isinstance(node, f.Bool):
            return any(self._holds(value) for value in node.values)
        if isinstance(node, f.IfExp):
            return self._holds_either(node)
        if isinstance(node, f.Attr):
            return node.attr in _TEXTS and self._holds(node.value)
        if isinstance(node, f.Sub):
            return self._holds_item(node.value, node.index)
        if isinstance(node, f.Seq):
            return any(self._holds(item) for item in node.items)
        if isinstance(node, f.Dict):
            return any(self._holds(value) for value in node.values)
        if isinstance(node, (f.Star, f.Walrus, f.Await)):
            return self._holds(node.value)
        if isinstance(node, f.Comp):
            return self._holds_mapped(node)
        return isinstance(node, f.Call) and self._call_holds(node)

    def _is_text(self, node: f.Name) -> bool:
        known = self._texts.get(node.id)
        return known is not None and not any(self._here[: len(block)] == block for block in known.cleared)

    def _holds_converted(self, part: f.Expr) -> bool:
        """`{exc!r}`, `{exc:>10}`."""
        return isinstance(part, f.Opaque) and any(self._holds(item) for item in part.items)

    def _holds_item(self, whole: f.Expr, index: f.Expr) -> bool:
        known = self._texts.get(whole.id) if isinstance(whole, f.Name) else None
        if known is not None and known.keys is not None and isinstance(index, f.Const):
            return index.value in known.keys
        if self._name_of(whole) == "sys.exc_info" and isinstance(index, f.Const) and index.value == 0:
            return False
        return self._holds(whole)

    def _holds_part(self, node: f.Expr, index: int | None) -> bool:
        """Whether the part of a value that a name gets is or holds the text: `code, text = 500, str(exc)`."""
        if self._name_of(node) == "sys.exc_info" and index == 0:
            return False
        if not self._holds(_item(node, index)):
            return False
        call = node.value if isinstance(node, f.Await) else node
        site = self._calls.get(id(call)) if index is not None else None
        helpers = list(self._helpers(call, site)) if site is not None and isinstance(call, f.Call) else []
        return not helpers or any(inner.is_returned(index) for inner, _ in helpers)

    def _holds_mapped(self, node: f.Comp) -> bool:
        """`[str(a) for a in exc.args]`."""
        names = {
            name.id: _Text((), None)
            for generator in node.generators
            if self._holds(generator.iter)
            for name in walk([generator.target])
            if isinstance(name, f.Name)
        }
        before = self._texts
        self._texts = {**before, **names}
        found = self._holds(node.elt) or (node.value is not None and self._holds(node.value))
        self._texts = before
        return found

    def _holds_either(self, node: f.IfExp) -> bool:
        answer = truth(self._analysis.value(node.test))
        if answer is not None:
            return self._holds(node.body if answer else node.orelse)
        first = not self._is_expected(node.test) and self._holds(node.body)
        second = self._holds(node.orelse)
        return (first or second) if self._is_about(node.test) else (first and second)

    def _is_expected(self, test: f.Expr) -> bool:
        """Whether a test says that the exception is of classes whose text is meant to be read."""
        if not isinstance(test, f.Call) or len(test.args) != 2 or not self._is_exception(test.args[0]):
            return False
        if self._name_of(test) != "builtins.isinstance":
            return False
        type_ = self._analysis.value(test.args[1])
        choices = type_.items if isinstance(type_, Sequence_) else options(type_)
        return bool(choices) and all(
            isinstance(c, ClassValue) or (isinstance(c, External) and not is_unexpected(c.name)) for c in choices
        )

    def _call_holds(self, node: f.Call) -> bool:
        name = self._name_of(node)
        if name in _TRACEBACKS or name in _CURRENT:
            return True
        if name in _TO_TEXT:
            return any(self._holds(a) for a in node.args) or any(self._holds(k.value) for k in node.keywords)
        if name == "builtins.getattr" and len(node.args) > 1:
            attribute = node.args[1].value if isinstance(node.args[1], f.Const) else ""
            return (attribute in _TEXTS and self._holds(node.args[0])) or any(map(self._holds, node.args[2:]))
        func = node.func
        if isinstance(func, f.Attr):
            if self._depth and func.attr in _CHANGING:
                return False
            if func.attr == "get" and node.args and not self._is_exception(func.value):
                return self._holds_item(func.value, node.args[0])
            if func.attr in _KEEPING and self._holds(func.value):
                return True  # a method of the text: `.strip()`, `.split()`
            if func.attr in ("format", "join") and name.startswith("builtins.str."):
                return any(self._holds(a) for a in node.args) or any(self._holds(k.value) for k in node.keywords)
        site = self._calls.get(id(node))
        if site is None:
            return False
        callee = plain(site.callee)
        if isinstance(callee, ClassValue):
            return is_pydantic(callee) is True and any(self._holds(k.value) for k in node.keywords)
        return any(inner.is_returned() for inner, _ in self._helpers(node, site))

    def _name_of(self, node: f.Expr) -> str:
        """Qualified name of the library function that is called, else ''."""
        site = self._calls.get(id(node)) if isinstance(node, f.Call) else None
        return site.name if site is not None else ""

    def _is_exception(self, node: f.Expr) -> bool:
        return isinstance(node, f.Name) and node.id == self._name != ""

    def _is_still_unexpected(self, node: f.Name) -> bool:
        """No, where an `isinstance` around it says that it is one of the project's or of FastAPI's own."""
        classes = [o.cls for o in options(self._analysis.value(node)) if isinstance(o, Instance)]
        return not classes or any(isinstance(c, External) and is_unexpected(c.name) for c in classes)


def may_leak(function: Function) -> bool:
    """Whether an `except` of a function does more with its exception than to log it; tells without an analysis."""
    code = function.node.code
    if f.HANDLER not in code:
        return False
    if f.has_word(function.node, _ASKING) or all(word in code for word in _ASKING_SYS):
        return True
    handlers = (h for s in statements(function.body) if isinstance(s, f.Try) for h in s.handlers)
    return any(_uses_exception(handler, function) for handler in handlers)


def _uses_exception(handler: f.Handler, function: Function) -> bool:
    return handler.name is not None and any(
        isinstance(node, f.Name) and node.id == handler.name
        for statement in statements(handler.body)
        if not _is_call_of_library(statement, function)
        for node in walk(_told(statement))
    )


def _told(statement: f.Stmt) -> list[f.Node]:
    """The expressions of a statement that may tell somebody: not what a `raise` is from."""
    if isinstance(statement, f.Raise):
        return [] if statement.exc is None else [statement.exc]
    return _own_expressions(statement)


def _is_call_of_library(statement: f.Stmt, function: Function) -> bool:
    """`log.exception(exc)`, where `log` is an object of a library that the module has."""
    call = statement.value if isinstance(statement, f.ExprStmt) else None
    if not isinstance(call, f.Call) or not isinstance(call.func, f.Attr) or not isinstance(call.func.value, f.Name):
        return False
    owner = function.project.evaluator.at_definition(call.func.value, function.value.scope)
    return isinstance(owner.cls if isinstance(owner, Instance) else owner, External)


def _item(node: f.Expr, index: int | None) -> f.Expr:
    """One item of a tuple or list that is written out; the whole of anything else."""
    if index is None or not isinstance(node, f.Seq) or any(isinstance(item, f.Star) for item in node.items):
        return node
    return node.items[index] if index < len(node.items) else node


def _given(statement: f.Stmt) -> f.Expr | None:
    """What a statement gives to whoever called: what it returns or yields."""
    if isinstance(statement, f.Return):
        return statement.value
    if isinstance(statement, f.ExprStmt) and isinstance(statement.value, f.Yield) and not statement.value.is_from:
        return statement.value.value
    return None


def _leaves(block: list[f.Stmt]) -> bool:
    """Whether a block always ends with `raise` or `return`."""
    last = block[-1] if block else None
    if isinstance(last, (f.Raise, f.Return)):
        return True
    if isinstance(last, f.If):
        return _leaves(last.body) and _leaves(last.orelse)
    return isinstance(last, f.With) and _leaves(last.body)


def _key(index: f.Expr) -> frozenset[object] | None:
    return frozenset({index.value}) if isinstance(index, f.Const) else None


def _note_blocks(block: list[f.Stmt], path: tuple[int, ...], found: dict[int, tuple[int, ...]]) -> None:
    """Note for each statement in which block of which statements it stands."""
    for node in block:
        found[id(node)] = path
        for inner in filter(None, f.blocks(node)):
            _note_blocks(inner, (*path, id(inner[0])), found)


def _bound(call: f.Call, function: FunctionValue, bound: bool) -> Iterator[tuple[f.Expr, str]]:
    """The arguments of a call, each with the parameter that gets it."""
    params = [p.name for p in function.node.params if p.kind in ("pos", "any")]
    yield from zip(call.args, params[1:] if bound else params)
    named = {p.name for p in function.node.params}
    yield from ((k.value, k.name) for k in call.keywords if k.name in named)


def _for_client(callee: Value, node: f.Call, given: list[f.Expr], names: set[str]) -> str:
    """What a call makes for the client of arguments that hold the text; '' for anything else."""
    if isinstance(callee, Method):
        return f"`{callee.name}()`" if callee.qualified == _CLOSE or callee.name == "TemplateResponse" else ""
    if not isinstance(callee, (ClassValue, External)) or not _is_for_client(callee):
        return ""
    if isinstance(callee, ClassValue) and not _passes_on(callee, node, given, names):
        return ""
    return f"`{callee.name.rpartition('.')[2]}`"


def _own_expressions(statement: f.Stmt) -> list[f.Node]:
    """The expressions of a statement, without those of the statements inside it."""
    if isinstance(statement, (f.If, f.While)):
        return [statement.test]
    if isinstance(statement, f.For):
        return [statement.iter]
    if isinstance(statement, f.With):
        return [item.context for item in statement.items]
    if isinstance(statement, f.Match):
        return [statement.subject]
    if isinstance(statement, (f.Try, f.Function, f.Class)):
        return []
    return [statement]


def _is_for_client(cls: ClassValue | External) -> bool:
    if inherits(cls, *_HTTP_ERRORS, _RESPONSE) is True:
        return True
    return isinstance(cls, External) and cls.name.startswith("starlette.responses.")


def _passes_on(cls: ClassValue, call: f.Call, given: list[f.Expr], named: set[str]) -> bool:
    """Whether the `__init__` of a class of the project hands on an argument that holds the text."""
    init = method(cls, "__init__")
    if init is None:
        return True
    names = named | {name for name in (_parameter(init, call.args.index(a)) for a in given) if name}
    for node in walk(init.node.body):
        if _sets_detail(node) and dotted_names([node]) & names:
            return True
        if isinstance(node, (f.Assign, f.AnnAssign)) and node.value is not None and dotted_names([node.value]) & names:
            targets = node.targets if isinstance(node, f.Assign) else [node.target]
            names |= {name for target in targets if (name := dotted(target))}
    return False


def _sets_detail(node: f.Node) -> bool:
    """`super().__init__(…)`, or `self.detail = …`."""
    if isinstance(node, f.Assign):
        return any(isinstance(target, f.Attr) and target.attr == "detail" for target in node.targets)
    return isinstance(node, f.Call) and isinstance(node.func, f.Attr) and node.func.attr == "__init__"


def _parameter(function: FunctionValue, index: int) -> str:
    params = [p.name for p in function.node.params[1:] if p.kind in ("pos", "any")]
    rest = next((p.name for p in function.node.params if p.kind == "args"), "")
    return params[index] if index < len(params) else rest
