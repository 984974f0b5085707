"""What an app keeps for its requests: `app.state`, `request.state`, attributes of the app."""

from __future__ import annotations

import pytest

from .asked import understand

HEAD = """
# app/db.py
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker
engine = create_engine("sqlite://")
Maker = sessionmaker(engine)
class Client:
    def ping(self) -> bool: ...
# app/main.py
from contextlib import asynccontextmanager
from typing import TypedDict
from fastapi import FastAPI, Request, WebSocket
from starlette.middleware.base import BaseHTTPMiddleware
from app.db import AsyncSession, Client, Maker, Session, engine
"""


def answer(code: str, expression: str, parameter: str = "request: Request") -> str:
    """What an expression is in a function with a parameter."""
    return understand(f"{HEAD}\n{code}\ndef read({parameter}):\n    x = {expression}\n").local("read", "x")


LIFESPAN = """
@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.client = Client()
    app.state.maker = Maker
    app.extra_client = Client()
    yield {"maker": Maker, "client": Client()}
app = FastAPI(lifespan=lifespan)
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("request.app.state.client", "Client"),
        ("request.app.state.maker()", "sqlalchemy.orm.Session"),
        ("request.state.client", "Client"),
        ("request.state.maker()", "sqlalchemy.orm.Session"),
        ("app.state.client", "Client"),
        ("request.app.extra_client", "Client"),
        ("request.app.state.missing", "?"),
        ("request.state.missing", "?"),
    ],
)
def test_what_the_start_leaves_is_there_in_requests(expression: str, expected: str) -> None:
    assert answer(LIFESPAN, expression) == expected


def test_websockets_have_it_too() -> None:
    assert answer(LIFESPAN, "socket.app.state.client", "socket: WebSocket") == "Client"
    assert answer(LIFESPAN, "socket.state.client", "socket: WebSocket") == "Client"


MIDDLEWARE = """
app = FastAPI()
@app.middleware("http")
async def open_session(request: Request, call_next):
    with Maker() as db:
        request.state.db = db
        return await call_next(request)
"""


def test_a_middleware_fills_the_state_of_the_request_and_not_of_the_app() -> None:
    assert answer(MIDDLEWARE, "request.state.db") == "sqlalchemy.orm.Session"
    assert answer(MIDDLEWARE, "request.app.state.db") == "?"


def test_a_parameter_without_a_type_goes_by_its_usual_name() -> None:
    middleware = """
class Sessions(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        request.state.db = Maker()
        return await call_next(request)
app = FastAPI()
app.add_middleware(Sessions)
"""
    assert answer(middleware, "request.state.db") == "sqlalchemy.orm.Session"
    assert answer(middleware.replace("request", "something"), "request.state.db") == "sqlalchemy.orm.Session"


def test_states_of_other_things_are_left_alone() -> None:
    code = """
class Machine:
    def __init__(self) -> None:
        self.state = Holder()
    def begin(self) -> None:
        self.state.db = Maker()
class Holder: ...
"""
    assert answer(MIDDLEWARE.replace("db = db", "other = db") + code, "request.state.db") == "?"
    assert answer(MIDDLEWARE + code, "request.state.db") == "sqlalchemy.orm.Session"


def test_several_functions_may_fill_it() -> None:
    other = """
def attach(request: Request, session: AsyncSession) -> None:
    request.state.db = None
    request.state.db = session
"""
    found = answer(MIDDLEWARE + other, "request.state.db")
    assert found == "sqlalchemy.orm.Session | sqlalchemy.ext.asyncio.AsyncSession"


def test_what_cannot_be_followed_makes_it_unknown() -> None:
    other = "def attach(request: Request, session) -> None:\n    request.state.db = session\n"
    assert answer(MIDDLEWARE + other, "request.state.db") == "?"
    late = "def attach(app: FastAPI, client) -> None:\n    app.state.client = client\n"
    assert answer(LIFESPAN + late, "request.app.state.client") == "?"


def test_what_is_made_of_another_entry_is_followed() -> None:
    code = """
async def attach(request: Request) -> None:
    request.state.maker = Maker
    request.state.db = request.state.maker()
"""
    assert answer(code, "request.state.db") == "sqlalchemy.orm.Session"


def test_a_lifespan_may_declare_what_it_yields() -> None:
    code = """
class Kept(TypedDict):
    client: Client
@asynccontextmanager
async def lifespan(app: FastAPI):
    yield Kept(client=Client())
app = FastAPI(lifespan=lifespan)
"""
    assert answer(code, "request.state.client") == "Client"


def test_entries_that_need_each_other_end() -> None:
    code = """
def first(request: Request) -> None:
    request.state.a = request.state.b
def second(request: Request) -> None:
    request.state.b = request.state.a
"""
    assert answer(code, "request.state.a") == "?"


def test_the_state_of_a_test_is_none_of_the_application() -> None:
    test = "\n# tests/test_it.py\nfrom app.main import app\napp.state.client = object()\n"
    asked = understand(f"{HEAD}{LIFESPAN}\ndef read(request: Request):\n    x = request.app.state.client\n{test}")
    assert asked.local("read", "x") == "Client"
