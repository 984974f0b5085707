"""Only the statements that are too new for the running Python are lowered, and all others stay as they are."""

from __future__ import annotations

import pytest

from fastapi_guardrails.source import blocks

#: `ast` reads this on no interpreter; `_lower` gives it as something of the same width.
NEW = "try $"


def _lower(text: str) -> str:
    """Stands in for what brings newer syntax to older: here, `try $` becomes `try_()`."""
    compile(text.replace(NEW, "try_1"), "", "exec", dont_inherit=True)
    asked.append(text)
    return text.replace(NEW, "try_1")


asked: list[str] = []

MODULE = f'''
"""A text.

def not_code(): {NEW}
"""
import os

@first(
    1,
)
@second
def old():
    return 1

class Service(
    Base,
):
    """Of the class.

    try: {NEW}
    """

    name = """
    def not_code_either(): {NEW}
"""

    def old(self):
        pass

    @decorated
    async def new(self):
        {NEW}

    class Inner:
        x = 1
        def newer(self): {NEW}

if os.name == "nt":
    x = 1
else:
    x = 2  # the end
'''


def test_only_functions_that_are_too_new_are_lowered() -> None:
    asked.clear()
    code = MODULE.replace(f"(): {NEW}", "(): ...").replace(f"try: {NEW}", "try: ...")
    assert blocks.lowered(code, _lower) == code.replace(NEW, "try_1")
    assert [text.split() for text in asked] == [
        f"if 1: @decorated async def new(self): {NEW}".split(),
        f"if 1: def newer(self): {NEW}".split(),
    ]


def test_what_stands_in_a_text_is_no_statement() -> None:
    changed = blocks.lowered(MODULE, _lower)
    assert changed is not None
    before, after = MODULE.splitlines(), changed.splitlines()
    differing = [old.strip() for old, new in zip(before, after) if old != new]
    assert differing == [NEW, f"def newer(self): {NEW}"]


def test_the_header_of_a_class_is_lowered_by_itself() -> None:
    asked.clear()
    text = f"class A({NEW}):\n    x = 1\n    def f(self): ...\n    y = 2\n"
    assert blocks.lowered(text, _lower) == text.replace(NEW, "try_1")
    assert [text.split() for text in asked] == [f"class A({NEW}): pass".split()]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_keep_their_ends(end: str) -> None:
    text = f"x = 1\ndef f():\n\t{NEW}\n\ny = 2".replace("\n", end)
    assert blocks.lowered(text, _lower) == text.replace(NEW, "try_1")


@pytest.mark.parametrize(
    "text",
    [
        "x = (\n",
        f"def f(:\n    {NEW}\n",
        'x = """\ny = 1\n',
        f"class A:\n  def f(self):\n    {NEW}\n   x = 1\n",
    ],
)
def test_what_cannot_be_cut_is_left_to_others(text: str) -> None:
    assert blocks.lowered(text, _lower) is None
