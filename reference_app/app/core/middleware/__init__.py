"""Pure ASGI middleware: no copy of the body, no extra task, streams and WebSockets pass through."""

from app.core.middleware.access_log import AccessLogMiddleware
from app.core.middleware.body_limit import BodyLimitMiddleware
from app.core.middleware.request_id import RequestIdMiddleware
from app.core.middleware.security_headers import SecurityHeadersMiddleware
from app.core.middleware.unexpected import UnexpectedErrorMiddleware

__all__ = [
    "AccessLogMiddleware",
    "BodyLimitMiddleware",
    "RequestIdMiddleware",
    "SecurityHeadersMiddleware",
    "UnexpectedErrorMiddleware",
]
