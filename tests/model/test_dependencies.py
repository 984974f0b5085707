"""Dependency trees: what FastAPI calls before an endpoint, wherever it is declared."""

from __future__ import annotations

import pytest

from .asked import understand

DEPS = """
# app/deps.py
from typing import Annotated
import fastapi
from fastapi import Depends, Security
from fastapi.security import HTTPBearer, OAuth2PasswordBearer
from sqlalchemy.orm import Session
scheme = OAuth2PasswordBearer(tokenUrl="/token")
def session():
    yield Session()
def user(token: str = Depends(scheme), db: Session = Depends(session)): ...
SessionDep = Annotated[Session, Depends(session)]
UserDep = Annotated[str, Depends(user)]
variable = Depends(user)
class Pages:
    def __init__(self, page: int = 1, db=Depends(session)): ...
class Checker:
    def __init__(self, role: str): ...
    def __call__(self, me=Depends(user)): ...
    def method(self, me=Depends(user)): ...
is_admin = Checker("admin")
def needs(role: str):
    def check(me=Depends(user)): ...
    return check
"""


def tree(parameter: str, options: str = "", before: str = "") -> str:
    """The tree of a route with one parameter."""
    return understand(
        DEPS
        + f"""
# app/main.py
from typing import Annotated, Optional
import fastapi
from fastapi import Depends, FastAPI, Security
from app import deps
from app.deps import *
app = FastAPI()
{before}
@app.get("/", {options})
def read({parameter}): ...
"""
    ).tree("/")


USER = "user(OAuth2PasswordBearer, session)"


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("me=Depends(user)", USER),
        ("me: str = Depends(user)", USER),
        ("me=Security(user, scopes=['a'])", USER),
        ("me=fastapi.Depends(user)", USER),
        ("me=Depends(dependency=user)", USER),
        ("me=Depends(deps.user)", USER),
        ("me=Depends(user, use_cache=False)", USER),
        ("me: Annotated[str, Depends(user)]", USER),
        ("me: Annotated[str, 'other', Depends(user)]", USER),
        ("me: Annotated[Annotated[str, Depends(user)], 'other']", USER),
        ("me: 'Annotated[str, Depends(user)]'", USER),
        ("me: Annotated[str, Depends(user)] | None", USER),
        ("me: UserDep", USER),
        ("me: deps.UserDep", USER),
        ("me=variable", USER),
        ("me=deps.variable", USER),
        ("db: SessionDep, me: UserDep", f"session, {USER}"),
        ("pages=Depends(Pages)", "Pages(session)"),
        ("pages: Pages = Depends()", "Pages(session)"),
        ("pages: Annotated[Pages, Depends()]", "Pages(session)"),
        ("pages: Annotated['Pages', Depends()]", "Pages(session)"),
        ("pages: Annotated[Pages, Depends(Pages)]", "Pages(session)"),
        ("me=Depends(is_admin)", f"Checker({USER})"),
        ("me=Depends(Checker('editor'))", f"Checker({USER})"),
        ("me=Depends(is_admin.method)", f"method({USER})"),
        ("me=Depends(needs('admin'))", f"check({USER})"),
        ("token=Depends(scheme)", "OAuth2PasswordBearer"),
        ("token=Security(HTTPBearer())", "HTTPBearer"),
        ("me=Depends(lambda db=Depends(session): db)", "<lambda>(session)"),
        ("page: int = 1", ""),
        ("*, me=Depends(user)", USER),
    ],
)
def test_a_parameter_asks_for_a_dependency(parameter: str, expected: str) -> None:
    found = tree(parameter)
    assert found.replace("<locals>.", "").replace("read.", "") == expected


@pytest.mark.parametrize(
    "options",
    [
        "dependencies=[Depends(user)]",
        "dependencies=[deps.variable]",
        "dependencies=(Depends(user),)",
        "dependencies=COMMON",
        "dependencies=[*COMMON]",
        "dependencies=COMMON + []",
        "**{'dependencies': COMMON}",
    ],
)
def test_a_route_lists_dependencies(options: str) -> None:
    assert tree("", options, before="COMMON = [Depends(user)]") == USER


def test_a_partial_leaves_the_other_parameters() -> None:
    before = "from functools import partial\ndef both(role, me=Depends(user), db=Depends(session)): ..."
    assert tree("x=Depends(partial(both, 'admin'))", before=before) == f"both({USER}, session)"


def test_what_a_decorator_wraps_says_what_is_needed() -> None:
    before = """
import functools
def retried(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
@retried
def careful(me=Depends(user)): ...
"""
    assert tree("x=Depends(careful)", before=before) == f"careful({USER})"


def test_a_class_inherits_what_its_constructor_needs() -> None:
    assert tree("x=Depends(Special)", before="class Special(Pages): ...") == "Special(session)"


def test_a_dataclass_needs_what_its_fields_need() -> None:
    before = """
from dataclasses import dataclass
@dataclass
class Filter:
    text: str
    me: UserDep
    db: SessionDep = None
"""
    assert tree("x: Filter = Depends()", before=before) == f"Filter({USER}, session)"


def test_a_method_of_a_class_needs_no_self() -> None:
    before = """
class Service:
    @classmethod
    def make(cls, db: SessionDep): ...
    @staticmethod
    def plain(db: SessionDep): ...
"""
    assert tree("a=Depends(Service.make), b=Depends(Service.plain)", before=before) == "make(session), plain(session)"


def test_parameters_are_read_from_the_request_where_nothing_is_depended_on() -> None:
    asked = understand("""
        # app/main.py
        from typing import Annotated
        from fastapi import Body, Depends, FastAPI, Header, Path, Query
        app = FastAPI()
        @app.get("/{id}")
        def read(
            id: Annotated[int, Path()],
            page: int = Query(1),
            agent: Annotated[str, Header(alias="user-agent")] = "",
            data: dict = Body(),
        ): ...
        """)
    found = [(p.name, p.alias, p.marker_name) for p in asked.route("/{id}").parameters]
    assert found == [
        ("id", "id", "Path"),
        ("page", "page", "Query"),
        ("agent", "user-agent", "Header"),
        ("data", "data", "Body"),
    ]


def test_an_alias_of_an_annotated_parameter_is_followed() -> None:
    asked = understand("""
        # app/types.py
        from typing import Annotated
        from fastapi import Path
        UserId = Annotated[int, Path(alias="user-id")]
        # app/main.py
        from fastapi import FastAPI
        from app.types import UserId
        app = FastAPI()
        @app.get("/{user-id}")
        def read(user_id: UserId): ...
        """)
    assert [p.alias for p in asked.route("/{user-id}").parameters] == ["user-id"]


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("db=Depends(session)", "sqlalchemy.orm.Session"),
        ("db: SessionDep", "sqlalchemy.orm.Session"),
        ("db=Depends(asynchronous)", "sqlalchemy.ext.asyncio.AsyncSession"),
        ("db=Depends(entered)", "sqlalchemy.orm.Session"),
        ("db=Depends(returned)", "sqlalchemy.orm.Session"),
        ("db=Depends(Pages)", "Pages"),
        ("db=Depends(promised)", "sqlalchemy.orm.Session"),
        ("db=Depends(through)", "sqlalchemy.orm.Session"),
        ("db=Depends(maker('x'))", "sqlalchemy.orm.Session"),
    ],
)
def test_a_parameter_gets_what_its_provider_gives(parameter: str, expected: str) -> None:
    asked = understand(
        DEPS
        + f"""
# app/main.py
from collections.abc import AsyncIterator, Iterator
from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker
from app.deps import Pages, SessionDep, session
make = sessionmaker(create_engine("sqlite://"))
amake = async_sessionmaker()
async def asynchronous():
    async with amake() as opened:
        yield opened
def entered():
    with make.begin() as opened:
        yield opened
def returned():
    return make()
def promised() -> Iterator[Session]:
    yield something()
def through(db=Depends(returned)):
    return db
def maker(name):
    def provide():
        db = make()
        try:
            yield db
        finally:
            db.close()
    return provide
async def read({parameter}): ...
"""
    )
    assert asked.local("read", "db") == expected


def test_a_route_is_secured_by_a_scheme_however_deep() -> None:
    asked = understand(
        DEPS
        + """
# app/main.py
from fastapi import Depends, FastAPI
from app.deps import is_admin, session
app = FastAPI()
@app.get("/open", dependencies=[Depends(session)])
def open(): ...
@app.get("/secret", dependencies=[Depends(is_admin)])
def secret(): ...
"""
    )
    assert [r.is_secured for r in asked.project.routes] == [False, True]


def test_a_scheme_of_the_project_secures() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        from fastapi.security import HTTPBearer
        class Bearer(HTTPBearer):
            async def __call__(self, request): ...
        app = FastAPI(dependencies=[Depends(Bearer())])
        @app.get("/")
        def read(): ...
        """)
    assert asked.route("/").is_secured


def test_an_unknown_dependency_leaves_the_tree_incomplete() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        from app.nowhere import user
        app = FastAPI()
        @app.get("/")
        def read(me=Depends(user)): ...
        @app.get("/known")
        def known(me=Depends(lambda: 1)): ...
        """)
    assert not asked.route("/").tree.is_complete
    assert asked.route("/known").tree.is_complete


def test_a_dependency_that_depends_on_itself_ends() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        app = FastAPI()
        class Node:
            def __init__(self, parent: "Node" = Depends()): ...
        @app.get("/")
        def read(node: Node = Depends()): ...
        """)
    assert asked.tree("/").startswith("Node(")


def test_every_dependency_is_an_element_once() -> None:
    asked = understand(
        DEPS
        + """
# app/main.py
from fastapi import FastAPI
from app.deps import UserDep
app = FastAPI()
@app.get("/a")
def a(me: UserDep): ...
@app.get("/b")
def b(me: UserDep): ...
"""
    )
    assert sorted(d.name for d in asked.project.dependencies) == [
        "app.deps.session",
        "app.deps.user",
        "fastapi.security.OAuth2PasswordBearer",
    ]
