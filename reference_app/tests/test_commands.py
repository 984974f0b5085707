"""The command line: serve, seed, promote."""

import re
from pathlib import Path

import httpx
import pytest
import uvicorn

from app import __main__ as commands
from app.config import get_settings
from tests.conftest import SECRET
from tests.servers import run_app


@pytest.fixture
def local_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/app.db"
    for name, value in {"DATABASE_URL": url, "SECRET_KEY": SECRET, "BCRYPT_ROUNDS": "4"}.items():
        monkeypatch.setenv(name, value)
    return url


def test_seed_promote_and_log_in(local_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(["seed"])
    printed = capsys.readouterr().out
    logins = dict(re.findall(r"(\S+) with password (\S+)", printed))
    assert set(logins) == {"admin@example.com", "user@example.com"}
    commands.main(["seed"])
    assert capsys.readouterr().out.count("exists already") == 2
    commands.main(["promote", "User@Example.com"])

    environment = {"DATABASE_URL": local_database, "SECRET_KEY": SECRET}
    with run_app(environment) as (url, _), httpx.Client(base_url=f"{url}/api/v1") as client:
        form = {"username": "user@example.com", "password": logins["user@example.com"]}
        token = client.post("/auth/login", data=form).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert client.get("/users/me").json()["is_superuser"] is True
        assert client.get("/products").json()["total"] == 10


def test_promote_nobody(local_database: str, capsys: pytest.CaptureFixture[str]) -> None:
    commands.main(["seed"])
    with pytest.raises(SystemExit):
        commands.main(["promote", "nobody@example.com"])
    assert "No account has the email" in capsys.readouterr().err


def test_seed_is_for_laptops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    safe = {
        "ENVIRONMENT": "production",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": "postgresql+asyncpg://db/app",
        "SMTP_HOST": "mail",
    }
    for name, value in safe.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        commands.main(["seed"])
    assert "local environment only" in capsys.readouterr().err


def test_serve_hands_the_settings_to_uvicorn(
    local_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the last step, which would never return, is replaced."""
    seen: dict[str, object] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: seen.update(options, app=app))
    monkeypatch.setenv("PORT", "9999")
    commands.main([])
    assert seen["app"] == "app.main:app"
    assert (seen["port"], seen["workers"]) == (9999, 1)
    get_settings.cache_clear()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WEB_CONCURRENCY": "2", "SECRET_KEY": SECRET}, "SQLite serves one process"),
        ({"ENVIRONMENT": "production"}, "SECRET_KEY is missing"),
    ],
)
def test_a_bad_setting_stops_the_server(environment: dict[str, str], message: str) -> None:
    with pytest.raises(RuntimeError, match=message), run_app(environment):
        pass
