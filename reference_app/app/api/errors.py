"""Global handlers: whatever goes wrong, the answer has one shape and no internals."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request, WebSocket, status
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from app.core.exceptions import AppException
from app.core.problem import PROBLEM_JSON, ProblemResponse, problem


async def handle_http_error(connection: Request | WebSocket, exc: HTTPException) -> ProblemResponse:
    """Answer the app's own refusals, and the framework's: no such route, wrong method.

    A WebSocket that is refused before it begins gets the same answer as a request.
    """
    headers = dict(exc.headers or {})
    if exc.status_code == status.HTTP_405_METHOD_NOT_ALLOWED:
        headers["Allow"] = allowed_methods(connection)
    answer = problem(exc.status_code, exc.detail, headers)
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(answer)
    return answer


async def handle_invalid_request(request: Request, exc: RequestValidationError) -> ProblemResponse:
    """Say what is wrong and where, without the value: it may be a password."""
    errors = [
        {"location": error["loc"], "message": error["msg"], "type": error["type"]}
        for error in exc.errors()
    ]
    return problem(422, "The request is not valid", errors=jsonable_encoder(errors))


async def handle_unexpected_error(request: Request, exc: Exception) -> ProblemResponse:
    """Answer what even the innermost middleware did not catch: an error in a middleware."""
    return problem(500, "Internal server error")


def allowed_methods(connection: HTTPConnection) -> str:
    """List all methods of a path; the router only knows those of the route it tried first."""
    paths: dict[str, dict[str, Any]] = connection.app.openapi()["paths"]
    for template, operations in paths.items():
        if compile_path(template)[0].match(connection.url.path):
            return ", ".join(method.upper() for method in operations)
    return "GET"


def register_error_handlers(app: FastAPI) -> None:
    """Put all handlers in place."""
    app.exception_handler(AppException)(handle_http_error)
    app.exception_handler(HTTPException)(handle_http_error)
    app.exception_handler(RequestValidationError)(handle_invalid_request)
    app.exception_handler(Exception)(handle_unexpected_error)


def describe_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Correct the API's description: errors are `application/problem+json`."""
    for path in schema["paths"].values():
        for operation in path.values():
            for code, response in operation["responses"].items():
                if code.startswith(("4", "5")):
                    _rename_media_type(response.get("content", {}))
    return schema


def _rename_media_type(content: Mapping[str, Any]) -> None:
    if isinstance(content, dict) and "application/json" in content:
        content[PROBLEM_JSON] = content.pop("application/json")
