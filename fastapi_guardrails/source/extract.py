"""From Python's syntax tree to facts (`facts.py`): a pure function, written for speed.

One function per kind of node in a table, no visitor class: this runs over every node of every file.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from fastapi_guardrails.source import facts as f

_OPS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**", ast.LShift: "<<",
    ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.FloorDiv: "//", ast.MatMult: "@",
    ast.And: "and", ast.Or: "or", ast.Not: "not", ast.Invert: "~", ast.UAdd: "+", ast.USub: "-",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip

_MAX_INT = 2**63

#: Whether the function whose body is being read yields: one entry per enclosing function.
_yields: list[bool] = []

#: Of each enclosing function, the module first: names and attributes that it calls without `await`, last names of what
#: it calls with it, names it binds, attributes that it or a function inside it assigns.
_names_called: list[set[str]] = [set()]
_attributes_called: list[set[str]] = [set()]
_awaited: list[set[str]] = [set()]
_bound: list[set[str]] = [set()]
_assigned: list[set[str]] = [set()]


def extract(tree: ast.Module) -> list[f.Stmt]:
    """Facts of a module's statements.

    Offsets must fit into 16 bits (`clip_offsets`): positions are put together without a look, at every node.

    Raises:
        RecursionError: the tree is nested deeper than the interpreter allows.
    """
    _yields.clear()
    _names_called[:] = [set()]
    _attributes_called[:] = [set()]
    _awaited[:] = [set()]
    _bound[:] = [set()]
    _assigned[:] = [set()]
    return _block(tree.body)


def clip_offsets(tree: ast.Module) -> None:
    """Clip, in place, the offsets that are too large for a position: those of lines longer than 65,535 bytes."""
    for node in ast.walk(tree):
        if getattr(node, "col_offset", 0) > f.MAX_OFFSET:
            node.col_offset = f.MAX_OFFSET  # type: ignore[attr-defined]


def parse_expression(text: str) -> f.Expr | None:
    """An expression that is written in a string (a forward reference), or None where it is no expression."""
    if len(text) > f.MAX_OFFSET:
        return None
    try:
        return _expr(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _expr(node: ast.expr) -> f.Expr:
    return _EXPRESSIONS[node.__class__](node)


def _exprs(nodes: list[ast.expr]) -> list[f.Expr]:
    return [_EXPRESSIONS[n.__class__](n) for n in nodes]


def _optional(node: ast.expr | None) -> f.Expr | None:
    return None if node is None else _EXPRESSIONS[node.__class__](node)


def _block(nodes: list[ast.stmt]) -> list[f.Stmt]:
    return [_STATEMENTS[n.__class__](n) for n in nodes]


# --- expressions ---------------------------------------------------------------------------------------------------


def _constant(node: ast.Constant) -> f.Expr:
    value: Any = node.value
    kind = value.__class__
    if kind is str:
        try:
            value.encode()
        except UnicodeEncodeError:  # a lone surrogate, which no serialised text can hold
            return f.Opaque(node.lineno << 16 | node.col_offset, "other", [])
        return f.Const(node.lineno << 16 | node.col_offset, value)
    if value is None or kind is bool or kind is float:
        return f.Const(node.lineno << 16 | node.col_offset, value)
    if kind is int and -_MAX_INT <= value < _MAX_INT:
        return f.Const(node.lineno << 16 | node.col_offset, value)
    if kind is bytes:
        return f.Opaque(node.lineno << 16 | node.col_offset, "bytes", [])
    return f.Opaque(node.lineno << 16 | node.col_offset, "ellipsis" if value is ... else "number", [])


def _name(node: ast.Name) -> f.Expr:
    return f.Name(node.lineno << 16 | node.col_offset, node.id)


def _attribute(node: ast.Attribute) -> f.Expr:
    value = node.value
    return f.Attr(node.lineno << 16 | node.col_offset, _EXPRESSIONS[value.__class__](value), node.attr)


def _keywords(nodes: list[ast.keyword]) -> list[f.Keyword]:
    return [f.Keyword(k.lineno << 16 | k.col_offset, k.arg, _expr(k.value)) for k in nodes]


def _call(node: ast.Call) -> f.Expr:
    func = node.func
    kind = func.__class__
    if kind is ast.Attribute:
        _attributes_called[-1].add(func.attr)  # type: ignore[attr-defined]
    else:
        _names_called[-1].add(func.id if kind is ast.Name else f.UNNAMED)  # type: ignore[attr-defined]
    return _awaited_call(node)


def _awaited_call(node: ast.Call) -> f.Expr:
    func = node.func
    keywords = node.keywords
    return f.Call(
        node.lineno << 16 | node.col_offset,
        _EXPRESSIONS[func.__class__](func),
        _exprs(node.args),
        _keywords(keywords) if keywords else [],
    )


def _subscript(node: ast.Subscript) -> f.Expr:
    return f.Sub(node.lineno << 16 | node.col_offset, _expr(node.value), _expr(node.slice))


def _sequence(kind: str) -> Callable[[Any], f.Expr]:
    def convert(node: ast.List | ast.Tuple | ast.Set) -> f.Expr:
        return f.Seq(node.lineno << 16 | node.col_offset, kind, _exprs(node.elts))

    return convert


def _dict(node: ast.Dict) -> f.Expr:
    return f.Dict(node.lineno << 16 | node.col_offset, [_optional(k) for k in node.keys], _exprs(node.values))


def _fstring(node: ast.JoinedStr) -> f.Expr:
    return f.FString(node.lineno << 16 | node.col_offset, _exprs(node.values))


def _formatted(node: ast.FormattedValue) -> f.Expr:
    if node.conversion == -1 and node.format_spec is None:
        return _expr(node.value)
    inner = [_expr(node.value)]
    if isinstance(node.format_spec, ast.JoinedStr):
        inner += [_expr(v) for v in node.format_spec.values if not isinstance(v, ast.Constant)]
    return f.Opaque(node.value.lineno << 16 | node.value.col_offset, "other", inner)


def _binary(node: ast.BinOp) -> f.Expr:
    return f.Binary(node.lineno << 16 | node.col_offset, _OPS[node.op.__class__], _expr(node.left), _expr(node.right))


def _bool(node: ast.BoolOp) -> f.Expr:
    return f.Bool(node.lineno << 16 | node.col_offset, _OPS[node.op.__class__], _exprs(node.values))


def _compare(node: ast.Compare) -> f.Expr:
    return f.Compare(
        node.lineno << 16 | node.col_offset,
        _expr(node.left),
        [_OPS[o.__class__] for o in node.ops],
        _exprs(node.comparators),
    )


def _unary(node: ast.UnaryOp) -> f.Expr:
    operand = node.operand
    if isinstance(node.op, ast.USub) and isinstance(operand, ast.Constant):
        value: Any = operand.value
        if value.__class__ in (int, float) and value < _MAX_INT:
            return f.Const(node.lineno << 16 | node.col_offset, -value)
    return f.Unary(node.lineno << 16 | node.col_offset, _OPS[node.op.__class__], _expr(operand))


def _ifexp(node: ast.IfExp) -> f.Expr:
    return f.IfExp(node.lineno << 16 | node.col_offset, _expr(node.test), _expr(node.body), _expr(node.orelse))


def _lambda(node: ast.Lambda) -> f.Expr:
    _yields.append(False)
    made = f.Lambda(node.lineno << 16 | node.col_offset, _params(node.args), _expr(node.body))
    _yields.pop()
    return made


def _generators(nodes: list[ast.comprehension]) -> list[f.Generator]:
    return [
        f.Generator(
            g.target.lineno << 16 | g.target.col_offset, _expr(g.target), _expr(g.iter), _exprs(g.ifs), bool(g.is_async)
        )
        for g in nodes
    ]


def _comprehension(kind: str) -> Callable[[Any], f.Expr]:
    def convert(node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> f.Expr:
        return f.Comp(node.lineno << 16 | node.col_offset, kind, _expr(node.elt), None, _generators(node.generators))

    return convert


def _dict_comprehension(node: ast.DictComp) -> f.Expr:
    # Python 3.15 lets `**mapping` stand for the pair; there the value is absent.
    value = getattr(node, "value", None)
    return f.Comp(
        node.lineno << 16 | node.col_offset, "dict", _expr(node.key), _optional(value), _generators(node.generators)
    )


def _await(node: ast.Await) -> f.Expr:
    value = node.value
    if not isinstance(value, ast.Call):
        return f.Await(node.lineno << 16 | node.col_offset, _expr(value))
    func = value.func
    if isinstance(func, (ast.Name, ast.Attribute)):
        _awaited[-1].add(func.id if isinstance(func, ast.Name) else func.attr)
    return f.Await(node.lineno << 16 | node.col_offset, _awaited_call(value))


def _yield(node: ast.Yield) -> f.Expr:
    _mark_generator()
    return f.Yield(node.lineno << 16 | node.col_offset, _optional(node.value), False)


def _yield_from(node: ast.YieldFrom) -> f.Expr:
    _mark_generator()
    return f.Yield(node.lineno << 16 | node.col_offset, _expr(node.value), True)


def _mark_generator() -> None:
    if _yields:
        _yields[-1] = True


def _starred(node: ast.Starred) -> f.Expr:
    return f.Star(node.lineno << 16 | node.col_offset, _expr(node.value))


def _bind(target: ast.expr | None) -> None:
    """Remember the names that an assignment binds, and the attributes."""
    kind = target.__class__
    if kind is ast.Name:
        _bound[-1].add(target.id)  # type: ignore[union-attr]
    elif kind is ast.Attribute:
        _assigned[-1].add(target.attr)  # type: ignore[union-attr]
    elif kind is ast.Tuple or kind is ast.List:
        for item in target.elts:  # type: ignore[union-attr]
            _bind(item)


def _walrus(node: ast.NamedExpr) -> f.Expr:
    _bind(node.target)
    return f.Walrus(node.lineno << 16 | node.col_offset, _expr(node.target), _expr(node.value))


def _slice(node: ast.Slice) -> f.Expr:
    pos = node.lineno << 16 | node.col_offset
    parts = [f.Const(pos, None) if p is None else _expr(p) for p in (node.lower, node.upper, node.step)]
    return f.Opaque(pos, "slice", parts)


def _unknown_expression(node: ast.expr) -> f.Expr:
    """Grammar that is newer than this table (template strings): what is inside it still counts."""
    inner = [child for child in ast.walk(node) if isinstance(child, ast.expr) and child is not node]
    known = [child for child in inner if isinstance(child, (ast.Call, ast.Name, ast.Await))]
    return f.Opaque(node.lineno << 16 | node.col_offset, "other", [_expr(child) for child in known])


class _Table(dict[type, Callable[[Any], Any]]):
    """A dispatch table that answers for grammar of later Python versions too."""

    def __init__(self, entries: dict[type, Callable[[Any], Any]], default: Callable[[Any], Any]) -> None:
        super().__init__(entries)
        self._default = default

    def __missing__(self, key: type) -> Callable[[Any], Any]:
        return self._default


_EXPRESSIONS: dict[type, Callable[[Any], f.Expr]] = _Table(
    {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.Call: _call,
        ast.Subscript: _subscript,
        ast.List: _sequence("list"),
        ast.Tuple: _sequence("tuple"),
        ast.Set: _sequence("set"),
        ast.Dict: _dict,
        ast.JoinedStr: _fstring,
        ast.FormattedValue: _formatted,
        ast.BinOp: _binary,
        ast.BoolOp: _bool,
        ast.Compare: _compare,
        ast.UnaryOp: _unary,
        ast.IfExp: _ifexp,
        ast.Lambda: _lambda,
        ast.ListComp: _comprehension("list"),
        ast.SetComp: _comprehension("set"),
        ast.GeneratorExp: _comprehension("generator"),
        ast.DictComp: _dict_comprehension,
        ast.Await: _await,
        ast.Yield: _yield,
        ast.YieldFrom: _yield_from,
        ast.Starred: _starred,
        ast.NamedExpr: _walrus,
        ast.Slice: _slice,
    },
    _unknown_expression,
)


# --- statements ----------------------------------------------------------------------------------------------------


def _expr_stmt(node: ast.Expr) -> f.Stmt:
    return f.ExprStmt(node.lineno << 16 | node.col_offset, _expr(node.value))


def _assign(node: ast.Assign) -> f.Stmt:
    for target in node.targets:
        _bind(target)
    return f.Assign(node.lineno << 16 | node.col_offset, _exprs(node.targets), _expr(node.value))


def _ann_assign(node: ast.AnnAssign) -> f.Stmt:
    _bind(node.target)
    return f.AnnAssign(
        node.lineno << 16 | node.col_offset, _expr(node.target), _expr(node.annotation), _optional(node.value)
    )


def _aug_assign(node: ast.AugAssign) -> f.Stmt:
    _bind(node.target)
    return f.AugAssign(
        node.lineno << 16 | node.col_offset, _expr(node.target), _OPS[node.op.__class__], _expr(node.value)
    )


def _return(node: ast.Return) -> f.Stmt:
    return f.Return(node.lineno << 16 | node.col_offset, _optional(node.value))


def _raise(node: ast.Raise) -> f.Stmt:
    return f.Raise(node.lineno << 16 | node.col_offset, _optional(node.exc), _optional(node.cause))


def _if(node: ast.If) -> f.Stmt:
    return f.If(node.lineno << 16 | node.col_offset, _expr(node.test), _block(node.body), _block(node.orelse))


def _for(is_async: bool) -> Callable[[Any], f.Stmt]:
    def convert(node: ast.For | ast.AsyncFor) -> f.Stmt:
        _bind(node.target)
        body, orelse = _block(node.body), _block(node.orelse)
        return f.For(node.lineno << 16 | node.col_offset, _expr(node.target), _expr(node.iter), body, orelse, is_async)

    return convert


def _while(node: ast.While) -> f.Stmt:
    return f.While(node.lineno << 16 | node.col_offset, _expr(node.test), _block(node.body), _block(node.orelse))


def _with(is_async: bool) -> Callable[[Any], f.Stmt]:
    def convert(node: ast.With | ast.AsyncWith) -> f.Stmt:
        for item in node.items:
            _bind(item.optional_vars)
        items = [
            f.WithItem(
                i.context_expr.lineno << 16 | i.context_expr.col_offset,
                _expr(i.context_expr),
                _optional(i.optional_vars),
            )
            for i in node.items
        ]
        return f.With(node.lineno << 16 | node.col_offset, items, _block(node.body), is_async)

    return convert


def _try(node: Any) -> f.Stmt:
    handlers = [
        f.Handler(h.lineno << 16 | h.col_offset, _optional(h.type), h.name, _block(h.body)) for h in node.handlers
    ]
    return f.Try(
        node.lineno << 16 | node.col_offset, _block(node.body), handlers, _block(node.orelse), _block(node.finalbody)
    )


def _aliases(node: ast.Import | ast.ImportFrom) -> list[f.Alias]:
    _bound[-1].update(a.asname for a in node.names if a.asname)
    return [f.Alias(a.lineno << 16 | a.col_offset, a.name, a.asname) for a in node.names]


def _import(node: ast.Import) -> f.Stmt:
    return f.Import(node.lineno << 16 | node.col_offset, _aliases(node))


def _import_from(node: ast.ImportFrom) -> f.Stmt:
    return f.ImportFrom(node.lineno << 16 | node.col_offset, node.module or "", node.level, _aliases(node))


def _global(node: ast.Global) -> f.Stmt:
    return f.Global(node.lineno << 16 | node.col_offset, list(node.names), False)


def _nonlocal(node: ast.Nonlocal) -> f.Stmt:
    return f.Global(node.lineno << 16 | node.col_offset, list(node.names), True)


def _delete(node: ast.Delete) -> f.Stmt:
    return f.Delete(node.lineno << 16 | node.col_offset, _exprs(node.targets))


def _assert(node: ast.Assert) -> f.Stmt:
    return f.Assert(node.lineno << 16 | node.col_offset, _expr(node.test), _optional(node.msg))


def _match(node: ast.Match) -> f.Stmt:
    return f.Match(node.lineno << 16 | node.col_offset, _expr(node.subject), [_case(c) for c in node.cases])


def _case(node: ast.match_case) -> f.Case:
    names: list[str] = []
    values: list[f.Expr] = []
    places: dict[ast.pattern, int] = {}
    for child in ast.walk(node.pattern):
        if isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name:
            names.append(child.name)
        elif isinstance(child, ast.MatchMapping) and child.rest:
            names.append(child.rest)
        elif isinstance(child, ast.MatchValue):
            values.append(_expr(child.value))
        elif isinstance(child, ast.MatchClass):
            places[child] = len(values)
            values.append(_expr(child.cls))
    irrefutable = isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None and node.guard is None
    return f.Case(
        node.pattern.lineno << 16 | node.pattern.col_offset,
        names,
        values,
        _optional(node.guard),
        _block(node.body),
        irrefutable,
        _kinds(node.pattern, names, places) if places else {},
    )


def _kinds(pattern: ast.pattern, names: list[str], places: dict[ast.pattern, int]) -> dict[str, list[int]]:
    """`Case.kinds`: for `A() as x`, `A() | B()`, and inside of other patterns."""
    found: dict[str, list[list[int]]] = {}
    for child in ast.walk(pattern):
        if isinstance(child, ast.MatchAs) and child.name:
            found.setdefault(child.name, []).append(_classes(child, places))
    kinds = {f.SUBJECT: _classes(pattern, places)}
    for name, each in found.items():
        if all(each) and len(each) == names.count(name):
            kinds[name] = [place for classes in each for place in classes]
    return {name: classes for name, classes in kinds.items() if classes}


def _classes(pattern: ast.pattern, places: dict[ast.pattern, int]) -> list[int]:
    """The classes, as indexes, of one of which everything is that a pattern matches; empty where that is unknown."""
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
        return _classes(pattern.pattern, places)
    if isinstance(pattern, ast.MatchOr):
        each = [_classes(part, places) for part in pattern.patterns]
        return [place for part in each for place in part] if all(each) else []
    return [places[pattern]] if pattern in places else []


def _simple(word: str) -> Callable[[Any], f.Stmt]:
    def convert(node: ast.stmt) -> f.Stmt:
        return f.Simple(node.lineno << 16 | node.col_offset, word)

    return convert


def _params(args: ast.arguments) -> list[f.Param]:
    made: list[f.Param] = []
    positional = [(a, "pos") for a in args.posonlyargs] + [(a, "any") for a in args.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    for (arg, kind), default in zip(positional, missing + list(args.defaults), strict=True):
        made.append(
            f.Param(arg.lineno << 16 | arg.col_offset, arg.arg, _optional(arg.annotation), _optional(default), kind)
        )
    if args.vararg:
        made.append(
            f.Param(
                args.vararg.lineno << 16 | args.vararg.col_offset,
                args.vararg.arg,
                _optional(args.vararg.annotation),
                None,
                "args",
            )
        )
    for arg, kw_default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        made.append(
            f.Param(arg.lineno << 16 | arg.col_offset, arg.arg, _optional(arg.annotation), _optional(kw_default), "kw")
        )
    if args.kwarg:
        made.append(
            f.Param(
                args.kwarg.lineno << 16 | args.kwarg.col_offset,
                args.kwarg.arg,
                _optional(args.kwarg.annotation),
                None,
                "kwargs",
            )
        )
    return made


def _function(is_async: bool) -> Callable[[Any], f.Stmt]:
    def convert(node: ast.FunctionDef | ast.AsyncFunctionDef) -> f.Stmt:
        params = _params(node.args)
        decorators = _exprs(node.decorator_list)
        returns = _optional(node.returns)
        _bound[-1].add(node.name)
        _yields.append(False)
        _names_called.append(set())
        _attributes_called.append(set())
        _awaited.append(set())
        _bound.append({param.name for param in params})
        _assigned.append(set())
        code = f.encode_body(_block(node.body))
        is_generator = _yields.pop()
        calls = _calls(_names_called.pop(), _attributes_called.pop())
        awaits = sorted(_awaited.pop())
        _bound.pop()
        assigned = _assigned.pop()
        _assigned[-1] |= assigned
        end = node.end_lineno or node.lineno
        return f.Function(
            node.lineno << 16 | node.col_offset,
            node.name,
            params,
            decorators,
            returns,
            is_async,
            is_generator,
            end,
            calls,
            awaits,
            sorted(assigned),
            code,
        )

    return convert


def _calls(names: set[str], attributes: set[str]) -> list[str]:
    """`Function.calls`: a name that the function, or one around it, binds may be anything."""
    local = [name for name in names if any(name in bound for bound in _bound[1:])]
    if local:
        names.difference_update(local)
        names.add(f.UNNAMED)
    return sorted(names | attributes)


def _class(node: ast.ClassDef) -> f.Stmt:
    decorators = _exprs(node.decorator_list)
    bases, keywords = _exprs(node.bases), _keywords(node.keywords)
    type_params = [_type_param(p) for p in getattr(node, "type_params", ())]
    if type_params:
        at = type_params[0].pos
        bases.append(f.Sub(at, f.Name(at, f.TYPE_PARAMETERS), f.Seq(at, "tuple", type_params)))
    return f.Class(
        node.lineno << 16 | node.col_offset,
        node.name,
        bases,
        keywords,
        decorators,
        _block(node.body),
        node.end_lineno or node.lineno,
    )


def _type_param(node: Any) -> f.Expr:
    """`T`, or a slice for `T: Bound`."""
    pos = node.lineno << 16 | node.col_offset
    bound = getattr(node, "bound", None)
    name = f.Name(pos, node.name)
    return name if bound is None else f.Opaque(pos, "slice", [name, _expr(bound), f.Const(pos, None)])


def _type_alias(node: Any) -> f.Stmt:
    return f.Assign(node.lineno << 16 | node.col_offset, [_expr(node.name)], _expr(node.value))


def _unknown_statement(node: ast.stmt) -> f.Stmt:
    return f.Simple(node.lineno << 16 | node.col_offset, "pass")


_STATEMENTS: dict[type, Callable[[Any], f.Stmt]] = _Table(
    {
        ast.Expr: _expr_stmt,
        ast.Assign: _assign,
        ast.AnnAssign: _ann_assign,
        ast.AugAssign: _aug_assign,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.If: _if,
        ast.For: _for(False),
        ast.AsyncFor: _for(True),
        ast.While: _while,
        ast.With: _with(False),
        ast.AsyncWith: _with(True),
        ast.Try: _try,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Global: _global,
        ast.Nonlocal: _nonlocal,
        ast.Delete: _delete,
        ast.Assert: _assert,
        ast.Match: _match,
        ast.Pass: _simple("pass"),
        ast.Break: _simple("break"),
        ast.Continue: _simple("continue"),
        ast.FunctionDef: _function(False),
        ast.AsyncFunctionDef: _function(True),
        ast.ClassDef: _class,
    },
    _unknown_statement,
)
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _try
if hasattr(ast, "TypeAlias"):
    _STATEMENTS[ast.TypeAlias] = _type_alias
