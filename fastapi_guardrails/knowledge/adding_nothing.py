"""Libraries that get an app and neither handle exceptions of a project nor ask who calls."""

from __future__ import annotations

import sys

#: Their top packages: servers, clients, metrics, traces, documentation, administration beside the app.
_PACKAGES = frozenset(
    {
        "a2wsgi", "asgi_correlation_id", "asgi_lifespan", "asgiref", "chainlit", "ddtrace", "debug_toolbar", "dishka",
        "elasticapm", "fastapi", "fastapi_mcp", "fastapi_pagination", "fastmcp", "gradio", "granian", "gunicorn",
        "httpx", "hypercorn", "locust", "logfire", "mangum", "mcp", "newrelic", "nicegui", "opentelemetry",
        "prometheus_client", "prometheus_fastapi_instrumentator", "pytest", "scalar_fastapi", "schemathesis",
        "sentry_sdk", "socketio", "sqladmin", "starlette", "starlette_admin", "starlette_exporter",
        "starlette_prometheus", "typer", "uvicorn",
    }
)  # fmt: skip


def adds_no_handlers(name: str) -> bool:
    """Whether a function of a library registers no exception handler and no authentication on an app that it gets."""
    top = name.partition(".")[0]
    return top in _PACKAGES or top in sys.stdlib_module_names or top == "builtins"
