"""Names: what an import stands for, wherever it is written and however many modules it goes through."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_guardrails.config import Config
from fastapi_guardrails.model.project import Project
from fastapi_guardrails.source import files
from fastapi_guardrails.source.loader import load

from .asked import Asked, understand


@pytest.mark.parametrize(
    "statement",
    [
        "from app.config import prefix",
        "from app.config import prefix as prefix",
        "from .config import prefix",
        "from app.config import (prefix, other)",
    ],
)
def test_a_name_is_imported_from_a_module(statement: str) -> None:
    asked = understand(f"""
# app/config.py
prefix = "/v1"
other = "/v2"
# app/main.py
{statement}
""")
    assert asked.value("prefix") == "'/v1'"


@pytest.mark.parametrize(
    ("statement", "expression"),
    [
        ("import app.config", "app.config.prefix"),
        ("import app.config as c", "c.prefix"),
        ("import app", "app.config.prefix"),
        ("from app import config", "config.prefix"),
        ("from app import config as settings", "settings.prefix"),
        ("from . import config", "config.prefix"),
        ("from app.config import prefix as p", "p"),
    ],
)
def test_a_module_is_imported_and_its_name_read(statement: str, expression: str) -> None:
    asked = understand(f"""
# app/config.py
prefix = "/v1"
# app/main.py
{statement}
answer = {expression}
""")
    assert asked.value("answer") == "'/v1'"


def test_a_relative_import_counts_its_dots() -> None:
    asked = understand("""
        # app/config.py
        prefix = "/v1"
        # app/api/config.py
        prefix = "/api"
        # app/api/v1/users.py
        from ...config import prefix as top
        from ..config import prefix as middle
        from .names import prefix as near
        # app/api/v1/names.py
        prefix = "/near"
        """)
    found = [asked.value(name, "app/api/v1/users.py") for name in ("top", "middle", "near")]
    assert found == ["'/v1'", "'/api'", "'/near'"]


def test_a_relative_import_in_a_package_begins_at_the_package() -> None:
    asked = understand("""
        # app/api/__init__.py
        from .users import router_prefix
        from ..config import prefix
        # app/api/users.py
        router_prefix = "/users"
        # app/config.py
        prefix = "/v1"
        # app/main.py
        from app.api import router_prefix, prefix
        """)
    assert asked.value("router_prefix") == "'/users'"
    assert asked.value("prefix") == "'/v1'"


def test_a_relative_import_above_the_project_is_unknown() -> None:
    assert understand("from ....config import prefix\n").value("prefix") == "?"


def test_a_name_is_imported_through_packages_that_export_it_again() -> None:
    asked = understand("""
        # app/models/user.py
        class User: ...
        # app/models/__init__.py
        from .user import User as Account
        # app/__init__.py
        from app.models import Account
        # app/main.py
        from app import Account as Person
        """)
    assert asked.value("Person") == "class User"


def test_a_name_assigned_from_an_import_is_exported_again() -> None:
    asked = understand("""
        # app/core.py
        import app.config as config
        prefix = config.prefix
        # app/config.py
        prefix = "/v1"
        # app/main.py
        from app.core import prefix
        """)
    assert asked.value("prefix") == "'/v1'"


def test_a_package_has_its_modules_as_attributes() -> None:
    asked = understand("""
        # app/api/users.py
        from fastapi import APIRouter
        router = APIRouter(prefix="/users")
        @router.get("/")
        def users(): ...
        # app/main.py
        from fastapi import FastAPI
        from app.api import users
        app = FastAPI()
        app.include_router(users.router)
        """)
    assert asked.routes == ["GET /users/"]


def test_a_name_in_a_package_comes_before_its_module_of_that_name() -> None:
    asked = understand("""
        # app/api/__init__.py
        users = "a name"
        # app/api/users.py
        router = 1
        # app/main.py
        from app.api import users
        """)
    assert asked.value("users") == "'a name'"


def test_a_star_brings_all_public_names() -> None:
    asked = understand("""
        # app/config.py
        prefix = "/v1"
        _private = "/hidden"
        # app/main.py
        from app.config import *
        """)
    assert asked.value("prefix") == "'/v1'"
    assert asked.value("_private") == "?"


def test_a_star_brings_what_all_names() -> None:
    asked = understand("""
        # app/config.py
        __all__ = ["_inner", "outer"]
        _inner, outer, left_out = "/inner", "/outer", "/left-out"
        # app/main.py
        from .config import *
        """)
    assert [asked.value(n) for n in ("_inner", "outer", "left_out")] == ["'/inner'", "'/outer'", "?"]


def test_a_star_with_all_put_together() -> None:
    asked = understand("""
        # app/a.py
        __all__ = ["first"]
        __all__ += ["second"]
        first, second = 1, 2
        # app/main.py
        from app.a import *
        """)
    assert [asked.value(n) for n in ("first", "second")] == ["1", "2"]


def test_a_star_brings_modules_that_all_names() -> None:
    asked = understand("""
        # app/api/__init__.py
        __all__ = ["users"]
        # app/api/users.py
        prefix = "/users"
        # app/main.py
        from app.api import *
        prefix = users.prefix
        """)
    assert asked.value("prefix") == "'/users'"


def test_a_star_goes_through_packages() -> None:
    asked = understand("""
        # app/models/user.py
        class User: ...
        # app/models/__init__.py
        from .user import *
        # app/main.py
        from app.models import *
        """)
    assert asked.value("User") == "class User"


def test_a_name_from_a_star_of_the_only_library_is_that_librarys() -> None:
    assert understand("from fastapi import *\nmade = APIRouter\n").value("made") == "fastapi.APIRouter"


def test_a_name_from_stars_of_two_libraries_is_unknown() -> None:
    assert understand("from fastapi import *\nfrom other import *\nmade = APIRouter\n").value("made") == "?"


def test_a_failed_import_falls_back_to_the_handlers() -> None:
    asked = understand("""
        # app/main.py
        try:
            from app.missing import prefix
        except ImportError:
            prefix = "/fallback"
        """)
    assert asked.value("prefix") == "'/fallback'"


def test_an_import_that_succeeds_is_not_replaced_by_its_handler() -> None:
    asked = understand("""
        # app/config.py
        prefix = "/v1"
        # app/main.py
        try:
            from app.config import prefix
        except ImportError:
            prefix = None
        """)
    assert asked.value("prefix") == "'/v1'"


def test_an_import_in_a_decided_branch_is_the_one_taken() -> None:
    asked = understand("""
        # app/one.py
        prefix = "/one"
        # app/two.py
        prefix = "/two"
        # app/main.py
        MODERN = True
        if MODERN:
            from app.one import prefix
        else:
            from app.two import prefix
        """)
    assert asked.value("prefix") == "'/one'"


def test_imports_in_undecided_branches_may_be_either() -> None:
    asked = understand("""
        # app/one.py
        prefix = "/one"
        # app/two.py
        prefix = "/two"
        # app/main.py
        import sys
        if len(sys.argv) > 1:
            from app.one import prefix
        else:
            from app.two import prefix
        answer = prefix
        """)
    assert sorted(asked.value("answer").split(" | ")) == ["'/one'", "'/two'"]


def test_an_import_for_type_checkers_names_types() -> None:
    asked = understand("""
        # app/models.py
        class User:
            name: str
        # app/main.py
        from __future__ import annotations
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from app.models import User
        def read(user: User, other: "User") -> None:
            name = other.name
        """)
    assert asked.local("read", "user") == "User"
    assert asked.local("read", "name") == "str"


@pytest.mark.parametrize(
    ("test", "stub"), [("typing.TYPE_CHECKING", "None"), ("t.TYPE_CHECKING", "object"), ("TYPE_CHECKING", "typing.Any")]
)
def test_type_checking_is_known_under_any_name(test: str, stub: str) -> None:
    asked = understand(f"""
# app/models.py
class User: ...
# app/main.py
import typing
import typing as t
from typing import TYPE_CHECKING
if {test}:
    from app.models import User
else:
    User = {stub}
def read(user: "User") -> None: ...
""")
    assert asked.local("read", "user") == "User"


def test_modules_that_import_each_other_for_type_checkers_know_each_other() -> None:
    asked = understand("""
        # app/users.py
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from app.orders import Order
        class User:
            orders: "list[Order]"
        # app/orders.py
        from app.users import User
        class Order:
            user: User
        # app/main.py
        from app.orders import Order
        def read(order: Order) -> None:
            again = order.user.orders
        """)
    assert asked.local("read", "again") == "list[Order]"


def test_an_import_inside_a_function_is_known_there() -> None:
    asked = understand("""
        # app/models.py
        class User: ...
        # app/main.py
        def make() -> None:
            from app.models import User as Account
            user = Account()
        """)
    assert asked.local("make", "user") == "User"


def test_an_import_inside_a_function_registers_what_start_up_calls() -> None:
    asked = understand("""
        # app/users.py
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/users")
        def users(): ...
        # app/main.py
        from fastapi import FastAPI
        def create() -> FastAPI:
            from app.users import router
            app = FastAPI()
            app.include_router(router)
            return app
        app = create()
        """)
    assert asked.routes == ["GET /users"]


def test_modules_that_import_each_other_know_each_others_names() -> None:
    asked = understand("""
        # app/a.py
        from app.b import second
        first = "first"
        # app/b.py
        import app.a
        second = "second"
        def read():
            value = app.a.first
        # app/main.py
        from app.a import first, second
        """)
    assert [asked.value("first"), asked.value("second")] == ["'first'", "'second'"]
    assert asked.local("read", "value") == "'first'"


def test_a_circle_of_names_ends_in_the_unknown() -> None:
    asked = understand("""
        # app/a.py
        from app.b import name
        # app/b.py
        from app.a import name
        # app/main.py
        from app.a import name
        """)
    assert asked.value("name") == "?"


def test_a_module_that_imports_itself_is_no_trap() -> None:
    asked = understand("""
        # app/main.py
        import app.main
        from app.main import prefix as again
        prefix = "/v1"
        """)
    assert asked.value("prefix") == "'/v1'"


def test_a_submodule_of_a_library_keeps_its_name() -> None:
    asked = understand("""
        # app/main.py
        import sqlalchemy.orm as orm
        from sqlalchemy import orm as other
        from sqlalchemy.orm import Session as S
        one, two = orm.Session, other.Session
        """)
    assert {asked.value(n) for n in ("one", "two", "S")} == {"sqlalchemy.orm.Session"}


def test_a_name_that_libraries_export_in_several_places_has_one_name() -> None:
    asked = understand("""
        # app/main.py
        from fastapi.responses import JSONResponse as a
        from starlette.responses import JSONResponse as b
        from fastapi.routing import APIRouter as c
        from fastapi import APIRouter as d
        """)
    assert asked.value("a") == asked.value("b") == "starlette.responses.JSONResponse"
    assert asked.value("c") == asked.value("d") == "fastapi.APIRouter"


def test_a_local_name_hides_an_import() -> None:
    asked = understand("""
        # app/main.py
        from sqlalchemy.orm import Session
        class Session:
            mine = True
        """)
    assert asked.value("Session") == "class Session"


def test_a_module_named_like_a_library_is_the_projects() -> None:
    asked = understand("""
        # app/redis.py
        prefix = "/mine"
        # app/main.py
        from app.redis import prefix
        from app import redis
        answer = redis.prefix
        """)
    assert asked.value("answer") == "'/mine'"


def test_a_folder_named_like_a_library_is_not_in_its_way(tmp_path: Path) -> None:
    texts = {
        "fastapi/service.py": "name = 'service'",
        "redis/client.py": "url = 'redis://'",
        "main.py": "import redis\nfrom fastapi import FastAPI\nfrom redis.client import url\n"
        "app = FastAPI()\n@app.get('/')\ndef read(): ...\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    asked = Asked(Project(load(tmp_path, files.discover(tmp_path).files, jobs=1), Config()))
    assert asked.routes == ["GET /"]
    assert asked.value("url", "main.py") == "'redis://'"


def test_a_missing_module_of_the_project_is_unknown() -> None:
    assert understand("from app.missing import thing\n").value("thing") == "?"


def test_a_module_is_imported_by_a_known_name() -> None:
    asked = understand("""
        # app/users.py
        prefix = "/users"
        # app/main.py
        import importlib
        NAME = "users"
        prefix = importlib.import_module(f"app.{NAME}").prefix
        """)
    assert asked.value("prefix") == "'/users'"


def test_what_exists_only_at_run_time_comes_before_what_type_checkers_see() -> None:
    asked = understand("""
        # app/main.py
        from typing import TYPE_CHECKING, Annotated
        from fastapi import Depends, FastAPI
        app = FastAPI()
        def get_session(): ...
        if TYPE_CHECKING:
            SessionDep = int
        else:
            SessionDep = Annotated[int, Depends(get_session)]
        @app.get("/")
        def read(session: SessionDep): ...
        """)
    assert asked.dependencies("/") == ["get_session"]


def test_a_package_that_is_run_from_inside_its_folder() -> None:
    asked = understand("""
# app/__init__.py
# app/main.py
from fastapi import FastAPI
from routes import router
app = FastAPI()
app.include_router(router)
# app/routes.py
from fastapi import APIRouter
if True:
    router = APIRouter()
@router.get("/notes")
def read(): ...
""")
    assert asked.routes == ["GET /notes"]
