"""Launch: the functions that start apps though no code of the project calls them."""

from __future__ import annotations

import pytest

from .asked import understand

USERS = """
# app/users.py
from fastapi import APIRouter
router = APIRouter(prefix="/users")
@router.get("/{user_id}")
def read_user(user_id: int): ...
"""

FACTORY = """
# app/factory.py
from fastapi import FastAPI
def create_app() -> FastAPI:
    app = FastAPI()
    @app.get("/health")
    def health(): ...
    return app
"""

SERVER = """
# app/server.py
from fastapi import APIRouter, FastAPI
class Server:
    def __init__(self, host):
        self.app = FastAPI()
        self.router = APIRouter()
    def serve(self, options):
        import uvicorn
        self.router.add_api_route("/items", self.items)
        self.app.include_router(self.router)
        uvicorn.run(self.app)
    def items(self): ...
"""

SET_UP = (
    USERS
    + """
# app/main.py
import uvicorn
from fastapi import FastAPI
from app.users import router
app = FastAPI()
def set_up():
    app.include_router(router)
"""
)


def test_what_a_factory_for_the_command_line_makes_is_served() -> None:
    assert understand(FACTORY).routes == ["GET /health"]


@pytest.mark.parametrize(
    "main",
    [
        "import uvicorn\ndef main():\n    app = create_app()\n    app.include_router(router)\n    uvicorn.run(app)",
        "import click\n@click.command()\ndef main():\n    serve(create_app())\n\ndef serve(app):\n"
        "    app.include_router(router)",
        "def main():\n    app = create_app()\n    app.include_router(router)\n\nif __name__ == '__main__':\n    main()",
        "from uvicorn import Config, Server\ndef start(app):\n    Server(Config(app)).run()\ndef main():\n"
        "    app = create_app()\n    app.include_router(router)\n    start(app)\n    hand_over('uvicorn')",
    ],
    ids=["server", "command", "program", "helper"],
)
def test_what_starts_an_app_adds_to_what_its_factory_made(main: str) -> None:
    text = f"\n# app/main.py\nfrom app.factory import create_app\nfrom app.users import router\n{main}\n"
    asked = understand(USERS + FACTORY + text)
    assert asked.routes == ["GET /health", "GET /users/{user_id}"]


def test_a_factory_is_found_behind_an_import_in_a_function() -> None:
    asked = understand(
        USERS
        + FACTORY
        + """
# app/main.py
def main():
    import uvicorn
    from app.factory import create_app
    from app.users import router
    app = create_app()
    app.include_router(router)
    uvicorn.run(app)
"""
    )
    assert asked.routes == ["GET /health", "GET /users/{user_id}"]


@pytest.mark.parametrize("call", ["server.run('host', 1)", "run('host', 1)"])
def test_an_object_is_made_and_told_to_serve(call: str) -> None:
    asked = understand(
        SERVER
        + f"""
# app/main.py
from app.server import Server
def run(host, port):
    Server(host).serve({{"port": port}})
# app/command.py
import typer
from app import main as server
from app.main import run
cli = typer.Typer()
@cli.command()
def start():
    {call}
"""
    )
    assert asked.routes == ["GET /items"]


def test_nothing_is_registered_twice_by_a_second_attempt() -> None:
    asked = understand(
        SERVER
        + """
# app/main.py
from app.server import Server
def run(host, port):
    try:
        Server(host).serve({"port": port})
    except SystemExit:
        Server(host).serve({"port": port + 1})
"""
    )
    assert asked.routes == ["GET /items"]


def test_a_helper_that_is_called_again_with_another_path_registers_again() -> None:
    asked = understand(
        FACTORY
        + """
# app/main.py
import uvicorn
from app.factory import create_app
def add(app, path):
    app.add_api_route(path, read)
def read(): ...
def main():
    app = create_app()
    add(app, "/a")
    add(app, "/b")
    uvicorn.run(app)
"""
    )
    assert asked.routes == ["GET /health", "GET /a", "GET /b"]


@pytest.mark.parametrize(("parameter", "argument"), [("*routers", "router"), ("routers", "[router]")])
def test_a_factory_that_gets_routers_is_called_with_them(parameter: str, argument: str) -> None:
    asked = understand(
        USERS
        + f"""
# app/main.py
import uvicorn
from fastapi import FastAPI
from app.users import router
def create_app({parameter}):
    app = FastAPI()
    for router in routers:
        app.include_router(router, prefix="/v1")
    return app
def main():
    uvicorn.run(create_app({argument}))
"""
    )
    assert "GET /v1/users/{user_id}" in asked.routes


def test_the_app_of_an_import_is_filled_by_what_starts_it() -> None:
    asked = understand(
        SET_UP
        + """
def main():
    set_up()
    uvicorn.run(app)
"""
    )
    assert asked.routes == ["GET /users/{user_id}"]


def test_what_one_program_adds_to_an_app_that_serves_is_uncertain() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
import uvicorn
from fastapi import FastAPI
from app.users import router
app = FastAPI()
@app.get("/")
def read(): ...
def debug():
    app.include_router(router)
    uvicorn.run(app)
"""
    )
    assert asked.routes == ["GET /", "GET /users/{user_id} ?"]


def test_what_two_programs_add_is_certain_of_one_only() -> None:
    asked = understand(
        USERS
        + FACTORY
        + """
# app/main.py
import uvicorn
from app.factory import create_app
from app.users import router
def develop():
    app = create_app()
    app.include_router(router)
    uvicorn.run(app, reload=True)
def serve():
    app = create_app()
    app.include_router(router)
    uvicorn.run(app)
"""
    )
    assert asked.routes == ["GET /health", "GET /users/{user_id}", "GET /users/{user_id} ?"]


def test_what_nobody_calls_registers_nothing() -> None:
    asked = understand(
        SET_UP
        + """
if __name__ == "__main__":
    uvicorn.run(app)
"""
    )
    assert asked.routes == []


def test_another_function_of_the_same_name_does_not_start_an_app() -> None:
    asked = understand(
        USERS
        + """
# app/main.py
from fastapi import FastAPI
from app.users import router
app = FastAPI()
def set_up():
    app.include_router(router)
# app/other.py
import uvicorn
def set_up(): ...
def main():
    set_up()
    uvicorn.run("app.main:app")
"""
    )
    assert asked.routes == []
