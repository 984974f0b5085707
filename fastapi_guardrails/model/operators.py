"""Operators on abstract values: subscripts, strings, arithmetic, comparison."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_guardrails.knowledge.returns import MAPPINGS
from fastapi_guardrails.model import types
from fastapi_guardrails.model.values import (
    ENVIRONMENT,
    NONE,
    UNKNOWN,
    Annotated,
    Bound,
    ClassValue,
    Const,
    DependsValue,
    External,
    ForwardReference,
    FunctionValue,
    Generic,
    Instance,
    LambdaValue,
    Lazy,
    Mapping,
    ModuleValue,
    Partial,
    Scalar,
    Sequence_,
    TypeVariable,
    Union,
    Unknown,
    Value,
    is_none,
    is_soft,
    options,
    softness,
    text_of,
    union,
)
from fastapi_guardrails.source import facts as f

if TYPE_CHECKING:
    from fastapi_guardrails.model.evaluate import Evaluator
    from fastapi_guardrails.model.frames import Frame
    from fastapi_guardrails.model.symbols import Module

#: Longer texts and collections are not put together: a loop that doubles one would never end.
MAX_TEXT = 10_000
MAX_ITEMS = 4_096

_WIDE = re.compile(r"\d{4}")

#: Attribute under which the known beginning of a text is kept.
_PREFIX = "(prefix)"

_BOOL = External("builtins.bool")
_STR = External("builtins.str")

#: Whose slices are of the same type.
_SLICED = frozenset(
    {"builtins.str", "builtins.bytes", "builtins.list", "collections.abc.Sequence", "builtins.bytearray"}
)

_TYPE_LIKE = (External, ClassValue, Generic, Annotated, TypeVariable, ForwardReference)


def key_of(value: Value) -> tuple[Scalar] | None:
    """A hashable key for a known scalar (in a tuple, so that None is a key too), or None."""
    if isinstance(value, Const):
        return (value.value,)
    text = text_of(value)
    return None if text is None else (text,)


# --- subscripts ----------------------------------------------------------------------------------------------------


#: How many items a mapping has at most of which any may be chosen, and of which types they are.
_MAX_CHOICES = 32
_CHOSEN = (FunctionValue, Bound, ClassValue, Instance)


def subscript(ev: Evaluator, value: Value, index: Value, frame: Frame) -> Value:
    """`value[index]`, of containers and of types."""
    if isinstance(value, Union):
        return union(subscript(ev, o, index, frame) for o in value.options if not is_none(o))
    if isinstance(value, External):
        if value.name == "sys.modules" and text_of(index) == frame.module.name:
            return ModuleValue(frame.module)
        return _subscript_external(value, index, frame)
    if isinstance(value, (ClassValue, TypeVariable)):
        if isinstance(value, ClassValue) and text_of(index) is not None:
            member = value.scope.vars.get(text_of(index) or "")
            if member is not None:
                return member
        return Generic(value, _type_arguments(index, frame))
    if isinstance(value, Generic):
        return types.substitute(value, _positional_bindings(value, index, frame))
    if isinstance(value, Mapping):
        item = _item_of_mapping(ev, value, index, frame)
        return ev.resolve(item) if isinstance(item, Lazy) else item
    if isinstance(value, Sequence_):
        return _item_of_sequence(ev, value, index)
    if isinstance(value, Instance):
        return _item_of_instance(ev, value, index)
    return UNKNOWN


def part(ev: Evaluator, value: Value, bounds: list[Value], frame: Frame) -> Value:
    """`value[lower:upper:step]`: known of known texts and sequences, else of the type of the whole."""
    if isinstance(value, Union):
        return union(part(ev, o, bounds, frame) for o in value.options)
    cut = _slice(bounds)
    if isinstance(value, Const) and isinstance(value.value, str):
        soft = value.soft or any(is_soft(bound) for bound in bounds)
        return Instance(_STR) if cut is None else Const(value.value[cut], value.module, value.pos, soft)
    if isinstance(value, Sequence_):
        is_known = cut is not None and not value.open
        items = value.items[cut] if cut is not None and is_known else value.items
        return Sequence_(value.kind, items, value.module, value.pos, open=not is_known, soft=value.soft)
    if isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name in _SLICED:
        return Instance(value.cls, value.args)
    return subscript(ev, value, UNKNOWN, frame)


def _slice(bounds: list[Value]) -> slice | None:
    """The slice of known bounds, None where one is not known."""
    known = [b.value for b in bounds if isinstance(b, Const) and (b.value is None or isinstance(b.value, int))]
    return slice(*known) if len(known) == len(bounds) and known[-1] != 0 else None


def _positional_bindings(value: Generic, index: Value, frame: Frame) -> types.Bindings:
    names = [a.name for a in value.args if isinstance(a, TypeVariable)]
    return dict(zip(names, _type_arguments(index, frame)))


def _type_arguments(index: Value, frame: Frame) -> tuple[Value, ...]:
    items = index.items if isinstance(index, Sequence_) and index.kind == "tuple" else [index]
    return tuple(_type_argument(i, frame) for i in items)


def _type_argument(value: Value, frame: Frame) -> Value:
    if isinstance(value, Const) and isinstance(value.value, str):
        return ForwardReference(value.value, frame.scope)
    return value


def _subscript_external(value: External, index: Value, frame: Frame) -> Value:
    items = index.items if isinstance(index, Sequence_) and index.kind == "tuple" else [index]
    if value.name == "typing.Annotated" and items:
        return Annotated(_type_argument(items[0], frame), tuple(items[1:]))
    if value.name == "typing.Literal":
        return Generic(value, tuple(items))
    if value.name == "typing.Optional":
        return union([_type_argument(items[0], frame), NONE]) if items else UNKNOWN
    if value.name == "typing.Union":
        return union(_type_argument(i, frame) for i in items)
    if value.name == "os.environ":
        return ENVIRONMENT
    return Generic(value, tuple(_type_argument(i, frame) for i in items))


def _item_of_mapping(ev: Evaluator, value: Mapping, index: Value, frame: Frame) -> Value:
    key = key_of(index)
    if key is not None and key[0] in value.items:
        return value.items[key[0]]
    if key is None and not frame.inline:
        return any_of(ev, value)
    return UNKNOWN if value.open or key is None else Unknown("missing key")


def any_of(ev: Evaluator, value: Mapping) -> Value:
    """One of the functions, classes and objects of a mapping; Unknown where it holds, or may hold, something else."""
    if value.open or not 0 < len(value.items) <= _MAX_CHOICES:
        return UNKNOWN
    items = [ev.resolve(item) if isinstance(item, Lazy) else item for item in value.items.values()]
    return union(items) if all(isinstance(item, _CHOSEN) for item in items) else UNKNOWN


def _item_of_sequence(ev: Evaluator, value: Sequence_, index: Value) -> Value:
    if isinstance(index, Const) and isinstance(index.value, int) and not value.open:
        if -len(value.items) <= index.value < len(value.items):
            return value.items[index.value]
        return UNKNOWN
    if isinstance(index, Const):
        return types.element(value, ev)
    return UNKNOWN if not isinstance(index, Instance) else types.element(value, ev)


def _item_of_instance(ev: Evaluator, value: Instance, index: Value) -> Value:
    if isinstance(value.cls, ClassValue):
        from fastapi_guardrails.model import classes

        key = text_of(index)
        if key is not None and classes.inherits(value.cls, "typing.TypedDict"):
            declared = classes.annotation(value.cls, key)
            return UNKNOWN if declared is None else _declared(ev, *declared)
        method = classes.method(value.cls, "__getitem__")
        return ev.result_of(method, value) if method is not None else UNKNOWN
    if value.cls.name in MAPPINGS:
        return types.instance_of(ev, value.args[1]) if len(value.args) > 1 else UNKNOWN
    is_tuple = value.cls.name in ("builtins.tuple", "sqlalchemy.Row")
    if is_tuple and isinstance(index, Const) and isinstance(index.value, int):
        args = value.args
        return types.instance_of(ev, args[index.value]) if -len(args) <= index.value < len(args) else UNKNOWN
    if value.cls.name in ("builtins.list", "collections.abc.Sequence"):
        return types.element(value, ev) if not isinstance(index, Unknown) or index.why == "" else UNKNOWN
    spec = types.method_spec(value.cls.name, "__getitem__")
    return types.from_spec(ev, spec, value, None) if spec else UNKNOWN


def _declared(ev: Evaluator, annotation: f.Expr, owner: ClassValue) -> Value:
    return types.instance_of(ev, types.annotation_type(ev, annotation, owner.scope))


# --- strings and arithmetic ----------------------------------------------------------------------------------------


def join(node: f.FString, parts: list[Value], frame: Frame) -> Value:
    """An f-string: known where all its parts are, else as far as its first parts are."""
    texts: list[str] = []
    for part in parts:
        text = as_text(part)
        if text is None:
            return beginning_with("".join(texts) + (beginning(part) or ""), frame.module, node.pos)
        texts.append(text)
    if sum(map(len, texts)) > MAX_TEXT:
        return Instance(_STR)
    return Const("".join(texts), frame.module, node.pos, max(map(softness, parts), default=0))


def beginning_with(prefix: str, module: Module | None = None, pos: int = 0) -> Instance:
    """A text of which only the beginning is known, with where it is written."""
    return Instance(_STR, attrs={_PREFIX: Const(prefix, module, pos)} if prefix else None)


def written_at(value: Value) -> Const | None:
    """The literal that a text is or begins with."""
    if isinstance(value, Instance):
        value = value.attrs.get(_PREFIX, value)
    return value if isinstance(value, Const) else None


def beginning(value: Value) -> str | None:
    """The known beginning of a text; None where nothing is known."""
    whole = as_text(value)
    if whole is None and isinstance(value, Instance) and _PREFIX in value.attrs:
        return text_of(value.attrs[_PREFIX])
    return whole


def as_text(value: Value) -> str | None:
    """A known value as an f-string shows it."""
    if isinstance(value, Const):
        return str(value.value)
    return text_of(value)


def binary(node: f.Binary, left: Value, right: Value, frame: Frame) -> Value:
    """`left op right` of values and of types (`X | None`)."""
    if node.op == "|" and _is_type(left) and _is_type(right):
        return union([_forward(left, frame), _forward(right, frame)])
    if node.op == "+" and isinstance(left, Sequence_) and isinstance(right, Sequence_):
        return _concatenated(left, [*left.items, *right.items], left.open or right.open, left.soft or right.soft)
    if node.op == "+" and isinstance(left, Sequence_):
        return Sequence_(left.kind, left.items, left.module, left.pos, open=True, soft=left.soft)
    if node.op == "*" and isinstance(left, Sequence_) and isinstance(right, Const) and isinstance(right.value, int):
        return _concatenated(left, left.items * min(right.value, MAX_ITEMS), left.open, left.soft or right.soft)
    if node.op == "|" and isinstance(left, Mapping) and isinstance(right, Mapping):
        return Mapping({**left.items, **right.items}, left.module, left.pos, open=left.open or right.open)
    if isinstance(left, Union) or isinstance(right, Union):
        return union(binary(node, a, b, frame) for a in options(left) for b in options(right))
    return _scalar(node, left, right, frame)


def _concatenated(left: Sequence_, items: list[Value], open: bool, soft: int) -> Sequence_:
    open = open or len(items) > MAX_ITEMS
    return Sequence_(left.kind, items[:MAX_ITEMS], left.module, left.pos, open=open, soft=soft)


def _forward(value: Value, frame: Frame) -> Value:
    return _type_argument(value, frame)


def _is_type(value: Value) -> bool:
    if isinstance(value, Union):
        return all(_is_type(o) for o in value.options)
    if isinstance(value, Const):
        return value.value is None or isinstance(value.value, str)
    return isinstance(value, (*_TYPE_LIKE, Unknown, DependsValue))


def _scalar(node: f.Binary, left: Value, right: Value, frame: Frame) -> Value:
    a, b = _plain(left), _plain(right)
    soft = softness(left) | softness(right)
    if a is not None and b is not None:
        result = _compute(node.op, a[0], b[0])
        if result is not None:
            return Const(result[0], frame.module, node.pos, soft)
    if node.op == "/" and isinstance(left, Instance):
        return Instance(left.cls)
    if node.op == "+" and (_is_string(left) or _is_string(right)):
        return beginning_with(beginning(left) or "", frame.module, node.pos)
    if node.op == "%" and _is_string(left):
        return _percent(node, left, right, frame)
    return UNKNOWN


def _percent(node: f.Binary, left: Value, right: Value, frame: Frame) -> Value:
    template = text_of(left)
    values = right.items if isinstance(right, Sequence_) and right.kind == "tuple" else [right]
    texts = [key_of(v) for v in values]
    if template is not None and all(t is not None for t in texts) and not grows(template):
        try:
            return Const(
                template % tuple(t[0] for t in texts if t), frame.module, node.pos, softness(left) | softness(right)
            )
        except (TypeError, ValueError):
            return Instance(_STR)
    return beginning_with((template or "").partition("%")[0], frame.module, node.pos)


def grows(template: str) -> bool:
    """Whether a template asks for a width that nobody would print."""
    return _WIDE.search(template) is not None


def _is_string(value: Value) -> bool:
    if text_of(value) is not None:
        return True
    return isinstance(value, Instance) and isinstance(value.cls, External) and value.cls.name == "builtins.str"


def _plain(value: Value) -> tuple[Scalar] | None:
    return key_of(value)


def _compute(op: str, a: Scalar, b: Scalar) -> tuple[Scalar] | None:
    if isinstance(a, str) and isinstance(b, str):
        return (a + b,) if op == "+" and len(a) + len(b) <= MAX_TEXT else None
    if isinstance(a, str) and isinstance(b, int):
        return (a * b,) if op == "*" and len(a) * b <= MAX_TEXT else None
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        if op == "+":
            return (a + b,)
        if op == "-":
            return (a - b,)
        if op == "*" and abs(a) < 1e12 and abs(b) < 1e12:
            return (a * b,)
        if op == "//" and b:
            return (a // b,)
    return None


def compare(op: str, left: Value, right: Value) -> Value:
    """`left op right`: True or False where both are known."""
    if isinstance(left, Union) or isinstance(right, Union):
        return _compare_all(op, left, right)
    a, b = key_of(left), key_of(right)
    soft = is_soft(left) or is_soft(right)
    if op in ("is", "is not", "==", "!="):
        if a is not None and b is not None:
            equal = a[0] == b[0] and (isinstance(a[0], bool) is isinstance(b[0], bool) or op in ("==", "!="))
            return Const(equal is (op in ("is", "==")), soft=soft)
        if (a == (None,) and _never_none(right)) or (b == (None,) and _never_none(left)):
            return Const(op in ("is not", "!="), soft=soft)
        if isinstance(left, (ClassValue, External)) and isinstance(right, (ClassValue, External)):
            same = left is right or (
                isinstance(left, External) and isinstance(right, External) and left.name == right.name
            )
            return Const(same is (op in ("is", "==")))
    if op in ("in", "not in") and a is not None:
        return _contains(op, a[0], right, soft)
    if op in ("<", "<=", ">", ">=") and a is not None and b is not None:
        return _order(op, a[0], b[0], soft)
    return Instance(_BOOL)


def _compare_all(op: str, left: Value, right: Value) -> Value:
    """The answer that all options give."""
    answers = [compare(op, a, b) for a in options(left) for b in options(right)]
    known = {a.value for a in answers if isinstance(a, Const)}
    if len(known) > 1 or not all(isinstance(a, Const) for a in answers):
        return Instance(_BOOL)
    return Const(known.pop(), soft=any(is_soft(a) for a in answers))


def _never_none(value: Value) -> bool:
    """Values that were made, as against those that are only typed (an instance of a declared type may lie)."""
    return isinstance(
        value, (ClassValue, External, Sequence_, Mapping, FunctionValue, LambdaValue, Bound, Partial)
    ) or (isinstance(value, Instance) and bool(value.made))


def _contains(op: str, wanted: Scalar, container: Value, soft: int) -> Value:
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(wanted, str):
        return Const((wanted in container.value) is (op == "in"), soft=soft)
    if isinstance(container, Sequence_):
        keys = [key_of(i) for i in container.items]
        if (wanted,) in keys:
            return Const(op == "in", soft=soft)
        if not container.open and all(k is not None for k in keys):
            return Const(op == "not in", soft=soft)
    if isinstance(container, Mapping) and (wanted in container.items or not container.open):
        return Const((wanted in container.items) is (op == "in"), soft=soft)
    return Instance(_BOOL)


def _order(op: str, a: Scalar, b: Scalar, soft: int) -> Value:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        answers = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
        return Const(answers[op], soft=soft)
    return Instance(_BOOL)
