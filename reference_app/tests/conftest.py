"""Every test that asks for a database runs twice: on SQLite and on a real PostgreSQL.

`pytest --database sqlite` (or `postgresql`) runs one half.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from app.config import Settings, get_settings
from app.core.migrations import upgrade
from app.database import Database
from app.dependencies import Resources
from app.main import create_app
from app.models import Base
from tests.factories import Account, Factory
from tests.servers import Postgres

SECRET = "a key for tests that is long enough to sign with"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], action="append")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database") or ["sqlite", "postgresql"]
        metafunc.parametrize("backend", chosen, scope="session")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


def make_settings(url: str, **values: object) -> Settings:
    defaults: dict[str, object] = {
        "SECRET_KEY": SECRET,
        "BCRYPT_ROUNDS": 4,
        "CORS_ORIGINS": ["https://shop.example.com"],
        "DATABASE_TIMEOUT_SECONDS": 20,
    }
    return Settings(_env_file=None, **{**defaults, "DATABASE_URL": url, **values})  # type: ignore[call-arg, arg-type]


async def migrate(url: str) -> None:
    database = Database(make_settings(url))
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await database.dispose()


@pytest.fixture(scope="session")
def migrated(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The address of a database that has the schema: migrated once, emptied for each test."""
    if backend == "sqlite":
        url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('sqlite')}/template.db"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = asyncio.run(postgres.create_database("test"))
    asyncio.run(migrate(url))
    return url


@pytest.fixture
async def database_url(migrated: str, tmp_path: Path) -> str:
    """An empty database."""
    if migrated.startswith("sqlite"):
        copy = tmp_path / "test.db"
        shutil.copy(migrated.removeprefix("sqlite+aiosqlite:///"), copy)
        return f"sqlite+aiosqlite:///{copy}"
    connection = await asyncpg.connect(migrated.replace("+asyncpg", ""))
    try:
        tables = ", ".join(Base.metadata.tables)
        await connection.execute(f"TRUNCATE {tables}")
    finally:
        await connection.close()
    return migrated


@pytest.fixture
def settings(database_url: str) -> Settings:
    return make_settings(database_url)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The app as it is built for production, without the loops that work in the background."""
    app = create_app(settings)
    yield app
    await app.state.resources.database.dispose()


@pytest.fixture
def resources(app: FastAPI) -> Resources:
    found: Resources = app.state.resources
    return found


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def factory(resources: Resources) -> Factory:
    return Factory(resources)


@pytest.fixture
async def account(factory: Factory) -> Account:
    return await factory.account()


@pytest.fixture
async def admin(factory: Factory) -> Account:
    return await factory.account(is_superuser=True)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Tests do not depend on the settings of whoever runs them."""
    for name in Settings.model_fields.keys() & os.environ.keys():
        monkeypatch.delenv(name)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def keep_logging() -> Iterator[None]:
    """A start of the app configures the logging of the whole process: undo it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
