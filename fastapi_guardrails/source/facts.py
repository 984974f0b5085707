"""Facts of one module: a small, serialisable tree of what its source says.

Facts are a pure function of a file's bytes and know nothing of FastAPI. They keep the shape of Python's grammar,
without what no question needs (contexts, formatting, type comments). The bodies of functions stay encoded until
somebody looks into them (`Function.body`), so that a project of which one route matters costs little.

A position is `line << 16 | offset`: the 1-based line and the 0-based UTF-8 byte offset of the first token, as `ast`
counts them (an offset beyond 65,535 is clipped). Only starts are kept: ends are found again for what is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, Union

import msgspec

#: The name of the generic base that stands for a class's own type parameters (`class Page[T]`); of those with a bound
#: its arguments are slices (`T: Base`).
TYPE_PARAMETERS = "__type_parameters__"

#: What stands in `Function.calls` for a call of something without a fixed name.
UNNAMED = ""

#: What stands in `Case.kinds` for what is matched as a whole.
SUBJECT = ""


#: The largest offset that a position holds.
MAX_OFFSET = 0xFFFF


def line_of(pos: int) -> int:
    """1-based line of a position."""
    return pos >> 16


def offset_of(pos: int) -> int:
    """0-based byte offset in its line of a position."""
    return pos & MAX_OFFSET


class Node(msgspec.Struct, array_like=True, gc=False, tag_field="node"):
    """Base of all nodes; `pos` is the position of the first token."""

    pos: int


# --- expressions ---------------------------------------------------------------------------------------------------


class Const(Node, tag=1):
    """A literal: string, number, boolean or None."""

    value: str | int | float | bool | None


class Opaque(Node, tag=2):
    """An expression of no interest by itself (bytes, `...`, slices, complex and huge numbers) and what is inside it.

    `kind` is `bytes`, `ellipsis`, `slice`, `number` or `other`. A slice has three items: `None` for what is left out.
    """

    kind: str
    items: list[Expr]


class Name(Node, tag=3):
    id: str


class Attr(Node, tag=4):
    value: Expr
    attr: str


class Keyword(Node, tag=30):
    """A keyword argument; `name` is None for `**value`."""

    name: str | None
    value: Expr


class Call(Node, tag=5):
    func: Expr
    args: list[Expr]
    keywords: list[Keyword]

    def keyword(self, name: str) -> Keyword | None:
        """The keyword argument of that name, or None."""
        return next((k for k in self.keywords if k.name == name), None)


class Sub(Node, tag=6):
    """A subscript: `value[index]`."""

    value: Expr
    index: Expr


class Seq(Node, tag=7):
    """A display of a `list`, `tuple` or `set`."""

    kind: str
    items: list[Expr]


class Dict(Node, tag=8):
    """A dict display; a key of None stands for `**value`."""

    keys: list[Expr | None]
    values: list[Expr]


class FString(Node, tag=9):
    """An f-string: literal parts are `Const`, the others the interpolated expressions."""

    parts: list[Expr]


class Binary(Node, tag=10):
    op: str
    left: Expr
    right: Expr


class Bool(Node, tag=11):
    """`and` / `or` of several values."""

    op: str
    values: list[Expr]


class Compare(Node, tag=12):
    left: Expr
    ops: list[str]
    rights: list[Expr]


class Unary(Node, tag=13):
    op: str
    value: Expr


class IfExp(Node, tag=14):
    test: Expr
    body: Expr
    orelse: Expr


class Lambda(Node, tag=15):
    params: list[Param]
    body: Expr


class Comp(Node, tag=16):
    """A comprehension: `kind` is `list`, `set`, `dict` or `generator`; `value` only for a dict."""

    kind: str
    elt: Expr
    value: Expr | None
    generators: list[Generator]


class Generator(Node, tag=31):
    target: Expr
    iter: Expr
    ifs: list[Expr]
    is_async: bool


class Await(Node, tag=17):
    value: Expr


class Yield(Node, tag=18):
    value: Expr | None
    is_from: bool


class Star(Node, tag=19):
    value: Expr


class Walrus(Node, tag=20):
    target: Expr
    value: Expr


# --- statements ----------------------------------------------------------------------------------------------------


class ExprStmt(Node, tag=40):
    value: Expr


class Assign(Node, tag=41):
    targets: list[Expr]
    value: Expr


class AnnAssign(Node, tag=42):
    target: Expr
    annotation: Expr
    value: Expr | None


class AugAssign(Node, tag=43):
    target: Expr
    op: str
    value: Expr


class Return(Node, tag=44):
    value: Expr | None


class Raise(Node, tag=45):
    exc: Expr | None
    cause: Expr | None


class If(Node, tag=46):
    test: Expr
    body: list[Stmt]
    orelse: list[Stmt]


class For(Node, tag=47):
    target: Expr
    iter: Expr
    body: list[Stmt]
    orelse: list[Stmt]
    is_async: bool


class While(Node, tag=48):
    test: Expr
    body: list[Stmt]
    orelse: list[Stmt]


class WithItem(Node, tag=32):
    context: Expr
    target: Expr | None


class With(Node, tag=49):
    items: list[WithItem]
    body: list[Stmt]
    is_async: bool


class Handler(Node, tag=33):
    """An `except` clause; `type` is None for a bare one."""

    type: Expr | None
    name: str | None
    body: list[Stmt]


class Try(Node, tag=50):
    body: list[Stmt]
    handlers: list[Handler]
    orelse: list[Stmt]
    final: list[Stmt]


class Alias(Node, tag=34):
    name: str
    asname: str | None


class Import(Node, tag=51):
    names: list[Alias]


class ImportFrom(Node, tag=52):
    """`from module import names`; `level` counts the leading dots."""

    module: str
    level: int
    names: list[Alias]


class Global(Node, tag=53):
    """`global` or `nonlocal` names."""

    names: list[str]
    nonlocal_: bool


class Delete(Node, tag=54):
    targets: list[Expr]


class Assert(Node, tag=55):
    test: Expr
    message: Expr | None


class Case(Node, tag=35):
    """A case of a `match`: the names that its pattern binds, the values and classes that it compares with.

    `kinds` says which classes a name that it binds is one of, as indexes of `values`; `SUBJECT` stands for the subject.
    """

    names: list[str]
    values: list[Expr]
    guard: Expr | None
    body: list[Stmt]
    irrefutable: bool
    kinds: dict[str, list[int]]


class Match(Node, tag=56):
    subject: Expr
    cases: list[Case]


class Simple(Node, tag=57):
    """`pass`, `break` or `continue`."""

    word: str


class Param(Node, tag=36):
    """A parameter; `kind` is `pos` (positional only), `any`, `kw` (keyword only), `args` or `kwargs`."""

    name: str
    annotation: Expr | None
    default: Expr | None
    kind: str


class Function(Node, tag=58):
    """A `def` or `async def`; `pos` is that of the keyword.

    `code` is the encoded body; `is_generator` says whether the body itself yields. `calls` are the names of what the
    body calls without `await` (`save` for `await_me(db.save())`), sorted; `UNNAMED` stands for what has no name and
    for names that the body itself binds. `awaits` are the last names of the calls that the body awaits, sorted.
    `assigned` are the names of the attributes that the body assigns, or a function inside it, sorted.
    """

    name: str
    params: list[Param]
    decorators: list[Expr]
    returns: Expr | None
    is_async: bool
    is_generator: bool
    end_line: int
    calls: list[str]
    awaits: list[str]
    assigned: list[str]
    code: bytes

    @property
    def body(self) -> list[Stmt]:
        """The statements, decoded anew at each call: hold on to the result."""
        return _body_decoder.decode(self.code)


class Class(Node, tag=59):
    """A `class` statement; `pos` is that of the keyword."""

    name: str
    bases: list[Expr]
    keywords: list[Keyword]
    decorators: list[Expr]
    body: list[Stmt]
    end_line: int


Expr: TypeAlias = Union[  # noqa: UP007
    Const, Opaque, Name, Attr, Call, Sub, Seq, Dict, FString, Binary, Bool, Compare, Unary, IfExp, Lambda, Comp, Await,
    Yield, Star, Walrus,
]  # fmt: skip

Stmt: TypeAlias = Union[  # noqa: UP007
    ExprStmt, Assign, AnnAssign, AugAssign, Return, Raise, If, For, While, With, Try, Import, ImportFrom, Global,
    Delete, Assert, Match, Simple, Function, Class,
]  # fmt: skip


def last_name(node: Expr) -> str:
    """The last name of a name or an attribute: `save` for `db.save`; `UNNAMED` for anything else."""
    if isinstance(node, Attr):
        return node.attr
    return node.id if isinstance(node, Name) else UNNAMED


def blocks(node: Stmt) -> Iterator[list[Stmt]]:
    """The blocks of statements directly inside one, without those of functions and classes."""
    if isinstance(node, (If, For, While)):
        yield node.body
        yield node.orelse
    elif isinstance(node, With):
        yield node.body
    elif isinstance(node, Try):
        yield node.body
        for handler in node.handlers:
            yield handler.body
        yield node.orelse
        yield node.final
    elif isinstance(node, Match):
        for case in node.cases:
            yield case.body


# --- the module ----------------------------------------------------------------------------------------------------


class Suppression(msgspec.Struct, array_like=True, gc=False):
    """A suppression comment.

    Attributes:
        line: 1-based line of the comment.
        column: 1-based character column of its `#`.
        end_column: column after its last character.
        kind: `line` or `file`.
        tool: `guardrails` or `noqa`.
        codes: codes and names as written.
        columns: 1-based column of each of `codes`.
        text: the whole comment.
    """

    line: int
    column: int
    end_column: int
    kind: str
    tool: str
    codes: list[str]
    columns: list[int]
    text: str


class ParseError(msgspec.Struct, array_like=True, gc=False):
    """Why a file could not be read: 1-based line and character column of the first error."""

    line: int
    column: int
    message: str


class ModuleFacts(msgspec.Struct, array_like=True):
    """What one file says. With an `error` the other fields are empty."""

    path: str
    body: list[Stmt]
    suppressions: list[Suppression]
    error: ParseError | None
    lines: int


def _beginning(node: type[Node]) -> bytes:
    """The bytes with which an encoded node begins: how many items it has, its tag, a position of at least one line."""
    return bytes((0x90 + 1 + len(node.__struct_fields__), node.__struct_config__.tag, 0xCE))  # type: ignore[arg-type]


NESTED_FUNCTION = _beginning(Function)
NESTED_CLASS = _beginning(Class)
HANDLER = _beginning(Handler)
#: A name of an import.
IMPORTED = _beginning(Alias)
WITH = _beginning(With)
GLOBAL = _beginning(Global)

_encoder = msgspec.msgpack.Encoder()
_body_decoder: msgspec.msgpack.Decoder[list[Stmt]] = msgspec.msgpack.Decoder(list[Stmt])
_module_decoder = msgspec.msgpack.Decoder(ModuleFacts)


def encode_body(body: list[Stmt]) -> bytes:
    """The statements of a function, as `Function.code` holds them."""
    return _encoder.encode(body)


def encode_word(name: str) -> bytes:
    """The bytes by which `Function.code` names something."""
    return _encoder.encode(name)


def has_word(function: Function, words: Iterable[bytes]) -> bool:
    """Whether the body of a function names one of some things, as `encode_word` encodes them."""
    return any(map(function.code.__contains__, words))  # asked of all functions: a generator would cost more


def encode(facts: ModuleFacts) -> bytes:
    """Facts as msgpack bytes."""
    return _encoder.encode(facts)


def decode(data: bytes | memoryview[Any]) -> ModuleFacts:
    """Facts from what `encode` made.

    Raises:
        msgspec.MsgspecError: the bytes are no facts of this version.
    """
    return _module_decoder.decode(data)
