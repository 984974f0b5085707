"""The application: its parts, its start and its end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware

from app.api import health
from app.api.errors import describe_problems, register_error_handlers
from app.api.responses import COMMON
from app.api.v1.router import api_router
from app.config import API_V1_STR, Settings, get_settings
from app.core.logging import configure_logging
from app.core.middleware import (
    AccessLogMiddleware,
    BodyLimitMiddleware,
    RequestIdMiddleware,
    SecurityHeadersMiddleware,
    UnexpectedErrorMiddleware,
)
from app.dependencies import Resources
from app.services.housekeeping import Housekeeper
from app.services.outbox import OutboxWorker

DOCS_PAGES = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc"})


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Check the schema, work in the background while requests are served, then tidy up."""
    resources: Resources = app.state.resources
    configure_logging(resources.settings.LOG_LEVEL)
    try:
        await resources.database.ensure_schema()
        async with running(
            OutboxWorker(resources.database, resources.mailer).run,
            Housekeeper(resources.database).run,
            resources.feed.run,
        ):
            yield
    finally:
        await resources.database.dispose()


@asynccontextmanager
async def running(*loops: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Keep the loops running until the block ends."""
    tasks = [asyncio.ensure_future(loop()) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def build_middleware(settings: Settings) -> list[Middleware]:
    """List the middleware from the outside in."""
    return [
        Middleware(RequestIdMiddleware),
        Middleware(AccessLogMiddleware),
        Middleware(SecurityHeadersMiddleware, https_only=not settings.is_local, pages=DOCS_PAGES),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.CORS_ORIGINS,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-Match", "X-Request-ID"],
            expose_headers=["ETag", "Retry-After", "Server-Timing", "X-Request-ID"],
        ),
        Middleware(BodyLimitMiddleware, max_bytes=settings.MAX_BODY_BYTES),
        Middleware(UnexpectedErrorMiddleware),
    ]


class App(FastAPI):
    """FastAPI, with an API description that says how errors really look."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API once; FastAPI keeps the result."""
        if self.openapi_schema is None:
            self.openapi_schema = describe_problems(super().openapi())
        return self.openapi_schema


def create_app(settings: Settings) -> FastAPI:
    """Put an application together. Nothing connects before it starts."""
    app = App(
        title=settings.PROJECT_NAME,
        version=settings.VERSION,
        debug=settings.DEBUG,
        openapi_url=f"{API_V1_STR}/openapi.json",
        lifespan=lifespan,
        middleware=build_middleware(settings),
        responses=COMMON,
    )
    app.state.resources = Resources.build(settings)
    register_error_handlers(app)
    app.include_router(health.router)
    app.include_router(api_router, prefix=API_V1_STR)
    return app


app = create_app(get_settings())
