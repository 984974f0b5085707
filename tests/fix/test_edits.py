"""Edits of calls, statements and imports: commas, comments and layout stay right."""

from __future__ import annotations

import ast

import pytest

from fastapi_guardrails.finding import Import, Mark
from fastapi_guardrails.fix import apply_edits
from fastapi_guardrails.syntax import call_at, class_at, import_edits, local_name, statement_at

PLACE = "f("


def call(text: str, name: str | None = None):  # type: ignore[no-untyped-def]
    at = text.index(PLACE)
    line = text.count("\n", 0, at) + 1
    offset = len(text[text.rfind("\n", 0, at) + 1 : at].encode())
    found = call_at(text, Mark("a.py", line, offset), name)
    assert found is not None
    return found


def edited(text: str, edits) -> str:  # type: ignore[no-untyped-def]
    new = apply_edits(text, edits)
    ast.parse(new)
    return new


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(k=1)"),
        ("f( )", "f(k=1 )"),
        ("f(\n)", "f(k=1\n)"),
        ("f(\n    # none\n)", "f(\n    # none\n    k=1,\n)"),
        ("f(a)", "f(a, k=1)"),
        ("f(a,)", "f(a, k=1)"),
        ("f(a, )", "f(a, k=1 )"),
        ("f(\n    a,\n    b,  # b\n)", "f(\n    a,\n    b,  # b\n    k=1,\n)"),
        ("f(\n    a,\n    b  # b\n)", "f(\n    a,\n    b,  # b\n    k=1\n)"),
        ("f(\n    a,\n    b\n)", "f(\n    a,\n    b,\n    k=1\n)"),
        ("f(a,\n  b)", "f(a,\n  b, k=1)"),
        ("f('a', dict(\n    a=1,\n))", "f('a', dict(\n    a=1,\n), k=1)"),
        ("f('a'\n  'b')", "f('a'\n  'b', k=1)"),
        ("f(x for x in y)", "f((x for x in y), k=1)"),
        ("f((yield))", "f((yield), k=1)"),
        ("f(*a, **b)", "f(*a, **b, k=1)"),
        ("f(k=(2))", "f(k=1)"),
        ("f(k=2, b=3)", "f(k=1, b=3)"),
        ("if x: f(a); g()", "if x: f(a, k=1); g()"),
        ("'é', f(a)", "'é', f(a, k=1)"),
        (
            "class A:\n    @f(a)\n    def g(self):\n        pass",
            "class A:\n    @f(a, k=1)\n    def g(self):\n        pass",
        ),
        ("if x:\n\tf(\n\t\ta,\n\t)", "if x:\n\tf(\n\t\ta,\n\t\tk=1,\n\t)"),
    ],
)
def test_a_keyword_is_given(before: str, after: str) -> None:
    if "yield" in before:
        before, after = f"def w():\n    {before}", f"def w():\n    {after}"
    assert edited(before + "\n", call(before + "\n").with_keyword("k", "1")) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(k=1)", "f()"),
        ("f(k=1,)", "f()"),
        ("f(a, k=1)", "f(a)"),
        ("f(a, k=1,)", "f(a,)"),
        ("f(k=1, b=2)", "f(b=2)"),
        ("f(\n    a,\n    k=1,  # why\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    k=1\n)", "f(\n    a,\n)"),
        ("f(\n    k=[\n        1,\n    ],\n    b=2,\n)", "f(\n    b=2,\n)"),
        ("f(a)", "f(a)"),
    ],
)
def test_a_keyword_is_taken_away(before: str, after: str) -> None:
    assert edited(before + "\n", call(before + "\n").without_keyword("k")) == after + "\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = f()", "x = await f()"),
        ("f().y", "(await f()).y"),
        ("f()[0]", "(await f())[0]"),
        ("f()()", "(await f())()"),
        ("(f()).y", "(await f()).y"),
        ("-f()", "-await f()"),
        ("x = f'{f()}'", "x = f'{await f()}'"),
        ("await f()", "await f()"),
    ],
)
def test_a_call_is_awaited(before: str, after: str) -> None:
    def body(statement: str) -> str:
        return f"async def main():\n    {statement}\n"

    assert edited(body(before), call(body(before), "f").awaited()) == body(after)


def test_methods_and_keywords_are_renamed() -> None:
    text = "x = (\n    a.f(b=1)\n)\n"
    found = call_at(text, Mark("a.py", 2, 4), "f")
    assert found is not None
    assert edited(text, [*found.rename_method("g"), *found.rename_keyword("b", "c")]) == "x = (\n    a.g(c=1)\n)\n"


def test_a_nested_class_is_replaced_and_removed() -> None:
    text = "class A:\n    x: int\n\n    class Config:\n        orm_mode = True\n\n    y: int\n"
    found = class_at(text, Mark("a.py", 4, 4, "class"))
    assert found is not None
    syntax, node = found
    replaced = edited(text, [syntax.replace(node, "model_config = Config(\n    a=1,\n)")])
    assert "    model_config = Config(\n        a=1,\n    )\n\n    y: int\n" in replaced
    assert edited(text, [syntax.remove_statement(node)]) == "class A:\n    x: int\n\n\n    y: int\n"


@pytest.mark.parametrize(
    ("text", "line", "offset", "after"),
    [
        ("class A:\n    x = 1\n", 2, 4, "class A:\n    pass\n"),
        ("class A:\n    x = 1; y = 2\n", 2, 4, "class A:\n    y = 2\n"),
        ("class A:\n    x = 1; y = 2\n", 2, 11, "class A:\n    x = 1\n"),
        ("x = 1\ny = 2\n", 1, 0, "y = 2\n"),
        ("x = 1\ny = 2", 2, 0, "x = 1\n"),
        ("class A:\n    x = 1\n    y = 2  # y\n", 3, 4, "class A:\n    x = 1\n"),
    ],
)
def test_a_statement_is_removed(text: str, line: int, offset: int, after: str) -> None:
    found = statement_at(text, Mark("a.py", line, offset, "stmt"))
    assert found is not None
    assert edited(text, [found[0].remove_statement(found[1])]) == after


A, C = Import("a.py", "asyncio"), Import("a.py", "pydantic", "ConfigDict")


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("x = 1\n", [A], "import asyncio\n\nx = 1\n"),
        ('"""doc"""\n\nx = 1\n', [A], '"""doc"""\n\nimport asyncio\n\nx = 1\n'),
        (
            "#!/usr/bin/python\n# coding: utf-8\nx = 1\n",
            [A],
            "#!/usr/bin/python\n# coding: utf-8\nimport asyncio\n\nx = 1\n",
        ),
        (
            "from __future__ import annotations\n\nfrom fastapi import A\n",
            [A],
            "from __future__ import annotations\n\nimport asyncio\n\nfrom fastapi import A\n",
        ),
        ("import abc\nimport os\n", [A], "import abc\nimport asyncio\nimport os\n"),
        ("import asyncio\n", [A], "import asyncio\n"),
        ("import asyncio\n", [A, A], "import asyncio\n"),
        ("from pydantic import BaseModel\n", [C, C], "from pydantic import BaseModel, ConfigDict\n"),
        ("from pydantic import BaseModel, Field\n", [C], "from pydantic import BaseModel, ConfigDict, Field\n"),
        ("from pydantic import ConfigDict\n", [C], "from pydantic import ConfigDict\n"),
        (
            "from pydantic import (\n    BaseModel,  # b\n    Field,  # f\n)\n",
            [C],
            "from pydantic import (\n    BaseModel,  # b\n    ConfigDict,\n    Field,  # f\n)\n",
        ),
        (
            "from pydantic import (\n    BaseModel,  # b\n)\n",
            [C],
            "from pydantic import (\n    BaseModel,  # b\n    ConfigDict,\n)\n",
        ),
        ("from pydantic import \\\n    BaseModel\n", [C], "from pydantic import \\\n    BaseModel, ConfigDict\n"),
        ("from pydantic import *\n", [C], "from pydantic import *\nfrom pydantic import ConfigDict\n"),
        ("import os\n\nx = 1\nimport sys\n", [C], "import os\nfrom pydantic import ConfigDict\n\nx = 1\nimport sys\n"),
        ("from .a import b\n", [C], "from .a import b\nfrom pydantic import ConfigDict\n"),
    ],
)
def test_an_import_is_added_once_and_in_place(before: str, wanted: list[Import], after: str) -> None:
    edits = import_edits(before, "a.py", wanted)
    assert edits is not None
    assert edited(before, edits) == after


@pytest.mark.parametrize(
    "text", ["asyncio = 1\n", "def asyncio(): ...\n", "def f(asyncio): ...\n", "import x as asyncio\n"]
)
def test_an_import_that_would_mean_something_else_is_refused(text: str) -> None:
    assert import_edits(text, "a.py", [A]) is None


def test_local_names_follow_aliases() -> None:
    assert local_name("from pydantic import ConfigDict as CD\n", "pydantic", "ConfigDict") == "CD"
    assert local_name("import pydantic as p\n", "pydantic", "ConfigDict") == "p.ConfigDict"
    assert (
        local_name("from fastapi import status as st\n", "fastapi.status", "HTTP_201_CREATED") == "st.HTTP_201_CREATED"
    )
    assert local_name("import os\n", "pydantic", "ConfigDict") is None


def test_nothing_is_edited_where_nothing_can_be_parsed() -> None:
    assert call_at("f(((\n", Mark("a.py", 1, 0)) is None
    assert import_edits("f(((\n", "a.py", [A]) is None
