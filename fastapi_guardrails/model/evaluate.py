"""The abstract evaluator: runs a project's start-up code and types the rest, without importing anything.

Two modes share it. *Inline* frames carry out what Python does at import and start-up: modules, factories, functions
that register routes, decorators; every call of a project function is followed with its arguments. *Analysis* frames
look at one function with its parameters as typed: calls are only typed, both branches are taken, a recorder takes down
what happens. What cannot be followed is `Unknown`, and an evaluation never raises because of the program that it reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fastapi_guardrails.model import attributes, classes, journal, natives, operators, types
from fastapi_guardrails.model.choices import Choices
from fastapi_guardrails.model.frames import Arguments, Frame
from fastapi_guardrails.model.given import Given, given, receiver_key, untyped
from fastapi_guardrails.model.given import key as given_key
from fastapi_guardrails.model.interfaces import Interfaces
from fastapi_guardrails.model.launched import Launched
from fastapi_guardrails.model.makers import Brought, brought_to
from fastapi_guardrails.model.registering import Registering, routers_given
from fastapi_guardrails.model.routing import hand_over
from fastapi_guardrails.model.statements import Statements, narrow, narrow_for_now, qualified, stands_in, widen
from fastapi_guardrails.model.symbols import Module, Symbols, builtin
from fastapi_guardrails.model.tree import assigned_attributes
from fastapi_guardrails.model.values import (
    ENVIRONMENT,
    FALLBACK,
    NONE,
    UNKNOWN,
    Annotated,
    Bound,
    ClassValue,
    Const,
    Coroutine,
    DependsValue,
    External,
    FunctionValue,
    Generic,
    Instance,
    LambdaValue,
    Lazy,
    Mapping,
    Method,
    ModuleValue,
    Native,
    Partial,
    Promised,
    Scalar,
    Scope,
    Sequence_,
    Super,
    Union,
    Unknown,
    Value,
    foreign,
    is_none,
    is_soft,
    is_unknown,
    options,
    soften,
    truth,
    union,
    without_none,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.calls import Analysis
    from fastapi_guardrails.model.fills import Fills
    from fastapi_guardrails.model.makers import Makers
    from fastapi_guardrails.model.registry import Registry
    from fastapi_guardrails.model.states import States

#: Values that a lookup may have to follow further.
_UNRESOLVED = frozenset({Lazy, Union})

#: What may be another thing when functions run: None, and empty lists and dicts.
_CHANGING = frozenset({Const, Mapping, Sequence_})

#: What declares a field with a factory in dataclasses, attrs and Pydantic.
_FIELDS = frozenset({"dataclasses.field", "attr.ib", "attr.field", "attrs.field", "attr.attrib", "pydantic.Field"})

#: Models whose fields come from elsewhere, too: the environment, a database.
_FILLED = ("pydantic_settings.BaseSettings", "pydantic.v1.BaseSettings", "sqlmodel.SQLModel")

#: Calls that deep are no longer followed.
MAX_DEPTH = 24
#: Calls of a function inside itself that are followed where it may register something; else it is once.
MAX_RECURSION = 8
#: Statements that one start-up call may take before only calls that may register something are followed.
SOFT_STEPS = 1_000
#: Statements that one start-up call may take before the rest of it counts as unknown.
MAX_STEPS = 20_000
#: Statements that all start-up calls together may take before each is as short of breath.
MAX_TOTAL = 400_000


#: Analyses by function, scope, receiver and arguments; results by function and the rest.
Analyses = dict[tuple[int, int, int, int], "Analysis"]
Results = dict[tuple[int, int], Value]
Kept = tuple[Analyses, Results]


class Evaluator(Statements):
    """Evaluates expressions and calls; statements are in `statements.py`.

    Attributes:
        symbols: the modules.
        registry: what the evaluation finds: apps, routers, watched library calls.
        forward: forward references already looked up.
    """

    def __init__(self, symbols: Symbols, registry: Registry) -> None:
        self.symbols = symbols
        self.registry = registry
        self.forward: dict[tuple[str, int], Value] = {}
        #: attributes that the project gives to a class of a library, which its own classes inherit
        self.given: dict[tuple[str, str], Value] = {}
        #: defaults of settings by class and name, None where a field has none
        self.defaults: dict[tuple[ClassValue, str], Value | None] = {}
        #: the arguments of lambdas that a call gets, by identity of their nodes
        self.handed: dict[int, list[Value]] = {}
        self.lambdas: dict[tuple[int, int], FunctionValue] = {}
        #: annotations that are being looked up, by node and scope
        self.annotating: set[tuple[int, int]] = set()
        #: types of annotations by node and scope, which are kept alive with them
        self.annotations: dict[tuple[int, int], tuple[Value, f.Expr, Scope]] = {}
        #: modules that an absolute import has loaded with the packages around them
        self.loaded: set[Module] = set()
        self.steps = 0
        self.total = 0
        self.stack: list[int] = []
        #: definitions that were executed inline at least once, by identity of their node
        self.executed: set[int] = set()
        #: what is not done again, while the functions that start apps are called
        self.launched: Launched | None = None
        #: calls that stand behind `await`, by identity of their node
        self.awaited: set[int] = set()
        self.decorating: list[tuple[Module, int]] = []
        #: what the branches around assign to attributes, which nobody can say they do
        self.journals: list[journal.Journal] = []
        self.registering = Registering(registry)
        self.interfaces = Interfaces(registry)
        #: what only a default chose
        self.choices = Choices(self.resolve)
        self._analyses: Analyses = {}
        self._typing: set[tuple[int, int]] = set()
        #: how many methods are being analysed for what they leave in the attributes of their objects
        self.filling = 0
        self._results: Results = {}
        self._bodies: dict[int, list[f.Stmt]] = {}
        self._assigned: dict[int, frozenset[str]] = {}
        #: nodes made by the evaluator itself, which must live as long as values are kept by node
        self.kept: list[f.Node] = []
        #: what functions put into the states of apps and requests, once all start-up code was run
        self.states: States | None = None
        #: by class definition, what start-up code has made its objects with (`makers`)
        self.made: dict[int, list[Brought]] = {}
        #: what functions make objects with, once all start-up code was run
        self.makers: Makers | None = None
        #: what functions put into variables of modules, once all start-up code was run
        self.fills: Fills | None = None
        first = next(iter(symbols.modules.values()), None)
        self.anywhere = first.scope if first else Scope("module", None)  # type: ignore[arg-type]

    # --- modules and names ---------------------------------------------------------------------------------------

    def execute(self, module: Module) -> None:
        """Run a module's statements, once."""
        if module.state != "new":
            return
        module.state = "running"
        # A function that imports a module does not spend its own breath on it.
        around = self.stack, self.decorating, self.steps
        self.stack, self.decorating, self.steps = [], [], 0
        self._execute(module)
        self.total += self.steps
        self.stack, self.decorating, self.steps = around
        module.state = "done"

    def _execute(self, module: Module) -> None:
        frame = Frame(module, module.scope)
        for statement in module.facts.body:
            try:
                if self.run([statement], frame):
                    break
            except RecursionError:
                self.stack.clear()  # nested deeper than the interpreter allows: the other statements count
                frame = Frame(module, module.scope)
                self.registry.give_up(Arguments([], {}, frame=frame), [])

    def definition_frame(self, scope: Scope) -> Frame:
        """A frame for defaults, annotations and decorators, which Python evaluates when it defines a function."""
        return Frame(scope.module, scope)

    def at_definition(self, node: f.Expr, scope: Scope) -> Value:
        """The value of a default or an annotation; unknown where it is nested deeper than the interpreter allows."""
        try:
            return self.evaluate(node, self.definition_frame(scope))
        except RecursionError:
            return UNKNOWN

    def frame_for(self, scope: Scope) -> Frame:
        """A frame that only looks: nothing registers, calls are typed."""
        return Frame(scope.module, scope, inline=False)

    def body(self, function: FunctionValue) -> list[f.Stmt]:
        """The statements of a function, decoded once."""
        key = id(function.node)
        if key not in self._bodies:
            self._bodies[key] = function.node.body
        return self._bodies[key]

    def lookup(self, name: str, scope: Scope) -> Value:
        """What a name means in a scope."""
        place: Scope | None = scope
        while place is not None:
            value = place.vars.get(name)
            if value is not None and (place is scope or place.kind != "class"):
                return self._cached(value, name, place) if value.__class__ in _UNRESOLVED else value
            place = place.parent
        found = builtin(name)
        if found is not None:
            return found
        return self._from_star(scope.module, name) or Unknown(f"name {name}")

    def _from_star(self, module: Module, name: str) -> Value | None:
        """A name that only the one library can bring from which the module imports `*`."""
        sources = module.star_externals
        return natives.external(f"{sources[0]}.{name}") if len(sources) == 1 and sources[0] != "?" else None

    def _cached(self, value: Value, name: str, place: Scope) -> Value:
        resolved = self.resolve(value) if isinstance(value, Lazy) else self._resolve_options(value)
        if not isinstance(resolved, Unknown):
            place.vars[name] = resolved
        return resolved

    def _resolve_options(self, value: Value) -> Value:
        """One of several values, imported ones looked up (each branch of an `if` imports another)."""
        if not isinstance(value, Union) or not any(isinstance(option, Lazy) for option in value.options):
            return value
        return union(self.resolve(option) if isinstance(option, Lazy) else option for option in value.options)

    def resolve(self, lazy: Lazy, seen: int = 0) -> Value:
        """What an imported name stands for."""
        if seen > 40:
            return Unknown("import cycle")
        target = self.symbols.find_relative(lazy.module, lazy.target, lazy.level)
        if lazy.name is None:
            return self._module_value(lazy, target)
        if isinstance(target, Module) and target is not lazy.module:
            return self.module_member(target, lazy.name, seen)
        submodule = self.symbols.submodule(lazy.module, lazy.target, lazy.level, lazy.name)
        if submodule is not None:
            self.execute(submodule)
            return ModuleValue(submodule)
        if isinstance(target, External):
            return natives.external(f"{target.name}.{lazy.name}")
        return Unknown(f"import {lazy.target}.{lazy.name}")

    def _module_value(self, lazy: Lazy, target: Module | External | None) -> Value:
        if isinstance(target, Module):
            self.execute(target)
            return ModuleValue(target)
        if target is None and self.symbols.is_project_name(lazy.module, lazy.target):
            return Namespace(lazy.module, lazy.target)
        return target if target is not None else Unknown(f"import {lazy.target}")

    def module_member(self, module: Module, name: str, seen: int = 0) -> Value:
        """A name of a module, as an attribute of it or by import."""
        self.execute(module)
        value = module.scope.vars.get(name)
        if isinstance(value, Lazy):
            return self.resolve(value, seen + 1)
        if value is not None:
            return self._resolve_options(value)
        child = self.symbols.child(module, name)
        if child is not None:
            self.execute(child)
            return ModuleValue(child)
        return self._from_star(module, name) or Unknown(f"{module.name}.{name}")

    # --- expressions ---------------------------------------------------------------------------------------------

    def evaluate(self, node: f.Expr, frame: Frame) -> Value:
        """The value of an expression."""
        value: Value = _EVALUATE[node.__class__](self, node, frame)
        if frame.recorder is not None:
            frame.recorder.value(node, value)
        return value

    def _const(self, node: f.Const, frame: Frame) -> Value:
        return Const(node.value, frame.module, node.pos)

    def _opaque(self, node: f.Opaque, frame: Frame) -> Value:
        for item in node.items:
            self.evaluate(item, frame)
        if node.kind == "bytes":
            return Instance(External("builtins.bytes"))
        return External("builtins.Ellipsis") if node.kind == "ellipsis" else UNKNOWN

    def _name(self, node: f.Name, frame: Frame) -> Value:
        value = self.lookup(node.id, frame.scope)
        return (
            value if frame.recorder is None or value.__class__ not in _CHANGING else self._later(node.id, value, frame)
        )

    def _later(self, name: str, value: Value, frame: Frame) -> Value:
        """A name in a function: one of its module may have been filled since start-up."""
        if frame.module.scope.vars.get(name) is not value:
            return value
        place: Scope | None = frame.scope
        while place is not None and place.kind != "module":
            if name in place.vars and place.kind != "class":
                return value
            place = place.parent
        return self.later(frame.module, name, value)

    def later(self, module: Module, name: str, value: Value) -> Value:
        """A variable of a module when functions run: what they put into it where it is None or empty at start."""
        if isinstance(value, (Sequence_, Mapping)):
            return value if value.items else self._filled(module, name, value)
        found = self.fills.of(module, name) if self.fills is not None and is_none(value) else None
        return value if found is None else union([value, found])

    def _filled(self, module: Module, name: str, value: Sequence_ | Mapping) -> Value:
        """A container of a module that is empty at start: as declared, else with what functions put into it."""
        declared = types.as_declared(self, value)
        held = (
            self.fills.held(module, name) if self.fills is not None and types.says_not_what_it_holds(declared) else None
        )
        return declared if held is None else types.container(declared, held)

    def _attr(self, node: f.Attr, frame: Frame) -> Value:
        return attributes.get(self, self.evaluate(node.value, frame), node.attr, frame, node)

    def _sub(self, node: f.Sub, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame)
        if isinstance(node.index, f.Opaque) and node.index.kind == "slice":
            return operators.part(self, value, [self.evaluate(bound, frame) for bound in node.index.items], frame)
        return operators.subscript(self, value, self.evaluate(node.index, frame), frame)

    def _seq(self, node: f.Seq, frame: Frame) -> Value:
        items: list[Value] = []
        open_ = False
        for item in node.items:
            if isinstance(item, f.Star):
                value = self.evaluate(item.value, frame)
                spread = self.items_of(value)
                open_ = open_ or spread is None
                items += [types.element(value, self)] if spread is None else spread
            else:
                items.append(self.evaluate(item, frame))
        open_ = open_ or len(items) > operators.MAX_ITEMS
        del items[operators.MAX_ITEMS :]
        return Sequence_(node.kind, items, frame.module, node.pos, open=open_, soft=any(is_soft(i) for i in items))

    def _dict(self, node: f.Dict, frame: Frame) -> Value:
        items: dict[Any, Value] = {}
        open_ = False
        pairs: list[tuple[Value, Value]] = []
        complete = True
        for key, value_node in zip(node.keys, node.values):
            value = self.evaluate(value_node, frame)
            if key is None:
                more = self.registry.pairs(value)
                complete = complete and more is not None
                pairs += more or []
                if isinstance(value, Mapping):
                    items.update(value.items)
                    open_ = open_ or value.open
                else:
                    open_ = True
                continue
            key_value = self.evaluate(key, frame)
            pairs.append((key_value, value))
            known = operators.key_of(key_value)
            if known is None:
                open_ = True
                items.setdefault(f"?{key.pos}", value)
            else:
                items[known[0]] = value
        made = Mapping(items, frame.module, node.pos, open=open_)
        if open_ and complete:
            self.registry.keep_keys(made, pairs)
        return made

    def _fstring(self, node: f.FString, frame: Frame) -> Value:
        return operators.join(node, [self.evaluate(p, frame) for p in node.parts], frame)

    def _binary(self, node: f.Binary, frame: Frame) -> Value:
        return operators.binary(node, self.evaluate(node.left, frame), self.evaluate(node.right, frame), frame)

    def _bool(self, node: f.Bool, frame: Frame) -> Value:
        uncertain = frame.uncertain
        narrowed: dict[str, Value | None] = {}
        try:
            return self._parts(node, frame, narrowed)
        finally:
            frame.uncertain = uncertain
            widen(narrowed, frame)

    def _parts(self, node: f.Bool, frame: Frame, narrowed: dict[str, Value | None]) -> Value:
        """The value of `and` and `or`; what stands behind a part that nobody can decide may not be carried out.

        A part narrows names for those behind it; `narrowed` gets the values that they had.
        """
        values: list[Value] = []
        fallback = False
        for part in node.values:
            value = self.evaluate(part, frame)
            answer = truth(value)
            frame.uncertain += answer is None
            if frame.recorder is not None and part is not node.values[-1]:
                narrowed.update({**narrow_for_now(self, part, node.op == "and", frame), **narrowed})
            if answer is (node.op == "or"):
                values.append(soften(value, FALLBACK) if fallback else value)
                if frame.recorder is None:
                    break
                continue
            if answer is None and node.op == "or" and value is ENVIRONMENT and part is not node.values[-1]:
                fallback = True
                continue
            if answer is None and node.op == "and" and part is not node.values[-1]:
                values += classes.where_false(value)
            elif answer is None or part is node.values[-1]:
                values.append(soften(value, FALLBACK) if fallback else value)
        if node.op == "or" and len(values) == 2 and stands_in(values[1], values[0], frame):
            values = values[1:]
        result = union(values) if values else UNKNOWN
        return without_none(result) if node.op == "or" and isinstance(result, Union) else result

    def _compare(self, node: f.Compare, frame: Frame) -> Value:
        left = self.evaluate(node.left, frame)
        rights = [self.evaluate(r, frame) for r in node.rights]
        if len(rights) != 1:
            return Instance(External("builtins.bool"))
        return operators.compare(node.ops[0], left, rights[0])

    def _unary(self, node: f.Unary, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame)
        if node.op == "not":
            answer = truth(value)
            return Instance(External("builtins.bool")) if answer is None else Const(not answer, soft=is_soft(value))
        return value if isinstance(value, Instance) else UNKNOWN

    def _ifexp(self, node: f.IfExp, frame: Frame) -> Value:
        test = self.evaluate(node.test, frame)
        answer = truth(test)
        if frame.recorder is not None or answer is None:
            frame.uncertain += answer is None
            body = self._where(node.test, True, node.body, frame)
            orelse = self._where(node.test, False, node.orelse, frame)
            frame.uncertain -= answer is None
            if answer is not None:
                return body if answer else orelse
            if stands_in(orelse, body, frame):
                return orelse
            return body if stands_in(body, orelse, frame) else union([body, orelse])
        value = self.evaluate(node.body if answer else node.orelse, frame)
        return self.choices.add(value) if is_soft(test) else value

    def _where(self, test: f.Expr, holds: bool, node: f.Expr, frame: Frame) -> Value:
        """The value of an expression that is only evaluated where a test holds (or does not)."""
        narrowed = narrow_for_now(self, test, holds, frame)
        value = self.evaluate(node, frame)
        widen(narrowed, frame)
        return value

    def _lambda(self, node: f.Lambda, frame: Frame) -> Value:
        if frame.recorder is not None:
            inner = frame.within(Scope("function", frame.module, frame.scope))
            inner.deferred += 1
            given = self.handed.get(id(node), [])
            for index, param in enumerate(node.params):
                inner.scope.vars[param.name] = given[index] if index < len(given) else UNKNOWN
            self.evaluate(node.body, inner)
        return LambdaValue(node, frame.module, frame.scope, qualified("<lambda>", frame))

    def _comp(self, node: f.Comp, frame: Frame) -> Value:
        inner = frame.within(Scope("function", frame.module, frame.scope))
        if frame.recorder is not None:
            for generator in node.generators:
                frame.recorder.iterates(generator.iter, frame=frame, waits=generator.is_async)
        return self._comprehend(node, list(node.generators), inner)

    def _comprehend(self, node: f.Comp, generators: list[f.Generator], frame: Frame) -> Value:
        first = generators[0]
        source = self.evaluate(first.iter, frame)
        known = self.items_of(source)
        simple = len(generators) == 1 and node.kind != "dict" and frame.recorder is None
        made = self._made_of(node, first, known, frame) if simple and known is not None and len(known) <= 64 else None
        if made is not None:
            kind = "list" if node.kind == "generator" else node.kind
            return Sequence_(kind, made, frame.module, node.pos, soft=is_soft(source))
        frame.loops = (*frame.loops, node)
        self.bind(first.target, types.element(source, self), frame)
        for generator in generators[1:]:
            self._conditions(first, frame)
            first = generator
            self.bind(first.target, types.element(self.evaluate(first.iter, frame), self), frame)
        self._conditions(first, frame)
        element = self.evaluate(node.elt, frame)
        if node.value is not None:
            value = self.evaluate(node.value, frame)
            return Instance(External("builtins.dict"), (types.type_of(element), types.type_of(value)))
        kind = "list" if node.kind == "generator" else node.kind
        return Sequence_(kind, [element], frame.module, node.pos, open=True)

    def _conditions(self, generator: f.Generator, frame: Frame) -> None:
        for test in generator.ifs:
            self.evaluate(test, frame)
            narrow(self, test, True, frame)

    def _made_of(self, node: f.Comp, generator: f.Generator, items: list[Value], frame: Frame) -> list[Value] | None:
        """What a comprehension makes of known items; None where nobody can tell which of them it keeps."""
        made: list[Value] = []
        for item in items:
            self.bind(generator.target, item, frame)
            kept = [truth(self.evaluate(test, frame)) for test in generator.ifs]
            if None in kept:
                return None
            if all(kept):
                made.append(self.evaluate(node.elt, frame))
        return made

    def _await(self, node: f.Await, frame: Frame) -> Value:
        self.awaited.add(id(node.value))
        value = self.evaluate(node.value, frame)
        return union(self.finish(o) if isinstance(o, Coroutine) else types.awaited(o, self) for o in options(value))

    def finish(self, coroutine: Coroutine) -> Value:
        """What a coroutine gives; one that start-up code has only made so far runs now."""
        pending, coroutine.pending = coroutine.pending, None
        if pending is not None:
            made = pending()
            coroutine.result = made.result if isinstance(made, Coroutine) else made
        return coroutine.result

    def _yield(self, node: f.Yield, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame) if node.value is not None else NONE
        if node.is_from and node.value is not None and frame.recorder is not None:
            frame.recorder.iterates(node.value, frame=frame)
        frame.yields.append(types.element(value, self) if node.is_from else value)
        return UNKNOWN

    def _star(self, node: f.Star, frame: Frame) -> Value:
        return self.evaluate(node.value, frame)

    def _walrus(self, node: f.Walrus, frame: Frame) -> Value:
        value = self.evaluate(node.value, frame)
        self.bind(node.target, value, frame)
        return value

    def items_of(self, value: Value) -> list[Value] | None:
        """The items of a known collection or enumeration, in order, or None."""
        if isinstance(value, Sequence_) and not value.open:
            return value.items
        if isinstance(value, Mapping):
            pairs = self.registry.pairs(value)
            return None if pairs is None else [key for key, _ in pairs]
        if isinstance(value, ClassValue) and classes.is_enum(value):
            return attributes.enum_members(value)
        if isinstance(value, Const) and isinstance(value.value, str):
            return [Const(c) for c in value.value]
        if isinstance(value, Instance) and isinstance(value.cls, ClassValue) and classes.is_namedtuple(value.cls):
            return [value.attrs.get(name, UNKNOWN) for name in classes.field_names(value.cls)]
        return None

    # --- calls ---------------------------------------------------------------------------------------------------

    def _call(self, node: f.Call, frame: Frame) -> Value:
        callee = self.evaluate(node.func, frame)
        if isinstance(callee, External) and callee.name == "builtins.super":
            return self._super(node, frame)
        if frame.recorder is not None:
            self._hand(node, callee, frame)
        call = self.arguments(node, frame)
        result = self.call(callee, call)
        if frame.recorder is not None:
            frame.recorder.call(node, callee, call, result, frame)
        elif isinstance(callee, (External, Method)):
            self.registry.library_call(callee, call)
        if frame.inline and isinstance(callee, (External, Method, Unknown)):
            hand_over(self, callee, call)
        return result

    def _hand(self, node: f.Call, callee: Value, frame: Frame) -> None:
        """Note what the parameters of a lambda among the arguments are."""
        from fastapi_guardrails.model.lambdas import handed

        if any(a.__class__ is f.Lambda for a in node.args) or any(k.value.__class__ is f.Lambda for k in node.keywords):
            found = handed(self, node, callee, frame)
            if found is not None:
                self.handed[id(found[0])] = found[1]

    def _argument(self, node: f.Expr, frame: Frame) -> Value:
        """The value of an argument; an app is made even if one of a module's cannot be followed to its end."""
        if self.stack or frame.scope.kind != "module":
            return self.evaluate(node, frame)
        try:
            return self.evaluate(node, frame)
        except RecursionError:
            self.stack.clear()
            return UNKNOWN

    def arguments(self, node: f.Call, frame: Frame) -> Arguments:
        """The evaluated arguments of a call."""
        args: list[Value] = []
        kwargs: dict[str, Value] = {}
        open_ = False
        for item in node.args:
            value = self._argument(item, frame)
            if isinstance(item, f.Star):
                spread = self.items_of(value)
                open_ = open_ or spread is None
                args += spread or []
            else:
                args.append(value)
        for keyword in node.keywords:
            value = self._argument(keyword.value, frame)
            if keyword.name is not None:
                kwargs[keyword.name] = value
            elif isinstance(value, Mapping):
                kwargs.update({k: v for k, v in value.items.items() if isinstance(k, str) and not k.startswith("?")})
                open_ = open_ or value.open
            else:
                open_ = True
        return Arguments(args, kwargs, open=open_, node=node, frame=frame)

    def _super(self, node: f.Call, frame: Frame) -> Value:
        owner, receiver = frame.function.owner if frame.function else None, self.lookup("self", frame.scope)
        if node.args:
            args = [self.evaluate(a, frame) for a in node.args]
            if isinstance(args[0], ClassValue):
                owner = args[0]
            receiver = args[1] if len(args) > 1 else receiver
        if isinstance(receiver, Unknown):
            receiver = self.lookup("cls", frame.scope)
        return Super(owner, receiver) if owner is not None else UNKNOWN

    def call(self, callee: Value, call: Arguments) -> Value:
        """What a call gives; in an inline frame, after carrying it out."""
        if isinstance(callee, Native):
            return callee.call(self, call)
        if isinstance(callee, FunctionValue):
            return self.call_function(callee, None, call)
        if isinstance(callee, Bound):
            return self.call_function(callee.function, callee.receiver, call)
        if isinstance(callee, ClassValue):
            return self.instantiate(callee, (), call)
        if isinstance(callee, (External, Method)):
            return natives.call(self, callee, call)
        if isinstance(callee, Union):
            return union(self.call(o, call) for o in callee.options if not (isinstance(o, Const) and o.value is None))
        if isinstance(callee, Generic):
            return self._call_generic(callee, call)
        if isinstance(callee, Instance):
            return self._call_instance(callee, call)
        if isinstance(callee, LambdaValue):
            return self._call_lambda(callee, call)
        if isinstance(callee, Partial):
            return self.call(callee.target, callee.joined(call))
        if isinstance(callee, Annotated):
            return self.call(callee.type, call)
        return callee.result if isinstance(callee, Promised) else foreign(callee)

    def _call_generic(self, callee: Generic, call: Arguments) -> Value:
        if isinstance(callee.origin, ClassValue):
            return self.instantiate(callee.origin, callee.args, call)
        result = self.call(callee.origin, call)
        if isinstance(result, Instance) and not result.args:
            result.args = callee.args
        return result

    def _call_instance(self, callee: Instance, call: Arguments) -> Value:
        method = attributes.get(self, callee, "__call__", call.frame, None)
        return UNKNOWN if isinstance(method, Unknown) else self.call(method, call)

    def _call_lambda(self, callee: LambdaValue, call: Arguments) -> Value:
        if call.frame.depth > MAX_DEPTH:
            return UNKNOWN
        scope = Scope("function", callee.module, callee.scope)
        for index, param in enumerate(callee.node.params):
            value = call.get(index, param.name)
            scope.vars[param.name] = value if value is not None else UNKNOWN
        frame = Frame(callee.module, scope, inline=call.frame.inline, caller=call.frame)
        return self.evaluate(callee.node.body, frame)

    def instantiate(self, cls: ClassValue, args: tuple[Value, ...], call: Arguments) -> Value:
        """A new object of a project class; its `__init__` is carried out in an inline frame."""
        if classes.is_enum(cls):
            return self._enum_member(cls, call)
        known = self.launched.made(cls.node, call) if self.launched is not None and call.frame.inline else None
        if known is not None:
            return known
        initializer = classes.method(cls, "__init__")
        if initializer is not None and not args:
            args = types.inferred_arguments(self, cls, initializer, call)
        made = natives.construct(self, cls, args, call)
        journal.note_made(self, made)
        if initializer is not None:
            if call.frame.inline:
                self._note_made(cls, initializer, call)
                self.call_function(initializer, made, call)
            else:
                self._assume_init(made, initializer, call)
        elif isinstance(made, Instance):
            self._set_fields(made, cls, call)
        post = classes.method(cls, "__post_init__") or classes.method(cls, "__attrs_post_init__")
        if post is not None and call.frame.inline:
            self.call_function(post, made, call.replaced([], {}))
        return made

    def _note_made(self, cls: ClassValue, initializer: FunctionValue, call: Arguments) -> None:
        brought = brought_to(self, initializer, call) if call.frame.module.is_application else None
        if brought:
            self.made.setdefault(id(cls.node), []).append(brought)

    def _enum_member(self, cls: ClassValue, call: Arguments) -> Value:
        wanted = operators.key_of(call.args[0]) if call.args else None
        if wanted is not None:
            for name_member in attributes.enum_members(cls):
                if isinstance(name_member, Instance) and operators.key_of(name_member.attrs["value"]) == wanted:
                    return name_member
        return Instance(cls)

    def _set_fields(self, made: Instance, cls: ClassValue, call: Arguments) -> None:
        made.attrs.update(call.kwargs)
        is_known = classes.is_dataclass(cls) or classes.is_namedtuple(cls)
        if not is_known and not (call.frame.inline and _is_plain_model(cls)):
            return
        names = dict.fromkeys(classes.field_names(cls))
        made.attrs.update(zip(names, call.args))
        if call.frame.inline and not call.open and names.keys() >= call.kwargs.keys():
            for name in names:
                if name not in made.attrs:
                    self._set_default(made, cls, name, call)

    def _set_default(self, made: Instance, cls: ClassValue, name: str, call: Arguments) -> None:
        """The default of a field of a dataclass or a model; a factory is called anew for each object."""
        found = classes.member(cls, name)
        if found is None:
            return
        default = found[0]
        if isinstance(default, Instance) and isinstance(default.cls, External) and default.cls.name in _FIELDS:
            factory = default.attrs.get("default_factory", default.attrs.get("factory"))
            if factory is not None:
                made.attrs[name] = self.call(factory, call.replaced([], {}))
                return
            given = default.attrs.get("default", default.attrs.get("0"))
            if given is None or (isinstance(given, External) and given.name == "builtins.Ellipsis"):
                return
            default = given
        made.attrs[name] = default

    def _assume_init(self, made: Value, initializer: FunctionValue, call: Arguments) -> None:
        """Attributes that an `__init__` sets from its parameters, without carrying it out."""
        if not isinstance(made, Instance):
            return
        params = [p.name for p in initializer.node.params[1:]]
        for index, name in enumerate(params):
            value = call.get(index, name)
            if value is not None and not isinstance(value, Unknown):
                made.attrs.setdefault(f"({name})", value)

    def call_function(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> Value:
        """Call a project function, with its first argument in `receiver` if it is a bound method."""
        frame = call.frame
        if not frame.inline or not self._may_follow(function, receiver, call):
            return self._postponed(function, receiver, call)
        known = self.launched.result(function, receiver, call) if self.launched is not None else None
        if known is not None:
            return known
        scope = Scope("function", function.module, _function_parent(function.scope))
        inner = Frame(function.module, scope, function=function, inline=True, caller=frame)
        key = id(function.node)
        self.executed.add(key)
        self.stack.append(key)
        decorating, self.decorating = self.decorating, self.decorating[-1:]
        try:
            self.bind_parameters(function, receiver, call, scope)
            self.run(self.body(function), inner)
        finally:
            self.stack.pop()
            self.decorating = decorating
        result = self._inline_result(function, inner)
        if self.launched is not None:
            self.launched.keep(function, receiver, call, result)
        return result

    def _postponed(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> Value:
        """What a call gives that is not carried out here; a coroutine is where somebody awaits it."""
        result = self.result_of(function, receiver, call)
        node = call.node
        if isinstance(result, Coroutine) and call.frame.inline and node is not None and id(node) not in self.awaited:

            def run() -> Value:
                self.awaited.add(id(node))
                return self.call_function(function, receiver, call)

            result.pending = run
        return result

    def start(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> Value:
        """Call a function that no code of the project calls: a factory, or what an app runs at start-up."""
        try:
            return self.call_function(function, receiver, call)
        except RecursionError:
            self.stack.clear()  # nested deeper than the interpreter allows: what was seen so far counts
            self.registry.give_up(call, routers_given(receiver, call))
            return UNKNOWN

    def _may_follow(self, function: FunctionValue, receiver: Value | None, call: Arguments) -> bool:
        frame = call.frame
        key = id(function.node)
        if not frame.depth and not self.stack:
            self.total += self.steps
            self.steps = 0
        if function.node.is_async and call.node is not None and id(call.node) not in self.awaited:
            return False  # a coroutine that nobody awaits here does not run here
        tired = frame.startup or self.steps > SOFT_STEPS or self.total > MAX_TOTAL
        is_read = call.node is None and bool(self.stack)  # an attribute that a method gives
        if tired and self.stack and not is_read and not self.registering.may(function, receiver, call):
            return False
        inside = self.stack.count(key)
        may_go_on = frame.depth < MAX_DEPTH and inside < MAX_RECURSION and self.steps < MAX_STEPS
        if may_go_on and inside < 2:
            return True
        if not self.registering.may(function, receiver, call):
            return False
        if not may_go_on:
            self.registry.give_up(call, routers_given(receiver, call))
        return may_go_on

    def _inline_result(self, function: FunctionValue, frame: Frame) -> Value:
        if function.node.is_generator:
            yielded = union(frame.yields) if frame.yields else UNKNOWN
            if function.kind == "contextmanager":
                cls = External("contextlib.AbstractContextManager")
                return Instance(cls, (types.type_of(yielded),), attrs={"entered": yielded})
            return Sequence_("list", [yielded], open=True)
        result = union(frame.returned or frame.returns) if frame.returns else NONE
        if frame.returned and len(frame.returned) < len(frame.returns):
            result = self.choices.add(soften(result) if isinstance(result, (Const, Mapping, Sequence_)) else result)
        if isinstance(result, Unknown) and function.node.returns is not None:
            result = self._declared(function, None, None)
        return Coroutine(result) if function.node.is_async else result

    def bind_parameters(
        self, function: FunctionValue, receiver: Value | None, call: Arguments | None, scope: Scope
    ) -> None:
        """Put the arguments of a call (or what the annotations promise, without one) under their names."""
        params = function.node.params
        index = 0
        if receiver is not None and params and params[0].kind in ("pos", "any"):
            scope.vars[params[0].name] = receiver
            params = params[1:]
        taken: set[str] = set()
        for param in params:
            if param.kind == "args":
                scope.vars[param.name] = self._rest(function, param, call, index)
            elif param.kind == "kwargs":
                more: dict[Scalar, Value] = {}
                more.update({k: v for k, v in call.kwargs.items() if k not in taken} if call else {})
                scope.vars[param.name] = Mapping(more, open=call is None or call.open)
            else:
                value = call.get(None if param.kind == "kw" else index, param.name) if call else None
                scope.vars[param.name] = value if value is not None else self.default_of(function, param, call)
                taken.add(param.name)
                index += param.kind != "kw"

    def _rest(self, function: FunctionValue, param: f.Param, call: Arguments | None, index: int) -> Value:
        """What `*args` is: the positional arguments that are left, without a call a tuple of what is declared."""
        if call is None and param.annotation is not None:
            type_ = types.annotation_type(self, param.annotation, function.scope)
            return Instance(External("builtins.tuple"), (type_, External("builtins.Ellipsis")))
        return Sequence_("tuple", list(call.args[index:] if call else []), open=call is None or call.open)

    def default_of(self, function: FunctionValue, param: f.Param, call: Arguments | None) -> Value:
        """What a parameter is without an argument: its default in a call, else what it is declared as."""
        if param.default is not None and call is not None:
            return self.at_definition(param.default, function.scope)
        if param.annotation is not None:
            return types.instance_of(self, types.annotation_type(self, param.annotation, function.scope))
        return UNKNOWN

    # --- results without carrying out ------------------------------------------------------------------------------

    def result_of(self, function: FunctionValue, receiver: Value | None = None, call: Arguments | None = None) -> Value:
        """What a call of the function gives: as declared, else as its body returns."""
        if isinstance(function.wraps, FunctionValue) and function.node.returns is None:
            inner = self.result_of(function.wraps, receiver, call)
            if function.node.is_async and not isinstance(inner, Coroutine):
                return Coroutine(inner, False)
            if isinstance(inner, Coroutine) and not (function.node.is_async or function.node.is_generator):
                return self._unwrapped(function, receiver, inner)
            return inner
        result = self._declared(function, receiver, call)
        if function.node.is_generator:
            return self._generator_result(function, result, receiver, call)
        if isinstance(result, Unknown):
            result = self._inferred_of(function, receiver, call)
        return Coroutine(result, not function.opaque) if function.node.is_async else result

    def _unwrapped(self, function: FunctionValue, receiver: Value | None, inner: Coroutine) -> Value:
        """What a plain wrapper of a coroutine function gives: its coroutine, or what a loop made of that."""
        made = self._inferred(function, receiver)
        if any(isinstance(option, Coroutine) for option in options(made)):
            return inner
        return Coroutine(inner.result, False) if isinstance(made, Unknown) else UNKNOWN

    def _declared(self, function: FunctionValue, receiver: Value | None, call: Arguments | None) -> Value:
        if function.node.returns is None:
            return UNKNOWN
        type_ = types.annotation_type(self, function.node.returns, function.scope)
        bindings = {} if function.owner is None else types.bindings_of(receiver, function.owner)
        if isinstance(type_, External) and type_.name == "typing.Self" and receiver is not None:
            return Instance(receiver) if isinstance(receiver, ClassValue) else receiver
        if call is not None:
            bindings = {**bindings, **types.bind_call(self, function, receiver, call)}
        return types.instance_of(self, type_, bindings)

    def _generator_result(
        self, function: FunctionValue, declared: Value, receiver: Value | None, call: Arguments | None
    ) -> Value:
        yielded = types.element(declared, self)
        if isinstance(yielded, Unknown):
            yielded = self._inferred_of(function, receiver, call)
        if function.kind == "contextmanager":
            cls = External("contextlib.AbstractContextManager")
            return Instance(cls, (types.type_of(yielded),), attrs={"entered": yielded})
        return Sequence_("list", [yielded], open=True)

    def _inferred_of(self, function: FunctionValue, receiver: Value | None, call: Arguments | None) -> Value:
        """What the body returns or yields: with its parameters as declared or, where that says too little, as given."""
        result = self._inferred(function, receiver)
        brought = given(function, receiver, call) if call is not None and _has_unknown(result) else ()
        return self._inferred(function, receiver, brought) if brought else result

    def _inferred(self, function: FunctionValue, receiver: Value | None, brought: Given = ()) -> Value:
        """The union of what the body returns or yields, from its analysis; a wrapper has one for each that it wraps."""
        key = (id(function.node), hash((id(function.scope), receiver_key(receiver), given_key(brought))))
        if key in self._results:
            return self._results[key]
        if key in self._typing or len(self._typing) > 12:
            return UNKNOWN
        self._typing.add(key)
        try:
            analysis = self.analysis(function, receiver, brought)
            found = analysis.yields if function.node.is_generator else analysis.returns
            result = union(v for _, v in found) if found else (UNKNOWN if function.node.is_generator else NONE)
        finally:
            self._typing.discard(key)
        self._results[key] = result
        return result

    def provided(self, depends: DependsValue) -> Value:
        """What a parameter that depends on something gets: what the provider yields or returns."""
        target = depends.target
        if isinstance(target, ClassValue):
            return Instance(target)
        if target is None or isinstance(target, Unknown):
            return UNKNOWN
        result = self.call(target, Arguments([], {}, open=True, frame=self.frame_for(self.anywhere)))
        result = result.result if isinstance(result, Coroutine) else result
        function = target.function if isinstance(target, Bound) else target
        if isinstance(target, Instance) and isinstance(target.cls, ClassValue):
            function = classes.method(target.cls, "__call__") or target
        if isinstance(function, FunctionValue) and function.node.is_generator:
            return types.element(result, self) if not _is_context(result) else types.entered(result, self)
        return result

    def assigned_attributes(self, function: FunctionValue) -> frozenset[str]:
        """Names of the attributes of its first parameter that a method assigns."""
        if not function.node.assigned:
            return frozenset()
        key = id(function.node)
        found = self._assigned.get(key)
        if found is None:
            found = self._assigned[key] = assigned_attributes(function.node.params, self.body(function))
        return found

    def self_attributes(self, function: FunctionValue, receiver: Instance, given: Given = ()) -> dict[str, Value]:
        """What a method leaves in the attributes of its object."""
        key = (id(function.node), hash((receiver_key(receiver), given_key(given))))
        if key in self._typing:
            return {}
        self._typing.add(key)
        self.filling += 1
        try:
            return self.analysis(function, receiver, given).attributes
        finally:
            self._typing.discard(key)
            self.filling -= 1

    @contextmanager
    def apart(self, own: Kept | None = None) -> Iterator[None]:
        """Analyses made meanwhile are kept in `own` or not at all, and see none but those."""
        kept = self._analyses, self._results, self._typing, self.filling
        self._analyses, self._results = own or ({}, {})
        self._typing, self.filling = set(), 0
        try:
            yield
        finally:
            self._analyses, self._results, self._typing, self.filling = kept

    def analysis(self, function: FunctionValue, receiver: Value | None = None, given: Given = ()) -> Analysis:
        """What happens in a function's body, with its parameters as declared, or as they are given (kept)."""
        from fastapi_guardrails.model.calls import analyse

        key = (id(function.node), id(function.scope), receiver_key(receiver), given_key(given))
        found = self._analyses.get(key)
        if found is None:
            found = analyse(self, function, receiver, given, self._analyses, key)
        return found


def _is_plain_model(cls: ClassValue) -> bool:
    """Whether it is a Pydantic model whose fields nothing but its arguments fill."""
    return classes.is_pydantic(cls) is True and not classes.inherits(cls, *_FILLED)


class Namespace(Value):
    """A folder of the project without `__init__.py`, as a package."""

    __slots__ = ("dotted", "module")

    def __init__(self, module: Module, dotted: str) -> None:
        self.module = module
        self.dotted = dotted


def _has_unknown(value: Value) -> bool:
    """Whether a value, or an item of it, may be anything."""
    if isinstance(value, Sequence_):
        return any(map(_has_unknown, value.items))
    return is_unknown(value) or any(map(_is_made_with_unknown, options(value)))


def _is_made_with_unknown(value: Value) -> bool:
    """Whether an object was made with what cannot be followed, and its class does not say what it is."""
    if not isinstance(value, Instance) or not isinstance(value.cls, ClassValue) or not value.made:
        return False
    initializer = classes.method(value.cls, "__init__")
    return initializer is not None and any(f"({param.name})" not in value.attrs for _, param in untyped(initializer))


def _is_context(value: Value) -> bool:
    return (
        isinstance(value, Instance)
        and isinstance(value.cls, External)
        and value.cls.name == "contextlib.AbstractContextManager"
    )


def _function_parent(scope: Scope) -> Scope:
    """The scope that a function's body sees around it: class bodies are skipped."""
    while scope.kind == "class" and scope.parent is not None:
        scope = scope.parent
    return scope


_EVALUATE: dict[type, Any] = {
    f.Const: Evaluator._const,
    f.Opaque: Evaluator._opaque,
    f.Name: Evaluator._name,
    f.Attr: Evaluator._attr,
    f.Call: Evaluator._call,
    f.Sub: Evaluator._sub,
    f.Seq: Evaluator._seq,
    f.Dict: Evaluator._dict,
    f.FString: Evaluator._fstring,
    f.Binary: Evaluator._binary,
    f.Bool: Evaluator._bool,
    f.Compare: Evaluator._compare,
    f.Unary: Evaluator._unary,
    f.IfExp: Evaluator._ifexp,
    f.Lambda: Evaluator._lambda,
    f.Comp: Evaluator._comp,
    f.Await: Evaluator._await,
    f.Yield: Evaluator._yield,
    f.Star: Evaluator._star,
    f.Walrus: Evaluator._walrus,
}
