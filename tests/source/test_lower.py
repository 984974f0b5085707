"""Newer syntax: on every interpreter the same facts, at the same lines."""

from __future__ import annotations

import ast
import sys

import pytest

from fastapi_guardrails.source import facts as f
from fastapi_guardrails.source.loader import read_module

_OLDER_THAN_312 = pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads it by itself")


def _body(text: str) -> list[f.Stmt]:
    module = read_module(text.encode())
    assert module.error is None, module.error
    return module.body


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Line and offset of every name that is used in a module's facts, which must be read without error."""
    found: dict[str, tuple[int, int]] = {}

    def walk(value: object) -> None:
        if isinstance(value, f.Name):
            found.setdefault(value.id, (f.line_of(value.pos), f.offset_of(value.pos)))
        if isinstance(value, f.Function):
            walk(value.body)
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, f.Node):
            for field in value.__struct_fields__:
                walk(getattr(value, field))

    walk(_body(text))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    a()\nexcept ¤X, ¤Y:\n    ¤b()\n",
        "try:\n    a()\nexcept ¤m.X,¤Y, :\n    ¤b()\n",
        "try:\n    a()\nexcept* ¤X, ¤Y:\n    ¤b()\n",
        "def f[T: int = str, *Ts, **P](x: ¤T) -> ¤Z:\n    return ¤x\n",
        "async def f[\n    T,  # why\n\n](x: ¤Y):\n    return ¤x\n",
        "class A[T](¤Base, metaclass=Meta):\n    x = ¤y\n",
        "class A[T]:\n    x = ¤y\n",
        "class A[T](¤B, (¤C)): pass\n",
        "class A[T](*(¤B, ¤C)):\n    x = ¤y\n",
        "def f(*args: *¤Ts) -> ¤Z: ...\n",
        "class A[\n    T,\n](\n    ¤Base,\n):\n    x = ¤y\n",
        "type X[T] = list[¤Item]\n",
        "x = ¤a[*¤b]\n",
        'x = f"{¤d["k"]}"\nz = ¤y\n',
        'x = f"{f"{¤n}"}"\ny = ¤z\n',
        'x = f"{\n    a  # why\n}"\ny = ¤z\n',
        "x = f'{\"\\n\".join(names)}'\ny = ¤z\n",
        "x = f'{a['\"']}'\ny = ¤z\n",
        't"{¤a} and {¤b}"\ny = ¤z\n',
        "x = f'{a['b']!s  }'\ny = ¤z\n",
        "x = [*¤a for a in ¤b], {*¤c for c in d}, f(*¤e for e in g)\n",
        "x = {**a for a in b}\ny = ¤z\n",
        "if x:\n    lazy import a.b as c\n    lazy from d import e\n    ¤y()\n",
        "with (a as b, ¤c as d):\n    ¤e()\n",
    ],
)
def test_names_are_where_they_are_written(text: str) -> None:
    clean, expected, line, offset = "", [], 1, 0
    for char in text:
        if char == "¤":
            expected.append((line, offset))
            continue
        clean += char
        line, offset = (line + 1, 0) if char == "\n" else (line, offset + 1)
    places = set(_places(clean).values())
    assert set(expected) <= places


def test_a_generic_class_keeps_its_parameters_as_a_base() -> None:
    (made,) = _body("class Page[T, U](Base):\n    pass\n")
    assert isinstance(made, f.Class)
    generic = made.bases[-1]
    assert isinstance(generic, f.Sub)
    assert isinstance(generic.value, f.Name)
    assert isinstance(generic.index, f.Seq)
    assert generic.value.id == f.TYPE_PARAMETERS
    assert [item.id for item in generic.index.items if isinstance(item, f.Name)] == ["T", "U"]


def test_type_parameters_keep_what_bounds_them() -> None:
    (made,) = _body("class Page[T: Base, *Ts, U: (A,\n    B), **P]:\n    pass\n")
    assert isinstance(made, f.Class)
    generic = made.bases[-1]
    assert isinstance(generic, f.Sub)
    assert isinstance(generic.index, f.Seq)
    first, rest, second, params = generic.index.items
    assert isinstance(first, f.Opaque)
    assert [item.id for item in first.items if isinstance(item, f.Name)] == ["T", "Base"]
    assert isinstance(rest, f.Name)
    assert isinstance(second, f.Opaque)
    assert isinstance(second.items[1], f.Seq)
    assert [item.id for item in second.items[1].items if isinstance(item, f.Name)] == ["A", "B"]
    assert isinstance(params, f.Name)


def test_an_except_clause_without_parentheses_names_both_types() -> None:
    (made,) = _body("try:\n    a()\nexcept A, B:\n    pass\n")
    assert isinstance(made, f.Try)
    assert isinstance(made.handlers[0].type, f.Seq)
    assert [item.id for item in made.handlers[0].type.items if isinstance(item, f.Name)] == ["A", "B"]


def test_a_type_alias_is_an_assignment() -> None:
    (made,) = _body("type Users = list[User]\n")
    assert isinstance(made, f.Assign)
    assert isinstance(made.targets[0], f.Name)
    assert made.targets[0].id == "Users"


@_OLDER_THAN_312
def test_an_fstring_that_reuses_its_quotes_keeps_its_parts() -> None:
    (made,) = _body('x = f"/users/{d["id"]}/items"\n')
    assert isinstance(made, f.Assign)
    assert isinstance(made.value, f.FString)
    first, key, last = made.value.parts
    assert isinstance(first, f.Const)
    assert first.value == "/users/"
    assert isinstance(key, f.Sub)
    assert isinstance(key.index, f.Const)
    assert key.index.value == "id"
    assert isinstance(last, f.Const)
    assert last.value == "/items"


def test_lines_below_are_kept_whatever_was_lowered() -> None:
    text = 'x = f"{\n    a\n    # why\n}"\nclass A[\n  T\n]: pass\ndef last(): pass\n'
    assert _body(text)[-1].pos >> 16 == 8


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\ny = (\n", 2, "never closed"),
        ("def f(:\n", 1, "invalid syntax"),
        ("try:\n    a()\nexcept A, B:\n    pass\n\nx = = 1\n", 6, "invalid syntax"),
        ("type X = int\nx = [1,\n2\ny = 3\n", 2, "never closed"),
        ("try:\n    a()\nexcept A, B:\n    pass\ndef f(:\n    pass\n", 5, "invalid syntax"),
        ("x = 1\n  y = 2\n", 2, "unexpected indent"),
    ],
)
def test_what_nobody_reads_is_an_error_at_its_line(text: str, line: int, message: str) -> None:
    error = read_module(text.encode()).error
    assert error is not None
    assert error.line == line
    assert message in error.message


@pytest.mark.parametrize(
    "text", ["(" * 400 + ")" * 400, "-" * 50_000 + "1", "not " * 30_000 + "1\n$", "[" * 190 + "]" * 190 + "\n$"]
)
def test_nesting_that_no_parser_bears_is_an_error_of_that_file(text: str) -> None:
    assert read_module(text.encode()).error is not None


def test_a_long_chain_of_operators_is_pruned_and_the_rest_read() -> None:
    module = read_module(("x = " + " + ".join(["a"] * 600) + "\ndef f(): return 1\n").encode())
    assert module.error is None
    assert isinstance(module.body[1], f.Function)


def test_the_source_of_this_test_reads_as_ast_reads_it() -> None:
    with open(__file__, "rb") as stream:
        data = stream.read()
    assert [s.pos >> 16 for s in read_module(data).body] == [s.lineno for s in ast.parse(data).body]
