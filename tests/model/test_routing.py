"""Routes: every way in which real apps register them, with full paths, in the order of matching."""

from __future__ import annotations

import pytest

from .asked import described, understand

USERS = """
# app/users.py
from fastapi import APIRouter
router = APIRouter(prefix="/users")
@router.get("/{user_id}")
def read_user(user_id: int): ...
"""


# --- decorators ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "head", "trace"])
def test_a_decorator_names_the_method(method: str) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import FastAPI
app = FastAPI()
@app.{method}("/items")
def items(): ...
""")
    assert asked.routes == [f"{method.upper()} /items"]


def test_several_decorators_register_from_the_inside_out() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        @app.get("/outer")
        @app.post("/inner")
        def both(): ...
        """)
    assert asked.routes == ["POST /inner", "GET /outer"]


def test_a_decorator_below_wraps_the_endpoint() -> None:
    asked = understand("""
        # app/main.py
        import functools
        from fastapi import Depends, FastAPI
        app = FastAPI()
        def user(): ...
        def logged(function):
            @functools.wraps(function)
            async def wrapper(*args, **kwargs):
                return await function(*args, **kwargs)
            return wrapper
        @app.get("/")
        @logged
        def read(me=Depends(user)): ...
        """)
    assert asked.route("/").endpoint_name == "app.main.read"
    assert asked.dependencies("/") == ["user"]
    assert asked.route("/").is_async


def test_api_route_has_several_methods() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        METHODS = ["GET", "POST"]
        @app.api_route("/a", methods=METHODS)
        @app.api_route("/b")
        def both(): ...
        """)
    assert asked.routes == ["GET /b", "GET,POST /a"]


def test_add_api_route_registers_a_function() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, FastAPI
        app, router = FastAPI(), APIRouter(prefix="/v1")
        def items(): ...
        router.add_api_route("/items", items, methods=["PUT"])
        router.add_api_route(path="/more", endpoint=items)
        app.include_router(router)
        """)
    assert asked.routes == ["PUT /v1/items", "GET /v1/more"]


def test_websockets_are_routes() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        @app.websocket("/a")
        async def a(websocket): ...
        app.add_api_websocket_route("/b", a)
        """)
    assert asked.routes == ["WS /a", "WS /b"]


@pytest.mark.parametrize("path", ['f"/{NAME}"', "PATH", "config.PATH", 'path="/items"', '"/" + NAME', "Paths.ITEMS"])
def test_a_path_is_any_known_value(path: str) -> None:
    asked = understand(f"""
# app/config.py
PATH = "/items"
# app/main.py
from fastapi import FastAPI
from app import config
app = FastAPI()
NAME, PATH = "items", "/items"
class Paths:
    ITEMS = "/items"
@app.get({path})
def items(): ...
""")
    assert asked.routes == ["GET /items"]


def test_an_unknown_path_is_uncertain() -> None:
    asked = understand("""
        # app/main.py
        import os
        from fastapi import FastAPI
        app = FastAPI()
        @app.get("/v1" + os.environ["NAME"])
        def items(): ...
        """)
    assert [r.certain for r in asked.project.routes] == [False]
    assert "{?}" in asked.project.routes[0].route_path


def test_unknown_methods_are_uncertain() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        from app.nowhere import METHODS
        app = FastAPI()
        @app.api_route("/items", methods=METHODS)
        def items(): ...
        """)
    assert asked.routes == ["? /items ?"]


# --- includes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("imported", "router"),
    [
        ("from app.users import router", "router"),
        ("from app.users import router as users_router", "users_router"),
        ("from app import users", "users.router"),
        ("import app.users", "app.users.router"),
        ("from app.users import router", "router=router"),
    ],
)
def test_a_router_is_included_by_name_or_through_its_module(imported: str, router: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
from fastapi import FastAPI
{imported}
api = FastAPI()
api.include_router({router}, prefix="/v1")
"""
    )
    assert asked.routes == ["GET /v1/users/{user_id}"]


def test_prefixes_add_up_over_nested_routers() -> None:
    asked = understand(
        USERS
        + """
# app/api.py
from fastapi import APIRouter
from app import users
v1 = APIRouter(prefix="/v1")
v1.include_router(users.router, prefix="/people")
api = APIRouter()
api.include_router(v1, prefix="/api")
# app/main.py
from fastapi import FastAPI
from app.api import api
app = FastAPI()
app.include_router(api, prefix="/root")
"""
    )
    assert asked.routes == ["GET /root/api/v1/people/users/{user_id}"]


def test_a_router_under_two_prefixes_is_served_twice() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
app = FastAPI()
app.include_router(router, prefix="/a")
app.include_router(router, prefix="/{tenant}")
"""
    )
    assert asked.routes == ["GET /a/users/{user_id}", "GET /{tenant}/users/{user_id}"]


@pytest.mark.parametrize(
    ("version", "expected"), [("0.136.0", ["GET /early"]), ("0.137.0", ["GET /early", "GET /late"])]
)
def test_a_route_after_the_include_is_served_by_later_versions(version: str, expected: list[str]) -> None:
    asked = understand(
        """
        # app/main.py
        from fastapi import APIRouter, FastAPI
        app, router = FastAPI(), APIRouter()
        @router.get("/early")
        def early(): ...
        app.include_router(router)
        @router.get("/late")
        def late(): ...
        """,
        fastapi=version,
    )
    assert asked.routes == expected


def test_routes_come_in_the_order_of_registration() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
app = FastAPI()
@app.get("/first")
def first(): ...
app.include_router(router)
@app.get("/last")
def last(): ...
"""
    )
    assert asked.routes == ["GET /first", "GET /users/{user_id}", "GET /last"]


def test_a_prefix_from_settings_holds_by_default() -> None:
    asked = understand(
        USERS
        + """
# app/config.py
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    API_V1_STR: str = "/api/v1"
settings = Settings()
# app/main.py
from fastapi import FastAPI
from app.config import settings
from app.users import router
app = FastAPI()
app.include_router(router, prefix=settings.API_V1_STR)
"""
    )
    assert asked.routes == ["GET /api/v1/users/{user_id}"]


def test_a_prefix_from_the_environment_is_uncertain() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
import os
from fastapi import FastAPI
from app.users import router
app = FastAPI()
app.include_router(router, prefix=os.environ["PREFIX"])
"""
    )
    assert asked.routes == ["GET {?}/users/{user_id} ?"]


@pytest.mark.parametrize(
    "include",
    [
        "if '--users' in sys.argv:\n    app.include_router(router)",
        "app.include_router(router) if len(sys.argv) > 1 else None",
        "len(sys.argv) > 1 and app.include_router(router)",
        "while sys.argv:\n    app.include_router(router)",
        "for _ in sys.argv:\n    app.include_router(router)",
        "match sys.argv:\n    case []:\n        app.include_router(router)",
    ],
)
def test_an_include_under_an_undecided_condition_is_uncertain(include: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
import sys
from fastapi import FastAPI
from app.users import router
app = FastAPI()
{include}
"""
    )
    assert asked.routes == ["GET /users/{user_id} ?"]


@pytest.mark.parametrize(
    "chosen",
    [
        "backends = {1: settings.url}",
        "backends[settings.url] = 1",
        "backends.setdefault(settings.url.lower(), {})[1] = 2",
        "backends.setdefault(unknown(), {})[1] = 2",
    ],
)
def test_a_program_that_stops_where_nothing_is_set_serves_its_routes_otherwise(chosen: str) -> None:
    asked = understand(f"""{USERS}
# app/main.py
from fastapi import FastAPI
from pydantic_settings import BaseSettings
from app import users
class Settings(BaseSettings):
    url: str = ""
settings = Settings()
backends: dict = {{}}
if settings.url:
    {chosen}
if not backends:
    raise RuntimeError("no backend is set")
app = FastAPI()
app.include_router(users.router)
""")
    assert asked.routes == ["GET /users/{user_id}"]


def test_what_a_setting_changes_is_only_a_default_behind_it() -> None:
    asked = understand(f"""{USERS}
# app/main.py
from fastapi import FastAPI
from pydantic_settings import BaseSettings
from app import users
class Settings(BaseSettings):
    env: str = "prod"
settings = Settings()
debug = False
if settings.env == "dev":
    debug = True
app = FastAPI()
if debug:
    app.include_router(users.router)
if not debug:
    @app.get("/ready")
    def ready(): ...
""")
    assert asked.routes == ["GET /users/{user_id} ?", "GET /ready"]


def test_an_include_that_settings_switch_off_is_no_certain_one() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from pydantic_settings import BaseSettings
from app.users import router
class Settings(BaseSettings):
    debug: bool = False
    users: bool = True
settings = Settings()
app = FastAPI()
if settings.debug:
    app.include_router(router, prefix="/debug")
if settings.users:
    app.include_router(router)
"""
    )
    assert asked.routes == ["GET /debug/users/{user_id} ?", "GET /users/{user_id}"]


def test_options_come_through_double_stars() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import Depends, FastAPI
from app.users import router
def user(): ...
OPTIONS = {"prefix": "/v1", "dependencies": [Depends(user)]}
app = FastAPI()
app.include_router(router, **OPTIONS)
"""
    )
    assert asked.routes == ["GET /v1/users/{user_id}"]
    assert asked.dependencies("/v1/users/{user_id}") == ["user"]


# --- functions that build ------------------------------------------------------------------------------------------


def test_a_factory_makes_the_app() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
def create_app() -> FastAPI:
    app = FastAPI()
    app.include_router(router, prefix="/v1")
    @app.get("/health")
    def health(): ...
    return app
"""
    )
    assert asked.routes == ["GET /v1/users/{user_id}", "GET /health"]


def test_functions_receive_the_app_in_other_modules() -> None:
    asked = understand(
        USERS
        + """
# app/setup.py
from fastapi import FastAPI
from app import users
def include_all(app: FastAPI, prefix: str) -> None:
    _include(app, users.router, prefix)
def _include(target, router, prefix):
    target.include_router(router, prefix=prefix)
# app/main.py
from fastapi import FastAPI
from app.setup import include_all
app, other = FastAPI(), FastAPI()
include_all(app, "/one")
include_all(other, prefix="/two")
"""
    )
    assert asked.routes == ["GET /one/users/{user_id}", "GET /two/users/{user_id}"]


def test_a_router_is_the_result_of_a_call() -> None:
    asked = understand("""
        # app/factory.py
        from fastapi import APIRouter
        def crud_router(name: str) -> APIRouter:
            router = APIRouter(prefix=f"/{name}")
            @router.get("")
            def all(): ...
            router.add_api_route("/{id}", one, methods=["DELETE"])
            return router
        def one(id: int): ...
        # app/main.py
        from fastapi import FastAPI
        from app.factory import crud_router
        app = FastAPI()
        app.include_router(crud_router("users"))
        app.include_router(crud_router("orders"), prefix="/v2")
        """)
    assert asked.routes == ["GET /users", "DELETE /users/{id}", "GET /v2/orders", "DELETE /v2/orders/{id}"]


def test_a_helper_computes_the_prefix_of_the_include() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
def include(app, router, version, internal=False):
    prefix = f"/api/v{version}" if not internal else "/internal"
    app.include_router(router, prefix=prefix)
app = FastAPI()
include(app, router, 1)
include(app, router, 2, internal=True)
"""
    )
    assert asked.routes == ["GET /api/v1/users/{user_id}", "GET /internal/users/{user_id}"]


LOOPED = """
# app/a.py
from fastapi import APIRouter
router = APIRouter()
@router.get("/a")
def a(): ...
# app/b.py
from fastapi import APIRouter
router = APIRouter()
@router.get("/b")
def b(): ...
"""


@pytest.mark.parametrize(
    "loop",
    [
        "for router in [a.router, b.router]:\n    app.include_router(router, prefix='/v1')",
        "for module in (a, b):\n    app.include_router(module.router, prefix='/v1')",
        "for router, prefix in ((a.router, '/v1'), (b.router, '/v1')):\n    app.include_router(router, prefix=prefix)",
        "for prefix, router in {'/v1': a.router, '/v1/': b.router}.items():\n"
        "    app.include_router(router, prefix=prefix.rstrip('/'))",
        "ROUTERS = [a.router]\nROUTERS.append(b.router)\nfor r in ROUTERS:\n    app.include_router(r, prefix='/v1')",
        "for i, r in enumerate([a.router, b.router]):\n    app.include_router(r, prefix=f'/v{i - i + 1}')",
        "for r, p in zip([a.router, b.router], ['/v1'] * 2):\n    app.include_router(r, prefix='/v1')",
        "[app.include_router(m.router, prefix='/v1') for m in (a, b)]",
        "for name in ('a', 'b'):\n    app.include_router(importlib.import_module(f'app.{name}').router, prefix='/v1')",
        "for r in filter(None, [a.router, None, b.router]):\n    app.include_router(r, prefix='/v1')",
        "for r in chain([a.router], [], (b.router,)):\n    app.include_router(r, prefix='/v1')",
        "list(map(lambda r: app.include_router(r, prefix='/v1'), [a.router, b.router]))",
        "list(map(partial(app.include_router, prefix='/v1'), [a.router, b.router]))",
        "for e in [Entry(a.router, '/v1'), Entry(b.router)]:\n    app.include_router(e.router, prefix=e.prefix)",
        "for r, p in [Entry(a.router, '/v1'), Entry(b.router)]:\n    app.include_router(r, prefix=p)",
        "for name in ('a', 'b'):\n    app.include_router(getattr(app_package, name).router, prefix='/v1')",
    ],
)
def test_a_loop_over_what_is_written_includes_each(loop: str) -> None:
    asked = understand(
        LOOPED
        + f"""
# app/main.py
import importlib
from functools import partial
from itertools import chain
from typing import NamedTuple
import app as app_package
from fastapi import FastAPI
from app import a, b
class Entry(NamedTuple):
    router: object
    prefix: str = "/v1"
app = FastAPI()
{loop}
"""
    )
    assert asked.routes == ["GET /v1/a", "GET /v1/b"]


def test_a_loop_over_an_enumeration_registers_each() -> None:
    asked = understand("""
        # app/main.py
        from enum import Enum
        from fastapi import FastAPI
        app = FastAPI()
        class Kind(str, Enum):
            cats = "cats"
            dogs = "dogs"
        def register(kind):
            @app.get(f"/{kind.value}")
            def animals(): ...
        for kind in Kind:
            register(kind)
        """)
    assert asked.routes == ["GET /cats", "GET /dogs"]


def test_routers_found_by_globbing_are_uncertain() -> None:
    asked = understand(
        LOOPED
        + """
# app/main.py
import importlib
import pathlib
from fastapi import FastAPI
app = FastAPI()
for path in pathlib.Path(__file__).parent.glob("*.py"):
    app.include_router(importlib.import_module(path.stem).router, prefix="/v1")
"""
    )
    assert asked.routes == ["GET /v1/a ?", "GET /v1/b ?"]


@pytest.mark.parametrize("version", ["0.110.0", "0.140.0"])
def test_a_router_of_a_module_that_only_the_app_loads_has_all_its_routes(version: str) -> None:
    asked = understand(f"""
        # requirements.txt
        fastapi=={version}
        # app/main.py
        import importlib, pkgutil
        from fastapi import FastAPI
        app = FastAPI()
        for found in pkgutil.iter_modules(["app/views"]):
            app.include_router(importlib.import_module(f"app.views.{{found.name}}").router)
        # app/views/users.py
        from fastapi import APIRouter
        router = APIRouter(prefix="/users")
        @router.get("")
        def users(): ...
        """)
    assert asked.routes == ["GET /users ?"]


def test_a_helper_takes_a_bound_method_of_the_router() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, Depends, FastAPI
        app, router = FastAPI(), APIRouter(prefix="/v1")
        def user(): ...
        def protected_route(method, path, **options):
            return method(path, dependencies=[Depends(user)], **options)
        @protected_route(router.get, "/me", status_code=202)
        def me(): ...
        @protected_route(router.delete, "/me")
        def leave(): ...
        app.include_router(router)
        """)
    assert asked.routes == ["GET /v1/me", "DELETE /v1/me"]
    assert asked.dependencies("/v1/me") == ["user"]
    assert asked.route("/v1/me").status_code == 202


def test_a_helper_decorates_with_the_router_of_its_choice() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        def endpoint(path, method="GET"):
            def decorate(function):
                app.add_api_route("/v1" + path, function, methods=[method])
                return function
            return decorate
        @endpoint("/items")
        def items(): ...
        @endpoint("/items", method="POST")
        def create(): ...
        """)
    assert asked.routes == ["GET /v1/items", "POST /v1/items"]


# --- subclasses ----------------------------------------------------------------------------------------------------


def test_a_subclass_of_the_router_keeps_its_methods() -> None:
    asked = understand("""
        # app/routing.py
        import fastapi
        class APIRouter(fastapi.APIRouter):
            def __init__(self, *args, name: str, **kwargs):
                super().__init__(*args, prefix=f"/{name}", **kwargs)
        # app/main.py
        from fastapi import FastAPI
        from app.routing import APIRouter
        app, router = FastAPI(), APIRouter(name="users", tags=["u"])
        @router.get("/me")
        def me(): ...
        app.include_router(router)
        """)
    assert asked.routes == ["GET /users/me"]
    assert asked.route("/users/me").tags == ["u"]


@pytest.mark.parametrize("method", ["api_route", "add_api_route"])
def test_a_subclass_registers_with_and_without_a_trailing_slash(method: str) -> None:
    bodies = {
        "api_route": """
    def api_route(self, path, *, include_in_schema=True, **kwargs):
        if path.endswith("/"):
            path = path[:-1]
        add_path = super().api_route(path, include_in_schema=include_in_schema, **kwargs)
        add_alternate = super().api_route(path + "/", include_in_schema=False, **kwargs)
        def decorator(function):
            add_alternate(function)
            return add_path(function)
        return decorator
""",
        "add_api_route": """
    def add_api_route(self, path, endpoint, *, include_in_schema=True, **kwargs):
        super().add_api_route(path + "/", endpoint, include_in_schema=False, **kwargs)
        super().add_api_route(path, endpoint, include_in_schema=include_in_schema, **kwargs)
""",
    }
    asked = understand(f"""
# app/main.py
from fastapi import APIRouter as Base, FastAPI
class APIRouter(Base):{bodies[method]}
app, router = FastAPI(), APIRouter(prefix="/v1")
@router.post("/items")
def items(): ...
app.include_router(router)
""")
    assert asked.routes == ["POST /v1/items/", "POST /v1/items"]
    assert [r.include_in_schema for r in asked.project.routes] == [False, True]


def test_a_subclass_of_the_app_includes_its_routers() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
class Shop(FastAPI):
    def __init__(self, **kwargs):
        super().__init__(title="Shop", **kwargs)
        self.include_router(router, prefix="/v1")
        self.add_api_route("/health", self.health)
    async def health(self): ...
app = Shop()
"""
    )
    assert asked.routes == ["GET /v1/users/{user_id}", "GET /health"]


# --- classes -------------------------------------------------------------------------------------------------------


def test_an_object_adds_its_own_methods() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, FastAPI
        class Users:
            def __init__(self, prefix):
                self.router = APIRouter(prefix=prefix)
                self.router.add_api_route("/", self.all)
                self.router.add_api_route("/{id}", self.one, methods=["DELETE"])
            def all(self): ...
            async def one(self, id: int): ...
        app = FastAPI()
        app.include_router(Users("/users").router)
        """)
    assert asked.routes == ["GET /users/", "DELETE /users/{id}"]
    assert [p.name for p in asked.route("/users/{id}").parameters] == ["id"]


def test_a_base_class_registers_for_its_subclasses() -> None:
    asked = understand("""
        # app/base.py
        from fastapi import APIRouter
        class Crud:
            name = "things"
            def __init__(self):
                self.router = APIRouter(prefix=f"/{self.name}")
                self.register()
            def register(self):
                self.router.get("/")(self.all)
            def all(self): ...
        # app/main.py
        from fastapi import FastAPI
        from app.base import Crud
        class Users(Crud):
            name = "users"
            def register(self):
                super().register()
                self.router.post("/")(self.create)
            def create(self): ...
        app = FastAPI()
        app.include_router(Users().router)
        """)
    assert asked.routes == ["GET /users/", "POST /users/"]


def test_an_object_holds_the_app() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
class Server:
    def __init__(self):
        self.app = FastAPI()
        self._include()
    def _include(self):
        self.app.include_router(router, prefix="/v1")
server = Server()
"""
    )
    assert asked.routes == ["GET /v1/users/{user_id}"]


@pytest.mark.parametrize(
    ("imported", "decorator"),
    [
        ("from fastapi_utils.cbv import cbv", "@cbv(router)"),
        ("from fastapi_restful.cbv import cbv", "@cbv(router)"),
        ("from app.views import controller", "@controller(router)"),
    ],
)
def test_annotations_of_a_class_based_view_are_dependencies(imported: str, decorator: str) -> None:
    asked = understand(f"""
# app/views.py
def controller(router):
    def decorate(cls):
        return cls
    return decorate
# app/main.py
from fastapi import APIRouter, Depends, FastAPI
{imported}
def session(): ...
def user(): ...
app, router = FastAPI(), APIRouter()
class Base:
    db: int = Depends(session)
    unannotated = Depends(user)
{decorator}
class Users(Base):
    user: int = Depends(user)
    @router.get("/users")
    def all(self, page: int): ...
app.include_router(router)
""")
    assert asked.routes == ["GET /users"]
    assert asked.dependencies("/users") == ["Users", "session", "user"]
    assert [p.name for p in asked.route("/users").parameters] == ["page"]


# --- mounts --------------------------------------------------------------------------------------------------------


def test_mounted_apps_are_served_below_their_path() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
app, api, inner = FastAPI(), FastAPI(), FastAPI()
inner.include_router(router)
api.mount("/inner", inner)
app.mount("/api", app=api)
"""
    )
    assert asked.routes == ["GET /api/inner/users/{user_id}"]
    assert len(asked.project.root_apps) == 1


@pytest.mark.parametrize("path", ["", "/"])
def test_an_app_is_mounted_at_the_root(path: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
from fastapi import FastAPI
from app.users import router
app, api = FastAPI(), FastAPI()
api.include_router(router)
app.mount("{path}", api)
"""
    )
    assert asked.routes == ["GET /users/{user_id}"]


def test_what_is_mounted_inherits_nothing() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        def user(): ...
        app, api = FastAPI(dependencies=[Depends(user)]), FastAPI()
        @api.get("/items")
        def items(): ...
        @app.get("/own")
        def own(): ...
        app.mount("/api", api)
        """)
    assert asked.dependencies("/api/items") == []
    assert asked.dependencies("/own") == ["user"]


def test_a_wrapped_app_is_the_app() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from app.users import router
api = FastAPI()
api.include_router(router)
main = FastAPI()
main.mount("/api", CORSMiddleware(app=api, allow_origins=["https://a.example"]))
app = CORSMiddleware(main)
"""
    )
    assert asked.routes == ["GET /api/users/{user_id}"]


@pytest.mark.parametrize(
    "arguments", ["app, blocks, path='/ui'", "app, blocks, '/ui'", "blocks=blocks, path='/ui', app=app"]
)
def test_an_app_that_gradio_is_mounted_on_is_the_same(arguments: str) -> None:
    asked = understand(f"""
# app/main.py
import gradio as gr
from fastapi import FastAPI
app = FastAPI()
with gr.Blocks() as blocks:
    ...
app = gr.mount_gradio_app({arguments})
@app.get("/users")
def find(): ...
""")
    assert asked.routes == ["GET /users"]
    assert len(asked.project.apps) == 1


def test_static_files_are_no_routes() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        from fastapi.staticfiles import StaticFiles
        app = FastAPI()
        app.mount("/static", StaticFiles(directory="static"))
        """)
    assert asked.routes == []


# --- start-up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start",
    [
        "@asynccontextmanager\nasync def lifespan(app):\n    app.include_router(router)\n    yield\n"
        "app = FastAPI(lifespan=lifespan)",
        "app = FastAPI()\n@app.on_event('startup')\nasync def start():\n    app.include_router(router)",
        "def start():\n    app.include_router(router)\napp = FastAPI(on_startup=[start])",
        "app = FastAPI()\ndef start():\n    app.include_router(router)\napp.add_event_handler('startup', start)",
    ],
)
def test_start_up_registers(start: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
from contextlib import asynccontextmanager
from fastapi import FastAPI
from app.users import router
{start}
"""
    )
    assert asked.routes == ["GET /users/{user_id}"]


# --- what routes inherit -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        "asyncio.run(setup(app))",
        "asyncio.get_event_loop().run_until_complete(setup(app))",
        "loop = asyncio.new_event_loop()\nloop.run_until_complete(setup(app))",
        "anyio.run(setup, app)",
        "made = setup(app)\nasyncio.run(made)",
        "with asyncio.Runner() as runner:\n    runner.run(setup(app))",
        "async def start():\n    await asyncio.to_thread(asyncio.run, setup(app))\nasyncio.run(start())",
        "async def start():\n    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(setup(app))\nasyncio.run(start())",
    ],
)
def test_an_event_loop_of_a_module_registers(run: str) -> None:
    asked = understand(
        USERS
        + """
# app/main.py
import asyncio
import anyio
from fastapi import FastAPI
from app.users import router
app = FastAPI()
async def health(): ...
async def add_health(app):
    app.add_api_route("/health", health)
async def setup(app):
    app.include_router(router, prefix="/v1")
    await asyncio.gather(add_health(app))
"""
        + run
    )
    assert asked.routes == ["GET /v1/users/{user_id}", "GET /health"]


def test_a_coroutine_that_nobody_awaits_registers_nothing() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        async def setup():
            @app.get("/never")
            def never(): ...
        pending = setup()
        """)
    assert asked.routes == []


def test_globals_are_the_names_of_the_module() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import APIRouter, FastAPI
from app.users import router
globals()["app"] = FastAPI()
items = APIRouter(prefix="/items")
@items.get("/")
def read_items(): ...
for name in ("router", "items"):
    globals()["app"].include_router(globals().get(name))
@vars()["app"].get("/direct")
def direct(): ...
"""
    )
    assert asked.routes == ["GET /users/{user_id}", "GET /items/", "GET /direct"]


def test_a_factory_that_imports_much_follows_its_settings_to_the_end() -> None:
    many = "".join(f"x{number} = {number}\n" for number in range(1_100))
    asked = understand(
        USERS
        + f"""
# app/much.py
{many}
import functools
from fastapi import APIRouter
router = APIRouter()
def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
@router.get("/much")
@logged
def read_much(): ...
# app/a_factory.py
from fastapi import FastAPI
class Settings:
    users: bool = True
class Lazily:
    def __getattr__(self, name):
        return getattr(Settings(), name)
settings = Lazily()
def create_app():
    app = FastAPI()
    from app.much import router
    app.include_router(router)
    if settings.users:
        from app.users import router as users
        app.include_router(users)
    return app
"""
    )
    assert asked.routes == ["GET /much", "GET /users/{user_id}"]


@pytest.mark.parametrize(
    ("filled", "expected"),
    [
        ("app.router.routes = other.routes", ["GET /other"]),
        ("app.routes.extend(other.routes)", ["GET /own", "GET /other"]),
        ("app.router.routes += found()", ["GET /own", "? {?} ?"]),
    ],
)
def test_the_routes_of_another_app_are_served(filled: str, expected: list[str]) -> None:
    asked = understand(f"""
# app/main.py
from somewhere import found
from fastapi import FastAPI
app = FastAPI()
@app.get("/own")
def own(): ...
other = FastAPI()
@other.get("/other")
def read(): ...
{filled}
""")
    assert [described(r) for r in asked.project.apps[0].routes] == expected


def test_an_include_of_something_that_is_annotated_wrongly_is_uncertain() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, FastAPI
        class Views:
            def __init__(self):
                self.router = APIRouter()
        class Server:
            def __init__(self, views: Views):
                self.app = FastAPI()
                self.app.include_router(views, prefix="/v1")
        """)
    assert not any(route.certain for route in asked.project.routes)
    assert len(asked.routes) == 1


def test_an_app_of_a_program_is_an_app() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
if __name__ == "__main__":
    app = FastAPI()
    @app.get("/")
    def read(): ...
    app.include_router(router, prefix="/v1")
"""
    )
    assert asked.routes == ["GET /", "GET /v1/users/{user_id}"]


def test_what_only_a_program_registers_is_uncertain() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
app = FastAPI()
@app.get("/")
def read(): ...
if __name__ == "__main__":
    app.include_router(router)
    @app.get("/late")
    def late(): ...
"""
    )
    assert asked.routes == ["GET /", "GET /users/{user_id} ?", "GET /late ?"]


@pytest.mark.parametrize(
    "router",
    [
        'import_module(".users", package="app").router',
        'import_module("..users", "app.main").router',
        'import_module(".users", __package__).router',
        'getattr(sys.modules[__name__], "router")',
        'globals()["router"]',
    ],
)
def test_a_router_is_looked_up_by_a_known_name(router: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
import sys
from importlib import import_module
from fastapi import FastAPI
from app.users import router
app = FastAPI()
app.include_router({router})
"""
    )
    assert asked.routes == ["GET /users/{user_id}"]


def test_tags_and_dependencies_come_from_all_around() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, Depends, FastAPI
        def a(): ...
        def b(): ...
        def c(): ...
        def d(): ...
        def e(): ...
        router = APIRouter(prefix="/users", tags=["router"], dependencies=[Depends(b)])
        @router.get("/", tags=["route"], dependencies=[Depends(c)])
        def users(own=Depends(a)): ...
        app = FastAPI(dependencies=[Depends(e)])
        app.include_router(router, tags=["include"], dependencies=[Depends(d)])
        """)
    assert asked.route("/users/").tags == ["include", "router", "route"]
    assert set(asked.dependencies("/users/")) == {"a", "b", "c", "d", "e"}


@pytest.mark.parametrize(
    ("route", "router", "include", "shown"),
    [
        ("", "", "", True),
        ("include_in_schema=False", "", "", False),
        ("", "include_in_schema=False", "", False),
        ("", "", "include_in_schema=False", False),
    ],
)
def test_a_route_is_hidden_by_anything_around_it(route: str, router: str, include: str, shown: bool) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import APIRouter, FastAPI
app, router = FastAPI(), APIRouter({router})
@router.get("/a", {route})
def a(): ...
app.include_router(router, {include})
""")
    assert asked.route("/a").include_in_schema is shown


@pytest.mark.parametrize(
    ("decorator", "annotation", "expected", "source"),
    [
        ("response_model=User", "", "app.main.User", "explicit"),
        ("", "-> User", "app.main.User", "annotation"),
        ("", "-> list[User]", "list[app.main.User]", "annotation"),
        ("response_model=list[User]", "-> dict", "list[app.main.User]", "explicit"),
        ("response_model=None", "-> User", None, None),
        ("", "-> None", None, None),
        ("", "-> JSONResponse", None, None),
        ("", "", None, None),
    ],
)
def test_the_response_model_is_declared_or_annotated(
    decorator: str, annotation: str, expected: str | None, source: str | None
) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
class User(BaseModel):
    name: str
app = FastAPI()
@app.get("/a", {decorator})
def a() {annotation}: ...
""")
    route = asked.route("/a")
    assert (route.response_model_name, route.response_model_source) == (expected, source)


# --- what cannot be followed ---------------------------------------------------------------------------------------


def test_a_route_in_a_loop_over_the_unknown_is_uncertain() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        from app.nowhere import names
        app = FastAPI()
        for name in names:
            @app.get(f"/{name}/x")
            def read(): ...
        """)
    assert asked.routes == ["GET /{?}/x ?"] or asked.routes == ["GET {?} ?"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("app = FastAPI()\napp.routes.append(Route('/x', read))", ["GET /x"]),
        ("app = FastAPI()\napp.routes.append(made)", ["? {?} ?"]),
        ("app = FastAPI()\napp.router.routes.extend([Route('/x', read)])", ["GET /x"]),
        ("app = FastAPI()\napp.router.routes.extend([Route('/x', read), made])", ["GET /x", "? {?} ?"]),
        ("app = FastAPI(routes=[Route('/x', read), APIRoute('/y', endpoint=read)])", ["GET /x", "GET /y"]),
        ("app = FastAPI(routes=[APIRoute('/x', read, methods=['PUT', 'POST'])])", ["POST,PUT /x"]),
        ("app = FastAPI(routes=[Own('/x', read, methods=['PUT'])])", ["PUT /x"]),
        ("app = FastAPI(routes=[APIWebSocketRoute('/x', read), WebSocketRoute('/y', read)])", ["WS /x", "WS /y"]),
        ("inner = FastAPI(routes=[APIRoute('/y', read)])\napp = FastAPI(routes=[Mount('/x', inner)])", ["GET /x/y"]),
        ("app = FastAPI(routes=[Mount('/x', routes=[Route('/y', read)])])", ["? {?} ?"]),
        ("app = FastAPI(routes=made)", ["? {?} ?"]),
        ("app = FastAPI(routes=None)", []),
        ("app = FastAPI()\nfor route in app.routes:\n    route.name = 'x'", []),
        ("app = FastAPI()\napp.get('/a')(read)\napp.routes.insert(0, Route('/x', read))", ["GET /x", "GET /a"]),
        (
            "app = FastAPI()\napp.include_router(APIRouter(prefix='/v1', routes=[APIRoute('/x', read)]), prefix='/p')",
            ["GET /p/x"],
        ),
    ],
)
def test_route_objects_are_served_as_they_are(start: str, expected: list[str]) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Mount, Route, WebSocketRoute
from app.nowhere import made
class Own(APIRoute):
    def __init__(self, *args, response_model_exclude_none=True, **kwargs):
        super().__init__(*args, response_model_exclude_none=response_model_exclude_none, **kwargs)
def read(): ...
{start}
""")
    assert asked.routes == expected


def test_a_route_object_keeps_its_options() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        from fastapi.routing import APIRoute
        def user(): ...
        async def read(me=Depends(user)): ...
        app = FastAPI(routes=[APIRoute("/a", read, status_code=202, dependencies=[Depends(user)])])
        """)
    route = asked.route("/a")
    assert (route.status_code, route.is_async, route.endpoint_name) == (202, True, "app.main.read")
    assert asked.dependencies("/a") == ["user", "user"]


def test_routes_of_tests_are_not_the_applications() -> None:
    asked = understand("""
        # tests/test_app.py
        from fastapi import FastAPI
        app = FastAPI()
        @app.get("/a")
        def a(): ...
        """)
    assert asked.routes == []


def test_a_router_of_a_library_brings_no_route() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        from fastapi_users import FastAPIUsers
        app = FastAPI()
        app.include_router(FastAPIUsers().get_auth_router(), prefix="/auth")
        @app.get("/own")
        def own(): ...
        """)
    assert asked.routes == ["GET /own"]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("FastAPIUsers().get_auth_router()", []),
        ("wrap(users.router)", ["GET /v1/users/{user_id} ?"]),
        ("importlib.import_module('app.' + name).router", ["GET /v1/users/{user_id} ?"]),
        ("registry.load(name)", ["GET /v1/users/{user_id} ?"]),
    ],
)
def test_what_a_library_makes_is_no_router_that_it_does_not_know(made: str, expected: list[str]) -> None:
    asked = understand(f"""{USERS}
# app/main.py
import importlib
import os
from fastapi import FastAPI
from fastapi_users import FastAPIUsers
from somelib import registry, wrap
from app import users
name = os.environ["NAME"]
app = FastAPI()
app.include_router({made}, prefix="/v1")
""")
    assert asked.routes == expected


@pytest.mark.parametrize("returns", ["FastAPI", "fastapi.FastAPI", "'FastAPI'", "tuple[FastAPI, int]"])
def test_a_function_that_says_it_gives_an_app_is_called_where_nobody_does(returns: str) -> None:
    asked = understand(f"""{USERS}
# app/base.py
from fastapi import FastAPI
def make(debug): return FastAPI(debug=debug)
# app/main.py
import fastapi
from fastapi import FastAPI
from app import base, users
def create() -> {returns}:
    made = base.make(debug=False)
    made.include_router(users.router)
    return made
""")
    assert "GET /users/{user_id}" in asked.routes


@pytest.mark.parametrize(
    ("router", "sure"),
    [
        ("fastapi_utils.inferring_router import InferringRouter", True),
        ("fastapi_restful.inferring_router import InferringRouter", True),
        ("cadwyn import VersionedAPIRouter", True),
        ("faststream.kafka.fastapi import KafkaRouter", True),
        ("somelib.routing import TracedRouter", False),
        ("somelib.routing import Maker", None),
    ],
)
@pytest.mark.parametrize("own", [False, True])
def test_a_routers_class_of_a_library(router: str, sure: bool | None, own: bool) -> None:
    name = router.rpartition(" ")[2]
    made = f"class Own({name}): ...\nrouter = Own" if own else f"router = {name}"
    asked = understand(f"""
# app/main.py
from fastapi import FastAPI
from {router}
app = FastAPI()
{made}(prefix="/items")
@router.get("/{{item_id}}")
def read(item_id: int): ...
app.include_router(router, prefix="/v1")
""")
    assert asked.routes == {True: ["GET /v1/items/{item_id}"], False: ["GET /v1/items/{item_id} ?"], None: []}[sure]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("install(app, router)", ["GET /items ?"]),
        ("install(app, routers=[router], prefix='/v1')", ["GET /v1/items ?"]),
        ("app.add_feature(router)", ["GET /items ?"]),
        ("print(app, router)", []),
        ("install(router)", []),
        ("app.include_router(router)\ninstall(app, router)", ["GET /items"]),
    ],
)
def test_what_gets_an_app_and_a_router_may_include_it(call: str, expected: list[str]) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import APIRouter, FastAPI
from somelib import install
class Own(FastAPI): ...
app = Own()
router = APIRouter()
@router.get("/items")
def read(): ...
{call}
""")
    assert asked.routes == expected


def test_a_router_that_registers_with_and_without_a_slash() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, FastAPI
        class SlashRouter(APIRouter):
            def api_route(self, path, *, include_in_schema=True, **kwargs):
                if path.endswith("/"):
                    path = path[:-1]
                plain = super().api_route(path, include_in_schema=include_in_schema, **kwargs)
                slashed = super().api_route(path + "/", include_in_schema=False, **kwargs)
                def decorator(function):
                    slashed(function)
                    return plain(function)
                return decorator
        router = SlashRouter()
        @router.get("/")
        def listing(): ...
        @router.get("/{item_id}/")
        def read(item_id: int): ...
        app = FastAPI()
        app.include_router(router, prefix="/items")
        """)
    assert asked.routes == ["GET /items/", "GET /items", "GET /items/{item_id}/", "GET /items/{item_id}"]


def test_a_decorator_of_the_app_that_one_of_two_branches_makes() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        from somelib import debugging
        if debugging():
            app = FastAPI(debug=True)
        else:
            app = FastAPI(docs_url=None)
        @app.get("/a")
        def a(): ...
        """)
    assert asked.routes == ["GET /a", "GET /a"]
    assert len(asked.project.apps) == 2


# --- branches that nobody can decide -------------------------------------------------------------------------------

SETUP = """
# app/setup.py
import os
from fastapi import APIRouter, FastAPI
def read(): ...
{setup}
# app/main.py
from fastapi import FastAPI
from app.setup import setup
app = FastAPI()
app.get("/before")(print)
setup(app)
app.get("/after")(print)
"""


@pytest.mark.parametrize(
    ("setup", "certain"),
    [
        ("def setup(app):\n    if os.environ['A']:\n        return\n    app.get('/x')(read)", False),
        ("def setup(app):\n    if os.environ['A']:\n        raise ValueError\n    app.get('/x')(read)", True),
        ("def setup(app):\n    if not os.environ['A']:\n        print(1)\n    app.get('/x')(read)", True),
        (
            "def setup(app):\n    with open('x') as file:\n        if file.read():\n            return\n"
            "    app.get('/x')(read)",
            False,
        ),
        (
            "def setup(app):\n    for path in ['/x']:\n        if os.environ['A']:\n            continue\n"
            "        app.get(path)(read)",
            False,
        ),
        (
            "def setup(app):\n    for path in ['/y', '/x']:\n        if path == '/y':\n            continue\n"
            "        app.get(path)(read)",
            True,
        ),
        (
            "def setup(app):\n    for name in ['A', 'B']:\n        if os.environ[name]:\n            continue\n"
            "    app.get('/x')(read)",
            True,
        ),
        (
            "def setup(app):\n    for name in ['A', 'B']:\n        if os.environ[name]:\n            break\n"
            "    app.get('/x')(read)",
            True,
        ),
        (
            "def setup(app):\n    match os.environ['A']:\n        case 'off':\n            return\n"
            "    app.get('/x')(read)",
            False,
        ),
        (
            "def setup(app):\n    if os.environ['A']:\n        return\n    add(app)\n"
            "def add(app):\n    app.get('/x')(read)",
            False,
        ),
        (
            "def setup(app):\n    if os.environ['A']:\n        return\n    router = APIRouter()\n"
            "    router.get('/x')(read)\n    app.include_router(router)",
            False,
        ),
    ],
)
def test_what_stands_behind_a_branch_that_may_leave_is_uncertain(setup: str, certain: bool) -> None:
    asked = understand(SETUP.format(setup=setup))
    assert asked.routes == ["GET /before", f"GET /x{'' if certain else ' ?'}", "GET /after"]


def test_a_loop_ends_where_it_is_left() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        def read(): ...
        for path in ["/a", "/b", "/c"]:
            if path == "/b":
                break
            for version in [1, 2]:
                if version == 2:
                    break
                app.get(f"{path}/{version}")(read)
        """)
    assert asked.routes == ["GET /a/1"]


def test_an_app_that_a_branch_makes_serves_what_the_branch_registers() -> None:
    asked = understand("""
        # app/factory.py
        from fastapi import FastAPI
        from app.users import router
        def create(kind):
            app = FastAPI()
            app.include_router(router)
            if kind == "full":
                app.include_router(router, prefix="/more")
            return app
        # app/users.py
        from fastapi import APIRouter
        router = APIRouter(prefix="/users")
        @router.get("")
        def users(): ...
        # app/main.py
        import sys
        from app.factory import create
        def main(arguments):
            if arguments.reload:
                print("reloads")
            else:
                return create(arguments.kind)
        main(sys.argv)
        """)
    assert asked.routes == ["GET /users", "GET /more/users ?"]


def test_an_app_around_another_may_not_be_there() -> None:
    asked = understand("""
        # app/main.py
        import os
        from fastapi import FastAPI
        inner = app = FastAPI()
        @app.get("/a")
        def a(): ...
        if os.environ["BASE"]:
            app = FastAPI()
            app.mount("/base", inner)
        """)
    assert sorted(asked.routes) == ["GET /a", "GET /base/a"]


CONFIG = """
# app/config.py
import os
class Config:
    mode = "plain"
    def __init__(self):
        self.more = False
        self.prefix = "/a"
{change}
config = Config()
# app/main.py
from fastapi import FastAPI
from app.config import config
app = FastAPI()
if config.more:
    @app.get("/more")
    def more(): ...
if config.mode == "plain":
    @app.get("/plain")
    def plain(): ...
@app.get(config.prefix)
def a(): ...
"""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("if os.environ['A']:\n            self.more = True", ["GET /more ?", "GET /plain", "GET /a"]),
        ("if os.environ['A']:\n            self.mode = 'rich'", ["GET /plain ?", "GET /a"]),
        ("if os.environ['A']:\n            self.prefix = '/b'", ["GET /plain", "GET {?} ?"]),
        ("for name in os.environ:\n            self.more = True", ["GET /more ?", "GET /plain", "GET /a"]),
        ("if os.environ['A']:\n            self.more = True\n            return", ["GET /plain", "GET /a"]),
        (
            "if os.environ['A']:\n            if os.environ['B']:\n                self.prefix = '/b'\n"
            "        else:\n            self.more = True",
            ["GET /more ?", "GET /plain", "GET {?} ?"],
        ),
        ("try:\n            import nowhere\n        except ImportError:\n            self.prefix = '/b'", None),
        ("if os.environ['A']:\n            self.prefix = '/b'\n        else:\n            self.prefix = '/b'", "/b"),
    ],
)
def test_an_attribute_that_a_branch_assigns_may_have_either_value(
    change: str, expected: list[str] | str | None
) -> None:
    asked = understand(CONFIG.format(change="        " + change))
    if not isinstance(expected, list):
        expected = ["GET /plain", f"GET {expected or '/a'}"]
    assert asked.routes == expected


def test_what_a_branch_makes_has_its_own_attributes() -> None:
    asked = understand("""
        # app/main.py
        import os
        from fastapi import FastAPI
        class Group:
            prefix = ""
            def __init__(self, prefix):
                self.prefix = prefix
        app = FastAPI()
        if os.environ["A"]:
            group = Group("/a")
            @app.get(group.prefix + "/x")
            def x(): ...
        """)
    assert asked.routes == ["GET /a/x ?"]


def test_a_list_that_grows_grows_everywhere() -> None:
    asked = understand("""
        # app/routers.py
        from fastapi import APIRouter
        users, items = APIRouter(), APIRouter()
        @users.get("/users")
        def read_users(): ...
        @items.get("/items")
        def read_items(): ...
        ALL = [users]
        # app/main.py
        from fastapi import FastAPI
        from app.routers import ALL, items
        def versioned(app):
            for router in ALL:
                app.include_router(router, prefix="/v1")
        def create():
            app = FastAPI()
            routers = ALL
            routers += [items]
            for router in routers:
                app.include_router(router)
            versioned(app)
            return app
        app = create()
        """)
    assert asked.routes == ["GET /users", "GET /items", "GET /v1/users", "GET /v1/items"]


def test_one_of_several_values_is_none_of_the_others() -> None:
    asked = understand("""
        # app/main.py
        import enum, functools, os
        from fastapi import Depends, FastAPI
        class Scheme(enum.Enum):
            NONE, BASIC, BEARER = "none", "basic", "bearer"
        def basic(): ...
        def bearer(): ...
        class Config:
            scheme = Scheme.BASIC
        config = Config()
        if os.environ["A"]:
            config.scheme = Scheme.BEARER
        def provider():
            if config.scheme == Scheme.NONE:
                return None
            return basic if config.scheme == Scheme.BASIC else bearer
        def wrapped():
            inner = provider()
            @functools.wraps(inner)
            async def authorize(*args, **kwargs): ...
            return authorize
        app = FastAPI()
        if config.scheme != Scheme.NONE:
            @app.get("/a")
            def a(me=Depends(wrapped())): ...
        """)
    assert asked.routes == ["GET /a"]
    assert asked.dependencies("/a") == ["basic"]
    assert not asked.route("/a").tree.children[0].resolved


# --- what nobody is seen to call -----------------------------------------------------------------------------------

SERVER = """
# app/main.py
from fastapi import FastAPI
app = FastAPI()
# app/server.py
from fastapi import APIRouter, FastAPI
from app.loading import load
def read(): ...
def register(app: FastAPI, prefix: str):
    router = APIRouter(prefix="/v1")
    router.get("/x")(read)
    app.include_router(router)
{server}
"""


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (
            "class Server:\n    def start(self):\n        self.fill(load('app.main:app'))\n"
            "    def fill(self, app: FastAPI):\n        app.get('/')(read)\n        register(app, '/v1')",
            ["GET / ?", "GET /v1/x ?"],
        ),
        ("def start():\n    register(load('app.main:app'), '/v1')", ["GET /v1/x ?"]),
        ("", []),
        ("def start(settings):\n    fill(settings)\ndef fill(settings: dict):\n    print(settings)", []),
    ],
)
def test_what_an_empty_app_may_get_is_counted(server: str, expected: list[str]) -> None:
    assert understand(SERVER.format(server=server)).routes == expected


def test_an_app_with_routes_gets_nothing_from_functions_that_are_not_seen_to_run() -> None:
    asked = understand(
        SERVER.format(server="def start():\n    register(load('app.main:app'), '/v1')\n")
        + """
# app/main.py
from fastapi import FastAPI
app = FastAPI()
@app.get("/a")
def a(): ...
"""
    )
    assert asked.routes == ["GET /a"]


# --- endpoints -----------------------------------------------------------------------------------------------------


def test_an_endpoint_that_each_branch_defines_is_one() -> None:
    asked = understand("""
        # app/main.py
        import os
        from fastapi import Depends, FastAPI
        def user(): ...
        def made():
            if os.environ["A"]:
                async def endpoint(me=Depends(user)): ...
            else:
                async def endpoint(): ...
            return endpoint
        app = FastAPI()
        app.add_api_route("/a", made())
        """)
    route = asked.route("/a")
    assert (route.endpoint_name, route.is_async) == ("app.main.made.<locals>.endpoint", True)
    assert asked.dependencies("/a") == ["user"]
    assert not route.tree.resolved


def test_a_class_is_no_dict() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import Depends, FastAPI
        from pydantic import BaseModel
        class Query:
            def __init__(self, page: int): ...
        def made(model):
            if isinstance(model, dict):
                def endpoint(data: dict): ...
            elif issubclass(model, BaseModel):
                def endpoint(data: model): ...
            else:
                def endpoint(data=Depends(model)): ...
            return endpoint
        app = FastAPI()
        app.get("/a")(made(Query))
        """)
    assert asked.dependencies("/a") == ["Query"]
    assert asked.route("/a").tree.resolved


@pytest.mark.parametrize("decorator", ["wrapped", "wrapped()", "wrapped(cached=True)"])
def test_a_decorator_with_or_without_arguments_wraps_the_endpoint(decorator: str) -> None:
    asked = understand(f"""
# app/wrapping.py
from functools import wraps
def wrapped(function=None, *, cached=False):
    def decorate(function):
        @wraps(function)
        async def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper
    if function is None:
        return decorate
    return decorate(function)
# app/main.py
from fastapi import FastAPI
from app.wrapping import wrapped
app = FastAPI()
@app.get("/a")
@{decorator}
def read(): ...
""")
    assert (asked.route("/a").endpoint_name, asked.route("/a").is_async) == ("app.main.read", True)


# --- settings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validator", "path"),
    [
        ("@field_validator('*', mode='before')\n    def convert(cls, value): return convert(cls, value)", "/v1/a"),
        ("@field_validator('prefix')\n    def convert(cls, value): return convert(cls, value)", "{?}/a"),
        ("@field_validator('*')\n    def add(cls, value): return value + '/b'", "/v1/b/a"),
        ("@field_validator('other')\n    def convert(cls, value): return convert(cls, value)", "/v1/a"),
    ],
)
def test_a_validator_of_all_fields_that_cannot_be_followed_leaves_the_default(validator: str, path: str) -> None:
    asked = understand(f"""
# app/config.py
from pydantic import field_validator
from pydantic_settings import BaseSettings
from app.nowhere import convert
class Settings(BaseSettings):
    prefix: str = "/v1"
    other: str = "/other"
    {validator}
settings = Settings()
# app/main.py
from fastapi import APIRouter, FastAPI
from app.config import settings
app, router = FastAPI(), APIRouter()
@router.get("/a")
def a(): ...
app.include_router(router, prefix=settings.prefix)
""")
    assert asked.routes == [f"GET {path}{' ?' if '?' in path else ''}"]


# --- start-up that only a branch asks for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("True", "GET /late"),
        ("os.environ['A']", "GET /late ?"),
        ("os.getenv('EAGER', '') == '1'", "GET /late ?"),
        ("os.getenv('EAGER', '1') == '1'", "GET /late"),
    ],
)
def test_what_a_lifespan_registers_is_as_sure_as_the_lifespan(test: str, expected: str) -> None:
    asked = understand(f"""
# app/main.py
import os
from contextlib import asynccontextmanager
from fastapi import FastAPI
app = FastAPI()
@asynccontextmanager
async def lifespan(app):
    app.get("/late")(print)
    yield
if {test}:
    app.router.lifespan_context = lifespan
""")
    assert asked.routes == [expected]


def test_a_tuple_of_any_length_is_named_as_it_is_written() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import FastAPI
        app = FastAPI()
        @app.get("/a")
        def a() -> tuple[int, ...]: ...
        """)
    assert asked.route("/a").response_model_name == "tuple[int, ...]"
