"""The values of abstract evaluation: what an expression is known to be.

Every question about a program has three answers, and so has every value: known (a constant, a function, an instance of
a class), absent (`None` in Python terms), or `Unknown`, which is a value of its own that no rule mistakes for absent.

A value that a project's *settings* or an environment fallback gives is known but `soft`: true by default, and open to
change by whoever runs the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.frames import Arguments
    from fastapi_guardrails.model.symbols import Module

Scalar: TypeAlias = "str | int | float | bool | None"


class Value:
    """Base of all abstract values."""

    __slots__ = ()


class Unknown(Value):
    """Nothing can be said. `why` names what could not be followed, for people."""

    __slots__ = ("why",)

    def __init__(self, why: str = "") -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"Unknown({self.why!r})"


#: How soft a value is: a default of the settings, or (both bits) what stands in for a variable of the environment.
DEFAULT, FALLBACK = 1, 3

#: Kinds of functions that run when they are read as attributes.
PROPERTIES = frozenset({"property", "cached_property"})

UNKNOWN = Unknown()
#: A value that only the environment decides.
ENVIRONMENT = Unknown("environment")


class Signature(Unknown):
    """`inspect.signature(function)`."""

    __slots__ = ("function",)

    def __init__(self, function: Value) -> None:
        super().__init__("signature")
        self.function = function


class Promised(Unknown):
    """Something that can be called: all that is known of it is what its type says that a call gives."""

    __slots__ = ("result",)

    def __init__(self, result: Value) -> None:
        super().__init__("callable")
        self.result = result

    def __repr__(self) -> str:
        return f"Promised({self.result!r})"


_CALL_OF = "call of "


def made_by(name: str) -> Unknown:
    """What a library's function (its qualified name) gives, where nothing more is known of it."""
    return Unknown(_CALL_OF + name)


def maker(value: Value) -> str:
    """Qualified name of the library's function that an unknown value comes from; '' for others."""
    if not isinstance(value, Unknown) or not value.why.startswith(_CALL_OF):
        return ""
    return value.why[len(_CALL_OF) :]


def foreign(value: Value) -> Unknown:
    """What something of an unknown value is: unknown, and of the same library if one made it."""
    return value if isinstance(value, Unknown) and maker(value) else UNKNOWN


class Const(Value):
    """A known scalar, with the place of the literal that it comes from (module None: made by the evaluator)."""

    __slots__ = ("module", "pos", "soft", "value")

    def __init__(self, value: Scalar, module: Module | None = None, pos: int = 0, soft: int = 0) -> None:
        self.value = value
        self.module = module
        self.pos = pos
        self.soft = soft

    def __repr__(self) -> str:
        return f"Const({self.value!r}{', soft' if self.soft else ''})"


NONE = Const(None)


class Sequence_(Value):
    """A list, tuple or set whose items are known; `open` when it may hold more than `items`.

    `annotation` is what a variable declares that it was made for, with the scope.
    """

    __slots__ = ("annotation", "items", "kind", "module", "open", "pos", "soft")

    def __init__(
        self,
        kind: str,
        items: list[Value],
        module: Module | None = None,
        pos: int = 0,
        *,
        open: bool = False,
        soft: int = 0,
    ) -> None:
        self.kind = kind
        self.items = items
        self.module = module
        self.pos = pos
        self.open = open
        self.soft = soft
        self.annotation: tuple[f.Expr, Scope] | None = None

    def __repr__(self) -> str:
        return f"Sequence_({self.kind}, {self.items!r}{', open' if self.open else ''})"


class Mapping(Value):
    """A dict with constant keys; `open` when it may hold more than `items`; `annotation` as of sequences."""

    __slots__ = ("annotation", "items", "module", "open", "pos", "soft")

    def __init__(
        self,
        items: dict[Scalar, Value],
        module: Module | None = None,
        pos: int = 0,
        *,
        open: bool = False,
        soft: int = 0,
    ) -> None:
        self.items = items
        self.module = module
        self.pos = pos
        self.open = open
        self.soft = soft
        self.annotation: tuple[f.Expr, Scope] | None = None

    def __repr__(self) -> str:
        return f"Mapping({self.items!r}{', open' if self.open else ''})"


class External(Value):
    """Something of a library, by its canonical qualified name (`knowledge.names.canonical`)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"External({self.name})"


class ModuleValue(Value):
    """A module (or package) of the project."""

    __slots__ = ("module",)

    def __init__(self, module: Module) -> None:
        self.module = module

    def __repr__(self) -> str:
        return f"ModuleValue({self.module.path})"


class Scope:
    """Names of a module, a class body or a call, with the scope around it."""

    __slots__ = ("kind", "module", "parent", "vars")

    def __init__(self, kind: str, module: Module, parent: Scope | None = None) -> None:
        self.kind = kind
        self.module = module
        self.parent = parent
        self.vars: dict[str, Value] = {}


class Lazy(Value):
    """An imported name that is looked up when somebody asks for it."""

    __slots__ = ("level", "module", "name", "target")

    def __init__(self, module: Module, target: str, level: int, name: str | None) -> None:
        self.module = module
        self.target = target
        self.level = level
        self.name = name


class Callable_(Value):
    """Base of what can be called."""

    __slots__ = ()


class FunctionValue(Callable_):
    """A function: its definition, and the scope that it closes over.

    Attributes:
        node: the facts of its `def`.
        module: where it is defined.
        scope: the scope of its definition.
        qualname: as Python's `__qualname__`.
        owner: the class in whose body it stands, or None.
        wraps: the function whose signature it carries (`functools.wraps`), or None.
        decorators: qualified names or values of what decorates it (outermost first), as evaluated.
        opaque: a decorator that could not be followed stands between the name and the function.
        signed: it was given a `__signature__` that nobody can tell.
    """

    __slots__ = ("decorators", "kind", "module", "node", "opaque", "owner", "qualname", "scope", "signed", "wraps")

    def __init__(
        self, node: f.Function, module: Module, scope: Scope, qualname: str, owner: ClassValue | None = None
    ) -> None:
        self.node = node
        self.module = module
        self.scope = scope
        self.qualname = qualname
        self.owner = owner
        self.wraps: Value | None = None
        self.decorators: list[Value] = []
        self.opaque = False
        self.signed = False
        self.kind = "function"  # or staticmethod, classmethod, property, contextmanager, cached

    @property
    def name(self) -> str:
        return self.node.name

    def __repr__(self) -> str:
        return f"FunctionValue({self.module.path}:{self.qualname})"


class LambdaValue(Callable_):
    """A lambda; `qualname` as Python's `__qualname__`."""

    __slots__ = ("module", "node", "qualname", "scope")

    def __init__(self, node: f.Lambda, module: Module, scope: Scope, qualname: str = "<lambda>") -> None:
        self.node = node
        self.module = module
        self.scope = scope
        self.qualname = qualname


class ClassValue(Callable_):
    """A class of the project.

    Attributes:
        node: the facts of its `class` statement.
        bases: its evaluated bases, generic ones as `Generic`.
        scope: the names of its body.
        keywords: evaluated class keywords (`table=True`).
        annotations: field name → annotation node, of its own body, in order.
        decorators: evaluated decorators.
    """

    __slots__ = (
        "annotations", "bases", "decorators", "inherits_cache", "keywords", "module", "mro_cache", "node", "outer",
        "positions", "qualname", "scope",
    )  # fmt: skip

    def __init__(self, node: f.Class, module: Module, scope: Scope, qualname: str, outer: Scope) -> None:
        self.node = node
        self.module = module
        self.scope = scope
        self.qualname = qualname
        self.outer = outer
        self.bases: list[Value] = []
        self.keywords: dict[str, Value] = {}
        self.annotations: dict[str, f.Expr] = {}
        self.positions: dict[str, int] = {}
        self.decorators: list[Value] = []
        self.mro_cache: list[Value] | None = None
        self.inherits_cache: dict[tuple[str, ...], bool | None] = {}

    @property
    def name(self) -> str:
        return self.node.name

    def __repr__(self) -> str:
        return f"ClassValue({self.module.path}:{self.qualname})"


class Instance(Value):
    """An object of a known class (of the project or a library), with what is known of its attributes.

    `args` are the type arguments (`list[User]` → the class `User`). `made` is the position of the call that
    made it, when it was made in the code that is looked at.
    """

    __slots__ = ("args", "attrs", "cls", "made", "module", "soft")

    def __init__(
        self,
        cls: ClassValue | External,
        args: tuple[Value, ...] = (),
        module: Module | None = None,
        made: int = 0,
        attrs: dict[str, Value] | None = None,
    ) -> None:
        self.cls = cls
        self.args = args
        self.attrs: dict[str, Value] = {} if attrs is None else attrs
        self.module = module
        self.made = made
        self.soft = False

    def __repr__(self) -> str:
        inner = f"[{', '.join(map(repr, self.args))}]" if self.args else ""
        return f"Instance({self.cls!r}{inner})"


class Bound(Callable_):
    """A function with its first argument."""

    __slots__ = ("function", "receiver")

    def __init__(self, function: FunctionValue, receiver: Value) -> None:
        self.function = function
        self.receiver = receiver

    def __repr__(self) -> str:
        return f"Bound({self.function!r})"


class Method(Callable_):
    """A library method on a receiver: `name` is `qualified.Class.method`."""

    __slots__ = ("name", "owner", "receiver")

    def __init__(self, owner: str, name: str, receiver: Value) -> None:
        self.owner = owner
        self.name = name
        self.receiver = receiver

    @property
    def qualified(self) -> str:
        return f"{self.owner}.{self.name}"

    def __repr__(self) -> str:
        return f"Method({self.owner}.{self.name})"


class Native(Callable_):
    """Something that the evaluator itself carries out when it is called."""

    __slots__ = ("call", "label")

    def __init__(self, label: str, call: Callable[..., Value]) -> None:
        self.label = label
        self.call = call


class Partial(Callable_):
    """`functools.partial(target, *args, **kwargs)`."""

    __slots__ = ("args", "kwargs", "target")

    def __init__(self, target: Value, args: list[Value], kwargs: dict[str, Value]) -> None:
        self.target = target
        self.args = args
        self.kwargs = kwargs

    def joined(self, call: Arguments) -> Arguments:
        """The arguments that the target gets from a call."""
        return call.replaced([*self.args, *call.args], {**self.kwargs, **call.kwargs})


class Super(Value):
    """`super()`: the class after which the lookup starts, and the instance."""

    __slots__ = ("after", "receiver")

    def __init__(self, after: ClassValue, receiver: Value) -> None:
        self.after = after
        self.receiver = receiver


class Union(Value):
    """One of several values; `options` are flat and hold no Union."""

    __slots__ = ("options",)

    def __init__(self, options: tuple[Value, ...]) -> None:
        self.options = options

    def __repr__(self) -> str:
        return f"Union({', '.join(map(repr, self.options))})"


class Generic(Value):
    """A subscripted type: `list[User]`, `Page[User]`."""

    __slots__ = ("args", "origin")

    def __init__(self, origin: Value, args: tuple[Value, ...]) -> None:
        self.origin = origin
        self.args = args

    def __repr__(self) -> str:
        return f"Generic({self.origin!r}, {self.args!r})"


class Annotated(Value):
    """`Annotated[type, metadata…]`."""

    __slots__ = ("metadata", "type")

    def __init__(self, type: Value, metadata: tuple[Value, ...]) -> None:
        self.type = type
        self.metadata = metadata

    def __repr__(self) -> str:
        return f"Annotated({self.type!r}, {self.metadata!r})"


class ForwardReference(Value):
    """A type written as a string, looked up in `scope` when somebody asks for it."""

    __slots__ = ("scope", "text")

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope

    def __repr__(self) -> str:
        return f"ForwardReference({self.text!r})"


class TypeVariable(Value):
    """A `TypeVar`; `bound` is its bound, or None."""

    __slots__ = ("bound", "name")

    def __init__(self, name: str, bound: Value | None = None) -> None:
        self.name = name
        self.bound = bound

    def __repr__(self) -> str:
        return f"TypeVariable({self.name})"


class Coroutine(Value):
    """What the call of an `async def` gives before it is awaited.

    Attributes:
        certain: False where a decorator that could not be followed may have made something else of it.
        pending: in start-up code, runs the function, which nobody has awaited yet.
    """

    __slots__ = ("certain", "pending", "result")

    def __init__(self, result: Value, certain: bool = True) -> None:
        self.result = result
        self.certain = certain
        self.pending: Callable[[], Value] | None = None

    def __repr__(self) -> str:
        return f"Coroutine({self.result!r})"


class DependsValue(Value):
    """`Depends(...)` or `Security(...)`.

    Attributes:
        target: what it depends on, or None for an empty `Depends()`.
        security: whether it is `Security(...)`.
        options: other arguments by name (`use_cache`, `scopes`, `scope`).
        module: where it is written.
        pos: position of the call.
    """

    __slots__ = ("module", "options", "pos", "security", "target")

    def __init__(
        self, target: Value | None, security: bool, options: dict[str, Value], module: Module | None, pos: int
    ) -> None:
        self.target = target
        self.security = security
        self.options = options
        self.module = module
        self.pos = pos

    def __repr__(self) -> str:
        return f"Depends({self.target!r})"


#: A value that may be more different things than these is unknown.
MAX_OPTIONS = 8


def union(values: Iterable[Value]) -> Value:
    """One value that stands for any of `values`; Unknown swallows nothing but is kept as an option."""
    flat: list[Value] = []
    for value in values:
        for option in value.options if isinstance(value, Union) else (value,):
            if not any(same(option, seen) for seen in flat):
                if len(flat) == MAX_OPTIONS:
                    return UNKNOWN
                flat.append(option)
    if not flat:
        return UNKNOWN
    return flat[0] if len(flat) == 1 else Union(tuple(flat))


def same(a: Value, b: Value) -> bool:
    """Whether two values say the same (used to keep unions small)."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, Const) and isinstance(b, Const):
        return a.value == b.value and type(a.value) is type(b.value) and a.soft == b.soft
    if isinstance(a, External) and isinstance(b, External):
        return a.name == b.name
    if isinstance(a, Instance) and isinstance(b, Instance):
        return (
            same(a.cls, b.cls)
            and not a.attrs
            and not b.attrs
            and len(a.args) == len(b.args)
            and all(same(x, y) for x, y in zip(a.args, b.args))
        )
    if isinstance(a, Coroutine) and isinstance(b, Coroutine):
        return same(a.result, b.result) and a.certain == b.certain
    if isinstance(a, Promised) and isinstance(b, Promised):
        return same(a.result, b.result)
    return isinstance(a, Unknown)


def options(value: Value) -> Sequence[Value]:
    """The alternatives of a value: itself, or the options of a union."""
    return value.options if isinstance(value, Union) else (value,)


def without_none(value: Value) -> Value:
    """The value with `None` taken out of its options."""
    if not isinstance(value, Union):
        return value
    return union(o for o in value.options if not (isinstance(o, Const) and o.value is None))


def is_none(value: Value) -> bool:
    """Whether the value is known to be `None`."""
    return isinstance(value, Const) and value.value is None


def is_unknown(value: Value) -> bool:
    """Whether nothing is known, or one of the options is unknown."""
    return any(isinstance(o, Unknown) for o in options(value))


def text_of(value: Value) -> str | None:
    """The value as a string where it is a known one (members of string enums count), else None."""
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, Instance):
        member = value.attrs.get("value")
        if isinstance(member, Const) and isinstance(member.value, str) and "name" in value.attrs:
            return member.value
    return None


def truth(value: Value) -> bool | None:
    """True, False, or None where it cannot be known."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Sequence_):
        return True if value.items else (None if value.open else False)
    if isinstance(value, Mapping):
        return True if value.items else (None if value.open else False)
    if isinstance(value, Method):
        return None  # an attribute of a library's object: perhaps no method
    if isinstance(value, (Callable_, ModuleValue, External, DependsValue)):
        return True
    if isinstance(value, Union):
        answers = {truth(o) for o in value.options}
        return answers.pop() if len(answers) == 1 else None
    return None


def is_soft(value: Value) -> bool:
    """Whether the value is only a default that the environment may override."""
    if isinstance(value, (Const, Sequence_, Mapping, Instance)):
        return value.soft > 0
    if isinstance(value, Union):
        return any(is_soft(o) for o in value.options)
    return False


def softness(value: Value) -> int:
    """How soft the value is; 0 where nothing may override it."""
    if isinstance(value, Union):
        return max(map(softness, value.options))
    return value.soft if isinstance(value, (Const, Sequence_, Mapping, Instance)) else 0


def soften(value: Value, soft: int = DEFAULT) -> Value:
    """The same value, marked as a default (or as a fallback of the environment)."""
    if isinstance(value, Const):
        return value if value.soft >= soft else Const(value.value, value.module, value.pos, soft)
    if isinstance(value, Sequence_):
        items = [soften(i, soft) for i in value.items]
        return Sequence_(value.kind, items, value.module, value.pos, open=value.open, soft=DEFAULT)
    if isinstance(value, Mapping):
        pairs = {k: soften(v, soft) for k, v in value.items.items()}
        return Mapping(pairs, value.module, value.pos, open=value.open, soft=DEFAULT)
    if isinstance(value, Union):
        return Union(tuple(soften(o, soft) for o in value.options))
    return value


def walk(value: Value) -> Iterator[Value]:
    """The value and all that it is made of: options, items, arguments."""
    stack: list[Any] = [value]
    while stack:
        top = stack.pop()
        yield top
        if isinstance(top, Union):
            stack.extend(top.options)
        elif isinstance(top, Sequence_):
            stack.extend(top.items)
        elif isinstance(top, Mapping):
            stack.extend(top.items.values())
        elif isinstance(top, Generic):
            stack.append(top.origin)
            stack.extend(top.args)
        elif isinstance(top, Annotated):
            stack.append(top.type)
        elif isinstance(top, Instance):
            stack.extend(top.args)
