"""What happens when the ground gives way."""

import asyncio
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app.config import Settings
from app.core.feed import PostgresFeed
from app.database import as_app_exception
from app.dependencies import Resources
from app.main import create_app, lifespan
from tests.conftest import SECRET, make_settings, migrate
from tests.factories import PASSWORD, Factory
from tests.servers import Postgres, run_app, serve


@pytest.fixture
def own_postgres(tmp_path: Path) -> Postgres:
    """A server of its own, for a test that kills it."""
    return Postgres(tmp_path / "pg")


async def test_database_killed_and_restarted_under_requests(own_postgres: Postgres) -> None:
    """Writers never stop. They see successes and 503, nothing else; then all is well again."""
    url = await own_postgres.create_database("faults")
    await migrate(url)
    app = create_app(make_settings(url, DATABASE_TIMEOUT_SECONDS=5))
    resources: Resources = app.state.resources
    statuses: Counter[int] = Counter()
    created: set[str] = set()
    stop = asyncio.Event()
    try:
        async with lifespan(app), serve(app) as address:
            account = await Factory(resources).account()
            base = f"http://{address}"

            async def work(client: AsyncClient) -> None:
                while not stop.is_set():
                    response = await client.post(
                        "/api/v1/products",
                        headers=account.headers,
                        json={"name": "Cup", "price_cents": 1},
                    )
                    statuses[response.status_code] += 1
                    if response.status_code == 201:
                        created.add(response.json()["id"])
                    else:
                        assert int(response.headers["retry-after"]) > 0
                        assert "postgres" not in response.text
                        assert (await client.get("/health")).status_code == 200
                    await asyncio.sleep(0.01)

            async with AsyncClient(base_url=base, timeout=30) as client:
                workers = [asyncio.ensure_future(work(client)) for _ in range(4)]
                await asyncio.sleep(0.5)
                await asyncio.to_thread(own_postgres.kill)
                await asyncio.sleep(0.5)
                assert (await client.get("/ready")).status_code == 503
                await asyncio.to_thread(own_postgres.start)
                before = statuses[201]
                deadline = time.monotonic() + 15
                while statuses[201] < before + 20:
                    assert time.monotonic() < deadline, statuses
                    await asyncio.sleep(0.05)
                stop.set()
                await asyncio.gather(*workers)
                assert (await client.get("/ready")).status_code == 200
                assert isinstance(resources.feed, PostgresFeed)
                await asyncio.wait_for(resources.feed.listening.wait(), 10)

                answer = await client.get(
                    "/api/v1/products", headers=account.headers, params={"size": 100}
                )
                total = answer.json()["total"]
    finally:
        own_postgres.stop()
    assert set(statuses) == {201, 503}
    # Everything confirmed is there. What was cut off between commit and answer may be there too.
    assert len(created) <= total <= len(created) + statuses[503]


async def test_no_database_at_all() -> None:
    app = create_app(make_settings("postgresql+asyncpg://nobody@127.0.0.1:1/none"))
    resources: Resources = app.state.resources
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/health")).status_code == 200
        for request in (
            client.get("/ready"),
            client.post("/api/v1/auth/login", data={"username": "a", "password": "b"}),
        ):
            response = await request
            assert response.status_code == 503
            assert response.headers["retry-after"] == "5"
            assert response.json()["detail"] == "The database is not available"
    await resources.feed.publish("lost, and nobody minds")
    await resources.database.dispose()


async def test_a_pool_that_is_empty_answers_503(backend: str, database_url: str) -> None:
    if backend == "sqlite":
        pytest.skip("the pool of SQLite is not limited by the settings")
    settings = make_settings(
        database_url, DATABASE_POOL_SIZE=1, DATABASE_MAX_OVERFLOW=0, DATABASE_TIMEOUT_SECONDS=0.2
    )
    app = create_app(settings)
    resources: Resources = app.state.resources
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        async with resources.database.engine.connect():
            assert (await client.get("/ready")).status_code == 503
        assert (await client.get("/ready")).status_code == 200
    await resources.database.dispose()


async def test_many_requests_at_once(
    app: FastAPI, client: AsyncClient, factory: Factory, settings: Settings
) -> None:
    """More than the pool has connections: they wait for each other and all succeed."""
    account = await factory.account()
    answers = await asyncio.gather(
        *(
            client.post(
                "/api/v1/products",
                headers=account.headers,
                json={"name": "Cup", "price_cents": price},
            )
            for price in range(60)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {201: 60}


def test_what_database_errors_mean() -> None:
    cause = Exception("password=hunter2")
    conflict = as_app_exception(IntegrityError("INSERT", None, cause))
    stale = as_app_exception(StaleDataError())
    away = as_app_exception(OperationalError("SELECT", None, cause))
    assert [error.status_code for error in (conflict, stale, away)] == [409, 409, 503]
    assert "hunter2" not in conflict.detail + away.detail


def test_graceful_shutdown_finishes_requests(tmp_path: Path) -> None:
    """A login is under way when the signal comes; it still gets its answer."""
    environment = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/app.db",
        "SECRET_KEY": SECRET,
        "BCRYPT_ROUNDS": "14",
    }
    with run_app(environment) as (url, process), httpx.Client(timeout=30) as client:
        body = {"email": "slow@example.com", "password": PASSWORD}
        with client.stream("POST", f"{url}/api/v1/auth/register", json=body) as response:
            assert response.status_code == 201

        async def log_in_while_it_stops() -> int:
            async with AsyncClient(timeout=30) as concurrent:
                login = asyncio.ensure_future(
                    concurrent.post(
                        f"{url}/api/v1/auth/login",
                        data={"username": body["email"], "password": PASSWORD},
                    )
                )
                await asyncio.sleep(0.3)
                assert not login.done()
                process.send_signal(signal.SIGTERM)
                return (await login).status_code

        assert asyncio.run(log_in_while_it_stops()) == 200
        assert process.wait(20) == -signal.SIGTERM or process.returncode == 0
        with pytest.raises(httpx.ConnectError):
            client.get(f"{url}/health")
    assert isinstance(process, subprocess.Popen)
