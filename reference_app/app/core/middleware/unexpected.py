"""The last net: what nobody expected becomes a plain 500 and a full log entry."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem import problem

logger = logging.getLogger(__name__)


class UnexpectedErrorMiddleware:
    """Sits innermost, so that its answer gets the request id and all headers of the others.

    Starlette calls a handler for `Exception` outside of every middleware, where they are missing.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the next application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer once; if an answer has begun already, let the server cut the connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        started = False

        async def send_watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_watched)
        except Exception:
            logger.exception("unexpected error")
            if started:
                raise
            await problem(500, "Internal server error")(scope, receive, send)
