"""Parameters that do not say what they are: what calls, callers and the makers of an object bring for them."""

from __future__ import annotations

import pytest

from .asked import Asked, hits, understand

CLIENTS = """
# app/clients.py
import time
from typing import Any
class Client:
    def wait(self):
        time.sleep(1)
class AsyncClient:
    async def wait(self): ...
"""

HEAD = """
# app/main.py
from functools import partial
from typing import Any
from fastapi import Depends, FastAPI
from app.clients import AsyncClient, Client
"""


def ask(code: str) -> Asked:
    return understand(f"{CLIENTS}\n{HEAD}\n{code}")


# --- arguments of a call -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        ("def use(client): client.wait()", "use(Client())"),
        ("def use(n, client): client.wait()", "use(1, client=Client())"),
        ("def use(*, client=None): client.wait()", "use(client=Client())"),
        ("def use(client: Any): client.wait()", "use(Client())"),
        ("def use(client):\n    inner(client)\ndef inner(given): given.wait()", "use(Client())"),
        ("class Tool:\n    def use(self, client): client.wait()", "Tool().use(Client())"),
        ("class Tool:\n    @staticmethod\n    def use(client): client.wait()", "Tool.use(Client())"),
        ("class Tool:\n    @classmethod\n    def use(cls, client): client.wait()", "Tool.use(Client())"),
        ("class Tool:\n    def __init__(self, client): client.wait()", "Tool(Client())"),
        ("def same(client): return client", "same(Client()).wait()"),
        ("class Tool:\n    def __init__(self, client): self.client = client", "Tool(Client()).client.wait()"),
        (
            "class Tool:\n    def __init__(self, client): self.client = client\ndef make(client): return Tool(client)",
            "make(Client()).client.wait()",
        ),
        ("def use(*clients): clients[0].wait()", "use(Client())"),
        ("def use(**clients): clients['one'].wait()", "use(one=Client())"),
        ("def pair(client): return client, 1", "client, n = pair(Client())\n    client.wait()"),
        ("def stream(client): yield client", "for client in stream(Client()):\n        client.wait()"),
        (
            "def traced(function):\n"
            "    def wrapper(*args, **kwargs):\n"
            "        return function(*args, **kwargs)\n"
            "    return wrapper\n"
            "@traced\n"
            "def use(n, client): client.wait()",
            "use(1, client=Client())",
        ),
    ],
)
def test_an_object_is_followed_into_a_parameter_without_annotation(helper: str, call: str) -> None:
    asked = ask(f"{helper}\nasync def read():\n    {call}")
    assert [hit.what for hit in hits(asked, "read")] == ["sleep"]


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        ("def use(client): client.wait()", "use(AsyncClient())"),
        ("def use(client): client.wait()", "use(unknown())"),
        ("def use(client: AsyncClient): client.wait()", "use(Client())"),
        ("def use(client): client.wait()", "partial(use, Client())"),
        ("def use(client): client.wait()", "use(Client() if unknown() else AsyncClient())"),
        ("class Tool:\n    def use(self, client): client.wait()", "Tool.use(Client(), AsyncClient())"),
        ("def use(client, n):\n    use(client, n)", "use(Client(), 1)"),
    ],
)
def test_nothing_is_said_of_other_objects_and_of_what_cannot_be_followed(helper: str, call: str) -> None:
    assert not hits(ask(f"{helper}\nasync def read():\n    {call}"), "read")


def test_each_call_is_followed_with_its_own_object() -> None:
    code = "def use(client): client.wait()\nasync def a():\n    use(Client())\nasync def b():\n    use(AsyncClient())"
    asked = ask(code)
    assert hits(asked, "a")
    assert not hits(asked, "b")


def test_each_object_is_followed_with_what_it_was_made_with() -> None:
    asked = ask("""
class Tool:
    def __init__(self, client): self.client = client
    def run(self): self.client.wait()
async def a():
    Tool(Client()).run()
async def b():
    Tool(AsyncClient()).run()
""")
    for first, second in ("ab", "ba"):
        found = {name: bool(hits(asked, name)) for name in (first, second)}
        assert found == {"a": True, "b": False}


@pytest.mark.parametrize(
    ("mapping", "call", "waits"),
    [
        ("{'a': use}", "HANDLERS[key](Client())", True),
        ("{'a': skip, 'b': use}", "HANDLERS.get(key)(Client())", True),
        ("{'a': Tool(), 'b': Quiet()}", "HANDLERS[key].use(Client())", True),
        ("{'a': Tool}", "HANDLERS.get(key, Quiet)().use(Client())", True),
        ("{'a': use}", "HANDLERS['b'](Client())", False),
        ("{'a': skip}", "HANDLERS[key](Client())", False),
        ("{'a': use, 'b': unknown()}", "HANDLERS[key](Client())", False),
    ],
)
def test_any_of_the_functions_of_a_mapping_may_be_called(mapping: str, call: str, waits: bool) -> None:
    asked = ask(f"""
def use(client): client.wait()
def skip(client): ...
class Tool:
    def use(self, client): client.wait()
class Quiet:
    def use(self, client): ...
HANDLERS = {mapping}
async def read(key: str):
    {call}
""")
    assert bool(hits(asked, "read")) is waits


# --- callers of async functions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caller",
    [
        "async def read():\n    await use(Client())",
        "async def read():\n    asyncio.create_task(use(Client()))",
        "async def read():\n    await between(Client())\nasync def between(client):\n    await use(client)",
        "async def read():\n    await use(AsyncClient())\nasync def other():\n    await use(Client())",
        "async def read(client: Client = Depends()):\n    return await use(client)",
    ],
)
def test_an_async_function_waits_with_what_its_callers_bring(caller: str) -> None:
    asked = ask(f"import asyncio\nasync def use(client):\n    client.wait()\n{caller}")
    assert [hit.what for hit in hits(asked, "use")] == ["sleep"]


@pytest.mark.parametrize(
    "caller",
    [
        "async def read():\n    await use(AsyncClient())",
        "async def read(client):\n    await use(client)",
        "async def read():\n    await other.use(Client())",
    ],
)
def test_an_async_function_that_gets_nothing_to_wait_for_does_not_wait(caller: str) -> None:
    assert not hits(ask(f"async def use(client):\n    client.wait()\n{caller}"), "use")


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        ("def run(work): return work()", "run(lambda: Client().wait())"),
        ("def run(work: Callable[[], T], times: int = 3) -> T:\n    return work()", "run(lambda: Client().wait())"),
        ("def run(work: Callable[[], T]) -> T: return work()", "run(Client().wait)"),
        ("def run(work): return work(Client())", "run(lambda client: client.wait())"),
        ("pause = lambda: Client().wait()", "pause()"),
        ("KINDS = {'a': lambda: Client().wait()}", "KINDS['a']()"),
        ("def make(): return lambda: Client().wait()", "make()()"),
        ("class Tool:\n    def __init__(self): self.run = lambda: Client().wait()\ntool = Tool()", "tool.run()"),
    ],
)
def test_a_lambda_runs_where_it_is_called(helper: str, call: str) -> None:
    asked = ask(f"from collections.abc import Callable\n{helper}\nasync def read():\n    {call}")
    assert [hit.what for hit in hits(asked, "read")] == ["sleep"]


@pytest.mark.parametrize("given", ["lambda: Client().wait()", "Client().wait"])
def test_an_async_function_calls_what_its_callers_bring(given: str) -> None:
    asked = ask(f"async def run(work):\n    work()\nasync def read():\n    await run({given})")
    assert [hit.what for hit in hits(asked, "run")] == ["sleep"]


@pytest.mark.parametrize(
    ("helper", "call"),
    [
        ("def run(work): return asyncio.to_thread(work)", "await run(lambda: Client().wait())"),
        (
            "def run(work):\n    def inner(): return work()\n    return asyncio.to_thread(inner)",
            "await run(lambda: Client().wait())",
        ),
        ("def run(work): return work()", "await run(lambda: AsyncClient().wait())"),
        ("def keep(work): WORK.append(work)", "keep(lambda: Client().wait())"),
    ],
)
def test_a_lambda_that_is_handed_on_does_not_run(helper: str, call: str) -> None:
    assert not hits(ask(f"import asyncio\nWORK = []\n{helper}\nasync def read():\n    {call}"), "read")


def test_a_partial_says_nothing_of_the_parameters_that_it_fills() -> None:
    asked = ask("""
import asyncio
async def use(client, other):
    client.wait()
async def read():
    asyncio.create_task(partial(use, AsyncClient())(Client()))
""")
    assert not hits(asked, "use")


def test_functions_that_hand_on_to_each_other_end() -> None:
    asked = ask("""
async def a(client):
    client.wait()
    await b(client)
async def b(client):
    client.wait()
    await a(client)
""")
    assert not hits(asked, "a")


# --- makers of objects ---------------------------------------------------------------------------------------------

TOOL = """
class Tool:
    def __init__(self, client, n=1):
        self.client = client
        self.n = n
    def run(self): self.client.wait()
"""


@pytest.mark.parametrize(
    "makers",
    [
        "def make(): return Tool(Client())",
        "def make(client: Client): return Tool(client, 2)",
        "tool = Tool(Client())",
        "class Special(Tool): ...\ndef make(): return Special(Client())",
        "def make(): return Tool(Client())\ndef again(): return Tool(None)",
        "class Box:\n    def __init__(self, client):\n        self.tool = Tool(client)\nbox = Box(Client())",
        "class Box:\n    def __init__(self, c):\n        self.c = c\n    def make(self): return Tool(self.c)\n"
        "def make(): return Box(Client())",
        "def outer():\n    def make(): return Tool(Client())\n    return make",
        "T = Tool\ndef make(): return T(Client())",
        "def make(): return partial(Tool, Client())()",
        "class Special(Tool):\n    @classmethod\n    def make(cls): return cls(Client())",
    ],
)
def test_an_object_has_what_all_calls_of_its_class_bring(makers: str) -> None:
    asked = ask(f"{TOOL}\n{makers}\nasync def read(tool: Tool):\n    x = tool.client\n    tool.run()")
    assert asked.local("read", "x") == "Client"
    assert hits(asked, "read")


@pytest.mark.parametrize(
    "makers",
    [
        "",
        "def make(client): return Tool(client)",
        "def make(): return Tool(Client())\ndef other(client): return Tool(client)",
        "def make(): return Tool(Client())\ndef other(): return Tool(AsyncClient())",
        "def make(): return Tool(Client())\ndef other(): return Tool('name')",
        "def make(given): return Tool(*given)\ndef other(): return Tool(Client())",
        *(
            f"def make(): return Tool(Client())\n{other}"
            for other in (
                "T = Tool\ndef other(): return T(AsyncClient())",
                "KINDS = {'a': Tool}\ndef other(key): return KINDS[key](AsyncClient())",
                "MAKE = partial(Tool, AsyncClient())\ndef other(): return MAKE()",
                "class Special(Tool):\n    @classmethod\n    def new(cls): return cls(AsyncClient())",
                "class Special(Tool):\n    def copy(self): return type(self)(AsyncClient())",
                "class Special(Tool):\n    def __init__(self): super().__init__(AsyncClient())",
                "def build(kind): return kind(AsyncClient())\ndef other(): return build(Tool)",
                "def other(): return unknown(Tool)",
            )
        ),
    ],
)
def test_nothing_is_said_of_objects_that_are_made_with_different_things(makers: str) -> None:
    asked = ask(f"{TOOL}\n{makers}\nasync def read(tool: Tool):\n    tool.run()")
    assert not hits(asked, "read")


@pytest.mark.parametrize("client", ["Client", "AsyncClient"])
def test_calls_by_another_name_count(client: str) -> None:
    asked = understand(f"""
{CLIENTS}
# app/tools.py
{TOOL}
# app/main.py
from app.clients import AsyncClient, Client
from app.tools import Tool as T
from app.uses import use as u
def make(): return T({client}())
async def wait(tool: T):
    tool.run()
async def read():
    await u({client}())
# app/uses.py
async def use(client):
    client.wait()
""")
    assert bool(hits(asked, "wait")) is (client == "Client")
    assert bool(hits(asked, "use")) is (client == "Client")


def test_what_an_object_has_does_not_depend_on_what_is_asked_first() -> None:
    code = """
class A:
    def __init__(self, b): self.b = b
    def make(self): return B(self.b.a)
class B:
    def __init__(self, a): self.a = a
    def make(self): return A(B(Client()))
async def first(a: A):
    x = a.b
async def second(b: B):
    x = b.a
"""
    answers = []
    for order in (("first", "second"), ("second", "first")):
        asked = ask(code)
        answers.append({name: asked.local(name, "x") for name in order})
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("initializer", "makers"),
    [
        ("def __init__(self, c):\n        super().__init__(c)", "def make(): return Special(Client())"),
        ("def __init__(self):\n        super().__init__(Client())", ""),
        ("def __init__(self):\n        Tool.__init__(self, client=Client())", ""),
        ("def __init__(self, c, n):\n        super().__init__(c, n)", "special = Special(Client(), 2)"),
    ],
)
def test_an_object_has_what_its_class_gives_to_the_base(initializer: str, makers: str) -> None:
    asked = ask(f"""{TOOL}
class Special(Tool):
    {initializer}
{makers}
async def read(tool: Special):
    x = tool.client
    tool.run()
""")
    assert asked.local("read", "x") == "Client"
    assert hits(asked, "read")


@pytest.mark.parametrize(
    ("call", "type_"),
    [("Repo(User)", "User"), ("UserRepo()", "User"), ("find(User)", "User"), ("find(key)", "?")],
)
def test_a_class_is_followed_like_an_object(call: str, type_: str) -> None:
    asked = ask(f"""
class User: ...
class Repo:
    def __init__(self, model): self.model = model
    def make(self): return self.model()
class UserRepo(Repo):
    def __init__(self): super().__init__(User)
class Found:
    def __init__(self, model): self.made = model()
    def make(self): return self.made
def find(model): return Found(model)
def read(key):
    x = {call}.make()
""")
    assert asked.local("read", "x") == type_


def test_a_function_is_followed_like_an_object() -> None:
    asked = ask("""
def again(function, client): return function(client)
def use(client): client.wait()
def skip(client): ...
async def a():
    again(use, Client())
async def b():
    again(skip, Client())
async def c(client: Client):
    again(client.wait, 1)
""")
    assert [bool(hits(asked, name)) for name in "abc"] == [True, False, True]
