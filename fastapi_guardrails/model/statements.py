"""Statements of abstract evaluation.

In an inline frame a decided branch is the only one taken. A branch that only a default decides (a setting) is taken as
certain, the other one as well, but marked as *off*; where nothing is known both are taken as *uncertain*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fastapi_guardrails.model import attributes, classes, decorators, journal, types
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.mains import is_main
from fastapi_guardrails.model.operators import MAX_ITEMS
from fastapi_guardrails.model.symbols import Module
from fastapi_guardrails.model.values import (
    NONE,
    UNKNOWN,
    Callable_,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Generic,
    Instance,
    Lazy,
    Mapping,
    Method,
    ModuleValue,
    Scope,
    Sequence_,
    Signature,
    TypeVariable,
    Union,
    Unknown,
    Value,
    is_none,
    is_soft,
    options,
    soften,
    softness,
    truth,
    union,
    without_none,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator

#: How a block ended: it went through, or it left by return, raise, break or continue.
THROUGH, LEFT = False, True

_MAX_LOOP = 2_000

_LISTS = frozenset({"builtins.list", "builtins.tuple", "builtins.set", "collections.abc.Sequence"})


class Statements:
    """The statement half of the evaluator (a mixin of `Evaluator`)."""

    if TYPE_CHECKING:
        steps: int
        stack: list[int]

    def run(self: Evaluator, block: list[f.Stmt], frame: Frame) -> bool:  # type: ignore[misc]
        """Carry out statements; True where the rest of the block around is not reached."""
        for statement in block:
            self.steps += 1
            if _RUN[statement.__class__](self, statement, frame):
                return LEFT
        return THROUGH

    def bind(self: Evaluator, target: f.Expr, value: Value, frame: Frame) -> None:  # type: ignore[misc]
        """Assign a value to a target."""
        bind(self, target, value, frame)


def _expr_stmt(ev: Evaluator, node: f.ExprStmt, frame: Frame) -> bool:
    ev.evaluate(node.value, frame)
    return THROUGH


def _assign(ev: Evaluator, node: f.Assign, frame: Frame) -> bool:
    value = ev.evaluate(node.value, frame)
    for target in node.targets:
        ev.bind(target, value, frame)
    if frame.recorder is not None:
        frame.recorder.assign(node.targets, node.value, value, node.pos, frame)
    else:
        ev.registry.name(value, node, frame)
    return THROUGH


def _ann_assign(ev: Evaluator, node: f.AnnAssign, frame: Frame) -> bool:
    scope = frame.scope
    if isinstance(node.target, f.Name) and scope.kind == "class":
        owner = scope.vars.get("(class)")
        if isinstance(owner, ClassValue):
            owner.annotations[node.target.id] = node.annotation
            owner.positions[node.target.id] = node.pos
    value = ev.evaluate(node.value, frame) if node.value is not None else None
    if value is None and scope.kind == "class":
        return THROUGH
    declared: Value | None = None
    if value is None or isinstance(value, Unknown) or (frame.recorder is not None and _is_vague(value)):
        declared = types.instance_of(ev, types.annotation_type(ev, node.annotation, scope))
        value = declared if value is None or not isinstance(declared, Unknown) else value
    elif scope.kind != "class" and node.annotation.__class__ is f.Sub and isinstance(value, Instance):
        _add_arguments(ev, value, node.annotation, scope)
    elif scope.kind != "class" and frame.recorder is None and isinstance(value, (Sequence_, Mapping)):
        value.annotation = node.annotation, scope
    ev.bind(node.target, value, frame)
    if frame.recorder is not None and node.value is not None:
        frame.recorder.assign([node.target], node.value, value, node.pos, frame)
    else:
        ev.registry.name(value, node, frame)
    return THROUGH


def _add_arguments(ev: Evaluator, value: Instance, annotation: f.Expr, scope: Scope) -> None:
    """Give an object of a library's generic class what the annotation says: `current: ContextVar[Session] = …`."""
    if value.args or not isinstance(value.cls, External):
        return
    declared = types.instance_of(ev, types.annotation_type(ev, annotation, scope))
    if isinstance(declared, Instance) and isinstance(declared.cls, External) and declared.cls.name == value.cls.name:
        value.args = declared.args


def _is_vague(value: Value) -> bool:
    """Values that say less than the annotation beside them: None, an empty or open collection."""
    if isinstance(value, Const):
        return value.value is None
    return isinstance(value, (Sequence_, Mapping)) and not value.items


def _aug_assign(ev: Evaluator, node: f.AugAssign, frame: Frame) -> bool:
    if node.op == "+" and frame.inline and frame.recorder is None and _extend(ev, node, frame):
        return THROUGH
    combined = f.Binary(node.pos, node.op, node.target, node.value)
    ev.kept.append(combined)
    value = ev.evaluate(combined, frame)
    ev.bind(node.target, value, frame)
    if frame.recorder is not None:
        frame.recorder.assign([node.target], node.value, value, node.pos, frame)
    return THROUGH


def _extend(ev: Evaluator, node: f.AugAssign, frame: Frame) -> bool:
    """`items += more` changes the list itself, which others may have, too."""
    items = ev.evaluate(node.target, frame)
    if type(items) is not Sequence_ or items.kind != "list" or is_soft(items):
        return False
    more = ev.evaluate(node.value, frame)
    if len(items.items) + len(ev.items_of(more) or ()) > MAX_ITEMS:
        return False
    ev.call(Method("builtins.list", "extend", items), Arguments([more], {}, frame=frame))
    return True


def _return(ev: Evaluator, node: f.Return, frame: Frame) -> bool:
    value = NONE if node.value is None else ev.evaluate(node.value, frame)
    frame.returns.append(value)
    if frame.off == frame.entered:
        frame.returned.append(value)
    if frame.recorder is not None:
        frame.recorder.return_(node, value, frame)
    return LEFT


def _raise(ev: Evaluator, node: f.Raise, frame: Frame) -> bool:
    value = ev.evaluate(node.exc, frame) if node.exc is not None else None
    if node.cause is not None:
        ev.evaluate(node.cause, frame)
    if frame.recorder is not None:
        frame.recorder.raise_(node, value, frame)
    return LEFT


def _if(ev: Evaluator, node: f.If, frame: Frame) -> bool:
    test = ev.evaluate(node.test, frame)
    if frame.recorder is not None:
        return _both(ev, node, test, frame)
    if isinstance(test, External) and test.name == "typing.TYPE_CHECKING":
        return _type_checking(ev, node, frame)
    answer = truth(test)
    if answer is False and is_main(node.test):
        ev.registry.mains.append((frame.module, node.body))
    if answer is not None and not is_soft(test):
        block = node.body if answer else node.orelse
        # Nobody writes a module that always stops here: what decides is not as known as it looks.
        return ev.run(block, frame) and not (frame.function is None and isinstance(block[-1], f.Raise))
    return _undecided(ev, node, test, frame)


def _type_checking(ev: Evaluator, node: f.If, frame: Frame) -> bool:
    for statement in node.body:
        if isinstance(statement, (f.Import, f.ImportFrom)):
            bind_imports(ev, statement, frame, load=False)
        else:
            ev.run([statement], frame)
    checked = dict(frame.scope.vars) if node.orelse else {}
    ended = ev.run([s for s in node.orelse if not isinstance(s, (f.Import, f.ImportFrom))], frame)
    for name, value in checked.items():
        if _says_nothing(frame.scope.vars.get(name, value)):
            frame.scope.vars[name] = value
    return ended


def _says_nothing(value: Value) -> bool:
    """What stands at run time for a type that only type checkers see: `None`, `Any`, `object`."""
    if isinstance(value, External):
        return value.name in ("typing.Any", "builtins.object")
    return is_none(value) or isinstance(value, Unknown)


def _undecided(ev: Evaluator, node: f.If, test: Value, frame: Frame) -> bool:
    """Both branches; what only one of them assigns may be either."""
    answer, before, off = truth(test), dict(frame.scope.vars), frame.off
    ended: list[bool] = []
    after: list[dict[str, Value]] = []
    journals: list[journal.Journal] = []
    for block, taken in ((node.body, True), (node.orelse, False)):
        frame.scope.vars = dict(before)
        mark = _enter(frame, answer, taken)
        narrow(ev, node.test, taken, frame)
        with journal.kept(ev) as assigned:
            ended.append(ev.run(block, frame))
        journals.append(assigned)
        _leave(frame, mark)
        after.append(frame.scope.vars)
        frame.off = max(off, frame.off) if answer is taken else off
    _leave_perhaps(node, ended, answer, frame)
    if answer is not None and not ended[0 if answer else 1]:
        by_default, otherwise = after[0 if answer else 1], after[1 if answer else 0]
        ev.choices.add_differing(by_default, otherwise)
        journal.prefer(ev, *(journals if answer else reversed(journals)))
        frame.scope.vars = _prefer(by_default, otherwise, softness(test))
        return THROUGH
    frame.scope.vars = _merge(after, ended)
    journal.merge(ev, [j for j, end in zip(journals, ended) if not end] or journals[-1:])
    return all(ended)


def _leave_perhaps(node: f.If, ended: list[bool], answer: bool | None, frame: Frame) -> None:
    """Whether what stands behind the branches is reached, where one of them leaves."""
    if answer is None:
        word = _leaves(node.body if ended[0] else node.orelse) if ended[0] is not ended[1] else ""
        if word:
            frame.leave(word)
    elif ended[0 if answer else 1]:
        word = _leaves(node.body if answer else node.orelse)
        if word:
            frame.leave_by_default(word)
    if not all(ended):
        frame.word = ""


def _leaves(block: list[f.Stmt]) -> str:
    """The word by which a branch leaves what is around it; none for `raise`: then nothing is served."""
    last = block[-1] if block else None
    if isinstance(last, f.Return):
        return "return"
    if isinstance(last, f.Simple) and last.word in ("break", "continue"):
        return last.word
    if isinstance(last, f.If):
        return _leaves(last.body) or _leaves(last.orelse)
    return _leaves(last.body) if isinstance(last, (f.With, f.Try)) else ""


def _enter(frame: Frame, answer: bool | None, taken: bool) -> str:
    if answer is None:
        frame.uncertain += 1
        return "uncertain"
    if answer is not taken:
        frame.off += 1
        return "off"
    return ""


def _leave(frame: Frame, mark: str) -> None:
    if mark == "uncertain":
        frame.uncertain -= 1
    elif mark == "off":
        frame.off -= 1


def _prefer(first: dict[str, Value], second: dict[str, Value], soft: int) -> dict[str, Value]:
    """The names of the branch that the defaults take; what the other one changes is only a default as well."""
    names = {**second, **first}
    for name, value in second.items():
        chosen = names[name]
        if chosen is not value and isinstance(chosen, Const):
            names[name] = soften(chosen, soft)
    return names


def _merge(after: list[dict[str, Value]], ended: list[bool]) -> dict[str, Value]:
    reached = [names for names, end in zip(after, ended) if not end] or after[-1:]
    if len(reached) == 1:
        return reached[0]
    first, second = reached
    merged = dict(first)
    for name, value in second.items():
        other = merged.get(name)
        if other is None:
            merged[name] = value
        elif other is not value:
            merged[name] = union([other, value])
    return merged


def _both(ev: Evaluator, node: f.If, test: Value, frame: Frame) -> bool:
    """Analysis: both branches, with the names narrowed by the test."""
    if isinstance(test, External) and test.name == "typing.TYPE_CHECKING":
        return _type_checking(ev, node, frame)
    before = dict(frame.scope.vars)
    after: list[dict[str, Value]] = []
    ended: list[bool] = []
    for block, taken in ((node.body, True), (node.orelse, False)):
        frame.scope.vars = dict(before)
        narrow(ev, node.test, taken, frame)
        ended.append(ev.run(block, frame))
        after.append(frame.scope.vars)
    frame.scope.vars = _merge(after, ended)
    if not any(ended):
        _stand_in(node.test, after, frame)
    return all(ended)


def _stand_in(test: f.Expr, after: list[dict[str, Value]], frame: Frame) -> None:
    """What a tested parameter is behind `if client is None: client = Client()`."""
    for name in _tested(test):
        held = [names[name] for names in after if name in names]
        for value, other in (held, reversed(held)) if len(held) == 2 else ():
            if stands_in(other, value, frame):
                frame.scope.vars[name] = other


def stands_in(other: Value, value: Value, frame: Frame) -> bool:
    """Whether an object stands in for a parameter that nobody types and that is `None` by default.

    It says what the parameter is: `client or boto3.client("s3")`. A plain value may be another one.
    """
    if not isinstance(value, Unknown) or not value.why.startswith("parameter ") or frame.function is None:
        return False
    if not isinstance(other, (Instance, External, Callable_)):
        return False
    name = value.why.removeprefix("parameter ")
    return any(
        p.name == name and isinstance(p.default, f.Const) and p.default.value is None
        for p in frame.function.node.params
    )


def narrow(ev: Evaluator, test: f.Expr, holds: bool, frame: Frame) -> None:
    """What a test that holds (or does not) says of plain names: `is None`, truth, `isinstance`."""
    if isinstance(test, f.Unary) and test.op == "not":
        narrow(ev, test.value, not holds, frame)
    elif isinstance(test, f.Bool) and (test.op == "and") is holds:
        for part in test.values:
            narrow(ev, part, holds, frame)
    elif isinstance(test, f.Name):
        _narrow_truth(test.id, holds, frame)
    elif isinstance(test, f.Walrus) and isinstance(test.target, f.Name):
        _narrow_truth(test.target.id, holds, frame)
    elif (
        isinstance(test, f.Compare)
        and isinstance(test.left, f.Name)
        and test.ops in (["is"], ["is not"], ["=="], ["!="])
    ):
        right = test.rights[0]
        if isinstance(right, f.Const) and right.value is None:
            is_none = (test.ops[0] in ("is", "==")) is holds
            _narrow_name(test.left.id, frame, keep_none=is_none, only_none=is_none)
    elif isinstance(test, f.Call) and isinstance(test.func, f.Name) and test.func.id == "isinstance":
        _narrow_isinstance(ev, test, holds, frame)


def narrow_for_now(ev: Evaluator, test: f.Expr, holds: bool, frame: Frame) -> dict[str, Value | None]:
    """Narrow names inside an expression; what `widen` needs behind it."""
    names = frame.scope.vars
    before = {name: names.get(name) for name in _tested(test)}
    if before:
        narrow(ev, test, holds, frame)
    return {name: value for name, value in before.items() if names.get(name) is not value}


def _tested(test: f.Expr) -> Iterator[str]:
    """The names that `narrow` may give another value."""
    if isinstance(test, f.Name):
        yield test.id
    elif isinstance(test, f.Unary):
        yield from _tested(test.value)
    elif isinstance(test, f.Bool):
        for part in test.values:
            yield from _tested(part)
    elif isinstance(test, f.Walrus):
        yield from _tested(test.target)
    elif isinstance(test, f.Compare):
        yield from _tested(test.left)
    elif isinstance(test, f.Call) and len(test.args) == 2:
        yield from _tested(test.args[0])


def widen(narrowed: dict[str, Value | None], frame: Frame) -> None:
    """Give narrowed names the values that they had."""
    for name, value in narrowed.items():
        if value is None:
            frame.scope.vars.pop(name, None)
        else:
            frame.scope.vars[name] = value


def _narrow_truth(name: str, holds: bool, frame: Frame) -> None:
    """What is true is not `None`; a collection that is not true is empty."""
    if holds:
        _narrow_name(name, frame, keep_none=False)
        return
    value = frame.scope.vars.get(name)
    choices = options(value) if value is not None else ()
    if any(_is_list(choice) for choice in choices):
        frame.scope.vars[name] = union(Sequence_("list", []) if _is_list(c) else c for c in choices)


def _is_list(value: Value) -> bool:
    return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name in _LISTS


def _narrow_name(name: str, frame: Frame, *, keep_none: bool, only_none: bool = False) -> None:
    value = frame.scope.vars.get(name)
    if not isinstance(value, Union):
        return
    if only_none:
        frame.scope.vars[name] = NONE
    elif not keep_none:
        frame.scope.vars[name] = without_none(value)


def _narrow_isinstance(ev: Evaluator, test: f.Call, holds: bool, frame: Frame) -> None:
    if len(test.args) != 2 or not isinstance(test.args[0], f.Name):
        return
    wanted = ev.evaluate(test.args[1], ev.frame_for(frame.scope))
    name = test.args[0].id
    choices = wanted.items if isinstance(wanted, Sequence_) else list(options(wanted))
    _narrow_to(ev, name, choices, holds, frame)


def _narrow_to(ev: Evaluator, name: str, choices: Sequence[Value], holds: bool, frame: Frame) -> None:
    """A name is (or is not) an instance of one of some classes."""
    if not all(isinstance(c, (ClassValue, External)) for c in choices):
        return
    current = frame.scope.vars.get(name, UNKNOWN)
    kept = [
        o
        for o in options(current)
        if (isinstance(o, Instance) and any(classes.is_subclass(o.cls, c) for c in choices)) is holds
    ]
    if holds:
        frame.scope.vars[name] = union(kept or [types.instance_of(ev, c) for c in choices])
    elif kept and isinstance(current, Union):
        frame.scope.vars[name] = union(kept)


def _for(ev: Evaluator, node: f.For, frame: Frame) -> bool:
    source = ev.evaluate(node.iter, frame)
    items = ev.items_of(source)
    if frame.recorder is None and items is not None and len(items) <= _MAX_LOOP:
        return _rounds(ev, node, items, frame)
    if frame.recorder is not None:
        frame.recorder.iterate(node, source, frame)
    ev.bind(node.target, types.element(source, ev), frame)
    _loop(ev, node, node.body, frame)
    ev.run(node.orelse, frame)
    return THROUGH


def _rounds(ev: Evaluator, node: f.For, items: list[Value], frame: Frame) -> bool:
    """A loop over known items."""
    before = frame.skips
    for item in list(items):
        ev.bind(node.target, item, frame)
        frame.word = ""
        ended = ev.run(node.body, frame)
        frame.end_round(before, "continue")
        if ended and frame.word == "break":
            break
        if ended and not frame.word and frame.returns and not frame.uncertain:
            return LEFT
    is_broken, frame.word = frame.word == "break", ""
    frame.end_round(before, "break")
    if is_broken:
        return THROUGH
    return ev.run(node.orelse, frame)


def _loop(ev: Evaluator, node: f.Node, body: list[f.Stmt], frame: Frame) -> None:
    before = dict(frame.scope.vars)
    loops, frame.loops = frame.loops, (*frame.loops, node)
    frame.uncertain += 1
    skips = frame.skips
    with journal.kept(ev) as assigned:
        ended = ev.run(body, frame)
    journal.merge(ev, [assigned, journal.Journal()])
    frame.end_round(skips, "continue", "break")
    frame.word = ""
    frame.uncertain -= 1
    frame.loops = loops
    frame.scope.vars = _merge([frame.scope.vars, before], [ended, False])


def _while(ev: Evaluator, node: f.While, frame: Frame) -> bool:
    ev.evaluate(node.test, frame)
    _loop(ev, node, node.body, frame)
    ev.run(node.orelse, frame)
    return THROUGH


def _with(ev: Evaluator, node: f.With, frame: Frame) -> bool:
    suppressed: list[Value] = []
    for item in node.items:
        context = ev.evaluate(item.context, frame)
        if frame.recorder is not None:
            frame.recorder.enter(item, context, node, frame)
            objects = [o for o in options(context) if isinstance(o, Instance)]
            suppressed += [o.attrs["(types)"] for o in objects if "(types)" in o.attrs]
        if item.target is not None:
            ev.bind(item.target, types.entered(context, ev), frame)
    catching = frame.catching
    frame.catching = (*catching, *suppressed)
    ended = ev.run(node.body, frame)
    frame.catching = catching
    return ended and not suppressed


def _try(ev: Evaluator, node: f.Try, frame: Frame) -> bool:
    if frame.recorder is not None:
        return _try_recorded(ev, node, frame)
    ended = ev.run(node.body, frame)
    if ended and not frame.returns and node.handlers:
        ended = THROUGH
    _names_of_handlers(ev, node, frame)
    if not ended:
        ended = ev.run(node.orelse, frame)
    return ev.run(node.final, frame) or ended


def _names_of_handlers(ev: Evaluator, node: f.Try, frame: Frame) -> None:
    """Names that only a handler defines (the fallback of a missing import)."""
    kept = dict(frame.scope.vars)
    known = {n for n, v in kept.items() if not (isinstance(v, Lazy) and isinstance(ev.resolve(v), Unknown))}
    frame.off += 1
    for handler in node.handlers:
        if handler.name:
            frame.scope.vars[handler.name] = UNKNOWN
        with journal.kept(ev) as assigned:
            ev.run(handler.body, frame)
        journal.prefer(ev, journal.Journal(), assigned)
    frame.off -= 1
    frame.scope.vars.update({n: kept[n] for n in known})


def _try_recorded(ev: Evaluator, node: f.Try, frame: Frame) -> bool:
    before = dict(frame.scope.vars)
    caught = [handler_type(ev, h, frame) for h in node.handlers]
    catching = frame.catching
    frame.catching = (*catching, *caught)
    ended = [ev.run(node.body, frame)]
    frame.catching = catching
    if not ended[0]:
        ended[0] = ev.run(node.orelse, frame)
    after = [frame.scope.vars]
    for handler, type_ in zip(node.handlers, caught):
        frame.scope.vars = _merge([before, after[0]], [False, False])
        if handler.name:
            frame.scope.vars[handler.name] = _caught_instance(ev, type_)
        recorder = frame.recorder
        if recorder is not None:
            recorder.enter_handler(handler, type_, node, frame)
        ended.append(ev.run(handler.body, frame))
        if recorder is not None:
            recorder.leave_handler(handler)
        after.append(frame.scope.vars)
    reached = [names for names, end in zip(after, ended) if not end]
    merged = reached[0] if reached else after[0]
    for names in reached[1:]:
        merged = _merge([merged, names], [False, False])
    frame.scope.vars = merged
    return ev.run(node.final, frame) or all(ended)


def handler_type(ev: Evaluator, handler: f.Handler, frame: Frame) -> Value:
    """The class (or tuple of classes) that an `except` names; `BaseException` for a bare one."""
    if handler.type is None:
        return External("builtins.BaseException")
    return ev.evaluate(handler.type, frame)


def _caught_instance(ev: Evaluator, type_: Value) -> Value:
    choices = type_.items if isinstance(type_, Sequence_) else list(options(type_))
    return union(types.instance_of(ev, c) if isinstance(c, (ClassValue, External)) else UNKNOWN for c in choices)


# --- imports -------------------------------------------------------------------------------------------------------


def bind_imports(ev: Evaluator, node: f.Import | f.ImportFrom, frame: Frame, *, load: bool) -> None:
    """Bind what an import binds; `load` runs the imported modules, as Python does."""
    if isinstance(node, f.Import):
        for alias in node.names:
            target = alias.name if alias.asname else alias.name.partition(".")[0]
            frame.scope.vars[alias.asname or target] = Lazy(frame.module, target, 0, None)
            if load:
                _load(ev, frame.module, alias.name, 0)
        return
    if load:
        _load(ev, frame.module, node.module, node.level)
    package = ev.symbols.find_relative(frame.module, node.module, node.level) if load else None
    may_have_submodules = load and not (isinstance(package, Module) and not package.is_package)
    for alias in node.names:
        if alias.name == "*":
            _star_import(ev, node, frame)
            continue
        frame.scope.vars[alias.asname or alias.name] = Lazy(frame.module, node.module, node.level, alias.name)
        if may_have_submodules and not (isinstance(package, Module) and alias.name in package.scope.vars):
            child = ev.symbols.submodule(frame.module, node.module, node.level, alias.name)
            if child is not None:
                ev.execute(child)


def _load(ev: Evaluator, importer: Module, dotted: str, level: int) -> None:
    if level:
        package = ev.symbols.find_relative(importer, dotted, level)
        if isinstance(package, Module):
            ev.execute(package)
        return
    last = ev.symbols.find(importer, dotted)
    if last in ev.loaded:
        return
    parts = dotted.split(".")
    for length in range(1, len(parts) + 1):
        found = ev.symbols.find(importer, ".".join(parts[:length]))
        if isinstance(found, Module):
            ev.execute(found)
    if isinstance(last, Module):
        ev.loaded.add(last)


def _star_import(ev: Evaluator, node: f.ImportFrom, frame: Frame) -> None:
    target = ev.symbols.find_relative(frame.module, node.module, node.level)
    if not isinstance(target, Module):
        dotted = target.name if isinstance(target, External) else "?"
        if dotted not in frame.module.star_externals:
            frame.module.star_externals.append(dotted)
        return
    ev.execute(target)
    known = frame.module.star_externals
    known += [other for other in target.star_externals if other not in known]
    exported = target.scope.vars.get("__all__")
    names = [i.value for i in exported.items if isinstance(i, Const)] if isinstance(exported, Sequence_) else None
    for name, value in list(target.scope.vars.items()):
        if (names is not None and name in names) or (names is None and not name.startswith("_")):
            frame.scope.vars[name] = value
    for exported_name in names or []:
        if isinstance(exported_name, str) and exported_name not in frame.scope.vars:
            frame.scope.vars[exported_name] = Lazy(frame.module, node.module, node.level, exported_name)


def _import(ev: Evaluator, node: f.Import | f.ImportFrom, frame: Frame) -> bool:
    bind_imports(ev, node, frame, load=frame.recorder is None)
    return THROUGH


# --- definitions ---------------------------------------------------------------------------------------------------


def _function(ev: Evaluator, node: f.Function, frame: Frame) -> bool:
    owner = frame.scope.vars.get("(class)") if frame.scope.kind == "class" else None
    made = FunctionValue(
        node, frame.module, frame.scope, qualified(node.name, frame), owner if isinstance(owner, ClassValue) else None
    )
    value = decorators.apply(ev, made, frame)
    frame.scope.vars[node.name] = value
    if frame.recorder is None:
        ev.registry.defined(made, frame)
    else:
        frame.recorder.nested(made)
    return THROUGH


def qualified(name: str, frame: Frame) -> str:
    """The `__qualname__` of something that is defined in a frame."""
    if frame.scope.kind == "class":
        owner = frame.scope.vars.get("(class)")
        return f"{owner.qualname}.{name}" if isinstance(owner, ClassValue) else name
    if frame.function is not None:
        return f"{frame.function.qualname}.<locals>.{name}"
    return name


def _class(ev: Evaluator, node: f.Class, frame: Frame) -> bool:
    scope = Scope("class", frame.module, frame.scope)
    made = ClassValue(node, frame.module, scope, qualified(node.name, frame), frame.scope)
    scope.vars["(class)"] = made
    made.bases = [b for base in node.bases for b in _bases(ev, base, scope, frame)]
    made.keywords = {k.name: ev.evaluate(k.value, frame) for k in node.keywords if k.name}
    inner = frame.within(scope)
    if frame.recorder is not None:
        inner.recorder = None
        inner.inline = False
    ev.run(node.body, inner)
    scope.vars.pop("(class)")
    frame.scope.vars[node.name] = made
    if frame.recorder is None:
        ev.registry.class_defined(made, frame)
    frame.scope.vars[node.name] = decorators.apply_to_class(ev, made, frame)
    hook = classes.member(made, "__init_subclass__", after=made)
    if hook and isinstance(hook[0], FunctionValue) and frame.inline:
        ev.call_function(hook[0], made, Arguments([], {}, frame=frame))
    return THROUGH


def _bases(ev: Evaluator, node: f.Expr, scope: Scope, frame: Frame) -> list[Value]:
    if isinstance(node, f.Sub) and isinstance(node.value, f.Name) and node.value.id == f.TYPE_PARAMETERS:
        names = node.index.items if isinstance(node.index, f.Seq) else [node.index]
        variables = [_type_parameter(ev, name, scope, frame) for name in names]
        scope.vars.update({v.name: v for v in variables})
        return [Generic(External("typing.Generic"), tuple(variables))]
    value = ev.evaluate(node, frame.within(scope))
    return list(options(value))


def _type_parameter(ev: Evaluator, node: f.Expr, scope: Scope, frame: Frame) -> TypeVariable:
    """`T`, or the slice that stands for `T: Bound` or `T: (Either, Other)`."""
    name, *bound = node.items if isinstance(node, f.Opaque) else [node]
    kinds = ev.evaluate(bound[0], frame.within(scope)) if bound else None
    return types.type_variable(name.id if isinstance(name, f.Name) else "T", kinds, scope)


# --- small ones ----------------------------------------------------------------------------------------------------


def _global(ev: Evaluator, node: f.Global, frame: Frame) -> bool:
    frame.scope.vars.setdefault("(global)", Mapping({}, open=True))
    marks = frame.scope.vars["(global)"]
    if isinstance(marks, Mapping):
        marks.items.update({n: Const(node.nonlocal_) for n in node.names})
    if frame.recorder is not None:
        frame.recorder.global_(node)
    return THROUGH


def _delete(ev: Evaluator, node: f.Delete, frame: Frame) -> bool:
    for target in node.targets:
        if isinstance(target, f.Name):
            frame.scope.vars.pop(target.id, None)
        else:
            ev.evaluate(target, frame)
    return THROUGH


def _assert(ev: Evaluator, node: f.Assert, frame: Frame) -> bool:
    ev.evaluate(node.test, frame)
    narrow(ev, node.test, True, frame)
    return THROUGH


def _match(ev: Evaluator, node: f.Match, frame: Frame) -> bool:
    subject = ev.evaluate(node.subject, frame)
    before = dict(frame.scope.vars)
    after: list[dict[str, Value]] = []
    ended: list[bool] = []
    frame.uncertain += 1
    for case in node.cases:
        frame.scope.vars = dict(before)
        for name in case.names:
            frame.scope.vars[name] = without_none(subject) if case.irrefutable else UNKNOWN
        _narrow_case(ev, node, case, subject, frame)
        if case.guard is not None:
            ev.evaluate(case.guard, frame)
        ended.append(ev.run(case.body, frame))
        after.append(frame.scope.vars)
    frame.uncertain -= 1
    if not any(c.irrefutable for c in node.cases):
        after.append(before)
        ended.append(False)
    if not all(ended):
        for word in {_leaves(case.body) for case in node.cases} - {""}:
            frame.leave(word)
        frame.word = ""
    reached = [names for names, end in zip(after, ended) if not end]
    merged = reached[0] if reached else before
    for names in reached[1:]:
        merged = _merge([merged, names], [False, False])
    frame.scope.vars = merged
    return all(ended)


def _narrow_case(ev: Evaluator, node: f.Match, case: f.Case, subject: Value, frame: Frame) -> None:
    """What the classes of a pattern say of the names that it binds, and of the name that is matched."""
    values = [ev.evaluate(value, frame) for value in case.values]
    for bound, places in case.kinds.items():
        name = bound
        if bound == f.SUBJECT:
            name = node.subject.id if isinstance(node.subject, f.Name) else ""
        elif places == case.kinds.get(f.SUBJECT):
            frame.scope.vars[name] = subject
        if name:
            _narrow_to(ev, name, [values[place] for place in places], True, frame)


def _simple(ev: Evaluator, node: f.Simple, frame: Frame) -> bool:
    if node.word != "pass":
        frame.word = node.word
    return node.word != "pass"


# --- targets -------------------------------------------------------------------------------------------------------


def bind(ev: Evaluator, target: f.Expr, value: Value, frame: Frame) -> None:
    """Assign a value to a target."""
    if isinstance(target, f.Name):
        _bind_name(target.id, value, frame)
    elif isinstance(target, f.Attr):
        _bind_attribute(ev, ev.evaluate(target.value, frame), target.attr, value, frame)
    elif isinstance(target, f.Seq):
        _unpack(ev, target.items, value, frame)
    elif isinstance(target, f.Sub):
        _bind_item(ev, target, value, frame)
    elif isinstance(target, f.Star):
        bind(ev, target.value, Sequence_("list", [types.element(value, ev)], open=True), frame)


def _bind_name(name: str, value: Value, frame: Frame) -> None:
    marks = frame.scope.vars.get("(global)")
    if isinstance(marks, Mapping) and name in marks.items:
        if frame.inline and frame.recorder is None:
            place = _global_place(name, marks, frame)
            place.vars[name] = value if not frame.uncertain else union([place.vars.get(name, value), value])
            return
        mark = marks.items[name]
        if frame.recorder is None or not isinstance(mark, Const) or mark.value:
            return  # `nonlocal`
        frame.recorder.filled(name, value)
    frame.scope.vars[name] = value


def _global_place(name: str, marks: Mapping, frame: Frame) -> Scope:
    mark = marks.items[name]
    if isinstance(mark, Const) and not mark.value:
        return frame.module.scope
    place = frame.scope.parent
    while place is not None and name not in place.vars:
        place = place.parent
    return place or frame.module.scope


def _bind_attribute(ev: Evaluator, owner: Value, name: str, value: Value, frame: Frame) -> None:
    if isinstance(owner, Instance):
        if frame.inline or frame.recorder is not None:
            _set_attribute(ev, owner, name, value, frame)
    elif isinstance(owner, ClassValue) and frame.recorder is not None:
        frame.recorder.class_attribute(name, value)
    elif isinstance(owner, ClassValue) and frame.inline:
        owner.scope.vars[name] = value
    elif isinstance(owner, ModuleValue) and frame.inline and frame.recorder is None:
        owner.module.scope.vars[name] = value
    elif isinstance(owner, External) and frame.inline and frame.recorder is None:
        ev.given[owner.name, name] = value
    elif isinstance(owner, FunctionValue) and name == "__signature__":
        _sign(owner, value)


def _sign(function: FunctionValue, value: Value) -> None:
    """`function.__signature__ = value`: FastAPI reads its parameters there."""
    if isinstance(value, Signature):
        function.wraps = function.wraps or value.function
    else:
        function.signed = True


def _set_attribute(ev: Evaluator, owner: Instance, name: str, value: Value, frame: Frame) -> None:
    from fastapi_guardrails.model.routing import RouterObject, set_router_attribute

    if isinstance(owner, RouterObject) and frame.inline and frame.recorder is None:
        set_router_attribute(ev, owner, name, value, frame)
    old = owner.attrs.get(name)
    if frame.recorder is None:
        journal.note(ev, owner, name)
    elif attributes.is_state(owner):
        return  # what any function may put there is asked of all of them
    elif old is not None:
        value = union([old, value]) if not isinstance(value, Unknown) else old
    owner.attrs[name] = value


def _bind_item(ev: Evaluator, target: f.Sub, value: Value, frame: Frame) -> None:
    container = ev.evaluate(target.value, frame)
    index = ev.evaluate(target.index, frame)
    if not isinstance(container, Mapping):
        return
    from fastapi_guardrails.model import routing
    from fastapi_guardrails.model.operators import key_of

    key = key_of(index)
    if frame.recorder is not None:
        if _is_local(target.value, container, frame):
            container.open = True
            container.items[key[0] if key is not None else f"?{target.pos}"] = value
    elif frame.inline:
        routing.set_handler(ev, container, index, value, routing.Place(frame.module, target.pos), frame)
        sure = not (frame.uncertain or frame.off)
        ev.registry.set_item(container, index if key is None else Const(key[0]), value, sure=sure)


def _is_local(name: f.Expr, container: Mapping, frame: Frame) -> bool:
    """Whether a dict was written in the function that is analysed: what others share stays as it is."""
    function = frame.function
    is_name = isinstance(name, f.Name) and name.id in frame.scope.vars
    return is_name and function is not None and container.module is frame.module and container.pos > function.node.pos


def _unpack(ev: Evaluator, targets: list[f.Expr], value: Value, frame: Frame) -> None:
    star = next((i for i, t in enumerate(targets) if isinstance(t, f.Star)), None)
    for index, target in enumerate(targets):
        if star is not None and index >= star:
            bind(
                ev,
                target.value if isinstance(target, f.Star) else target,
                types.element(value, ev)
                if not isinstance(target, f.Star)
                else Sequence_("list", [types.element(value, ev)], open=True),
                frame,
            )
            continue
        bind(ev, target, union(_part(ev, o, index, frame) for o in options(value)), frame)


def _part(ev: Evaluator, value: Value, index: int, frame: Frame) -> Value:
    if isinstance(value, Sequence_) and not value.open:
        return value.items[index] if index < len(value.items) else UNKNOWN
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "builtins.tuple":
        args = value.args
        if len(args) == 2 and isinstance(args[1], External) and args[1].name == "builtins.Ellipsis":
            return types.instance_of(ev, args[0])
        return types.instance_of(ev, args[index]) if index < len(args) else UNKNOWN
    if isinstance(value, Instance) and isinstance(value.cls, ClassValue) and classes.is_namedtuple(value.cls):
        names = classes.field_names(value.cls)
        return attributes.get(ev, value, names[index], frame, None) if index < len(names) else UNKNOWN
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "sqlalchemy.Row":
        return types.instance_of(ev, value.args[index]) if index < len(value.args) else UNKNOWN
    return types.element(value, ev)


_RUN: dict[type, Any] = {
    f.ExprStmt: _expr_stmt,
    f.Assign: _assign,
    f.AnnAssign: _ann_assign,
    f.AugAssign: _aug_assign,
    f.Return: _return,
    f.Raise: _raise,
    f.If: _if,
    f.For: _for,
    f.While: _while,
    f.With: _with,
    f.Try: _try,
    f.Import: _import,
    f.ImportFrom: _import,
    f.Global: _global,
    f.Delete: _delete,
    f.Assert: _assert,
    f.Match: _match,
    f.Simple: _simple,
    f.Function: _function,
    f.Class: _class,
}
