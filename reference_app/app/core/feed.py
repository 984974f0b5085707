"""The stream of changes: from the process where something changed to all that listen.

On PostgreSQL it goes through NOTIFY and LISTEN and reaches every worker. SQLite serves a single
process, so there the broker in memory is the whole way.
"""

import asyncio
import logging
from typing import Any, Protocol

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.broker import Broker

logger = logging.getLogger(__name__)

CHANNEL = "product_changes"

# How a connection can fail. Until Python 3.11 a timeout was not yet an `OSError`.
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)


class Feed(Protocol):
    """A way from publishers to the broker of each process."""

    broker: Broker

    async def publish(self, message: str) -> None:
        """Tell everybody. What fails is logged: a change notice may be lost, a request may not."""

    async def run(self) -> None:
        """Listen for as long as the app runs."""


class MemoryFeed:
    """For one process."""

    def __init__(self) -> None:
        """Begin with no listener."""
        self.broker = Broker()

    async def publish(self, message: str) -> None:
        """Hand the message to this process's listeners."""
        self.broker.publish(message)

    async def run(self) -> None:
        """Do nothing: there is nobody else to listen to."""


class PostgresFeed:
    """For many processes on one database."""

    def __init__(self, engine: AsyncEngine, retry_seconds: float = 1) -> None:
        """Speak and listen on one connection of its own, so that no request has to spare one."""
        self.broker = Broker()
        self._dsn = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._retry_seconds = retry_seconds
        self._connection: asyncpg.Connection | None = None
        # A connection does one thing at a time.
        self._turn = asyncio.Lock()
        self.listening = asyncio.Event()

    async def publish(self, message: str) -> None:
        """Send the message to all processes, this one included."""
        if self._connection is None:
            logger.warning("a change could not be announced: the database is away")
            return
        try:
            async with self._turn:
                await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, message)
        except LOST as exc:
            logger.warning("a change could not be announced: %r", exc)

    async def run(self) -> None:
        """Listen; when the connection is lost, make a new one."""
        while True:
            try:
                await self._listen_until_lost()
            except LOST as exc:
                logger.warning("cannot listen for changes: %r", exc)
            await asyncio.sleep(self._retry_seconds)

    async def _listen_until_lost(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=10, command_timeout=10)
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        try:
            await connection.add_listener(CHANNEL, self._on_notify)
            self._connection = connection
            self.listening.set()
            await lost.wait()
        finally:
            self.listening.clear()
            self._connection = None
            connection.terminate()
            # Nobody knows what was said meanwhile: let the listeners come again and look.
            self.broker.end_all()

    def _on_notify(self, connection: Any, pid: int, channel: str, message: Any) -> None:  # noqa: ANN401
        self.broker.publish(message)
