"""Libraries that get an app and neither handle exceptions of a project nor ask who calls."""

from __future__ import annotations

import sys

#: Their top packages: servers, clients, metrics, traces, logs, limits, caches, documentation, administration beside the
#: app, dependency injection, versions of the API.
_PACKAGES = frozenset(
    {
        "a2wsgi", "apitally", "ariadne", "asgi_correlation_id", "asgi_lifespan", "asgiref", "aws_xray_sdk", "azure",
        "cadwyn", "chainlit", "ddtrace", "debug_toolbar", "dependency_injector", "dishka", "elasticapm", "fastapi",
        "fastapi_admin", "fastapi_async_sqlalchemy", "fastapi_babel", "fastapi_cache", "fastapi_events",
        "fastapi_health", "fastapi_healthchecks", "fastapi_limiter", "fastapi_mcp", "fastapi_offline",
        "fastapi_pagination", "fastapi_profiler", "fastapi_socketio", "fastapi_sqlalchemy", "fastapi_utils",
        "fastapi_versioning", "fastapi_versionizer", "fastmcp", "gradio", "granian", "graphene", "gunicorn", "httpx",
        "hypercorn", "lagom", "locust", "logfire", "loguru", "mangum", "mcp", "newrelic", "nicegui", "opencensus",
        "opentelemetry", "prometheus_client", "prometheus_fastapi_instrumentator", "pyinstrument", "pytest",
        "scalar_fastapi", "schemathesis", "sentry_sdk", "slowapi", "socketio", "sqladmin", "starlette",
        "starlette_admin", "starlette_context", "starlette_exporter", "starlette_prometheus", "strawberry", "structlog",
        "tortoise", "typer", "uvicorn",
    }
)  # fmt: skip


def adds_no_handlers(name: str) -> bool:
    """Whether a function of a library registers no exception handler and no authentication on an app that it gets."""
    top = name.partition(".")[0]
    return top in _PACKAGES or top in sys.stdlib_module_names or top == "builtins"
