"""Spans: from where something starts to the range that a person would mark."""

from __future__ import annotations

import ast

import pytest

from fastapi_guardrails.finding import Mark, Range
from fastapi_guardrails.source.loader import read_module
from fastapi_guardrails.source.spans import resolve
from fastapi_guardrails.source.stretches import around

KINDS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("def", "stmt"),
    ast.AsyncFunctionDef: ("def", "stmt"),
    ast.ClassDef: ("class", "stmt"),
    ast.ExceptHandler: ("except",),
    ast.arg: ("param",),
    ast.keyword: ("keyword",),
    ast.If: ("stmt",),
    ast.With: ("stmt",),
    ast.Try: ("stmt",),
    ast.Return: ("stmt",),
    ast.Assign: ("stmt",),
}


def _marked(text: str, kind: str) -> str:
    """What is marked of a text in which `¤` is where it starts."""
    before, _, after = text.partition("¤")
    line = before.count("\n") + 1
    offset = len(before.rpartition("\n")[2].encode())
    return _cut(before + after, resolve(before + after, Mark("a.py", line, offset, kind)))


def _cut(text: str, place: Range) -> str:
    lines = text.splitlines(keepends=True)
    taken = lines[place.line - 1 : place.end_line]
    taken[-1] = taken[-1][: place.end_column - 1]
    taken[0] = taken[0][place.column - 1 :]
    return "".join(taken)


@pytest.mark.parametrize(
    ("text", "kind", "marked"),
    [
        ("x = ¤f(a,\n  b) + 1\n", "expr", "f(a,\n  b) + 1"),
        ("x = ¤db.query(A).all()  # why\n", "expr", "db.query(A).all()"),
        ("s = 'é'; x = ¤f('ß')\n", "expr", "f('ß')"),
        ("from a import ¤b as c\n", "expr", "b as c"),
        ("¤return_ = 1; y = 2\n", "stmt", "return_ = 1"),
        ("def f():\n    ¤raise E(\n        1)\n", "stmt", "raise E(\n        1)"),
        ("¤if a and b(c):\n    x = 1\n", "stmt", "if a and b(c)"),
        ("¤try:\n    x = 1\nfinally:\n    y = 1\n", "stmt", "try"),
        ("async def f():\n    ¤async with a as b, c:\n        pass\n", "stmt", "async with a as b, c"),
        ("¤for x in y: pass\n", "stmt", "for x in y"),
        ("¤@app.get(\n    '/x',\n)\ndef f(): ...\n", "decorator", "@app.get(\n    '/x',\n)"),
        ("@¤app.get('/x')\ndef f(): ...\n", "decorator", "@app.get('/x')"),
        ("@a\n@  ¤b\nclass C: ...\n", "decorator", "@  b"),
        ("@a\n¤async   def  f(x): ...\n", "def", "async   def  f"),
        ("class C:\n    ¤def d(self): ...\n", "def", "def d"),
        ("¤class A(B):\n    pass\n", "class", "class A"),
        ("¤class \\\n    A(B):\n    pass\n", "class", "class \\\n    A"),
        ("def f(a, ¤b: int = 1): ...\n", "param", "b: int"),
        ("f(a, ¤b = 1)\n", "keyword", "b = 1"),
        ("f(a, ¤**b)\n", "keyword", "**b"),
        ("try:\n    a\n¤except (A, B) as e:\n    pass\n", "except", "except (A, B) as e"),
        ("try:\n    a\n¤except A:\n    pass\n", "except", "except A"),
        ("try:\n    a\n¤except:\n    pass\n", "except", "except"),
        ("try:\n    a\n¤except A, B:\n    pass\n", "except", "except A, B"),
        ("x = ¤1 + 2  \n", "line", "1 + 2"),
        ("x = y¤ \n", "line", ""),
        ("x = ¤nothing_of_that_kind()\n", "param", "nothing_of_that_kind()"),
        ("def f(¤:\n", "expr", ":"),
        ("x = 1\n¤y = 2\n", "file", "x = 1"),
    ],
)
def test_a_mark_becomes_the_range_of_its_kind(text: str, kind: str, marked: str) -> None:
    assert _marked(text, kind) == marked


@pytest.mark.parametrize(
    "text",
    [
        "if a:\n    x = f(\n        1)\nelif b(1):\n    y = 2\nelse:\n    z = g(3)  # why\n    # end\n",
        "class A(B):\n    'D'\n\n    @p(1)\n    async def f(a=b(2)):\n        await c(3); d(4)\n    x: A = e(5)\n",
        "try:\n    a(1)\nexcept (B, c(2)) as e:\n    d(3)\nelse:\n    f(4)\nfinally:\n    g(5)\n",
        "match a(1):\n    case [b, *c] if d(2):\n        e(3)\n    case _:\n        f(4)\n",
        "def f(): return a(1)\nfor x in b(2): c(3)\nwhile d(4): pass\n",
        "with a(1) as b, \\\n        c(2):\n\tx = '''\n# not a comment\n'''; y = d(3)\n",
        "if a:\n    x = '''\nelse:\n''' + f(1)\n    y = (g(2)\n)\n",
    ],
)
def test_less_than_the_file_is_parsed_for_the_same_range(text: str) -> None:
    module = read_module(text.encode())
    for node in ast.walk(ast.parse(text)):
        for kind in KINDS.get(type(node), ("expr",) if isinstance(node, ast.expr) else ()):
            mark = Mark("a.py", node.lineno, node.col_offset, kind)  # type: ignore[attr-defined]
            assert resolve(text, mark, around(module, mark.line)) == resolve(text, mark), ast.unparse(node)


def test_the_narrowest_stretch_is_a_statement_or_a_header() -> None:
    text = "import a\n\n\nclass A:\n    def f(self):\n        x = 1\n        y = 2\n\n\nz = 3\n"

    assert [tuple(s) for s in around(read_module(text.encode()), 6)] == [(6, 6, False), (5, 9, False), (4, 9, False)]
    assert [tuple(s) for s in around(read_module(text.encode()), 5)] == [(5, 5, True), (5, 9, False), (4, 9, False)]


def test_columns_count_characters_from_one() -> None:
    assert resolve("é = ß\n", Mark("a.py", 1, 5, "expr")) == Range("a.py", 1, 5, 1, 6)


def test_crlf_is_no_part_of_a_line() -> None:
    assert resolve("x = 1\r\ny = 2\r\n", Mark("a.py", 1, 4, "line")) == Range("a.py", 1, 5, 1, 6)


def test_a_mark_beyond_the_text_is_an_empty_range() -> None:
    assert resolve("", Mark("a.py", 1, 0, "file")) == Range("a.py", 1, 1, 1, 1)
    assert resolve("x\n", Mark("a.py", 9, 3, "expr")) == Range("a.py", 9, 1, 9, 1)
