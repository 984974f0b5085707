"""The engine, its sessions and the unit of work."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm.exc import StaleDataError

from app.config import Settings
from app.core.exceptions import AppException, ConflictException, ServiceUnavailableException
from app.core.migrations import SchemaBehindError, current_revision, head_revision, upgrade

logger = logging.getLogger(__name__)

# While a connection is being made the driver's own errors come through as they are.
DATABASE_ERRORS = (
    SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    asyncio.TimeoutError,
)


def as_app_exception(exc: Exception) -> AppException:
    """Say what a database error means to a client; the details stay in the log."""
    if isinstance(exc, StaleDataError):
        return ConflictException("Changed by somebody else at the same moment")
    if isinstance(exc, IntegrityError):
        return ConflictException()
    return ServiceUnavailableException("The database is not available")


class Database:
    """One engine and one session factory per application, made at start, disposed at the end."""

    def __init__(self, settings: Settings) -> None:
        """Prepare the engine; it connects when it is first used."""
        if settings.uses_sqlite:
            self.engine = self._sqlite_engine(settings)
        else:
            self.engine = self._server_engine(settings)
        self._head = head_revision()
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Run one unit of work: commit at the end, or roll back and say why in our own words.

        Leaving the inner block closes the session, and closing rolls back what is not committed.
        """
        try:
            async with self._sessions() as session:
                try:
                    yield session
                except AppException as exc:
                    if exc.keeps_changes:
                        await session.commit()
                    raise
                await session.commit()
        except DATABASE_ERRORS as exc:
            logger.warning("database error: %s", exc)
            raise as_app_exception(exc) from exc

    async def is_migrated(self) -> bool:
        """Whether the schema is the one that this version of the app needs."""
        async with self.transaction() as session:
            revision = await (await session.connection()).run_sync(current_revision)
        return revision == self._head

    async def ensure_schema(self) -> None:
        """Migrate the embedded database; on any other, refuse to work with an old schema."""
        if self.engine.dialect.name == "sqlite":
            async with self.engine.begin() as connection:
                await connection.run_sync(upgrade)
        elif not await self.is_migrated():
            raise SchemaBehindError("The database is not up to date: run `alembic upgrade head`")

    async def dispose(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @staticmethod
    def _server_engine(settings: Settings) -> AsyncEngine:
        """Connect to PostgreSQL; no wait is without an end."""
        return create_async_engine(
            settings.DATABASE_URL,
            echo=settings.DEBUG,
            pool_pre_ping=True,
            pool_size=settings.DATABASE_POOL_SIZE,
            max_overflow=settings.DATABASE_MAX_OVERFLOW,
            pool_timeout=settings.DATABASE_TIMEOUT_SECONDS,
            connect_args={
                "timeout": settings.DATABASE_TIMEOUT_SECONDS,
                "command_timeout": settings.DATABASE_TIMEOUT_SECONDS,
            },
        )

    @staticmethod
    def _sqlite_engine(settings: Settings) -> AsyncEngine:
        """Open the embedded database so that it behaves like a server as far as it can."""
        engine = create_async_engine(
            settings.DATABASE_URL,
            echo=settings.DEBUG,
            connect_args={"timeout": settings.DATABASE_TIMEOUT_SECONDS},
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine


# Events of a driver: their signature is SQLAlchemy's.
def _prepare_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401
    """Check foreign keys, let readers and a writer work side by side, begin by ourselves."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock first: a reader that becomes a writer later could not wait for it."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
