"""Stops bodies that are too long before they fill the memory."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.exceptions import PayloadTooLargeException
from app.core.problem import problem


class BodyLimitMiddleware:
    """Believes `Content-Length` when it is too large, and counts the bytes when it is not."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap the next application."""
        self.app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse at once where the length is announced, else as soon as the limit is passed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            refusal = PayloadTooLargeException(self._max_bytes)
            await problem(refusal.status_code, refusal.detail)(scope, receive, send)
            return

        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                raise PayloadTooLargeException(self._max_bytes)
            return message

        await self.app(scope, receive_limited, send)
