"""Budgets: what start-up code does beyond them is not followed, and what it may register is counted as uncertain."""

from __future__ import annotations

import pytest

from fastapi_guardrails.model import evaluate

from .asked import Asked, understand

STARTED = """
# app/users.py
from fastapi import APIRouter
router = APIRouter(prefix="/users")
@router.get("/")
def users(): ...
# app/work.py
def work(depth):
    for i in range(100):
        a = 1
        b = 2
        c = 3
    if depth:
        work(depth - 1)
# app/main.py
from fastapi import FastAPI
from app.work import work
from app import users
def include(app):
    app.include_router(users.router)
def hidden():
    deeper()
def deeper():
    target.include_router(users.router)
"""


def started(body: str, monkeypatch: pytest.MonkeyPatch, **budgets: int) -> Asked:
    """An app that a function makes, with other budgets."""
    for name, value in budgets.items():
        monkeypatch.setattr(evaluate, name, value)
    lines = "\n".join("    " + line for line in body.splitlines())
    return understand(
        f"{STARTED}\ntarget = FastAPI()\ndef create():\n    app = FastAPI()\n{lines}\n    return app\ncreate()\n"
    )


def test_work_that_registers_nothing_is_left_out_and_leaves_no_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started("work(1)\nwork(1)\ninclude(app)", monkeypatch, SOFT_STEPS=100)
    assert asked.routes == ["GET /users/"]


def test_a_tired_start_up_still_follows_what_gets_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started("work(1)\ninclude(app)", monkeypatch, SOFT_STEPS=10, MAX_TOTAL=10)
    assert asked.routes == ["GET /users/"]


def test_a_tired_start_up_still_follows_what_leads_to_a_router(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started("work(1)\nhidden()", monkeypatch, SOFT_STEPS=10)
    assert asked.routes == ["GET /users/"]


@pytest.mark.parametrize("call", ["include(app)", "hidden()"])
def test_what_comes_after_the_last_step_is_uncertain(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started(f"work(0)\n{call}", monkeypatch, SOFT_STEPS=10, MAX_STEPS=200)
    assert set(asked.routes) == {"? {?} ?"}
    assert {r.mark.line for r in asked.project.routes} == {16}


def test_routes_that_were_found_before_stay_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started("include(app)\nwork(0)\ninclude(app)", monkeypatch, MAX_STEPS=200)
    assert asked.routes == ["GET /users/", "? {?} ?"]


def test_a_router_beyond_the_last_step_may_be_served(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = started("work(0)\ninclude(app)", monkeypatch, MAX_STEPS=200)
    app = next(a for a in asked.project.apps if a.value.escaped)
    assert asked.project.exceptions.is_handled(
        app, asked.project.evaluator.lookup("KeyError", app.value.place.module.scope)
    )


TREE = """
# app/main.py
from fastapi import APIRouter, FastAPI
app = FastAPI()
leaf = APIRouter()
@leaf.get("/leaf")
def read(): ...
def include(parent, tree):
    for name, inner in tree.items():
        if isinstance(inner, dict):
            router = APIRouter(prefix=f"/{name}")
            include(router, inner)
            parent.include_router(router)
        else:
            parent.include_router(inner, prefix=f"/{name}")
"""


def test_a_tree_of_routers_is_included_to_some_depth() -> None:
    asked = understand(f"{TREE}\ninclude(app, {{'a': {{'b': {{'c': {{'d': leaf}}}}}}}})\n")
    assert asked.routes == ["GET /a/b/c/d/leaf"]


def test_a_tree_that_is_deeper_is_uncertain() -> None:
    tree = "leaf"
    for _ in range(12):
        tree = f"{{'a': {tree}}}"
    (route,) = understand(f"{TREE}\ninclude(app, {tree})\n").project.routes
    assert (route.certain, route.route_path) == (False, "/a" * 8 + "{?}")


def test_a_function_that_includes_itself_for_ever_ends() -> None:
    asked = understand("""
        # app/main.py
        from fastapi import APIRouter, FastAPI
        app = FastAPI()
        def include(parent):
            router = APIRouter(prefix="/a")
            @router.get("/")
            def read(): ...
            include(router)
            parent.include_router(router)
        include(app)
        """)
    assert asked.routes[-1].endswith(" ?")


def test_a_tired_start_up_still_follows_what_says_that_it_gives_an_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "SOFT_STEPS", 10)
    asked = understand(f"""{STARTED}
class Server:
    def build(self) -> FastAPI:
        return FastAPI()
class Full(Server):
    def build(self) -> FastAPI:
        app = super().build()
        app.get("/full")(users)
        return app
def create():
    work(1)
    return Full().build()
create()
""")
    assert asked.routes == ["GET /full"]
