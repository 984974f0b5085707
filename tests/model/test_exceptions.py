"""What leaves a function: raises, what catches them, and the arguments that decide."""

from __future__ import annotations

import pytest

from .asked import Asked, understand

ERRORS = """
# app/main.py
import asyncio
from contextlib import suppress

class Base(Exception): ...
class Lost(Base): ...
class Other(Exception): ...

def lose():
    raise Lost

async def lose_later():
    raise Lost

"""


def leaving(asked: Asked, function: str) -> list[str]:
    """Names of the classes that leave a function."""
    found = asked.project.exceptions.leaving(asked.function(function).value)
    return sorted({getattr(escape.cls, "name", "?") for escape in found})


def leaves(body: str) -> list[str]:
    return leaving(understand(ERRORS + body), "it")


@pytest.mark.parametrize(
    "handler",
    [
        "except Lost: pass",
        "except Base: pass",
        "except (KeyError, Base): pass",
        "except Exception: pass",
        "except: pass",
        "except unknown: pass",
        "except Base as e:\n        if isinstance(e, Other): raise",
        "except Base as e:\n        if e.code: raise",
        "finally: return 1",
    ],
)
def test_what_catches(handler: str) -> None:
    assert leaves(f"def it():\n    try:\n        lose()\n    {handler}\n") == []


@pytest.mark.parametrize(
    "handler",
    [
        "except Other: pass",
        "except Lost: raise",
        "except Lost as e: raise e",
        "except Lost as e: raise e.with_traceback(None)",
        "except Exception as e:\n        if isinstance(e, Other): return\n        raise",
        "except Exception as e:\n        if not isinstance(e, Base): return\n        else: raise",
        "finally: print()",
    ],
)
def test_what_does_not_catch(handler: str) -> None:
    assert leaves(f"def it():\n    try:\n        lose()\n    {handler}\n") == ["Lost"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("await lose_later()", ["Lost"]),
        ("lose_later()", []),
        ("asyncio.create_task(lose_later())", []),
        ("task = asyncio.create_task(lose_later())\n    await task", ["Lost"]),
        ("await asyncio.gather(lose_later())", ["Lost"]),
        ("await asyncio.gather(lose_later(), return_exceptions=True)", []),
        ("todo = [lose_later() for _ in '12']\n    await asyncio.gather(*todo, return_exceptions=True)", []),
        (
            "todo = [lose_later() for _ in '12']\n    for one in asyncio.as_completed(todo):\n        await one",
            ["Lost"],
        ),
        ("await asyncio.wait({asyncio.create_task(lose_later())})", []),
        ("later = lose_later()\n    with suppress(Lost):\n        await later", []),
        ("return lose_later()", ["Lost"]),
    ],
)
def test_where_a_coroutine_is_awaited(body: str, found: list[str]) -> None:
    assert leaves(f"async def it():\n    {body}\n") == found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("get(1)", []),
        ("get(1, True)", ["Lost"]),
        ("get(1, strict=False)", []),
        ("get(1, strict=given)", ["Lost"]),
        ("get(1, mode='strict')", ["Other"]),
        ("get('strict')", []),
    ],
)
def test_which_arguments_decide(call: str, found: list[str]) -> None:
    get = (
        "def get(key, strict=False, mode='loose'):\n    if strict:\n        raise Lost\n"
        "    if mode == 'strict':\n        raise Other\n"
    )
    assert leaves(f"{get}def it(given):\n    {call}\n") == found


def test_recursion_hides_nothing() -> None:
    asked = understand(
        ERRORS + "def even(n):\n    if n: raise Lost\n    odd(n)\ndef odd(n):\n    if n: raise Other\n    even(n)\n"
    )
    assert leaving(asked, "even") == ["Lost", "Other"]
    assert leaving(asked, "odd") == ["Lost", "Other"]
