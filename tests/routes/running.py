"""Write the route tables of running apps as JSON: `python running.py ROOT SCRATCH MODULE...`.

Every module is imported in a forked process of its own, from ROOT, with SCRATCH as its working directory, so that one
program cannot change another's tables. Prints one object: module → {"apps": [...]} or {"error": "..."}; an app has the
file and line of its `FastAPI(...)` call, its routes have the keys of `fastapi-guardrails routes`, and `library` where
the endpoint is no code of ROOT.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import os
import re
import sys
import traceback
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastapi
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from fastapi.security.base import SecurityBase
from starlette.routing import BaseRoute, Mount

Made = list[tuple[fastapi.FastAPI, str, int]]


def main(root: str, scratch: str, modules: list[str]) -> None:
    """Print the tables of the apps that `modules`, importable from `root`, make in their own files."""
    sys.path.insert(0, root)
    os.chdir(scratch)
    json.dump({module: in_child(root, module) for module in modules}, sys.stdout)


def in_child(root: str, module: str) -> dict[str, Any]:
    """What `tables` gives for a module, or the error of its import, from a forked process."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        with os.fdopen(write, "w") as out:
            json.dump(answer(root, module), out)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as source:
        text = source.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else {"error": "the process ended while importing"}


def answer(root: str, module: str) -> dict[str, Any]:
    """The tables of one module, or why it cannot be imported."""
    made = record_apps(root)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            imported = importlib.import_module(module)
    except BaseException as error:  # a program may raise SystemExit while it is imported
        return {"error": "".join(traceback.format_exception_only(error)).strip()}
    own = str(Path(imported.__file__ or "").relative_to(root))
    mounted = [id(route.app) for app, _, _ in made for route in app.routes if isinstance(route, Mount)]
    return {
        "apps": [
            {"path": path, "line": line, "mounted": id(app) in mounted, "routes": list(routes(app))}
            for app, path, line in made
            if path == own
        ]
    }


def record_apps(root: str) -> Made:
    """A list that every `FastAPI(...)` made from now on is added to, with the file and line of the call."""
    made: Made = []
    original = fastapi.FastAPI.__init__

    def init(self: fastapi.FastAPI, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        caller = sys._getframe(1)
        with contextlib.suppress(ValueError):
            made.append((self, str(Path(caller.f_code.co_filename).relative_to(root)), caller.f_lineno))

    fastapi.FastAPI.__init__ = init  # type: ignore[method-assign]
    return made


def routes(app: Any, prefix: str = "") -> Iterator[dict[str, Any]]:
    """The API routes and websockets that an app serves, those of mounted apps too, in the order of matching."""
    for context in iter_route_contexts(app.routes):
        route: BaseRoute = context.original_route
        if isinstance(route, Mount):
            if hasattr(route.app, "routes"):
                yield from routes(route.app, prefix + (context.path or ""))
        elif isinstance(route, (APIRoute, APIWebSocketRoute)):
            yield row(context, route, prefix)


def row(context: Any, route: APIRoute | APIWebSocketRoute, prefix: str) -> dict[str, Any]:
    """One route as the `routes` command prints it."""
    websocket = isinstance(route, APIWebSocketRoute)
    dependencies = list(tree(context.dependant))
    endpoint = inspect.unwrap(context.endpoint)
    return {
        "path": prefix + context.path,
        "methods": [] if websocket else sorted(context.methods),
        "endpoint": name_of(context.endpoint),
        "is_async": inspect.iscoroutinefunction(endpoint) or inspect.isasyncgenfunction(endpoint),
        "status_code": None if websocket else context.status_code,
        "response_model": None if websocket else type_name(context.response_model),
        "tags": [] if websocket else [getattr(tag, "value", tag) for tag in context.tags or []],
        "dependencies": sorted({name_of(call) for call in dependencies}),
        "secured": any(isinstance(call, SecurityBase) for call in dependencies),
        "websocket": websocket,
        "include_in_schema": not websocket and bool(context.include_in_schema),
        "library": "site-packages" in inspect.getfile(endpoint),
    }


def tree(dependant: Dependant) -> Iterator[Any]:
    """All callables below a dependant."""
    for child in dependant.dependencies:
        yield child.call
        yield from tree(child)


def name_of(call: Any) -> str:
    """`module.qualname` of a function, method or class, and of the class of any other callable object."""
    named = call if hasattr(call, "__qualname__") else type(call)
    return f"{named.__module__}.{named.__qualname__}"


def type_name(model: Any) -> str | None:
    """A response model as text: generics by their origin, every union as `Union[...]`."""
    if model is None:
        return None
    if model is type(None):
        return "None"
    if model is typing.Any:
        return "Any"
    origin = typing.get_origin(model)
    if origin is None:
        return simple_name(model)
    arguments = typing.get_args(model)
    if origin is typing.Annotated:
        return type_name(arguments[0])
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    inner = ", ".join("..." if a is Ellipsis else str(type_name(a)) for a in arguments)
    return f"Union[{inner}]" if origin in (typing.Union, types.UnionType) else f"{simple_name(origin)}[{inner}]"


def simple_name(model: Any) -> str:
    """The name of a class, with its module unless it is a builtin."""
    if not hasattr(model, "__qualname__"):
        return re.sub(r"^typing\.", "", str(model))
    return model.__qualname__ if model.__module__ == "builtins" else f"{model.__module__}.{model.__qualname__}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
