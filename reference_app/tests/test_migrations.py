"""Alembic owns the schema."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Connection, inspect

from app.core.migrations import SchemaBehindError, alembic_config, head_revision
from app.database import Database
from app.main import create_app, lifespan
from tests.conftest import make_settings
from tests.servers import Postgres


@pytest.fixture
async def blank_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table."""
    if backend == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/blank.db"
    postgres: Postgres = request.getfixturevalue("postgres")
    return await postgres.create_database(f"blank_{request.node.originalname}")


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def run(url: str, *steps: tuple[str, str]) -> set[str]:
    """Run Alembic commands on one database and return its tables."""

    def work(connection: Connection) -> set[str]:
        config: Config = alembic_config()
        config.attributes["connection"] = connection
        for name, argument in steps:
            if name == "check":
                command.check(config)
            else:
                getattr(command, name)(config, argument)
        return tables(connection)

    database = Database(make_settings(url))
    try:
        async with database.engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await database.dispose()


async def test_round_trip(blank_url: str) -> None:
    up = await run(blank_url, ("upgrade", "head"), ("check", ""))
    assert {"users", "products", "outbox_messages"} < up
    assert await run(blank_url, ("downgrade", "base")) == {"alembic_version"}
    assert await run(blank_url, ("upgrade", "head"), ("check", "")) == up


def test_command_line(
    backend: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a connection handed over, Alembic takes the address from the settings."""
    url = f"sqlite+aiosqlite:///{tmp_path}/cli.db"
    if backend == "postgresql":
        url = "postgresql+asyncpg://unused"
    monkeypatch.setenv("DATABASE_URL", url)
    config = alembic_config()
    command.upgrade(config, "head", sql=True)
    assert "CREATE TABLE users" in capsys.readouterr().out
    if backend == "sqlite":
        command.upgrade(config, "head")
        database = Database(make_settings(url))
        assert asyncio.run(database.is_migrated())
        asyncio.run(database.dispose())


async def test_start_on_an_old_schema(backend: str, blank_url: str) -> None:
    """SQLite migrates itself; a server refuses, because others may be using it."""
    app = create_app(make_settings(blank_url))
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        before = await client.get("/ready")
        assert before.status_code == 503
        assert int(before.headers["retry-after"]) > 0
        if backend == "sqlite":
            async with lifespan(app):
                assert (await client.get("/ready")).status_code == 200
        else:
            with pytest.raises(SchemaBehindError, match="alembic upgrade head"):
                async with lifespan(app):
                    pass
            await run(blank_url, ("upgrade", "head"))
            async with lifespan(app):
                assert (await client.get("/ready")).status_code == 200
                assert (await client.get("/health")).json() == {"status": "ok"}


def test_there_is_one_head() -> None:
    assert head_revision() is not None
