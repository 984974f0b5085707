"""Code that is nested deeper than the interpreter allows: nothing fails, and what is around it is still known."""

from __future__ import annotations

import pytest

from .asked import understand

DEPTHS = [250, 300, 350, 600]


def nested(depth: int) -> dict[str, str]:
    """Expressions of a depth."""
    return {"calls": "q" + ".filter(1)" * depth, "attributes": "x" + ".a" * depth, "sum": "+".join(["'a'"] * depth)}


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", ["calls", "attributes", "sum"])
@pytest.mark.parametrize(
    "text",
    [
        "app = FastAPI()\nx = {}\n@app.get('/a')\ndef a(): ...",
        "def create():\n    app = FastAPI()\n    x = {}\n    @app.get('/a')\n    def a(): ...\n    return app",
        "app = FastAPI()\n@app.on_event('startup')\ndef start():\n    app.add_api_route('/a', start)\n    x = {}",
        "app = FastAPI()\n@app.get('/a')\ndef a(x={}, y: {} = 1) -> {}: ...",
        "app = FastAPI()\ndef d(x=Depends({})):\n    return {}\n@app.get('/a')\ndef a(x=Depends(d)):\n    return {}",
    ],
    ids=["module", "factory", "startup", "signature", "dependency"],
)
def test_deep_expressions(text: str, kind: str, depth: int) -> None:
    asked = understand("from fastapi import Depends, FastAPI\n" + text.replace("{}", nested(depth)[kind]))
    for route in asked.project.routes:
        assert list(route.tree.walk())
        assert route.response_model is None or route.response_model_name
    for function in asked.project.functions:
        assert function.analysis.calls is not None
    assert len(asked.project.apps) == 1
    assert "GET /a" in asked.routes or asked.routes == ["? {?} ?"]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("kind", ["calls", "attributes", "sum"])
def test_an_app_is_made_of_what_is_nested_deep(kind: str, depth: int) -> None:
    asked = understand(f"""
# app/main.py
from fastapi import FastAPI
from somelib import q, x
app = FastAPI(title={nested(depth)[kind]})
@app.get("/a")
def a(): ...
""")
    assert asked.routes == ["GET /a"]


def test_an_app_is_made_of_an_object_that_gives_objects_like_itself() -> None:
    asked = understand("""
# app/main.py
from fastapi import FastAPI
from somelib import load

class Config:
    def __init__(self, values=None):
        self._values = values or {}

    def __getattr__(self, name):
        value = self._values.get(name)
        return Config(value) if isinstance(value, dict) else value() if callable(value) else value

config = Config(load())
app = FastAPI(version=config.version, debug=config.server.debug)

@app.get("/a")
def a(): ...
""")
    assert asked.routes == ["GET /a"]
