"""What the app refuses to start with, and what it says."""

import pytest
from pydantic import ValidationError

from app.config import Settings, get_settings

SAFE = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "DATABASE_URL": "postgresql+asyncpg://app@db/app",
    "CORS_ORIGINS": '["https://shop.example.com"]',
    "SMTP_HOST": "mail.example.com",
    "WEB_CONCURRENCY": "4",
}


def read(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)  # type: ignore[call-arg]


def test_production(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, SAFE)
    assert settings.signing_key == SAFE["SECRET_KEY"]
    assert SAFE["SECRET_KEY"] not in repr(settings)


def test_a_laptop_needs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    one, other = Settings(_env_file=None), Settings(_env_file=None)  # type: ignore[call-arg]
    assert len(one.signing_key) >= 32
    assert one.signing_key != other.signing_key
    assert "SECRET_KEY is not set" in caplog.text


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SECRET_KEY", None, "SECRET_KEY"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("DEBUG", "true", "DEBUG must be false"),
        ("CORS_ORIGINS", '["*"]', "CORS_ORIGINS must list origins"),
        ("DATABASE_URL", "sqlite+aiosqlite:///./app.db", "SQLite serves one process"),
        ("BCRYPT_ROUNDS", "4", "BCRYPT_ROUNDS must be 12 or more"),
        ("SMTP_HOST", None, "SMTP_HOST is missing"),
        ("ENVIRONMENT", "prod", "ENVIRONMENT"),
    ],
)
def test_unsafe_settings_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, message: str
) -> None:
    values = {key: text for key, text in SAFE.items() if key != name}
    if value is not None:
        values[name] = value
    with pytest.raises(ValidationError, match="validation error"):
        read(monkeypatch, values)
    monkeypatch.chdir("/")
    with pytest.raises(SystemExit) as stopped:
        get_settings()
    assert message in str(stopped.value)


def test_sqlite_stops_in_production_with_one_worker_too(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**SAFE, "WEB_CONCURRENCY": "1", "DATABASE_URL": "sqlite+aiosqlite:///./app.db"}
    with pytest.raises(ValidationError, match="must not be SQLite"):
        read(monkeypatch, values)


def test_workers_share_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"WEB_CONCURRENCY": "2", "DATABASE_URL": SAFE["DATABASE_URL"]}
    with pytest.raises(ValidationError, match="several workers must share one key"):
        read(monkeypatch, values)


def test_a_key_that_was_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, SAFE).model_copy(update={"SECRET_KEY": None})
    with pytest.raises(ValueError, match="SECRET_KEY is not set"):
        _ = settings.signing_key
